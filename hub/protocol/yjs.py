"""The Yjs wire as y-websocket speaks it: exactly one message per binary WebSocket frame.

======== ============ ==================================================================================
varUint  message      the rest
======== ============ ==================================================================================
0        sync         varUint 0 ``buf(state vector)``: Step1
0        sync         varUint 1 ``buf(update)``: Step2 · varUint 2 ``buf(update)``: Update
1        awareness    ``buf(varUint n, n × {varUint client id, varUint clock, varString JSON or "null"})``
2        auth         varUint 0, varString reason: permission denied (hub to device only)
3        query        nothing: who is there?
======== ============ ==================================================================================

A state vector is ``varUint n, n × {varUint client id, varUint clock}``. Updates are opaque here.
Source: y-protocols ``sync.js``, ``awareness.js``, ``auth.js``; y-websocket ``y-websocket.js``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from hub.errors import Malformed
from hub.protocol.frames import within_depth
from hub.protocol.lib0 import (
    read_buf,
    read_varstring,
    read_varuint,
    write_buf,
    write_varstring,
    write_varuint,
)

MAX_AWARENESS_ENTRIES = 1_000
"""In one message."""
MAX_AWARENESS_STATE = 64 * 1024
"""Bytes of JSON in one entry."""
MAX_AWARENESS_DEPTH = 16
"""Objects and arrays within one another in one entry."""

EMPTY_AWARENESS = b"\x01\x01\x00"
"""Keeps a provider alive that wants an application frame every 30 s."""
EMPTY_UPDATE = b"\x00\x00"
"""An update that holds nothing."""
QUERY_AWARENESS = b"\x03"


class SyncStep1(NamedTuple):
    """What the sender holds; asks for what it lacks. See ``decode_state_vector``. Without ``asks`` it wants
    no such question in return (Hocuspocus alone tells)."""

    state_vector: bytes
    asks: bool = True


class SyncUpdate(NamedTuple):
    """One update; ``step2``: it answers a Step1."""

    update: bytes
    step2: bool


class AwarenessEntry(NamedTuple):
    """One client's state as UTF-8 JSON, None for one that is gone."""

    client_id: int
    clock: int
    state: bytes | None


class AwarenessUpdate(NamedTuple):
    """States of clients. ``raw`` is the whole message, to be relayed as it came."""

    entries: list[AwarenessEntry]
    raw: bytes


class QueryAwareness(NamedTuple):
    """Asks who is there."""


class PermissionDenied(NamedTuple):
    """Sent by hubs only; from a device it means nothing."""

    reason: str


YjsMessage = SyncStep1 | SyncUpdate | AwarenessUpdate | QueryAwareness | PermissionDenied


def decode(message: bytes) -> YjsMessage:
    """Decode one WebSocket frame. Neither updates nor state vectors are looked into.

    Raises:
        Malformed: an unknown type, a length that does not fit, anything trailing; an awareness message
            with more than 1,000 entries, a state over 64 KiB, not JSON, or nested over 16 levels.
    """
    size = len(message) - _SHORT_HEAD
    if 0 <= size < 0x80 and message[2] == size and message[:2] == _UPDATE_HEAD:
        return SyncUpdate(message[_SHORT_HEAD:], step2=False)
    kind, position = read_varuint(message, 0)
    decoded, end = _reader(_MESSAGES, kind)(message, position)
    if end != len(message):
        raise Malformed("something follows the message")
    return decoded


def decode_state_vector(encoded: bytes) -> dict[int, int]:
    """The clock of each client id.

    Raises:
        Malformed: it ends early, names a client id twice, or something follows.
    """
    count, position = read_varuint(encoded, 0)
    if count > len(encoded) // 2:
        raise Malformed("the state vector is shorter than it says")
    clocks: dict[int, int] = {}
    for _ in range(count):
        client_id, position = read_varuint(encoded, position)
        clocks[client_id], position = read_varuint(encoded, position)
    if position != len(encoded) or len(clocks) != count:
        raise Malformed("the state vector repeats a client id or something follows it")
    return clocks


def encode_state_vector(clocks: Mapping[int, int]) -> bytes:
    """A state vector, by client id from the greatest down as Yjs writes it."""
    parts = [write_varuint(len(clocks))]
    for client_id in sorted(clocks, reverse=True):
        parts += (write_varuint(client_id), write_varuint(clocks[client_id]))
    return b"".join(parts)


