"""What a device types, as real Yjs updates written in advance: a window measures the server alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, Final

from pycrdt import Doc, Text, TransactionEvent

from bench.load.socket import masked
from bench.load.varuint import varuint

UPDATE: Final = b"\x00\x02"
_CLIENT_ID_BITS: Final = (2**28, 2**32)
"""Client ids of five bytes on the wire, as nearly all random ones are."""
_LETTERS: Final = "etaoin shrdlu"


class Author:
    """One device's own document.

    Args:
        framed: puts one message of y-protocols on the wire that is spoken.
    """

    __slots__ = ("_doc", "_framed", "_frames", "_text", "_typed", "id")

    def __init__(self, framed: Callable[[bytes], bytes] = masked) -> None:
        number = random.randrange(*_CLIENT_ID_BITS)
        self.id = varuint(number)
        self._framed = framed
        self._doc: Doc[Any] = Doc(client_id=number)
        self._text = self._doc.get("text", type=Text)
        self._frames: list[bytes] = []
        self._typed = 0
        self._doc.observe(self._take)

    def typed(self, count: int) -> list[bytes]:
        """So many more updates of one character each, ready to send."""
        return [frame for index in range(count) for frame in self.wrote(_LETTERS[index % len(_LETTERS)])]

    def wrote(self, text: str) -> list[bytes]:
        """A text at the end, ready to send."""
        with self._doc.transaction():
            self._text.insert(self._typed, text)
        self._typed += len(text)
        frames, self._frames = self._frames, []
        return frames

    def _take(self, event: TransactionEvent) -> None:
        update = event.update
        self._frames.append(self._framed(b"".join((UPDATE, varuint(len(update)), update))))
