"""The state vector that a Doc told last, and an exact and cheap check that it moved just as predicted.

A vector names every client that ever wrote, often hundreds, while an update moves one clock. yrs tells the
clients in the same order as long as they are the same, so nearly always the expected bytes are the last ones
with one clock replaced. Everything else (a new client, a clock of more bytes) is decoded and compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hub.protocol.lib0 import read_varuint, write_varuint

EMPTY_VECTOR: Final = b"\x00"
_FEW: Final = 4
"""Each replacement copies the vector; beyond so many, decoding is cheaper."""


class HeldVector:
    """One Doc's vector, encoded as the Doc told it."""

    __slots__ = ("_places", "encoded")

    def __init__(self) -> None:
        self.encoded = EMPTY_VECTOR
        self._places: dict[int, int] = {}

    def moves(self, told: bytes, held: Mapping[int, int], moved: Mapping[int, int]) -> bool:
        """Whether the vector told now is ``held`` with the clocks ``moved``. If so it is kept.

        ``held`` is what the vector kept so far says, in clocks by client id; ``told`` comes from the Doc.
        """
        if told != self._expected(moved):
            self._places.clear()
            if self._decoded(told) != {**held, **moved}:
                return False
        self.encoded = told
        return True

    def _expected(self, moved: Mapping[int, int]) -> bytes | None:
        if len(moved) > _FEW:
            return None
        expected = self.encoded
        for client, clock in moved.items():
            place = self._places.get(client)
            if place is None:
                return None
            replacement = write_varuint(clock)
            expected = expected[:place] + replacement + expected[place + len(replacement) :]
        return expected

    def _decoded(self, told: bytes) -> dict[int, int]:
        """The clocks; where each stands is remembered."""
        clocks: dict[int, int] = {}
        count, position = read_varuint(told, 0)
        for _ in range(count):
            client, place = read_varuint(told, position)
            clocks[client], position = read_varuint(told, place)
            self._places[client] = place
        return clocks
