"""The Hocuspocus wire: y-protocols messages behind the address of a document, several documents on a socket.

Exactly one message per binary WebSocket frame: ``varString address`` and one of these, or ``09`` (ping) or
``0a`` (pong) as the whole frame. The address is the document's name, or name, NUL, session id; answers bear
the address that the device wrote.

======== ============== ================================================================================
varUint  message        the rest
======== ============== ================================================================================
0        sync           as in ``hub.protocol.yjs``
1        awareness      as in ``hub.protocol.yjs``
2        auth           to the hub: varUint 0, varString token, and varString version of the provider (4.x)
2        auth           from the hub: varUint 0: send your token again · varUint 1, varString reason: denied ·
                        varUint 2, varString ``readonly`` or ``read-write``: authenticated
3        query          nothing: who is there?
4        sync reply     as sync, but a Step1 in it is not answered by another
5        stateless      varString payload
6        broadcast      varString payload (between servers; no device may send it)
7        close          to the hub: nothing · from the hub: varString reason. The socket stays
8        sync status    varUint 1: a Step2 or Update is saved, 0: it is refused
======== ============== ================================================================================

Source: ``@hocuspocus/provider`` and ``@hocuspocus/server`` 4.8 and 4.7, ``MessageReceiver.ts``,
``OutgoingMessage.ts``, ``@hocuspocus/common`` ``auth.ts``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from hub.errors import Malformed
from hub.protocol import yjs
from hub.protocol.lib0 import read_varstring, read_varuint, write_varstring

MAX_ADDRESS: Final = 1_024
"""Bytes of an address; the longest name of a document is 135, providers add 12."""
MAX_VERSION: Final = 64
"""Bytes of what a provider calls its version."""

PING: Final = b"\x09"
PONG: Final = b"\x0a"

Scope = Literal["readonly", "read-write"]

_SEPARATOR: Final = "\0"


class Token(NamedTuple):
    """Who speaks. ``version``: of the provider, "" where it doesn't say."""

    token: str
    version: str


class TokenRequest(NamedTuple):
    """From the hub: send your token again."""


class PermissionDenied(NamedTuple):
    """From the hub: the document is not opened, or not any more."""

    reason: str


class Authenticated(NamedTuple):
    """From the hub: the document is open."""

    scope: str


class Stateless(NamedTuple):
    """Something an application says to its server, or a server to devices."""

    payload: str


class BroadcastStateless(NamedTuple):
    """Servers say it among themselves."""

    payload: str


class Close(NamedTuple):
    """The document is closed, the socket stays. Devices give no reason ("")."""

    reason: str


class SyncStatus(NamedTuple):
    """From the hub: whether a Step2 or Update is saved."""

    saved: bool


Message = (
    yjs.YjsMessage
    | Token
    | TokenRequest
    | PermissionDenied
    | Authenticated
    | Stateless
    | BroadcastStateless
    | Close
    | SyncStatus
)


# ------------------------------------------------------------------ addresses


def split(frame: bytes) -> tuple[bytes, bytes]:
    """The address as it is written, length and all, and the message behind it.

    Raises:
        Malformed: the address is longer than the frame or 1,024 bytes, or nothing follows it.
    """
    length, start = read_varuint(frame, 0)
    end = start + length
    if length > MAX_ADDRESS or end >= len(frame):
        raise Malformed("the address is too long, or nothing follows it")
    return frame[:end], frame[end:]


def document_name(address: bytes) -> str:
    """The document that an address names; its session id is the provider's own business.

    Raises:
        Malformed: it is not UTF-8, or not written in the shortest form.
    """
    text, _ = read_varstring(address, 0)
    if write_varstring(text) != address:
        raise Malformed("an address is not in its shortest form")
    return text.partition(_SEPARATOR)[0]


def address(name: str, session: str | None = None) -> bytes:
    """An address as it is written."""
    return write_varstring(name if session is None else name + _SEPARATOR + session)


# ------------------------------------------------------------------ decoding


