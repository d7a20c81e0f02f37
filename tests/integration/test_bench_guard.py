"""The guard over instruction counts: what it says of counts, and that its cases still run."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.micro import guard
from bench.micro.case import Case
from bench.micro.cases import CASES
from bench.micro.floor import FLOOR


def bounds(**counts: float) -> dict[str, Any]:
    return {**guard.surroundings(), "instructions": {FLOOR.name: 1000.0, **counts}}


def counts(floor: float = 1000.0, **more: float) -> dict[str, float]:
    return {FLOOR.name: floor, **more}


def test_a_case_that_grew_beyond_the_room_is_named_with_both_numbers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert guard.told(bounds(decode=2000, encode=3000), counts(decode=2500, encode=3200)) == 1
    said = capsys.readouterr().out
    assert "GREW by 25%: decode: 2,500 instructions a call, 2,000 were committed" in said
    assert "--record" in said
    assert "encode" not in said


def test_what_stays_within_the_room_passes(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.told(bounds(decode=2000), counts(decode=1999 * (1 + guard.ROOM))) == 0
    assert "2 cases take no more instructions than they may." in capsys.readouterr().out


def test_an_interpreter_that_takes_more_for_everything_fails_nothing() -> None:
    assert guard.told(bounds(decode=2000), counts(floor=1500, decode=3000)) == 0
    assert guard.told(bounds(decode=2000), counts(floor=1500, decode=3500)) == 1


def test_what_fell_is_told_so_that_the_gain_can_be_held(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.told(bounds(decode=2000), counts(decode=1000)) == 0
    assert "fell by 50%: decode" in capsys.readouterr().out


def test_a_case_without_a_bound_and_a_bound_without_a_case_fail(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.told(bounds(old=2000), counts(new=2000)) == 1
    said = capsys.readouterr().out
    assert "WITHOUT A BOUND: new." in said
    assert "GONE: old." in said


def test_bounds_of_another_python_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert guard.told({**bounds(decode=1), "python": "3.99"}, counts(decode=2000)) == 0
    assert capsys.readouterr().out.startswith("SKIPPED: the bounds are of Python 3.99 on ")


def test_callgrinds_parts_are_read_by_the_name_of_their_case() -> None:
    ended = f"# callgrind format\ndesc: Trigger: Client Request: {FLOOR.name}\nsummary: 1\ntotals: 5000\n"
    last = "desc: Trigger: Program termination\ntotals: 10\n"
    assert dict(guard.parts(iter((ended, last)))) == {FLOOR.name: 5000 / FLOOR.calls}


def test_every_case_has_a_bound() -> None:
    assert set(json.loads(guard.BOUNDS.read_text())["instructions"]) == {case.name for case in CASES}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
def test_the_case_runs(case: Case) -> None:
    with case.make() as act:
        for _ in range(3):
            act()
