"""When the hub looks for garbage: seldom at all, and never at what is alive over and over."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator

import pytest

from hub.server.collector import FLOOR_BLOCKS, FULL_SECONDS, GROWTH, LITTLE, TICK_SECONDS, Collector
from tests.kit.clocks import StillClock


class Process:
    """What the collector asks Python, and what it tells it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.made = 0
        self.blocks = 1000
        monkeypatch.setattr(gc, "collect", self._collect)
        monkeypatch.setattr(gc, "freeze", lambda: self.told.append("freeze"))
        monkeypatch.setattr(gc, "unfreeze", lambda: self.told.append("unfreeze"))
        monkeypatch.setattr(gc, "get_count", lambda: (self.made, 0, 0))
        monkeypatch.setattr(sys, "getallocatedblocks", lambda: self.blocks)
        self.clock = StillClock()
        self.collector = Collector(self.clock)
        self.collector.begin()
        self.began, self.told = self.told, []

    def _collect(self, generation: int = 2) -> int:
        self.told.append(f"collect {generation}")
        return 0

    def tick(self) -> list[str]:
        """What was done."""
        self.told.clear()
        self.collector.tick()
        return list(self.told)


ALL = ["unfreeze", "collect 2", "freeze"]


@pytest.fixture(autouse=True)
def python() -> Iterator[None]:
    """The collector as the tests have it, afterwards."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()


@pytest.fixture
def process(python: None, monkeypatch: pytest.MonkeyPatch) -> Process:
    return Process(monkeypatch)


def test_it_begins_with_all_that_lives_set_aside(process: Process) -> None:
    assert process.began == ALL
    assert not gc.isenabled()


def test_of_python_itself_too() -> None:
    Collector(StillClock()).begin()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 1000


def test_little_that_is_new_is_looked_at_and_set_aside(process: Process) -> None:
    process.made = LITTLE
    assert process.tick() == ["collect 0", "freeze"]


def test_much_that_is_new_is_set_aside_unseen(process: Process) -> None:
    process.made = LITTLE + 1
    assert process.tick() == ["freeze"]


def test_a_cycle_that_was_just_left_is_freed_with_the_next_tick() -> None:
    collector = Collector(StillClock())
    collector.begin()
    freed: list[str] = []

    class Circle:
        def __init__(self) -> None:
            self.itself = self

        def __del__(self) -> None:
            freed.append("freed")

    Circle()
    assert freed == []
    collector.tick()
    assert freed == ["freed"]
    assert not gc.isenabled()


def test_all_is_looked_at_when_memory_grew_by_half(process: Process) -> None:
    process.made = LITTLE + 1
    process.blocks = round(GROWTH * 1000) + FLOOR_BLOCKS - 1
    assert process.tick() == ["freeze"]
    process.blocks += 1
    assert process.tick() == ALL
    assert process.tick() == ["freeze"]
    process.blocks = round(GROWTH * process.blocks) + FLOOR_BLOCKS
    assert process.tick() == ALL


def test_all_is_looked_at_after_an_hour(process: Process) -> None:
    process.clock.advance(FULL_SECONDS - 1)
    assert process.tick() == ["collect 0", "freeze"]
    process.clock.advance(1)
    assert process.tick() == ALL
    process.clock.advance(1)
    assert process.tick() == ["collect 0", "freeze"]


async def test_it_ticks_until_it_is_cancelled(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise EndOfTest

    monkeypatch.setattr(asyncio, "sleep", sleep)
    with pytest.raises(EndOfTest):
        await process.collector.run()
    assert slept == [TICK_SECONDS] * 3
    assert process.told == ["collect 0", "freeze"] * 2


class EndOfTest(Exception):
    """Instead of a cancellation."""
