"""The chain of the audit, line by line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.model import AuditRow, Milliseconds
from hub.telemetry.audit import GENESIS, Anchor, AuditLine, chain, first_broken


def row(subject: str = "d1") -> AuditRow:
    return AuditRow(Milliseconds(5), "hub", "send", subject, "ops", "example.org", "aa", 3, "bb", "", "ok 0")


LINES = chain(GENESIS, [row(f"d{number}") for number in range(1, 5)])


def test_lines_count_up_from_one_and_each_has_a_hash_of_its_own() -> None:
    assert [line.number for line in LINES] == [1, 2, 3, 4]
    assert len({line.hash for line in LINES}) == 4
    assert all(len(line.hash) == 64 for line in LINES)


def test_a_chain_may_be_made_in_parts() -> None:
    first = chain(GENESIS, [row("d1"), row("d2")])
    assert [*first, *chain(first[-1].anchor, [row("d3"), row("d4")])] == LINES
    assert chain(GENESIS, []) == []


def test_the_same_row_twice_makes_two_hashes() -> None:
    first, second = chain(GENESIS, [row(), row()])
    assert first.hash != second.hash


def test_a_whole_chain_verifies_from_its_start_or_from_any_line() -> None:
    assert first_broken(GENESIS, LINES) is None
    assert first_broken(LINES[1].anchor, LINES[2:]) is None
    assert first_broken(GENESIS, []) is None


@pytest.mark.parametrize(
    ("lines", "broken"),
    [
        (LINES[1:], 1),
        ([LINES[0], *LINES[2:]], 2),
        ([LINES[1], LINES[0], *LINES[2:]], 1),
        ([*LINES[:2], LINES[1], *LINES[2:]], 3),
        ([*LINES[:2], replace(LINES[2], row=row("d9")), LINES[3]], 3),
        ([*LINES[:3], replace(LINES[3], hash="0" * 64)], 4),
    ],
    ids=["first gone", "one gone", "swapped", "twice", "changed", "another hash"],
)
def test_the_first_line_that_is_not_as_it_was_made_is_named(lines: list[AuditLine], broken: int) -> None:
    assert first_broken(GENESIS, lines) == broken


def test_a_line_made_anew_after_a_change_breaks_the_next() -> None:
    """Who changes a line and its hash must change every later one, and whoever kept one of those sees it."""
    forged = chain(LINES[0].anchor, [row("d9")])
    assert first_broken(GENESIS, [LINES[0], *forged, *LINES[2:]]) == 3


def test_a_chain_verifies_from_no_other_anchor() -> None:
    assert first_broken(Anchor(0, "f" * 64), LINES) == 1
    assert first_broken(Anchor(1, GENESIS.hash), LINES) == 2
