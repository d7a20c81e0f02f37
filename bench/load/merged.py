"""Reads updates that a server merged out of several: whose characters they bring, and up to which.

Only what the devices of the load write: characters at the end of a text.
"""

from __future__ import annotations

from collections.abc import Iterator

_HAS_ORIGIN = 0x80


class Reader:
    """Bytes, read from the front."""

    __slots__ = ("_bytes", "_place")

    def __init__(self, given: bytes, place: int = 0) -> None:
        self._bytes = given
        self._place = place

    def number(self) -> int:
        """A variable-length number."""
        value = shift = 0
        while True:
            byte = self._bytes[self._place]
            self._place += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def raw_number(self) -> bytes:
        """The same, as it was on the wire."""
        start = self._place
        self.number()
        return self._bytes[start : self._place]

    def taken(self, size: int) -> bytes:
        """So many bytes."""
        self._place += size
        return self._bytes[self._place - size : self._place]


def typed(message: bytes) -> Iterator[tuple[bytes, int]]:
    """Of each client in an update message of y-protocols: its id as on the wire, and the clock after its last
    character."""
    reader = Reader(message, 2)
    reader.number()  # the update's length
    for _ in range(reader.number()):
        structs = reader.number()
        client, clock = reader.raw_number(), reader.number()
        for _ in range(structs):
            clock += _characters(reader)
        yield client, clock


def _characters(reader: Reader) -> int:
    """How many one struct brings: a text after its origin, or within the parent's name."""
    if reader.taken(1)[0] & _HAS_ORIGIN:
        reader.number()
        reader.number()
    else:
        reader.number()
        reader.taken(reader.number())
    return len(reader.taken(reader.number()))