def decode(message: bytes) -> Message:
    """Decode one message, without its address. Neither updates nor state vectors are looked into.

    Raises:
        Malformed: an unknown type, a length that does not fit, anything trailing; an awareness message that
            breaks its limits; a provider's version of more than 64 bytes.
    """
    kind, position = read_varuint(message, 0)
    if kind in _AS_Y_WEBSOCKET:
        return yjs.decode(message)
    reader = _READERS.get(kind)
    if reader is None:
        raise Malformed("a message of unknown type")
    decoded, end = reader(message, position)
    if end != len(message):
        raise Malformed("something follows the message")
    return decoded


def _auth(message: bytes, position: int) -> tuple[Message, int]:
    kind, position = read_varuint(message, position)
    if kind == 0:
        return _token(message, position)
    if kind > 2:
        raise Malformed("an auth message of unknown type")
    text, end = read_varstring(message, position)
    return (PermissionDenied(text) if kind == 1 else Authenticated(text)), end


def _token(message: bytes, position: int) -> tuple[Message, int]:
    if position == len(message):
        return TokenRequest(), position
    token, position = read_varstring(message, position)
    if position == len(message):
        return Token(token, ""), position
    version, end = read_varstring(message, position)
    if end - position > MAX_VERSION + 1:
        raise Malformed("the provider's version is too long")
    return Token(token, version), end


def _sync_reply(message: bytes, position: int) -> tuple[Message, int]:
    decoded = yjs.decode(b"\x00" + message[position:])
    return (decoded._replace(asks=False) if isinstance(decoded, yjs.SyncStep1) else decoded), len(message)


def _stateless(message: bytes, position: int) -> tuple[Message, int]:
    payload, end = read_varstring(message, position)
    return Stateless(payload), end


def _broadcast(message: bytes, position: int) -> tuple[Message, int]:
    payload, end = read_varstring(message, position)
    return BroadcastStateless(payload), end


def _close(message: bytes, position: int) -> tuple[Message, int]:
    if position == len(message):
        return Close(""), position
    reason, end = read_varstring(message, position)
    return Close(reason), end


def _sync_status(message: bytes, position: int) -> tuple[Message, int]:
    status, end = read_varuint(message, position)
    if status > 1:
        raise Malformed("a sync status is 0 or 1")
    return SyncStatus(status == 1), end


_AS_Y_WEBSOCKET: Final = frozenset({0, 1, 3})
_READERS: Final[dict[int, Callable[[bytes, int], tuple[Message, int]]]] = {
    2: _auth,
    4: _sync_reply,
    5: _stateless,
    6: _broadcast,
    7: _close,
    8: _sync_status,
}


# ------------------------------------------------------------------ encoding

# Each without its address, as ``hub.protocol.yjs`` has the messages of sync and awareness.

TOKEN_REQUEST: Final = b"\x02\x00"
"""Send your token again."""
SAVED: Final = b"\x08\x01"
"""A Step2 or Update is saved."""
REFUSED: Final = b"\x08\x00"
"""A Step2 or Update is refused."""


def token(token: str, version: str = "") -> bytes:
    """Who speaks; to the hub."""
    return b"\x02\x00" + write_varstring(token) + (write_varstring(version) if version else b"")


def permission_denied(reason: str) -> bytes:
    """The document is not opened, or not any more."""
    return b"\x02\x01" + write_varstring(reason)


def authenticated(scope: Scope) -> bytes:
    """The document is open."""
    return b"\x02\x02" + write_varstring(scope)


def stateless(payload: str) -> bytes:
    """Something an application says to its server."""
    return b"\x05" + write_varstring(payload)


def close(reason: str = "") -> bytes:
    """The document is closed; a device gives no reason."""
    return b"\x07" + (write_varstring(reason) if reason else b"")


def sync_reply(message: bytes) -> bytes:
    """A sync message that wants no Step1 in return.

    Args:
        message: of type sync, as ``hub.protocol.yjs`` writes it.
    """
    return b"\x04" + message[1:]
