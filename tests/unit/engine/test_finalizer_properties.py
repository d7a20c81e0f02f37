"""However ends, reopenings and repeats of several devices are interleaved: one event an ended attempt."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Unavailable
from hub.model import ItemId, Slot, TopicName
from hub.state.attempts import TERMINAL
from hub.state.clock import hlc_of
from hub.storage.memory import MemoryStorage
from tests.kit.clocks import START, StillClock
from tests.kit.engines import Engine, EverythingTo, Said, Sizes, task

INBOX = "inbox/ann"
DAY = 86_400
SIZES = Sizes(retention=DAY, register_cache=1024)


class World:
    """An engine that may crash, and what was acknowledged: every end that stood once its task was known."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.storage = MemoryStorage(self.clock)
        self.engine = self._engine()
        self.ended: dict[str, set[int]] = defaultdict(set)
        self.stated: dict[str, set[tuple[int, str]]] = defaultdict(set)

    def _engine(self) -> Engine:
        return Engine(self.storage, self.clock, SIZES, EverythingTo("ops"))

    async def restart(self) -> None:
        await self.engine.crash()
        self.engine = self._engine()
        await self.engine.start()

    async def registers(self, item: str) -> dict[Slot, Any]:
        found = await self.engine.items.standing(
            TopicName(INBOX), ItemId(item), self.engine.identity("ann").user
        )
        return {slot: register.value for slot, register in found.registers.items()}

    async def look(self) -> None:
        """Note which ends stand now."""
        for item in ITEMS:
            registers = await self.registers(item)
            attempt, word = registers.get(Slot("status"), (1, "queued"))
            if "item" in registers and word in TERMINAL:
                self.ended[item].add(attempt)

    async def check(self) -> None:
        """Events, deliveries and ``final`` agree, and hold every end that was seen to stand."""
        events = self.engine.events()
        assert [row.event for row in await self.engine.deliveries()] == events
        for item in ITEMS:
            of_item = [event for event in events if event.item == item]
            attempts = [event.attempt for event in of_item]
            assert attempts == sorted(set(attempts)), "each attempt once, in order"
            assert self.ended[item] <= set(attempts)
            assert {(event.attempt, event.status or "") for event in of_item} <= self.stated[item]
            final = (await self.registers(item)).get(Slot("final"))
            if not of_item:
                assert final is None
                continue
            last = of_item[-1]
            named = (last.attempt, last.status, last.id, last.at)
            assert final is not None
            assert (final["attempt"], final["status"], final["event"], final["at"]) == named


Step = Callable[[World], Awaitable[None]]
ITEMS = ("t0", "t1")
STATUSES = ("queued", "running", "succeeded", "failed", "canceled")


@st.composite
def statements(draw: st.DrawFn) -> Said:
    item, hlc = draw(st.sampled_from(ITEMS)), hlc_of(START, draw(st.integers(0, 6)))
    if draw(st.integers(0, 5)) == 0:
        return item, "item", task(), hlc
    return item, "status", [draw(st.integers(1, 3)), draw(st.sampled_from(STATUSES))], hlc


PUSHES = st.tuples(
    st.lists(statements(), min_size=1, max_size=3), st.sampled_from(["phone", "laptop", "tablet"])
)


@st.composite
def turns(draw: st.DrawFn) -> Step:
    """Pushes of several devices in one turn; some are repeated."""
    pushes = draw(st.lists(PUSHES, min_size=1, max_size=4))
    pushes += draw(st.lists(st.sampled_from(pushes), max_size=2))

    async def push(world: World) -> None:
        note(world, pushes)
        await asyncio.gather(*(world.engine.push(INBOX, said, actor) for said, actor in pushes))

    return push


@st.composite
def failing_turns(draw: st.DrawFn) -> Step:
    """A turn that the disk refuses."""
    said, actor = draw(PUSHES)

    async def push(world: World) -> None:
        world.engine.store.at_commit.refuse()
        pushed = await asyncio.gather(world.engine.push(INBOX, said, actor), return_exceptions=True)
        assert all(isinstance(each, int | Unavailable) for each in pushed)
        world.engine.store.at_commit.accept()

    return push


def note(world: World, pushes: list[tuple[list[Said], str]]) -> None:
    for said, _ in pushes:
        for item, field, value, _ in said:
            if field == "status":
                world.stated[item].add((value[0], value[1]))


async def crash(world: World) -> None:
    await world.restart()


async def fold(world: World) -> None:
    await world.engine.folding.fold()


async def sweep(world: World) -> None:
    """What is final leaves for history."""
    await world.engine.folding.fold()
    world.engine.advance(2 * DAY)
    await world.engine.sweeper.sweep()


STEPS = st.one_of(turns(), turns(), turns(), failing_turns(), st.sampled_from([crash, fold, sweep]))


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=15))
def test_one_event_an_ended_attempt_and_final_registers_that_agree(steps: list[Step]) -> None:
    asyncio.run(live_through(steps))


async def live_through(steps: list[Step]) -> None:
    world = World()
    await world.engine.start()
    for step in steps:
        async with asyncio.timeout(10):
            await step(world)
            await world.look()
            await world.check()
    await world.engine.crash()


ATTEMPTS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(STATUSES), st.integers(0, 6)), min_size=1, max_size=8
)


@settings(max_examples=100, deadline=None)
@given(ATTEMPTS)
def test_which_attempts_are_final_does_not_depend_on_which_pushes_share_a_turn(
    stated: list[tuple[int, str, int]],
) -> None:
    async def sealed(together: bool) -> list[int]:
        world = World()
        await world.engine.start()
        await world.engine.push(INBOX, [("t0", "item", task(), 0)])
        pushed = []
        for attempt, word, counter in stated:
            said = [("t0", "status", [attempt, word], hlc_of(START, counter))]
            pushed.append(world.engine.push(INBOX, said))
            if not together:
                await pushed[-1]
        await asyncio.gather(*pushed)
        await world.engine.crash()
        return [event.attempt for event in world.engine.events()]

    assert asyncio.run(sealed(True)) == asyncio.run(sealed(False))
