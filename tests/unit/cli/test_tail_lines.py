"""``hub.cli.tail_lines`` and ``hub.cli.terminal``: items as lines, and texts that command no terminal."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.tail_lines import MARKS, item_line
from hub.cli.terminal import bar, columns, cut, date_time, one_line, plain, width
from hub.state.attempts import TERMINAL

AT = 1_800_000_000_000


@pytest.fixture(autouse=True)
def _universal_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def line(**item: Any) -> str:
    return item_line({"kind": "notification", "title": "Hello", **item}, AT).plain


def test_a_status_of_a_stranger_gives_the_terminal_no_orders() -> None:
    line = item_line({"id": "a", "kind": "task", "title": "t", "status": "\x1b[2Jgone\x07"}, 0)
    assert line.plain.endswith("t  gone")


def test_a_notification_tells_whether_it_was_read() -> None:
    assert line() == "08:00:00  ●  Hello"
    assert line(read=True) == "08:00:00  ○  Hello"
    assert line(archived=True) == "08:00:00  ▫  Hello"


def test_a_line_tells_level_body_and_tags() -> None:
    assert line(level="error", body="95 %\nof 2 TB", tags=["ops", "disk"]) == (
        "08:00:00  ●  Hello  error  95 % of 2 TB  #ops  #disk"
    )


def test_a_running_task_has_a_bar_and_an_ended_one_says_how() -> None:
    assert line(kind="task", status="running", progress=0.42, note="linking") == (
        "08:00:00  ▶  ████░░░░░░  42%  Hello  linking"
    )
    assert line(kind="task", status="failed", progress=0.42, note="exit 3") == (
        "08:00:00  ✗  Hello  failed  exit 3"
    )
    assert line(kind="task", status="input_required") == "08:00:00  ?  Hello  input required"


def test_receipts_follow_in_the_order_of_their_time() -> None:
    sent = {
        "later": {"state": "dead", "at": AT + 60_000},
        "ops": {"state": "sent", "at": AT, "ref": "1"},
        "odd": None,
    }
    assert line(sent=sent) == "08:00:00  ●  Hello  → ops 08:00 ✓  → later 08:01 ✗"


def test_every_status_has_a_mark() -> None:
    assert set(MARKS) == {"queued", "running", "paused", "input_required", *TERMINAL}


def test_a_title_gives_the_terminal_no_orders() -> None:
    assert line(title="\x1b[2J\x1b]0;owned\x07a\r\nb\x9b31m\u202e") == "08:00:00  ●  a b31m"


@given(st.text())
def test_nothing_that_is_written_starts_an_escape_sequence(text: str) -> None:
    assert not set(plain(text)) & {"\x1b", "\x9b", "\x07", "\r", "\u202e", "\x00"}
    assert "\n" not in one_line(text)


@given(st.text(max_size=50), st.integers(1, 40))
def test_what_is_cut_fits(text: str, cells: int) -> None:
    assert width(cut(text, cells)) <= cells


def test_wide_characters_take_two_cells() -> None:
    assert width("磁盘 ok") == 7
    assert cut("磁盘已满", 5) == "磁盘…"
    assert list(columns([("磁盘", "x"), ("disk", None)], (6,))) == ["磁盘    x", "disk"]


def test_a_bar_is_as_full_as_its_task() -> None:
    assert [bar(0), bar(0.05), bar(1)] == ["░░░░░░░░░░   0%", "░░░░░░░░░░   5%", "██████████ 100%"]


@pytest.mark.parametrize("value", [None, "x", True, 10**30, float("nan")])
def test_what_is_no_time_is_nothing(value: object) -> None:
    assert date_time(value) == ""
