"""Whatever happens between them, all devices end in one state: the join of all that was acknowledged."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Unavailable
from hub.model import ItemId, Seq, TopicName
from hub.protocol import native_device as wire
from hub.state.derive import ReadUpto, count_all, derive
from hub.state.join import LedgerRegisters, join_into
from hub.state.names import ALL
from hub.storage.memory import MemoryStorage
from tests.kit.clocks import StillClock
from tests.kit.engines import Engine, Sizes, notification, task
from tests.kit.peers import LinkedDevice
from tests.kit.replicas import shown

INBOX, SPACE = "inbox/ann", "space/team"
DECIDED_BY_THE_HUB = ("item", "status", "final")
HOUR = 3_600_000
SMALL = Sizes(register_cache=8192, topic_cache=1, message=2048, statements=3, view_memory=2048)
"""So that caches forget, bodies come in parts and pushes are many."""


class Town:
    """Ann's phone with two tabs, her laptop, Bob's tablet; a space they share; a hub that may restart."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.engine = Engine(MemoryStorage(self.clock), self.clock, SMALL)
        self.devices: list[LinkedDevice] = []

    async def begin(self) -> None:
        await self.engine.start()
        admin = self.engine.identity("root", "admin")
        for user in ("ann", "bob"):
            await self.engine.services.people.put_member(admin, TopicName(SPACE), user, "write")
        for user, device, ahead, topics in (
            ("ann", "phone", 0, (INBOX, SPACE)),
            ("ann", "phone", 0, (INBOX,)),
            ("ann", "laptop", 24 * HOUR, (INBOX, SPACE)),
            ("bob", "tablet", -HOUR, (SPACE,)),
        ):
            wall = self._wall(ahead)
            linked = LinkedDevice(self.engine, user, device, wall=wall, device=device)
            for topic in topics:
                linked.state.replica(topic).wanted = True
            self.devices.append(linked)

    def _wall(self, ahead: int) -> Callable[[], int]:
        return lambda: self.clock.now() + ahead

    async def restart(self) -> None:
        for device in self.devices:
            device.cut()
        await self.engine.crash()
        self.engine = Engine(self.engine.storage, self.clock, SMALL)
        await self.engine.start()
        for device in self.devices:
            device.engine = self.engine

    async def heal(self) -> None:
        """The disk has room, everybody is connected and drained, until nothing moves any more."""
        self.engine.store.at_commit.accept()
        for _ in range(6):
            for device in self.devices:
                if device.link is None or device.link.over:
                    await device.connect()
                assert device.link is not None
                device.link.drain()
                await device.exchange()
                await device.push()
        for device in self.devices:
            await device.exchange()
            assert device.state.settled()

    async def check(self) -> None:
        model: dict[str, LedgerRegisters] = {INBOX: {}, SPACE: {}}
        for device in self.devices:
            for topic, statement in device.state.acknowledged:
                join_into(model[topic], statement, Seq(0))
        for topic, expected in model.items():
            held = await self.engine.registers(topic)
            for device in self.devices:
                replica = device.state.replica(topic)
                if replica.wanted:
                    assert shown(replica.registers) == shown(held)
                    assert replica.seq == self.engine.ledger(topic).seq
            assert self.undecided(held) == self.undecided(expected)
            assert {item for item in held if "item" in held[item]} >= {
                item for item in expected if "item" in expected[item]
            }
            await self.check_finals(topic, held)
        await self.check_counts()

    def undecided(self, registers: LedgerRegisters) -> dict[Any, Any]:
        return {key: word for key, word in shown(registers).items() if key[1] not in DECIDED_BY_THE_HUB}

    async def check_finals(self, topic: str, held: LedgerRegisters) -> None:
        events = [each for each in self.engine.events() if each.topic == topic and each.attempt]
        assert max(Counter((each.item, each.attempt) for each in events).values(), default=1) == 1
        by_id = {each.id: each for each in events}
        for item, registers in held.items():
            final: Any = registers["final"].value if "final" in registers else None  # type: ignore[index]  # a slot, as text
            if final is not None:
                event = by_id[final["event"]]
                assert (event.item, event.attempt, event.status) == (item, final["attempt"], final["status"])
                assert final["attempt"] == max(each.attempt for each in events if each.item == item)

    async def check_counts(self) -> None:
        registers = await self.engine.registers(INBOX)
        marks = ReadUpto(registers.get(ALL))
        states = [derive(each, marks, self.clock.now()) for each in registers.values()]
        counts = await self.engine.actions.counts(self.engine.identity("ann"), TopicName(INBOX))
        assert counts == count_all(state for state in states if state is not None)


Step = Callable[[Town], Awaitable[None]]

