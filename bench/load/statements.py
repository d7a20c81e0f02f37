"""Ledgers on the native wire: devices that state progress and read marks on the tasks of their inbox.

A statement is completed when its ``ok`` has come; it leaves the hub after the relays of the same turn. Every
statement wins, so every one is saved and relayed.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from time import perf_counter
from typing import Any, Final

import msgpack  # type: ignore[import-untyped]  # ships no types

from bench.load.socket import Broken, LoadSocket, masked
from bench.load.window import Tally
from hub.protocol import native_device as wire
from hub.state.clock import MAX_HLC, hlc_of

_TASKS: Final = 20
"""Of each device; each states on its own, so that no statement loses against another's."""
_WELCOME, _OPENED, _RELAY, _OK, _NO, _FATAL = 0, 1, 2, 3, 4, 9
_OPENING, _CREATING = 1, 2
_FIRST_PUSH: Final = 10

pack = msgpack.Packer().pack


@dataclass(frozen=True, slots=True)
class StatementPlan:
    """``tokens``: users and theirs; each has an inbox and ``devices`` devices, all of which state. ``past``:
    how many statements were made in each inbox before; ``slow``: how many devices of each inbox read slowly
    and say nothing; ``note``: so many characters in each progress."""

    port: int
    tokens: Sequence[tuple[str, str]]
    devices: int
    in_flight: int
    past: int = 0
    slow: int = 0
    note: int = 0


class Sent:
    """Every statement of the load, by its number: when it was sent, and how many devices have seen it.

    A statement's stamp is the first one's plus its number, so a relay tells which one it brings.
    """

    __slots__ = ("_others", "_tally", "at", "first", "sightings")

    def __init__(self, tally: Tally, others: int) -> None:
        self.first = MAX_HLC
        self.at: list[float] = []
        self.sightings: list[int] = []
        self._others = others
        self._tally = tally

    def begin(self) -> None:
        """Stamps count from now on."""
        self.first = hlc_of(time.time_ns() // 1_000_000)

    def next(self) -> int:
        """A new statement leaves now; its stamp."""
        self.at.append(perf_counter())
        self.sightings.append(0)
        return self.first + len(self.at) - 1

    def was_seen(self, stamp: int) -> None:
        """A device was shown the statement."""
        number = stamp - self.first
        if number >= 0:
            self.sightings[number] += 1
            if self.sightings[number] == self._others:
                self._tally.relays.append(perf_counter() - self.at[number])


class NativeDevice(LoadSocket):
    """Says hello, opens its inbox, and is ready."""

    __slots__ = ("_topic", "_unpacker", "handle", "name")

    def __init__(self, user: str, name: str) -> None:
        super().__init__()
        self._unpacker = msgpack.Unpacker()
        self._topic = f"inbox/{user}"
        self.name = name
        self.handle = 0

    async def enter(self, port: int, token: str) -> None:
        """Connect, and have the inbox open."""
        await self.connect(port, "/v1/connect", "tongbu.v1")
        self.send(wire.hello(token, self.name, "bench", "bench"))
        await self.ready

    def received(self, message: bytes) -> None:
        """Several messages of the protocol may share a frame."""
        self._unpacker.feed(message)
        for each in self._unpacker:
            self.told(each)

    def told(self, message: list[Any]) -> None:
        """One message of the protocol."""
        kind = message[0]
        if kind == _WELCOME:
            self.send(wire.open_topic(_OPENING, self._topic, 0, 0))
        elif kind == _OPENED:
            self.handle = message[2]
            self.opened()
        elif kind in (_NO, _FATAL):
            raise Broken(f"the hub refused: {message}")

    def opened(self) -> None:
        """The inbox is open."""
        self.ready.set_result(None)


class StatingDevice(NativeDevice):
    """One device that states and reads."""

    __slots__ = ("_changes", "_note", "_sent", "_stated", "_tally", "_waiting")

    def __init__(self, user: str, name: str, sent: Sent, tally: Tally, note: int = 0) -> None:
        super().__init__(user, name)
        self._note = ("x" * note,) if note else ()
        self._sent = sent
        self._tally = tally
        self._stated = 0
        self._waiting: dict[int, float] = {}
        self._changes = cycle([(item, field) for field in ("progress", "read") for item in self._tasks()])

    def _tasks(self) -> list[str]:
        return [f"{self.name}-{number}" for number in range(_TASKS)]

    def opened(self) -> None:
        """Create the tasks."""
        record = {"kind": "task", "title": "备份 the laptop"}
        now = hlc_of(time.time_ns() // 1_000_000)
        created = [(task, "item", record, now) for task in self._tasks()]
        self.send(pack((3, _CREATING, self.handle, created)))

    def told(self, message: list[Any]) -> None:
        """Relays and answers; the rest is opening."""
        kind = message[0]
        if kind == _RELAY:
            for statement in message[3]:
                self._sent.was_seen(statement[3])
        elif kind == _OK:
            self._answered(message[1])
        else:
            super().told(message)

    def _answered(self, ref: int) -> None:
        if ref == _CREATING:
            self.ready.set_result(None)
            return
        tally = self._tally
        tally.done += 1
        tally.outstanding -= 1
        tally.answers.append(perf_counter() - self._waiting.pop(ref))
        if tally.running and not tally.paced:
            self.state_one()

    def state_one(self) -> None:
        """Send the next statement."""
        self._stated += 1
        number = self._stated
        item, field = next(self._changes)
        stamp = self._sent.next()
        value = [1, min(1.0, number / 100_000), *self._note] if field == "progress" else number % 2 == 0
        ref = _FIRST_PUSH + number
        self.transport.write(masked(pack((3, ref, self.handle, ((item, field, value, stamp),)))))
        self._waiting[ref] = self._sent.at[-1]
        self._tally.outstanding += 1


Fill = Callable[[str, str], Awaitable[None]]
"""Given a user and a token, fills the inbox."""


class StatementLoad:
    """Implements ``Load``. ``fill``: has been in each inbox before it."""

    def __init__(self, plan: StatementPlan, fill: Fill | None = None) -> None:
        self._fill = fill
        self.tally = Tally()
        self._plan = plan
        self._devices: list[StatingDevice] = []

    async def prepare(self) -> None:
        """Open every inbox on every device, and fill it."""
        plan = self._plan
        sent = Sent(self.tally, plan.devices - 1)
        for user, token in plan.tokens:
            if self._fill is not None:
                await self._fill(user, token)
            for number in range(plan.devices):
                device = StatingDevice(user, f"{user}.{number}", sent, self.tally, plan.note)
                await device.enter(plan.port, token)
                self._devices.append(device)
        sent.begin()

    def begin(self, rate: float | None) -> None:
        """Each device has so many statements in flight; or all of them together state so many a second."""
        if rate is not None:
            self.tally.pace([device.state_one for device in self._devices], rate)
            return
        for device in self._devices:
            for _ in range(self._plan.in_flight):
                device.state_one()