def sync_step1(state_vector: bytes) -> bytes:
    """What the hub holds; asks for what it lacks."""
    return b"\x00\x00" + write_buf(state_vector)


def sync_step2(update: bytes) -> bytes:
    """The answer to a Step1."""
    return b"\x00\x01" + write_buf(update)


def update(update: bytes) -> bytes:
    """One update."""
    return b"\x00\x02" + write_buf(update)


def awareness(entries: Iterable[AwarenessEntry]) -> bytes:
    """States of clients."""
    listed = list(entries)
    parts = [write_varuint(len(listed))]
    for client_id, clock, state in listed:
        parts += (
            write_varuint(client_id),
            write_varuint(clock),
            write_buf(_NULL if state is None else state),
        )
    return b"\x01" + write_buf(b"".join(parts))


def permission_denied(reason: str) -> bytes:
    """Tells why the hub closes the connection."""
    return b"\x02\x00" + write_varstring(reason)


_NULL = b"null"
_UPDATE_HEAD = b"\x00\x02"
_SHORT_HEAD = 3
"""Bytes before an update of less than 128: nearly every message is one."""


def _step1(message: bytes, position: int) -> tuple[YjsMessage, int]:
    state_vector, end = read_buf(message, position)
    return SyncStep1(state_vector), end


def _step2(message: bytes, position: int) -> tuple[YjsMessage, int]:
    body, end = read_buf(message, position)
    return SyncUpdate(body, step2=True), end


def _update(message: bytes, position: int) -> tuple[YjsMessage, int]:
    body, end = read_buf(message, position)
    return SyncUpdate(body, step2=False), end


def _sync(message: bytes, position: int) -> tuple[YjsMessage, int]:
    step, position = read_varuint(message, position)
    return _reader(_SYNC_STEPS, step)(message, position)


def _awareness(message: bytes, position: int) -> tuple[YjsMessage, int]:
    body, end = read_buf(message, position)
    return AwarenessUpdate(_entries(body), message), end


def _auth(message: bytes, position: int) -> tuple[YjsMessage, int]:
    kind, position = read_varuint(message, position)
    if kind != 0:
        raise Malformed("an auth message of unknown type")
    reason, end = read_varstring(message, position)
    return PermissionDenied(reason), end


def _query(message: bytes, position: int) -> tuple[YjsMessage, int]:
    return QueryAwareness(), position


_Reader = Callable[[bytes, int], tuple[YjsMessage, int]]
_MESSAGES: tuple[_Reader, ...] = (_sync, _awareness, _auth, _query)
_SYNC_STEPS: tuple[_Reader, ...] = (_step1, _step2, _update)


def _reader(readers: tuple[_Reader, ...], kind: int) -> _Reader:
    if kind >= len(readers):
        raise Malformed("a message of unknown type")
    return readers[kind]


def _entries(body: bytes) -> list[AwarenessEntry]:
    count, position = read_varuint(body, 0)
    if count > MAX_AWARENESS_ENTRIES:
        raise Malformed("more than 1,000 awareness entries")
    entries = []
    for _ in range(count):
        client_id, position = read_varuint(body, position)
        clock, position = read_varuint(body, position)
        state, position = read_buf(body, position)
        entries.append(AwarenessEntry(client_id, clock, _checked(state)))
    if position != len(body):
        raise Malformed("something follows the awareness entries")
    return entries


def _checked(state: bytes) -> bytes | None:
    # Readers in browsers throw on bad JSON, so none is relayed.
    if state == _NULL:
        return None
    if len(state) > MAX_AWARENESS_STATE:
        raise Malformed("an awareness state is larger than 64 KiB")
    try:
        value = json.loads(state.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Malformed("an awareness state is not JSON") from None
    if _may_nest(state) and not within_depth(value, MAX_AWARENESS_DEPTH):
        raise Malformed("an awareness state is nested too deep")
    return None if value is None else state


def _may_nest(state: bytes) -> bool:
    return state.count(b"[") + state.count(b"{") > MAX_AWARENESS_DEPTH


def _no_constant(name: str) -> Any:
    raise ValueError("JSON has no such number")
