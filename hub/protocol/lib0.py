"""lib0's variable-length encoding, bounded: the primitives of every Yjs wire.

========== =========================================================================
varUint    base 128, least significant group first, bit 7 says that more follows
varString  varUint length in bytes, then UTF-8
buf        varUint length in bytes, then the bytes (lib0: ``varUint8Array``)
========== =========================================================================

Readers take ``(data, position)`` and return ``(value, next position)``; they accept what lib0 accepts
(padded integers too) as far as 8 bytes and 2**53 - 1 go, and raise ``errors.Malformed`` for the rest.
Source: lib0 ``encoding.js`` and ``decoding.js``.
"""

from __future__ import annotations

from hub.errors import Malformed

MAX_INTEGER = 2**53 - 1
"""The greatest integer that JavaScript holds exactly."""
MAX_VARUINT_BYTES = 8


def read_varuint(data: bytes, position: int) -> tuple[int, int]:
    """Read an integer of at most 8 bytes and at most 2**53 - 1."""
    try:
        byte = data[position]
        if byte < 0x80:
            return byte, position + 1
        value = byte & 0x7F
        for index in range(1, MAX_VARUINT_BYTES):
            byte = data[position + index]
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                break
        else:
            raise Malformed("an integer is longer than 8 bytes")
    except IndexError:
        raise Malformed("the message ends within an integer") from None
    if value > MAX_INTEGER:
        raise Malformed("an integer is greater than 2**53 - 1")
    return value, position + index + 1


def read_buf(data: bytes, position: int) -> tuple[bytes, int]:
    """Read length-prefixed bytes. The length is checked before anything is copied."""
    length, start = read_varuint(data, position)
    end = start + length
    if end > len(data):
        raise Malformed("the message is shorter than it says")
    return data[start:end], end


def read_varstring(data: bytes, position: int) -> tuple[str, int]:
    """Read a length-prefixed string of strict UTF-8."""
    encoded, end = read_buf(data, position)
    try:
        return encoded.decode(), end
    except UnicodeDecodeError:
        raise Malformed("a string is not UTF-8") from None


def write_varuint(value: int) -> bytes:
    """Encode an integer from 0 to 2**53 - 1 in its shortest form.

    Raises:
        ValueError: the integer is out of that range.
    """
    if 0 <= value < 0x80:
        return bytes((value,))
    if 0x80 <= value < 0x4000:
        return bytes((0x80 | value & 0x7F, value >> 7))
    if not 0 <= value <= MAX_INTEGER:
        raise ValueError("the integer is not within 0..2**53 - 1")
    groups = bytearray()
    while value >= 0x80:
        groups.append(0x80 | (value & 0x7F))
        value >>= 7
    groups.append(value)
    return bytes(groups)


def write_buf(data: bytes) -> bytes:
    """Encode bytes with their length before them."""
    return write_varuint(len(data)) + data


def write_varstring(text: str) -> bytes:
    """Encode a string as UTF-8 with its length in bytes before it."""
    return write_buf(text.encode())
