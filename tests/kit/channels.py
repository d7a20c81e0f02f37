"""Channels that answer what they are told, and a dispatcher over them in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random
from typing import Any, Final, NamedTuple

from hub.config import DeliverySettings, RouteSettings
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.router import Router
from hub.model import (
    HUB,
    AuditRow,
    Delivery,
    DeliveryRow,
    Event,
    Hlc,
    ItemId,
    Message,
    Milliseconds,
    Outcome,
    Register,
    Registers,
    Seq,
    TopicName,
    UserId,
)
from hub.ports import Batch, ChannelTraits, Standing
from hub.server.wheel import TimerWheel
from hub.state.weights import ITEM
from hub.storage.memory import MemoryStorage
from hub.telemetry.metrics import Metrics
from tests.kit.clocks import StillClock
from tests.kit.stores import Gate

ROBOT: Final = ChannelTraits(
    kind="wecom_robot",
    idempotent=False,
    parallel=1,
    burst=5,
    per_minute=15,
    allow_core=False,
    mask=True,
    language="en",
    host="robot.invalid",
    recipient="key",
)
"""One call at a time, 20 a minute, no idea of repetitions."""
HOOK: Final = replace(
    ROBOT, kind="webhook", idempotent=True, parallel=8, burst=0, per_minute=0, host="hook.invalid"
)
"""Eight calls at once, as many as you like, each message once."""

OK: Final = Outcome("ok")
REFUSED: Final = Outcome("retry", "refused", error="502 Bad Gateway", code="502")
NEVER: Final = Outcome("retry", "never", error="connection refused")
UNKNOWN: Final = Outcome("retry", "unknown", error="no answer in time")
BAD_CONFIG: Final = Outcome("bad_config", error="93000 invalid webhook url", code="93000")
BAD_MESSAGE: Final = Outcome("bad_message", error="40058 too long", code="40058")

Answer = Outcome | asyncio.Future[Outcome] | Exception


def limited(seconds: float) -> Outcome:
    """The vendor's window is used up for so long."""
    return Outcome("rate_limited", until=seconds, error="45009 api freq out of limit", code="45009")


class Sent(NamedTuple):
    """One call as the vendor saw it; ``at`` in seconds of the monotonic clock."""

    at: float
    body: bytes
    key: str


class ScriptedChannel:
    """Implements ``ports.Channel``: gives the ``answers`` one after the other, then ``always``.

    An answer may be a future (the call lasts until it is set) or an exception (what no channel should do).
    A message becomes the body ``<item> <user>``, or as many as ``parts`` says.
    """

    def __init__(self, name: str, clock: StillClock, traits: ChannelTraits = ROBOT) -> None:
        self.name = name
        self.traits = traits
        self.calls: list[Sent] = []
        self.answers: deque[Answer] = deque()
        self.always: Answer = OK
        self.parts = 1
        self.says: Callable[[Message], str] = lambda message: f"{message.event.item} {message.user}"
        self.most = 0
        self._clock = clock
        self._flying = 0

    @property
    def bodies(self) -> list[str]:
        """What was called with, in order."""
        return [call.body.decode() for call in self.calls]

    def render(self, message: Message) -> tuple[bytes, ...]:
        said = self.says(message)
        if self.parts == 1:
            return (said.encode(),)
        return tuple(f"{said} ({part + 1}/{self.parts})".encode() for part in range(self.parts))

    def repeated(self, body: bytes, mark: str) -> bytes:
        return body + f" {mark}".encode()

    async def send(self, body: bytes, key: str) -> Outcome:
        self.calls.append(Sent(self._clock.monotonic(), body, key))
        answer = self.answers.popleft() if self.answers else self.always
        self._flying += 1
        self.most = max(self.most, self._flying)
        try:
            await asyncio.sleep(0)
            if isinstance(answer, Exception):
                raise answer
            return answer if isinstance(answer, Outcome) else await answer
        finally:
            self._flying -= 1

    async def close(self) -> None:
        """Nothing is held."""


class PlainItems:
    """Implements ``ports.Items`` without an engine: every item is a titled notification."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self.faults: dict[ItemId, Exception] = {}
        self.stated: dict[ItemId, Registers] = {}
        self.at_standing = Gate()
        self.settle_fault: Exception | None = None
        self.asked: Counter[ItemId] = Counter()

    async def standing(self, topic: TopicName, item: ItemId, user: UserId) -> Standing:
        self.asked[item] += 1
        await asyncio.sleep(0)
        await self.at_standing.passed()
        if item in self.faults:
            raise self.faults[item]
        record: Any = {"kind": "notification", "title": str(item), "by": "x", "at": 1, "order": 1}
        registers = {ITEM: Register(record, Hlc(1), HUB, Seq(1), b"")}
        return Standing(registers | self.stated.get(item, {}), {}, None)

    async def settle(self, row: DeliveryRow, audits: Sequence[AuditRow] = ()) -> None:
        if self.settle_fault is not None:
            raise self.settle_fault
        await self._storage.store.commit(Batch(settled=[row], audits=list(audits)))


class JumpyClock(StillClock):
    """A clock whose wall time can be set by hand, while its monotonic time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self._seconds = 1000.0

    def monotonic(self) -> float:
        return self._seconds

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._seconds += seconds

    def jump(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)


