"""WebSocket frames as bytes (RFC 6455 §5.2): the hub's own, and how far one that arrives reaches.

A server's frames are not masked. The hub sends whole binary messages only, so a frame is a header of
2, 4 or 10 bytes and the payload.
"""

from __future__ import annotations

from collections.abc import Sequence

JOINED_BYTES = 65_536
"""Messages share a frame up to this many bytes, so that many small ones don't meet a reader's own limit."""

UNKNOWN = 0
"""``extent``: the header is not complete."""
IRREGULAR = -1
"""``extent``: the header alone breaks a rule."""

_FIN_BINARY = 0x82
_MASKED = 0x80
_OPCODES = frozenset((0x0, 0x1, 0x2, 0x8, 0x9, 0xA))
_SHORT_HEADERS = tuple(bytes((_FIN_BINARY, length)) for length in range(126))


def framed(messages: Sequence[bytes], concatenates: bool) -> bytes:
    """Binary messages as frames, in order.

    Args:
        messages: at least one.
        concatenates: whether messages may share a frame; a frame of several has at most ``JOINED_BYTES``.
    """
    if len(messages) == 1:
        return _header(len(messages[0])) + messages[0]
    if not concatenates:
        return b"".join([part for message in messages for part in (_header(len(message)), message)])
    total = sum(map(len, messages))
    if total <= JOINED_BYTES:
        return b"".join((_header(total), *messages))
    return b"".join([framed(group, concatenates) for group in _groups(messages)])


def extent(data: bytes | bytearray, offset: int, max_bytes: int) -> int:
    """Length in bytes of the frame that begins at ``offset``, its header included.

    Returns ``UNKNOWN`` where the header goes on beyond the data, ``IRREGULAR`` where the opcode is
    reserved, the frame is not masked or its payload is larger than ``max_bytes``; no more of such a frame
    needs to be awaited.
    """
    there = len(data) - offset
    if there < 2:
        return UNKNOWN
    if data[offset] & 0x0F not in _OPCODES or not data[offset + 1] & _MASKED:
        return IRREGULAR
    length, header = data[offset + 1] & 0x7F, 6
    if length > 125:
        header = 8 if length == 126 else 14
        if there < header - 4:
            return UNKNOWN
        length = int.from_bytes(data[offset + 2 : offset + header - 4], "big")
    return IRREGULAR if length > max_bytes else header + length


def held(data: bytes | bytearray, offset: int) -> bytearray:
    """What begins at ``offset``, to be gone on with when more comes. What is held already stays where it is:
    a large message may come in very many pieces, and very many messages may wait."""
    if isinstance(data, bytearray):
        del data[:offset]
        return data
    return bytearray(memoryview(data)[offset:])


def _header(length: int) -> bytes:
    if length < 126:
        return _SHORT_HEADERS[length]
    if length < 65_536:
        return b"\x82\x7e" + length.to_bytes(2, "big")
    return b"\x82\x7f" + length.to_bytes(8, "big")


def _groups(messages: Sequence[bytes]) -> list[list[bytes]]:
    """Consecutive messages, together as many as share a frame."""
    groups: list[list[bytes]] = []
    room = 0
    for message in messages:
        if len(message) > room or not groups:
            groups.append([])
            room = JOINED_BYTES
        groups[-1].append(message)
        room -= len(message)
    return groups
