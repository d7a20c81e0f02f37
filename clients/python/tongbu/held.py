"""Whether a document holds what an update says, or had to put it aside. pycrdt tells neither."""

from __future__ import annotations

from collections.abc import Iterator

from pycrdt import get_update

from hub.protocol.lib0 import read_varuint
from hub.protocol.yjs import decode_state_vector


def is_held(update: bytes, vector: bytes) -> bool:
    """Whether a ``Doc`` that the update was applied to holds all of it.

    It does not where the update builds on what the ``Doc`` lacks: structs on others, or deletes of others.

    Args:
        update: of Yjs v1.
        vector: the ``Doc``'s state vector, the update applied.
    """
    beyond: bytes = get_update(update, vector)
    sections, position = read_varuint(beyond, 0)
    if sections:
        return False
    clocks = decode_state_vector(vector)
    return all(end <= clocks.get(author, 0) for author, end in _deletes(beyond, position))


def _deletes(update: bytes, position: int) -> Iterator[tuple[int, int]]:
    """Client id and end of each range of a delete set: varUint clients, each: varUint client id, varUint n,
    n × {varUint clock, varUint length} (yjs ``utils/DeleteSet.js``)."""
    authors, position = read_varuint(update, position)
    for _ in range(authors):
        author, position = read_varuint(update, position)
        ranges, position = read_varuint(update, position)
        for _ in range(ranges):
            clock, position = read_varuint(update, position)
            length, position = read_varuint(update, position)
            yield author, clock + length
