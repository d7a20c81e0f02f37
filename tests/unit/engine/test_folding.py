"""A pass goes in small steps: it rests between them, and cuts the journal from the front."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from hub.engine.folding import (
    JOURNAL_ROWS,
    LARGEST_STEP,
    LONGEST_REST,
    RESTS,
    STEP_ROWS,
    Folding,
    FoldingPolicy,
)
from hub.engine.residence import RegisterCache
from hub.errors import Unavailable
from hub.ports import Fold
from tests.kit.engines import Engine, running_engine

INBOX = "inbox/ann"
STATEMENTS = 100
"""So many make a pass due."""
STEP_JOURNAL_ROWS = JOURNAL_ROWS * STEP_ROWS
"""So many rows of the journal are dropped together while nothing gathers."""
MIB = 1024 * 1024


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(unknown=10_000) as engine:
        yield engine


@pytest.fixture
def rests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What was asked for; nobody waits for it."""
    asked: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        asked.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", noted)
    return asked


def small(engine: Engine) -> Folding:
    """A folding of the engine's tail that is due soon."""
    policy = FoldingPolicy(STATEMENTS, MIB, 5.0)
    shrank = engine.pipeline.tail_shrank
    return Folding(engine.store, engine.tail, engine.clock, policy, engine.documents, engine.metrics, shrank)


class Slow:
    """Steps that take so long by the engine's clock; ``meanwhile`` statements come during the first."""

    def __init__(self, engine: Engine, seconds: float, meanwhile: int = 0) -> None:
        self._engine, self._seconds, self._meanwhile = engine, seconds, meanwhile
        self._fold = engine.store.fold
        engine.store.fold = self.fold  # type: ignore[method-assign]  # a slower disk

    async def fold(self, step: Fold) -> None:
        await self._fold(step)
        self._engine.clock.advance(self._seconds)
        coming, self._meanwhile = self._meanwhile, 0
        if coming:
            await stated(self._engine, coming, "inbox/bob")


async def stated(engine: Engine, number: int, topic: str = INBOX) -> None:
    """So many registers wait for a pass."""
    await engine.push(topic, [(f"t{each}", "title", "x", 0) for each in range(number)])


async def passed(passing: Folding, engine: Engine) -> None:
    """A pass as it comes by itself."""
    before = engine.metrics.folds
    running = asyncio.create_task(passing.run(0))
    async with asyncio.timeout(5):
        # The event that tells of a pass's end says while it is awaited that turns wait.
        while engine.metrics.folds == before:  # noqa: ASYNC110 # see above
            await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def real(rests: list[float]) -> list[float]:
    """Without the polls."""
    return [seconds for seconds in rests if seconds]


# ------------------------------------------------------------------ rests


async def test_a_pass_rests_after_each_step_for_as_long_as_it_took_some_times_over(engine: Engine) -> None:
    Slow(engine, 0.002)
    spent: list[float] = []

    async def rest(seconds: float) -> None:
        spent.append(seconds)

    await stated(engine, STEP_ROWS + 1)
    await engine.folding.fold(rest)
    assert spent == pytest.approx([0.002] * len(engine.store.folds), abs=1e-6)
    assert len(spent) == 4


async def test_while_nothing_gathers_a_rest_is_some_times_its_step(
    engine: Engine, rests: list[float]
) -> None:
    Slow(engine, 0.002)
    await stated(engine, STATEMENTS)
    await passed(small(engine), engine)
    assert real(rests) == pytest.approx([RESTS * 0.002] * len(engine.store.folds), abs=1e-6)


async def test_a_slow_step_does_not_make_a_pass_rest_for_long(engine: Engine, rests: list[float]) -> None:
    Slow(engine, 3.0)
    await stated(engine, STATEMENTS)
    await passed(small(engine), engine)
    assert real(rests) == [LONGEST_REST] * len(engine.store.folds)


@pytest.mark.parametrize("share", [0.25, 0.5])
async def test_the_more_gathers_meanwhile_the_shorter_a_rest_is(
    engine: Engine, rests: list[float], share: float
) -> None:
    Slow(engine, 0.002, meanwhile=round(share * STATEMENTS))
    await stated(engine, STATEMENTS)
    await passed(small(engine), engine)
    assert real(rests)[0] == pytest.approx(RESTS * 0.002 * (1 - share), abs=1e-6)


@pytest.mark.parametrize("meanwhile", [STATEMENTS, 3 * STATEMENTS])
async def test_where_the_next_pass_is_due_there_is_no_rest(
    engine: Engine, rests: list[float], meanwhile: int
) -> None:
    Slow(engine, 0.002, meanwhile=meanwhile)
    await stated(engine, STATEMENTS)
    await passed(small(engine), engine)
    assert all(seconds <= 0 for seconds in rests)


async def test_while_turns_wait_for_room_there_is_no_rest_and_steps_are_large(
    engine: Engine, rests: list[float]
) -> None:
    Slow(engine, 0.002)
    await stated(engine, 2 * STEP_ROWS)
    passing = small(engine)
    engine.pipeline.tail_shrank.clear()
    await passed(passing, engine)
    assert real(rests) == []
    assert [len(step.registers) for step in engine.store.folds if step.registers] == [2 * STEP_ROWS]
    assert engine.pipeline.tail_shrank.is_set()


