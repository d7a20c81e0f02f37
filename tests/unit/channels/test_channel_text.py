"""Dividing texts: true to the byte, nothing lost, nothing torn."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.passage import Passage, size
from hub.channels.text import CUT, MAX_PARTS, MIN_BUDGET, Ending, clean, line, shorten, split
from tests.kit.messages import FAMILY, FLAG, WAVING, long_text, rich_text

LINK = "[查看详情](https://example.com/runs/7)"
NUMBER = re.compile(r"\n\((\d)/(\d)\)$")
budgets = st.integers(MIN_BUDGET, 400) | st.sampled_from([2032, 4080])


def unnumbered(parts: tuple[str, ...]) -> list[str]:
    return [NUMBER.sub("", part) for part in parts] if len(parts) > 1 else list(parts)


def inked(text: str) -> str:
    return "".join(text.split())


# --------------------------------------------------------------------------- for any text


@given(long_text, budgets, st.booleans(), st.sampled_from(["", "x", LINK, "x" * 3000]))
@settings(max_examples=300, deadline=None)
def test_every_part_is_within_the_budget(text: str, budget: int, markup: bool, ending: str) -> None:
    parts = split(text, budget, Ending(ending, ending), markup)
    assert 1 <= len(parts) <= MAX_PARTS
    assert max(map(size, parts)) <= budget


@given(long_text, budgets, st.sampled_from(["", LINK]))
@settings(max_examples=300, deadline=None)
def test_nothing_is_lost_but_blanks_unless_the_last_part_says_so(text: str, budget: int, ending: str) -> None:
    parts = unnumbered(split(text, budget, Ending(ending, ending), markup=False))
    last = parts[-1].removesuffix(ending).rstrip()
    said = inked("".join([*parts[:-1], last]))
    assert said == inked(text) or (last.endswith(CUT) and inked(text).startswith(said.removesuffix(CUT)))


@given(long_text, budgets)
@settings(max_examples=200, deadline=None)
def test_a_part_ends_within_no_character_and_no_link(text: str, budget: int) -> None:
    text, passage = clean(text), Passage(clean(text), markup=True)
    place, room = 0, budget - 48
    while place < len(text):
        stop = passage.seam(place, room, room // 2)
        assert stop > place
        whole = passage.seam(place, 10**9, 10**9)
        assert whole == len(text)
        place = stop


@given(long_text, budgets)
@settings(max_examples=200, deadline=None)
def test_no_part_leaves_a_fence_open(text: str, budget: int) -> None:
    for part in split(clean(text), budget, Ending("", LINK)):
        assert Passage(part, markup=True).unclosed() is None


@given(rich_text, st.integers(3, 100))
def test_a_shortened_text_fits_and_says_that_it_is(text: str, budget: int) -> None:
    short = shorten(text, budget)
    assert size(short) <= budget
    assert short == text or (short.endswith(CUT) and text.startswith(short.removesuffix(CUT)))


@given(st.text(st.characters(), max_size=50))
def test_a_clean_text_can_be_encoded_and_holds_no_control_characters(text: str) -> None:
    cleaned = clean(text + "\ud800\x00\x1b[0m\r\n\x85")
    cleaned.encode()
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", cleaned)
    assert "\n" not in line(text)


# --------------------------------------------------------------------------- where it is divided


def test_a_text_that_fits_is_one_part_with_its_ending_and_no_number() -> None:
    assert split("done", 64, Ending("link", "cut")) == ("done\n\nlink",)
    assert split("字" * 21 + "a", 64) == ("字" * 21 + "a",)
    assert len(split("字" * 21 + "ab", 64)) == 2


def test_an_empty_text_is_its_ending() -> None:
    assert split("", 64) == ("",)
    assert split("", 64, Ending("link")) == ("link",)


@pytest.mark.parametrize(
    ("mark", "why"),
    [("\n\n", "paragraph"), ("\n", "line"), ("。", "sentence"), (". ", "sentence"), (" ", "word")],
)
def test_a_part_ends_where_something_ends(mark: str, why: str) -> None:
    first, second = split("a" * 70 + mark + "b" * 50, 100)
    assert first == "a" * 70 + mark.rstrip() + "\n(1/2)", why
    assert second == "b" * 50 + "\n(2/2)"


@pytest.mark.parametrize(("better", "worse"), [("\n\n", "\n"), ("\n", "。"), ("。", " "), ("！", " ")])
def test_the_better_place_wins_though_the_worse_is_later(better: str, worse: str) -> None:
    first, _ = split("a" * 60 + better + "b" * 20 + worse + "c" * 50, 100)
    assert first.startswith("a" * 60 + better.rstrip() + "\n(1/2)")


def test_a_good_place_too_early_is_passed_over_for_the_sake_of_fewer_parts() -> None:
    first, *_ = split("a\n\n" + "b" * 150, 100)
    assert size(first) > 90


def test_no_text_that_three_parts_can_hold_is_cut() -> None:
    text = "\n\n".join(["a" * 52, "b" * 90, "c" * 90, "d" * 30])
    parts = split(text, 100)
    assert CUT not in "".join(parts)
    assert inked("".join(unnumbered(parts))) == inked(text)


@pytest.mark.parametrize("character", [FAMILY, FLAG, WAVING, "e\u0301\u0302", "❤️", "🏴\U000e0067\U000e007f"])
def test_what_is_one_character_to_a_reader_stays_whole(character: str) -> None:
    for shift in range(12):
        parts = unnumbered(split("a" * shift + character * 8, 64, markup=False))
        assert all(part.lstrip("a").removesuffix(CUT) == character * part.count(character) for part in parts)


@pytest.mark.parametrize(
    "together",
    [
        "[the run](https://example.com/1)",
        '<font color="info">fine it is</font>',
        "https://example.com/a/very/long/path",
        "<@somebody-with-a-name>",
    ],
)
def test_markup_is_never_torn(together: str) -> None:
    for shift in range(0, 100, 3):
        parts = split("字" * (shift // 3) + together + "b" * 60, 100)
        assert sum(part.count(together) for part in parts) == 1


def test_a_link_longer_than_a_part_is_divided_rather_than_lost() -> None:
    link = f"[{'a' * 80}](https://example.com/{'b' * 40})"
    parts = unnumbered(split(link, 100))
    assert "".join(parts) == link


def test_a_fence_is_closed_and_opened_again_with_its_info_string() -> None:
    code = "".join(f"line {number}\n" for number in range(34))
    parts = unnumbered(split(f"before\n```python\n{code}```\nafter", 140))
    assert len(parts) == 3
    for part in parts:
        assert part.count("```") == 2
        assert part.index("```python\n") < part.rindex("```")
    lines = [line for part in parts for line in part.splitlines() if line.startswith("line")]
    assert lines == code.splitlines()


def test_a_fence_with_a_long_info_string_is_opened_again_without_it() -> None:
    info = "python title='a long title'"
    _, second, *_ = split(f"```{info}\n" + "x = 1\n" * 30 + "```", 100)
    assert second.startswith("```\nx = 1")


def test_a_fence_that_was_left_open_is_closed_above_the_ending() -> None:
    assert split("```\nx = 1", 100, Ending("link")) == ("```\nx = 1\n```\n\nlink",)


def test_a_longer_fence_is_not_closed_by_a_shorter_one() -> None:
    parts = unnumbered(split("````md\n```\n" + "x = 1\n" * 20 + "````", 100))
    assert parts[1].startswith("````md\nx = 1")


def test_dividing_makes_no_fence_of_what_was_none() -> None:
    for part in split("a" * 50 + " ```" + "b" * 60, 64):
        assert Passage(part, markup=True).fences == ()


def test_fences_mean_nothing_in_plain_text() -> None:
    parts = unnumbered(split("```\n" + "x = 1\n" * 20, 100, markup=False))
    assert sum(part.count("```") for part in parts) == 1


# --------------------------------------------------------------------------- what is cut


def test_what_three_parts_cannot_hold_is_cut_with_a_link_to_the_whole() -> None:
    parts = split("字" * 10_000, 200, Ending("whole", LINK))
    assert len(parts) == MAX_PARTS
    assert parts[-1].endswith(f"字{CUT}\n\n{LINK}\n(3/3)")
    assert "whole" not in "".join(parts)
    assert all(size(part) > 190 for part in parts)


def test_a_cut_within_a_fence_closes_it() -> None:
    last = split("```\n" + "x = 1\n" * 1000, 200, Ending("", LINK))[-1]
    assert last.count("```") == 2
    assert last.endswith(f"{CUT}\n```\n\n{LINK}\n(3/3)")


def test_blanks_before_the_end_of_a_long_text_do_not_hide_that_it_was_cut() -> None:
    assert split("a" + "\n" * 5000 + "end", 64)[-1].split("\n(")[0].endswith(CUT)


def test_what_is_beyond_blank_lines_is_not_left_out_silently() -> None:
    assert split("a" * 50 + "\n" * 130 + "b" * 500, 64)[-1].split("\n(")[0].endswith(CUT)


def test_an_ending_that_leaves_no_room_for_the_text_is_left_out() -> None:
    assert split("done", 64, Ending("x" * 60)) == ("done",)


@pytest.mark.parametrize(
    "piece",
    ["🇨🇳", ".", "[", "[a](", "<font>", "\n ", "`" * 9 + "\n", "```\n", "e\u0301", "'\"", "…", "\u200d"],
)
def test_a_hostile_text_takes_no_longer_than_another(piece: str) -> None:
    text = piece * (60_000 // len(piece))
    started = time.process_time()
    split(text, 4080)
    assert time.process_time() - started < 0.5
