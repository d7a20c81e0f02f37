"""Wherever a folding pass, the cache, the sweep or a crash may be: what was acknowledged is what is found."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Refusal
from hub.model import Actor, Hlc, ItemId, Seq, Statement, TopicName
from hub.state.clock import hlc_of
from hub.state.join import LedgerRegisters, join_into
from hub.state.records import same_content
from hub.state.weights import ITEM
from hub.storage.memory import MemoryStorage
from tests.kit.clocks import START, StillClock
from tests.kit.engines import Engine, Said, Sizes, running_engine, task
from tests.kit.replicas import shown

TOPICS = ("inbox/ann", "inbox/bob")
ITEMS = ("t0", "t1", "t2")
DAY = 86_400
TINY = Sizes(register_cache=4096, topic_cache=1, view_memory=1024, retention=DAY)
"""A cache of a few registers, one topic: what can be evicted is."""

FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "title": st.sampled_from(["a", "b"]),
    "priority": st.integers(0, 2),
    "read": st.booleans(),
    "archived": st.booleans(),
    "deleted": st.booleans(),
    "progress": st.tuples(st.just(1), st.sampled_from([0, 0.25, 0.5])).map(list),
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
            for (of, item), row in self.engine.storage.tables.history.items():
                if of == topic:
                    assert item not in found, "an item is live or in history, never both"
                    found[item] = row.registers
            held, expected = shown(found), shown(self.model[topic])
            assert held.keys() == expected.keys()
            for key, (value, hlc, actor) in held.items():
                other: Any = expected[key][0]
                if key[1] == ITEM:
                    assert isinstance(value, dict)
                    assert same_content(value, other)
                else:
                    assert (value, hlc, actor) == expected[key]


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
    await fold_to_the_end(world)
    world.engine.sizes = TINY
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
    failing_pushes(),
    crashes_in_a_commit(),
    st.sampled_from([fold_to_the_end, crash, sweep, look]),
)


@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, min_size=3, max_size=25))
def test_what_is_found_is_the_join_of_all_that_was_acknowledged(steps: list[Step]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("hub.engine.folding.STEP_ROWS", 2)
        asyncio.run(live_through(steps))


async def live_through(steps: list[Step]) -> None:
    clock = StillClock()
    engine = Engine(MemoryStorage(clock), clock, TINY)
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