async def test_a_pass_that_is_asked_for_does_not_rest(engine: Engine, rests: list[float]) -> None:
    Slow(engine, 0.002)
    await stated(engine, 10)
    await engine.folding.fold()
    assert real(rests) == []
    assert not engine.tail.bytes


# ------------------------------------------------------------------ the size of a step


async def test_while_nothing_gathers_steps_are_small(engine: Engine) -> None:
    await stated(engine, 3 * STEP_ROWS + 1)
    await small(engine).fold()
    assert [len(step.registers) for step in engine.store.folds if step.registers] == [STEP_ROWS] * 3 + [1]


@pytest.mark.parametrize(("meanwhile", "larger"), [(STATEMENTS // 2, 4.5), (5 * STATEMENTS, LARGEST_STEP)])
async def test_the_more_gathers_meanwhile_the_larger_a_step_is(
    engine: Engine, meanwhile: int, larger: float
) -> None:
    Slow(engine, 0.002, meanwhile)
    await stated(engine, 3 * LARGEST_STEP * STEP_ROWS)
    await small(engine).fold()
    sizes = [len(step.registers) for step in engine.store.folds if step.registers]
    assert sizes[:3] == [STEP_ROWS, int(larger * STEP_ROWS), int(larger * STEP_ROWS)]
    assert sum(sizes) == 3 * LARGEST_STEP * STEP_ROWS


async def test_topics_and_the_journal_go_in_larger_steps_too(engine: Engine) -> None:
    await numbered(engine, 4 * LARGEST_STEP * STEP_ROWS)
    Slow(engine, 0.002, meanwhile=STATEMENTS)
    await small(engine).fold()
    topics = [len(step.topics) for step in engine.store.folds if step.topics]
    assert topics == [250]
    assert uptos(engine) == [LARGEST_STEP * STEP_JOURNAL_ROWS]


# ------------------------------------------------------------------ the journal


def uptos(engine: Engine) -> list[int | None]:
    """Of the pass's last steps."""
    return [step.upto for step in engine.store.folds if step.upto is not None]


async def numbered(engine: Engine, number: int, name: str = "t") -> None:
    """So many journal rows: each turn appends one a topic."""
    for begun in range(0, number, 250):
        pushed = [
            engine.push(f"inbox/u{each}", [(f"{name}{begun}", "title", "x", 0)])
            for each in range(min(250, number - begun))
        ]
        await asyncio.gather(*pushed)


async def test_the_journal_is_cut_in_steps_and_whole_at_the_end(engine: Engine) -> None:
    await numbered(engine, 2 * STEP_JOURNAL_ROWS + 200)
    last = engine.tail.active.upto
    await engine.folding.fold()
    assert uptos(engine) == [STEP_JOURNAL_ROWS, 2 * STEP_JOURNAL_ROWS, last]
    assert engine.storage.tables.journal == {}


async def test_the_next_pass_goes_on_where_the_last_one_ended(engine: Engine) -> None:
    await numbered(engine, 3, "earlier")
    await engine.folding.fold()
    engine.store.forget()
    await numbered(engine, STEP_JOURNAL_ROWS + 1)
    first, last = engine.tail.active.first, engine.tail.active.upto
    assert (first, last - first) == (4, STEP_JOURNAL_ROWS)
    await engine.folding.fold()
    assert uptos(engine) == [first - 1 + STEP_JOURNAL_ROWS, last]


async def test_a_journal_that_fits_a_step_is_cut_at_once(engine: Engine) -> None:
    await numbered(engine, STEP_JOURNAL_ROWS)
    await engine.folding.fold()
    assert uptos(engine) == [STEP_JOURNAL_ROWS]


async def test_nothing_is_cut_before_all_was_folded(engine: Engine) -> None:
    await numbered(engine, STEP_JOURNAL_ROWS + 1)
    await engine.folding.fold()
    cuts = [step.upto is not None for step in engine.store.folds]
    assert cuts == sorted(cuts)
    assert not any(step.registers or step.topics for step in engine.store.folds if step.upto is not None)


async def test_a_pass_that_ended_between_two_cuts_is_made_again(engine: Engine) -> None:
    await numbered(engine, STEP_JOURNAL_ROWS + 1)
    last = engine.tail.active.upto

    async def rest(_: float) -> None:
        if uptos(engine):
            raise Unavailable("the disk is full")

    with pytest.raises(Unavailable):
        await engine.folding.fold(rest)
    assert uptos(engine) == [STEP_JOURNAL_ROWS]
    assert engine.tail.bytes
    await engine.folding.fold()
    assert uptos(engine)[1:] == [STEP_JOURNAL_ROWS, last]
    assert engine.storage.tables.journal == {}


async def test_a_pass_that_broke_off_is_made_again_though_nothing_gathers(engine: Engine) -> None:
    """Turns may wait for the room that it makes."""
    passing = small(engine)
    await engine.push(INBOX, [("t1", "title", "x", 0)])
    engine.store.at_fold.refuses = Unavailable()
    with pytest.raises(Unavailable):
        await passing.fold()
    engine.store.at_fold.refuses = None
    engine.store.folds.clear()
    await passed(passing, engine)
    assert engine.store.folds


async def test_what_is_saved_is_folded_whatever_fails_after_the_commit(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("after the commit")

    monkeypatch.setattr(RegisterCache, "put_all", broken)
    await engine.push(INBOX, [("t1", "title", "x", 0)])
    await engine.folding.fold()
    assert [row.key.slot for step in engine.store.folds for row in step.registers] == ["title"]