ATTEMPT = st.integers(1, 2)
WORD = st.sampled_from(["queued", "running", "paused", "succeeded", "failed"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "item": st.sampled_from([task("one"), task("one"), task("other")]),
    "title": st.sampled_from(["a", "b", "c"]),
    "priority": st.integers(0, 2),
    "deleted": st.booleans(),
    "status": st.tuples(ATTEMPT, WORD).map(list),
    "progress": st.tuples(ATTEMPT, st.sampled_from([0, 0.5, 1])).map(list),
}
PERSONAL: dict[str, st.SearchStrategy[Any]] = {"read": st.booleans(), "pinned": st.booleans()}
WHO = st.integers(0, 3)


@st.composite
def acts(draw: st.DrawFn) -> Step:
    who, item = draw(WHO), draw(st.sampled_from(["t0", "t1"]))
    name = draw(st.sampled_from([*VALUES, *PERSONAL, "status", "title"]))
    value = draw((VALUES | PERSONAL)[name])
    far = draw(st.booleans())

    async def act(town: Town) -> None:
        device = town.devices[who]
        topic = SPACE if (far or who == 3) and who != 1 else INBOX
        if name in PERSONAL and topic == SPACE:
            if who == 3:
                return
            device.state.act(INBOX, f"{SPACE}/{item}", name, value)
        else:
            device.state.act(topic, item, name, value)

    return act


@st.composite
def marks(draw: st.DrawFn) -> Step:
    who, back = draw(st.integers(0, 2)), draw(st.integers(0, 2))

    async def mark(town: Town) -> None:
        replica = town.devices[who].state.replica(INBOX)
        records: list[Any] = [each["item"].value for each in replica.registers.values() if "item" in each]  # type: ignore[index]  # a slot, as text
        orders = sorted(record["order"] for record in records)
        if orders:
            town.devices[who].state.act(INBOX, "*", "read_upto", orders[-1 - min(back, len(orders) - 1)])

    return mark


@st.composite
def carries(draw: st.DrawFn) -> Step:
    who, up, down = draw(WHO), draw(st.integers(0, 4)), draw(st.integers(0, 4))

    async def carry(town: Town) -> None:
        link = town.devices[who].link
        for _ in range(up):
            if link is not None:
                link.carry_up()
        for _ in range(6):
            await asyncio.sleep(0)
        for _ in range(down):
            if link is not None:
                link.carry_down()

    return carry


def of_device(do: Callable[[LinkedDevice], Awaitable[None] | None]) -> st.SearchStrategy[Step]:
    def step(who: int) -> Step:
        async def run(town: Town) -> None:
            done = do(town.devices[who])
            if done is not None:
                await done

        return run

    return WHO.map(step)


def connects(device: LinkedDevice) -> Awaitable[None] | None:
    return device.connect() if device.link is None or device.link.over else None


def pushes(device: LinkedDevice) -> None:
    if device.link is not None and not device.link.over:
        for topic in list(device.state.topics):
            for message in device.state.push(topic):
                device.say(message)


def repeats(device: LinkedDevice) -> None:
    """Everything unsent, again and under other names, whatever is on its way already."""
    if device.link is None or device.link.over:
        return
    for replica in device.state.topics.values():
        if replica.handle is not None and replica.outbox:
            said = [each[:4] for each in replica.outbox[:3]]
            device.say(wire.push_statements(device.state.ref(), replica.handle, said))


def fills(device: LinkedDevice) -> None:
    if device.link is not None:
        device.link.peer.full = True


def drains(device: LinkedDevice) -> None:
    if device.link is not None and not device.link.over:
        device.link.drain()


async def pass_time(town: Town) -> None:
    town.clock.advance(1)


async def fold(town: Town) -> None:
    await town.engine.folding.fold()


async def raise_one(town: Town) -> None:
    with contextlib.suppress(Unavailable):
        await town.engine.push(INBOX, [(f"n{town.clock.now()}", "item", notification(), 0)], "svc.api")


async def disk_full(town: Town) -> None:
    town.engine.store.at_commit.refuse()


async def disk_has_room(town: Town) -> None:
    town.engine.store.at_commit.accept()


async def restart(town: Town) -> None:
    await town.restart()


STEPS = st.one_of(
    acts(),
    acts(),
    acts(),
    acts(),
    marks(),
    carries(),
    carries(),
    carries(),
    of_device(connects),
    of_device(pushes),
    of_device(pushes),
    of_device(repeats),
    of_device(LinkedDevice.cut),
    of_device(fills),
    of_device(drains),
    st.sampled_from([pass_time, pass_time, fold, raise_one, disk_full, disk_has_room, restart]),
)


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(STEPS, min_size=20, max_size=80))
def test_all_devices_end_in_the_join_of_everything_acknowledged(steps: list[Step]) -> None:
    asyncio.run(live_through(steps))


async def live_through(steps: list[Step]) -> None:
    town = Town()
    await town.begin()
    try:
        for step in steps:
            await step(town)
        async with asyncio.timeout(20):
            await town.heal()
        await town.check()
    finally:
        await town.engine.crash()


async def test_monday_does_not_undo_tuesday() -> None:
    town = Town()
    await town.begin()
    phone, _, laptop, _ = town.devices
    await phone.connect()
    await laptop.connect()
    await phone.act(INBOX, "t0", "item", task())
    await laptop.exchange()
    laptop.cut()
    town.clock.advance(86_400)
    laptop.state.act(INBOX, "t0", "title", "of Monday")
    town.clock.advance(86_400)
    await phone.connect() if phone.link is None or phone.link.over else None
    await phone.act(INBOX, "t0", "title", "of Tuesday")
    town.clock.advance(86_400)
    await town.heal()
    await town.check()
    assert {each.state.value(INBOX, "t0", "title") for each in town.devices[:3]} == {"of Tuesday"}
    assert phone.state.item(INBOX, "t0") == laptop.state.item(INBOX, "t0")
    assert ItemId("t0") in phone.state.replica(INBOX).registers
    await town.engine.crash()