class Dispatch:
    """A dispatcher over memory and scripted channels; time moves only by ``advance``."""

    def __init__(
        self,
        settings: DeliverySettings | None = None,
        routes: Sequence[RouteSettings] = (),
        storage: MemoryStorage | None = None,
        **traits: ChannelTraits,
    ) -> None:
        self.clock = JumpyClock()
        self.storage = storage or MemoryStorage(self.clock)
        self.outbox = self.storage.outbox
        self.items = PlainItems(self.storage)
        self.wheel = TimerWheel(self.clock)
        self.metrics = Metrics()
        self.channels = {
            name: ScriptedChannel(name, self.clock, each) for name, each in (traits or {"ops": ROBOT}).items()
        }
        self.dispatcher = Dispatcher(
            self.outbox,
            self.items,
            self.channels,
            Router(routes, self.channels),
            settings or DeliverySettings(),
            self.clock,
            self.wheel,
            self.metrics,
            Random(7),
        )
        self.made = 0

    @property
    def ops(self) -> ScriptedChannel:
        """The only channel of most tests."""
        return self.channels["ops"]

    async def decide(
        self, *items: str, channel: str = "ops", route: str = "-", delay: float = 0
    ) -> list[str]:
        """An event for each of these items of ann's inbox, to one channel. The deliveries' ids."""
        return [
            made
            for item in items
            for made in await self.decide_for(["ann"], item, "inbox/ann", channel, route, delay)
        ]

    async def decide_for(
        self,
        users: Sequence[str],
        item: str,
        topic: str,
        channel: str = "ops",
        route: str = "-",
        delay: float = 0,
    ) -> list[str]:
        """An event, with a delivery for each of these users. Their ids."""
        event = self._event(item, topic)
        due = Milliseconds(event.at + round(delay * 1000))
        deliveries = [
            Delivery(self._new_id(), event.id, event.item, channel, route, due, UserId(user), event.topic)
            for user in users
        ]
        await self.storage.store.commit(Batch(events=[event], deliveries=deliveries))
        self.dispatcher.decided([event], deliveries)
        return [delivery.id for delivery in deliveries]

    async def row(self, delivery: str) -> DeliveryRow:
        """How it stands on disk."""
        row = await self.outbox.delivery(delivery)
        assert row is not None
        return row

    async def states(self, *deliveries: str) -> list[str]:
        """How they stand on disk."""
        return [(await self.row(delivery)).state for delivery in deliveries]

    def audits(self) -> list[AuditRow]:
        """Every line of the audit."""
        return [line.row for line in self.storage.tables.audit]

    def refuse(self, refuses: bool = True) -> None:
        """The disk is full from now on, or no more."""
        self.storage.tables.refuses = refuses

    async def quiet(self) -> None:
        """Until nothing more happens by itself."""
        before: object = None
        while before != (before := self._traces()):
            for _ in range(30):
                await asyncio.sleep(0)

    async def advance(self, seconds: float, step: float = 1.0) -> None:
        """Let time go by, in steps, everything due being done at each."""
        await self.quiet()
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 1e-9:
            self.clock.advance(min(step, left))
            self.wheel.advance()
            await self.quiet()

    def _traces(self) -> object:
        tables = self.storage.tables
        calls = sum(len(channel.calls) for channel in self.channels.values())
        return calls, len(tables.audit), list(tables.deliveries.values()), sum(self.items.asked.values())

    def _event(self, item: str, topic: str) -> Event:
        return Event(
            self._new_id(), "notification.raised", TopicName(topic), ItemId(item), 0, None, self.clock.now()
        )

    def _new_id(self) -> str:
        self.made += 1
        return f"{self.made:010d}A1B2C3{self.made:010d}"


@asynccontextmanager
async def dispatching(rig: Dispatch) -> AsyncIterator[Dispatch]:
    """The rig with its dispatcher running; what it raised is raised."""
    await rig.storage.store.start()
    running = asyncio.create_task(rig.dispatcher.run())
    try:
        await rig.quiet()
        yield rig
        assert not running.done(), "a dispatcher never ends by itself"
    finally:
        running.cancel()
        (ended,) = await asyncio.gather(running, return_exceptions=True)
    assert isinstance(ended, asyncio.CancelledError)
