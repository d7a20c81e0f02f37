"""lib0's variable-length numbers and texts, as Yjs has them on the wire."""

from __future__ import annotations


def varuint(value: int) -> bytes:
    """Seven bits a byte, the least significant first."""
    groups = bytearray()
    while value >= 0x80:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)


def varstring(text: str) -> bytes:
    """UTF-8 after its length in bytes."""
    encoded = text.encode()
    return varuint(len(encoded)) + encoded
