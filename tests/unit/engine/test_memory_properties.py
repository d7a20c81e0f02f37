"""Wherever a folding pass, the cache, the sweep or a crash may be: what was acknowledged is what is found."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.engine.reading import ReadItem
from hub.errors import Refusal
from hub.model import Actor, Hlc, ItemId, Registers, Seq, Statement, TopicName
from hub.state.clock import hlc_of
from hub.state.join import LedgerRegisters, join_into
from hub.state.records import HUB_KEYS
from hub.state.weights import ITEM
from hub.storage.memory import MemoryStorage
from tests.kit.clocks import START, StillClock
from tests.kit.engines import Engine, Said, Sizes, running_engine, task
from tests.kit.replicas import shown

TOPICS = ("inbox/ann", "inbox/bob")
ITEMS = ("t0", "t1")
DAY = 86_400
TINY = Sizes(topic_cache=1, view_memory=1024, retention=DAY)
"""One topic in memory: what can be evicted is."""
CACHES = (1024, 4096, 1 << 26)
"""No register at all, a few, all."""

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["a", "b"]),
    "priority": st.integers(0, 2),
    "read": st.booleans(),
    "archived": st.booleans(),
    "deleted": st.booleans(),
}


@dataclass
class World:
    """The engine, and what it must hold: all that was acknowledged, joined in a plain dictionary."""

    engine: Engine
    model: dict[str, LedgerRegisters] = field(default_factory=lambda: {topic: {} for topic in TOPICS})
    folding: asyncio.Task[None] | None = None

    async def stop_folding(self) -> None:
        if self.folding is not None:
            self.folding.cancel()
            await asyncio.gather(self.folding, return_exceptions=True)
            self.folding = None

    async def restart(self) -> None:
        await self.stop_folding()
        await self.engine.crash()
        self.engine = Engine(self.engine.storage, self.engine.clock, self.engine.sizes)
        self.engine.store.at_fold.close()
        await self.engine.start()

    def take(self, topic: str, said: tuple[str, str, Any, int], actor: str) -> None:
        item, name, value, hlc = said
        statement = Statement(ItemId(item), name, value, Hlc(hlc), Actor(actor))
        join_into(self.model[topic], statement, Seq(0))

    async def check(self) -> None:
        for topic in TOPICS:
            found: LedgerRegisters = dict(await self.engine.registers(topic))
            assert self.same(found, self.live(topic))
            for item, registers in self.history(topic).items():
                assert item not in found, "an item is live or in history, never both"
                found[item] = registers
            assert self.same(found, self.model[topic])

    def history(self, topic: str) -> LedgerRegisters:
        rows = self.engine.storage.tables.history.items()
        return {item: row.registers for (of, item), row in rows if of == topic}

    def live(self, topic: str) -> LedgerRegisters:
        gone = self.history(topic)
        return {item: registers for item, registers in self.model[topic].items() if item not in gone}

    def same(self, found: Any, expected: Any) -> bool:
        """Whether registers are equal, as far as who states them decides."""
        return without_what_the_hub_adds(found) == without_what_the_hub_adds(expected)


def without_what_the_hub_adds(registers: LedgerRegisters) -> dict[Any, Any]:
    return {
        key: {name: part for name, part in value.items() if name not in HUB_KEYS}
        if isinstance(value, dict)
        else (value, hlc, actor)
        for key, (value, hlc, actor) in shown(registers).items()
    }


Step = Callable[[World], Awaitable[None]]


@st.composite
def pushes(draw: st.DrawFn) -> Step:
    topic, actor = draw(st.sampled_from(TOPICS)), draw(st.sampled_from(["phone", "laptop"]))
    said = []
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from([ITEM, *FIELDS]))
        value = task() if name == ITEM else draw(FIELDS[name])
        said.append((draw(st.sampled_from(ITEMS)), name, value, hlc_of(START, draw(st.integers(0, 6)))))

    async def push(world: World) -> None:
        await world.engine.push(topic, said, actor)
        for each in said:
            world.take(topic, each, actor)

    return push


@st.composite
def pushes_while_a_pass_goes_on(draw: st.DrawFn) -> Step:
    """The turn has looked what it must read, and the pass ends before the store answers."""
    push, steps = draw(pushes()), draw(st.integers(0, 8))

    async def run(world: World) -> None:
        world.engine.store.at_read.close()
        pushing = asyncio.ensure_future(push(world))
        for _ in range(5):
            await asyncio.sleep(0)
        await fold(world, steps)
        world.engine.store.at_read.open()
        await pushing

    return run


@st.composite
def looks_while_a_pass_goes_on(draw: st.DrawFn) -> Step:
    """Single items and whole ledgers: the store was asked, and the pass ends before its answer is used."""
    topic, item, steps = draw(st.sampled_from(TOPICS)), draw(st.sampled_from(ITEMS)), draw(st.integers(0, 8))

    async def run(world: World) -> None:
        engine = world.engine
        engine.store.at_read.close()
        engine.store.at_load.close()
        found: asyncio.Future[Registers] = asyncio.get_running_loop().create_future()
        work = ReadItem(
            engine.ledger(topic), ItemId(item), lambda its, _: found.set_result(its), found.set_exception
        )
        engine.pipeline.submit(work)
        if draw_whole:
            whole = engine.join(topic)
        for gate in (engine.store.at_read, engine.store.at_load):
            for _ in range(5):
                await asyncio.sleep(0)
            await fold(world, steps)
            gate.open()
        assert world.same({item: await found}, {item: world.model[topic].get(ItemId(item), {})})
        if draw_whole:
            reader = await whole
            del engine.ledger(topic).readers[reader.id]
            assert world.same(reader.registers, world.live(topic))

    draw_whole = draw(st.booleans())
    return run


async def fold(world: World, steps: int) -> None:
    if world.folding is None or world.folding.done():
        world.folding = asyncio.create_task(world.engine.folding.fold())
    world.engine.store.at_fold.admit(steps)
    for _ in range(10 * steps + 5):
        await asyncio.sleep(0)


async def fold_to_the_end(world: World) -> None:
    world.engine.store.at_fold.open()
    if world.folding is not None:
        await world.folding
    await world.engine.folding.fold()
    world.engine.store.at_fold.close()


async def crash(world: World) -> None:
    await world.restart()


@st.composite
def crashes_in_a_commit(draw: st.DrawFn) -> Step:
    push = draw(pushes())

    async def run(world: World) -> None:
        world.engine.store.at_commit.close()
        lost = asyncio.ensure_future(push(world))
        for _ in range(10):
            await asyncio.sleep(0)
        if lost.done():  # nothing of it was new
            await lost
        lost.cancel()
        await world.restart()

    return run


@st.composite
def failing_pushes(draw: st.DrawFn) -> Step:
    push = draw(pushes())

    async def run(world: World) -> None:
        world.engine.store.at_commit.refuse()
        with contextlib.suppress(Refusal):
            await push(world)
        world.engine.store.at_commit.accept()

    return run


async def sweep(world: World) -> None:
    world.engine.clock.advance(2 * DAY)
    await world.engine.sweeper.sweep()
    world.engine.clock.wall -= 2 * DAY * 1000


async def look(world: World) -> None:
    for topic in TOPICS:
        await world.engine.actions.counts(
            world.engine.identity(topic.removeprefix("inbox/")), TopicName(topic)
        )


STEPS = st.one_of(
    pushes(),
    pushes(),
    pushes_while_a_pass_goes_on(),
    pushes_while_a_pass_goes_on(),
    st.integers(1, 6).map(lambda steps: lambda world: fold(world, steps)),
    looks_while_a_pass_goes_on(),
    failing_pushes(),
    crashes_in_a_commit(),
    st.sampled_from([fold_to_the_end, crash, sweep, look]),
)


@settings(max_examples=200, deadline=None)
@given(cache=st.sampled_from(CACHES), steps=st.lists(STEPS, min_size=5, max_size=40))
def test_what_is_found_is_the_join_of_all_that_was_acknowledged(cache: int, steps: list[Step]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.engine.folding.STEP_ROWS", 2)
        asyncio.run(live_through(cache, steps))


async def live_through(cache: int, steps: list[Step]) -> None:
    clock = StillClock()
    engine = Engine(MemoryStorage(clock), clock, replace(TINY, register_cache=cache))
    engine.store.at_fold.close()
    await engine.start()
    world = World(engine)
    for step in steps:
        async with asyncio.timeout(10):
            await step(world)
            await world.check()
    await fold_to_the_end(world)
    await world.check()
    await world.restart()
    await world.check()
    await world.stop_folding()
    await world.engine.crash()


async def test_while_a_pass_goes_on_the_newest_is_found_first() -> None:
    async with running_engine(register_cache=1024) as engine:
        topic = TOPICS[0]
        await engine.push(topic, [("t0", "item", task(), 0), ("t0", "title", "light", hlc_of(START, 1))])
        engine.store.at_fold.close()
        folding = asyncio.create_task(engine.folding.fold())
        await engine.store.at_fold.arrival()
        await engine.push(topic, [("t0", "title", "heavy", hlc_of(START, 3))])
        await engine.push(topic, [(f"x{number}", "read", True, 0) for number in range(9)])  # evicts it
        await engine.push(topic, [("t0", "title", "between", hlc_of(START, 2))])
        assert await engine.value(topic, "t0", "title") == "heavy"
        engine.store.at_fold.open()
        await folding
        assert await engine.value(topic, "t0", "title") == "heavy"


async def test_who_opens_while_a_pass_ends_misses_nothing_of_it() -> None:
    async with running_engine() as engine:
        topic = TOPICS[0]
        await engine.push(topic, [("t0", "item", task(), 0)])
        engine.store.at_load.close()
        joined = engine.join(topic)
        await engine.store.at_load.arrival()  # the store was read before the pass put it there
        await engine.folding.fold()
        engine.store.at_load.open()
        assert set((await joined).registers) == {"t0"}


async def test_a_register_that_is_evicted_while_the_turn_reads_still_stands() -> None:
    async with running_engine(register_cache=2048) as engine:
        topic = TOPICS[0]
        await engine.push(topic, [("t0", "item", task(), 0), ("t0", "title", "heavy", hlc_of(START, 9))])
        await engine.folding.fold()
        engine.store.at_read.close()
        said: list[Said] = [("t0", "title", "light", hlc_of(START, 1))]
        said += [(f"x{number}", "read", True, 0) for number in range(20)]  # what evicts it
        pushed = engine.push(topic, said)
        await engine.store.at_read.arrival()
        engine.store.at_read.open()
        await pushed
        assert await engine.value(topic, "t0", "title") == "heavy"
