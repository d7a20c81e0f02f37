"""The commonest update, told by one look: ASCII typed behind what the same client wrote last.

Such an update is one section with one struct, a string whose origin is the client's last unit, without a
right origin, and no deletes::

    01 01 <client id> <clock> 84 <client id> <clock - 1> <length> <text> 00

Whatever is not exactly so, or needs more than the clock to be remembered, is left to ``scan``. What is, is
told just as ``scan`` tells it, at a third of the cost.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from hub.engine.placement import Placement
from hub.engine.update_reader import STRING, memory_of

_CLIENT = rb"([\x80-\xff]{4}[\x01-\x7f])"
"""Of five bytes, as nearly all random 32-bit numbers are."""
_CLOCK = rb"([\x80-\xff]{0,3}[\x01-\x7f])"
"""At least 1, in its shortest form, below 2**28."""
_TYPED: Final = re.compile(
    rb"\x01\x01" + _CLIENT + _CLOCK + rb"\x84\1" + _CLOCK + rb"([\x01-\x7f])([\x00-\x7f]+)\x00"
)


class Typed(NamedTuple):
    """``clock``: the client's after the update. ``memory``: bytes that the new struct will take, about."""

    client: int
    clock: int
    memory: int


def typed_text(update: bytes, held: Mapping[int, int], placement: Placement) -> Typed | None:
    """What the update does, where it is one of these and brings nothing but the text.

    Args:
        update: a Yjs update, v1, or what pretends to be one.
        held: the clock of each client that the document holds.
        placement: where its items stand.
    """
    found = _TYPED.fullmatch(update)
    if found is None:
        return None
    client_id, at, origin, length, text = found.groups()
    client, clock = _uint(client_id), _uint(at)
    if held.get(client) != clock or _uint(origin) != clock - 1 or length[0] != len(text):
        return None
    if not placement.goes_on(client, len(text)):
        return None
    return Typed(client, clock + len(text), memory_of(STRING, 1 + len(text)))


def _uint(encoded: bytes) -> int:
    value = shift = 0
    for byte in encoded:
        value |= (byte & 0x7F) << shift
        shift += 7
    return value
