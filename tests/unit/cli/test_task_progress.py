"""``hub.cli.task.progress`` and ``.listening``: how far a command is, from the lines it writes."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.cli.task.listening import Heard, Listener
from hub.cli.task.progress import MAX_LINE, RECENT, LineReader, percent_of, progress_of


@pytest.mark.parametrize(
    ("line", "progress"),
    [
        ("37%", 0.37),
        ("  37.5 %", 0.375),
        ("0%", 0),
        ("100%", 1),
        ("[ 37%] Building CXX object", 0.37),
        ("Receiving objects:  37% (37/100), 1.20 MiB | 2.00 MiB/s", 0.37),
        ("Downloading 37%", 0.37),
        ("Downloading... 37%", 0.37),
        (" 45%|████▌     | 45/100 [00:01<00:01, 40.00it/s]", 0.45),
        ("  1,234,567  37%   10.20MB/s    0:00:01", 0.37),
        ("tests/unit/test_x.py ....            [ 37%]", 0.37),
        ("Progress: [ 37%]", 0.37),
        ("████ 40%", 0.4),
        ("50% done", 0.5),
        ("about 50% complete", 0.5),
        ("3/10", 0.3),
        ("[3/10] cc foo.c", 0.3),
        ("(3/10) installing foo", 0.3),
        ("Step 3/10 : RUN make", 0.3),
        ("#7 [stage-1 3/10] RUN make", 0.3),
        ("Epoch 3/10", 0.3),
        ("Step 3 of 10", 0.3),
        ("page 3 of 10: intro", 0.3),
        ("3 of 10", 0.3),
        ("12/24 tests passed", 0.5),
    ],
)
def test_lines_that_tell_progress(line: str, progress: float) -> None:
    assert progress_of(line) == pytest.approx(progress)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "hello",
        "CPU at 37% of capacity",
        "TOTAL    123      4    97%",
        "-5%",
        "101%",
        "3/10/2026",
        "2026/03/10 12:00:00 started",
        "HTTP/1.1 200 OK",
        "/usr/3/10",
        "foo-3/10",
        "v1.2/3",
        "3.5/10",
        "4/3",
        "1/0",
        "0/0",
        "10 of 3",
        "one of 3",
        "version 3 of 10.2",
    ],
)
def test_lines_that_only_look_like_it(line: str) -> None:
    assert progress_of(line) is None


@given(st.text(max_size=200))
@example("9" * 200 + "%")
@example("1/" * 100)
def test_whatever_a_line_says_progress_is_none_or_between_nothing_and_all(line: str) -> None:
    progress = progress_of(line)
    assert progress is None or 0 <= progress <= 1


@given(
    done=st.integers(0, 10**9),
    more=st.integers(0, 10**9),
    form=st.sampled_from(["{}/{}", "[{}/{}] x", "step {} of {}"]),
)
def test_counts_are_what_they_say(done: int, more: int, form: str) -> None:
    total = max(done + more, 1)
    assert progress_of(form.format(done, total)) == pytest.approx(done / total)


@given(st.integers(0, 100), st.sampled_from(["{}%", "  [ {}%] Building", "Loading {}%"]))
def test_percentages_are_what_they_say(percent: int, form: str) -> None:
    assert progress_of(form.format(percent)) == pytest.approx(percent / 100)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=10))
def test_lines_are_the_same_however_the_output_is_cut(output: bytes, cuts: list[int]) -> None:
    whole, parts = LineReader(), LineReader()
    edges = [0, *sorted(cuts), len(output)]
    pieces = [output[start:end] for start, end in pairwise(edges)]
    by_parts = [line for piece in pieces for line in parts.feed(piece)]
    assert by_parts[-RECENT:] == whole.feed(output)[-RECENT:]
    assert parts.rest == whole.rest


def test_a_line_ends_with_a_carriage_return_too_and_carries_no_colours() -> None:
    assert LineReader().feed(b"\r\x1b[32m 10%\x1b[0m\r 20%\r\n\xff\n") == ["10%", "20%", "\ufffd"]


def test_of_a_line_without_end_only_the_beginning_is_kept() -> None:
    reader = LineReader()
    for _ in range(100):
        assert reader.feed(b"x" * 1000) == []
    assert len(reader.rest) == MAX_LINE
    assert reader.feed(b"\nshort\n") == ["x" * MAX_LINE, "short"]


def test_of_many_lines_at_once_the_last_are_looked_at() -> None:
    lines = LineReader().feed(b"".join(b"line %d\n" % number for number in range(1000)))
    assert len(lines) == RECENT
    assert lines[-1] == "line 999"


class TestListening:
    def heard(self, *chunks: bytes) -> Heard:
        listener = Listener(lambda: None)
        listen = listener.stream()
        for chunk in chunks:
            listen(chunk)
        return listener.heard

    def test_it_hears_the_furthest_and_the_last_line(self) -> None:
        assert self.heard(b"10%\n50%\nlinking\n20%\n") == Heard(0.5, "linking")

    def test_a_line_that_is_only_progress_is_no_note_but_one_that_says_what_is(self) -> None:
        assert self.heard(b"compiling\n60%\n").note == "compiling"
        assert self.heard(b"[3/10] cc foo.c\n").note == "[3/10] cc foo.c"

    def test_a_percentage_counts_before_its_line_has_ended_and_a_count_does_not(self) -> None:
        assert self.heard(b"Downloading 45%").progress == 0.45
        assert self.heard(b"1/1").progress == 0
        assert self.heard(b"1/1", b"0\n").progress == pytest.approx(0.1)

    def test_both_streams_are_heard(self) -> None:
        listener = Listener(lambda: None)
        output, errors = listener.stream(), listener.stream()
        output(b"half ")
        errors(b"30%\nwarning: x\n")
        output(b"a line\n")
        assert listener.heard == Heard(0.3, "half a line")

    def test_whoever_waits_is_told(self) -> None:
        told: list[None] = []
        Listener(lambda: told.append(None)).stream()(b"x")
        assert told == [None]


def test_percent_alone_reads_no_counts() -> None:
    assert percent_of("3/10") is None
