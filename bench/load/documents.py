"""Documents: devices that type into the text of their document, one character at a time.

An update is completed when every other device has seen it. The y-websocket wire; ``wires`` has the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from bench.load.authors import UPDATE, Author
from bench.load.socket import LoadSocket, masked
from bench.load.window import Tally

_AHEAD: Final = 256
"""Updates written in advance."""
_OPENING: Final = 32
"""Connections opened at a time."""
_STEP1: Final = b"\x00\x00"
_STEP2: Final = b"\x00\x01"
ASKS_FOR_ALL: Final = b"\x00\x00\x01\x00"
HAS_NOTHING: Final = b"\x00\x01\x02\x00\x00"


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """``path``: of a document, ``{}`` its number; ``typing``: how many of its devices type; ``wire``: see
    ``wires``."""

    port: int
    path: str
    documents: int
    devices: int
    typing: int
    in_flight: int
    wire: str = "y"


class Typist(LoadSocket):
    """One device of one document. Those that type come first in their room."""

    __slots__ = (
        "_answered",
        "_author",
        "_frames",
        "_next",
        "_seen",
        "_sent_at",
        "_sightings",
        "_tally",
        "name",
        "place",
        "room",
    )

    def __init__(self, room: Room, place: int, tally: Tally) -> None:
        super().__init__()
        self.room = room
        self.place = place
        self.name = ""
        """Of the document."""
        self._tally = tally
        self._author: Author | None = None
        self._frames: list[bytes] = []
        self._next = 0
        self._answered = 0
        self._sent_at: list[float] = []
        self._sightings: list[int] = []
        # How many updates of each that types in the room it has seen: they come in order.
        self._seen = [0] * room.typing

    async def enter(self, port: int, path: str) -> None:
        """Connect, and have the document open."""
        self.name = path.lstrip("/")
        await self.join(port, path)
        await self.ready
        if self.place < self.room.typing:
            self._author = Author(self.framed)
            self.room.typists[self._author.id] = self

    async def join(self, port: int, path: str) -> None:
        """Connect, and ask for the document."""
        await self.connect(port, path)
        self.send(ASKS_FOR_ALL)

    def framed(self, message: bytes) -> bytes:
        """One message of y-protocols on this wire."""
        return masked(message)

    def write_ahead(self) -> None:
        """Have enough to type."""
        missing = self._next + _AHEAD - len(self._frames)
        if missing > 0:
            assert self._author is not None
            self._frames += self._author.typed(missing)

    def type_one(self) -> None:
        """Send the next update."""
        if self._next == len(self._frames):
            self.write_ahead()
        self._sightings.append(0)
        self._sent_at.append(perf_counter())
        self.transport.write(self._frames[self._next])
        self._next += 1
        self._tally.outstanding += 1

    def received(self, message: bytes) -> None:
        """Somebody typed, or the opening goes on."""
        # An update of less than 128 bytes: two bytes, its length, one section, one struct, the client id.
        if message[:2] == UPDATE:
            typist = self.room.typists.get(message[5:10])
            if typist is not None and typist is not self:
                place = typist.place
                index = self._seen[place]
                self._seen[place] = index + 1
                typist.was_seen(index)
        elif message[:2] == _STEP1:
            self.transport.write(self.framed(HAS_NOTHING))
        elif message[:2] == _STEP2 and not self.ready.done():
            self.ready.set_result(None)

    def saw_until(self, typist: Typist, clock: int) -> None:
        """Another device's updates up to a clock have come: each is one character."""
        first, self._seen[typist.place] = self._seen[typist.place], clock
        for index in range(first, clock):
            typist.was_seen(index)

    def was_answered(self) -> None:
        """The server took the next of this device's updates; only some wires say so."""
        if self._answered < len(self._sent_at):
            self._tally.answers.append(perf_counter() - self._sent_at[self._answered])
            self._answered += 1

    def was_seen(self, index: int) -> None:
        """Another device has one of this device's updates."""
        sightings = self._sightings
        sightings[index] += 1
        if sightings[index] < self.room.devices - 1:
            return
        tally = self._tally
        tally.done += 1
        tally.outstanding -= 1
        tally.relays.append(perf_counter() - self._sent_at[index])
        if tally.running and not tally.paced:
            self.type_one()


TypistOf = Callable[["Room", int, Tally], Typist]


class Room:
    """The devices of one document; those that type by their Yjs client ids as on the wire."""

    __slots__ = ("devices", "typing", "typists")

    def __init__(self, devices: int, typing: int) -> None:
        self.devices = devices
        self.typing = typing
        self.typists: dict[bytes, Typist] = {}


class DocumentLoad:
    """Implements ``Load``. ``typist``: a device on the wire that the plan names."""

    def __init__(self, plan: DocumentPlan, typist: TypistOf) -> None:
        self.tally = Tally()
        self._plan = plan
        self._typist = typist
        self._typing: list[Typist] = []
        self._reading: list[Typist] = []

    async def prepare(self) -> None:
        """Open every document on every device, one document after the other."""
        plan = self._plan
        for document in range(plan.documents):
            room = Room(plan.devices, plan.typing)
            typists = [self._typist(room, place, self.tally) for place in range(plan.devices)]
            path = plan.path.format(document)
            await typists[0].enter(plan.port, path)  # alone: it makes the document
            for first in range(1, len(typists), _OPENING):
                entering = typists[first : first + _OPENING]
                await asyncio.gather(*(each.enter(plan.port, path) for each in entering))
            self._typing += typists[: plan.typing]
            self._reading += typists[plan.typing :]
        for typist in self._typing:
            typist.write_ahead()
            await asyncio.sleep(0)

    def begin(self, rate: float | None) -> None:
        """Each typing device has so many updates in flight; or all of them together type so many a second."""
        for typist in self._typing:
            typist.write_ahead()
        if rate is not None:
            self.tally.pace([typist.type_one for typist in self._typing], rate)
            return
        for typist in self._typing:
            for _ in range(self._plan.in_flight):
                typist.type_one()
