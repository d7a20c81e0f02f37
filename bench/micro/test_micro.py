"""The cases under pytest-benchmark: ``make bench-micro``. Not among the tests of ``make test``."""

from __future__ import annotations

import time

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.micro.case import Case
from bench.micro.cases import CASES

_ROUNDS = 9


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in CASES])
@pytest.mark.benchmark(timer=time.process_time, disable_gc=True)
def test_micro(benchmark: BenchmarkFixture, case: Case) -> None:
    benchmark.group = case.subject
    with case.make() as act:
        benchmark.pedantic(act, rounds=_ROUNDS, iterations=case.calls, warmup_rounds=1)  # type: ignore[no-untyped-call]  # ships no types for it
