"""Documents on the y-websocket wire: devices that type into the text of their document, one character at a
time, as real Yjs updates. An update is completed when every other device of the document has seen it.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

from pycrdt import Doc, Text, TransactionEvent

from bench.load.socket import LoadSocket, masked
from bench.load.window import Tally

_AHEAD: Final = 256
"""Updates written in advance, so that a window measures the server and not the typing."""
_CLIENT_ID_BITS: Final = (2**28, 2**32)
"""Client ids of five bytes on the wire, as nearly all random ones are."""
_UPDATE: Final = b"\x00\x02"
_STEP1: Final = b"\x00\x00"
_STEP2: Final = b"\x00\x01"
ASKS_FOR_ALL: Final = b"\x00\x00\x01\x00"
_HAS_NOTHING: Final = b"\x00\x01\x02\x00\x00"
_LETTERS: Final = "etaoin shrdlu"


@dataclass(frozen=True, slots=True)
class DocumentPlan:
    """``path``: of a document, ``{}`` its number; ``typing``: how many of its devices type."""

    port: int
    path: str
    documents: int
    devices: int
    typing: int
    in_flight: int


class Author:
    """One device's own document: what it types, as updates ready to send."""

    __slots__ = ("_doc", "_frames", "_text", "_typed", "id")

    def __init__(self) -> None:
        number = random.randrange(*_CLIENT_ID_BITS)
        self.id = _varuint(number)
        self._doc: Doc[Any] = Doc(client_id=number)
        self._text = self._doc.get("text", type=Text)
        self._frames: list[bytes] = []
        self._typed = 0
        self._doc.observe(self._take)

    def typed(self, count: int) -> list[bytes]:
        """So many more updates, as frames."""
        for index in range(count):
            with self._doc.transaction():
                self._text.insert(self._typed, _LETTERS[index % len(_LETTERS)])
            self._typed += 1
        frames, self._frames = self._frames, []
        return frames

    def _take(self, event: TransactionEvent) -> None:
        update = event.update
        self._frames.append(masked(b"".join((_UPDATE, _varuint(len(update)), update))))


class Typist(LoadSocket):
    """One device of one document."""

    __slots__ = ("_author", "_frames", "_next", "_seen", "_sent_at", "_sightings", "_tally", "place", "room")

    def __init__(self, room: Room, place: int, tally: Tally) -> None:
        super().__init__()
        self.room = room
        self.place = place
        self._tally = tally
        self._author = Author()
        self._frames: list[bytes] = []
        self._next = 0
        self._sent_at: list[float] = []
        self._sightings: list[int] = []
        # How many updates of each device of the room it has seen: they come in order.
        self._seen = [0] * room.devices
        room.typists[self._author.id] = self

    def write_ahead(self) -> None:
        """Have enough to type."""
        missing = self._next + _AHEAD - len(self._frames)
        if missing > 0:
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
        if message[:2] == _UPDATE:
            typist = self.room.typists.get(message[5:10])
            if typist is not None and typist is not self:
                place = typist.place
                index = self._seen[place]
                self._seen[place] = index + 1
                typist.was_seen(index)
        elif message[:2] == _STEP1:
            self.send(_HAS_NOTHING)
        elif message[:2] == _STEP2 and not self.ready.done():
            self.ready.set_result(None)

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


class Room:
    """The devices of one document, by their Yjs client ids as on the wire."""

    __slots__ = ("devices", "typists")

    def __init__(self, devices: int) -> None:
        self.devices = devices
        self.typists: dict[bytes, Typist] = {}


class DocumentLoad:
    """Implements ``Load``."""

    def __init__(self, plan: DocumentPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._typing: list[Typist] = []

    async def prepare(self) -> None:
        """Open every document on every device, one document after the other."""
        plan = self._plan
        for document in range(plan.documents):
            room = Room(plan.devices)
            typists = [Typist(room, place, self.tally) for place in range(plan.devices)]
            for typist in typists:
                await typist.connect(plan.port, plan.path.format(document))
                typist.send(ASKS_FOR_ALL)
                await typist.ready
            self._typing += typists[: plan.typing]
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


def _varuint(value: int) -> bytes:
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
