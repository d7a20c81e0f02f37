"""ULIDs: 48 bits of milliseconds and 80 random bits in Crockford's base 32, 26 characters, sorted by time.

Source: the ULID specification, "canonical string representation".
"""

from __future__ import annotations

import secrets

from hub.model import ItemId, Milliseconds

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_ulid(now: Milliseconds) -> ItemId:
    """An id nobody else makes; ``now`` in ms."""
    number = now << 80 | secrets.randbits(80)
    return ItemId("".join(_ALPHABET[number >> shift & 31] for shift in range(125, -5, -5)))
