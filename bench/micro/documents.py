"""Documents: what one typed character passes through."""

from __future__ import annotations

from typing import Final

from bench.load.authors import Author
from bench.micro.case import Act, case
from hub.engine.document import Document
from hub.engine.scan import ScanState, scan
from hub.model import UserId
from hub.protocol import yjs

_TYPED: Final = 2_500
"""Characters: more than any run of the cases needs."""


def updates(number: int = _TYPED) -> list[bytes]:
    """What one device types, one character each."""
    return [_payload(frame) for frame in Author().typed(number)]


def _payload(frame: bytes) -> bytes:
    """An update of less than 126 bytes out of its frame: header, mask, two bytes and its length before it."""
    return bytes(byte ^ frame[2 + index % 4] for index, byte in enumerate(frame[6:]))[3:]


def _decode() -> Act:
    message = yjs.update(updates(1)[0])
    return lambda: yjs.decode(message)


def _scan() -> Act:
    typed, state = iter(updates()), ScanState()

    def scanned() -> object:
        found = scan(next(typed), state)
        state.take(found)
        return found

    return scanned


def _apply() -> Act:
    typed, document = iter(updates()), Document()
    return lambda: document.apply(next(typed), UserId("ann"))


CASES: Final = (
    case("documents: decode an update", _decode),
    case("documents: scan an update", _scan),
    case("documents: apply an update", _apply),
)
