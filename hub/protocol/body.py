"""Bodies: what ``opened``, ``relay`` and the journal carry, as one msgpack list.

A ledger's body is ``[[item, field, value, hlc, actor], …]``, a document's ``[update, …]`` (binary).
A body is encoded once and spliced into every message that carries it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hub.errors import Malformed
from hub.model import Actor, Hlc, ItemId, Json, Statement
from hub.protocol.frames import boundaries, pack, pack_array_header, pack_large, unpack

EMPTY_BODY = b"\x90"
"""The body of a topic that is in sync."""

_HEADER_BYTES = 5  # of the longest array
_SMALL_COUNT = 1_000
_SMALL_BYTES = 2**20


def encode_statements(statements: Sequence[tuple[ItemId, str, Json, Hlc, Actor]]) -> bytes:
    """A ledger's body: of ``Statement``s, or of tuples like them."""
    return pack(statements) if len(statements) <= _SMALL_COUNT else pack_large(statements)


def encode_updates(updates: Sequence[bytes]) -> bytes:
    """A document's body."""
    return pack(updates) if sum(map(len, updates)) <= _SMALL_BYTES else pack_large(updates)


def decode_statements(body: bytes) -> list[Statement]:
    """The statements of a body that the hub itself encoded: shapes are checked, values are not.

    Raises:
        Malformed: it is not a list of statements.
    """
    return statements_of(_decode(body))


def decode_updates(body: bytes) -> list[bytes]:
    """The updates of a body that the hub itself encoded.

    Raises:
        Malformed: it is not a list of bytes.
    """
    return updates_of(_decode(body))


def statements_of(body: Iterable[Any]) -> list[Statement]:
    """A decoded body as statements.

    Raises:
        Malformed: an element is not ``[text, text, value, integer, text]``.
    """
    return [_statement(element) for element in body]


def updates_of(body: Iterable[Any]) -> list[bytes]:
    """A decoded body as updates.

    Raises:
        Malformed: an element is not binary.
    """
    updates = list(body)
    for update in updates:
        if type(update) is not bytes:
            raise Malformed("an update is not binary")
    return updates


def split_body(body: bytes, limit: int) -> list[bytes]:
    """Split a body between its elements into bodies of at most ``limit`` bytes, in order.

    An element larger than that stands alone in a body that is as large as it must be. A body within the
    limit comes back as it is.

    Raises:
        Malformed: it is not one complete list.
    """
    if len(body) <= limit:
        return [body]
    count, start = _array_size(body)
    parts: list[bytes] = []
    begin = end = start
    held = 0
    for after in boundaries(body, start):
        if held and _HEADER_BYTES + after - begin > limit:
            parts.append(pack_array_header(held) + body[begin:end])
            begin, held = end, 0
        end = after
        held += 1
        count -= 1
    if count:
        raise Malformed("a body is not one list")
    parts.append(pack_array_header(held) + body[begin:end])
    return parts


def _decode(body: bytes) -> list[Any]:
    decoded = unpack(body)
    if type(decoded) is not list:
        raise Malformed("a body is not a list")
    return decoded


def _array_size(body: bytes) -> tuple[int, int]:
    # The number of elements and the position of the first one.
    first = body[0]
    if 0x90 <= first <= 0x9F:
        return first & 0x0F, 1
    if first == 0xDC and len(body) >= 3:
        return int.from_bytes(body[1:3]), 3
    if first == 0xDD and len(body) >= 5:
        return int.from_bytes(body[1:5]), 5
    raise Malformed("a body is not a list")


def _statement(element: Any) -> Statement:
    if type(element) is not list or len(element) != 5:
        raise Malformed("a statement is not [item, field, value, hlc, actor]")
    statement = Statement._make(element)
    if not (
        type(statement.item) is str
        and type(statement.field) is str
        and type(statement.hlc) is int
        and type(statement.actor) is str
    ):
        raise Malformed("a statement is not [text, text, value, integer, text]")
    return statement
