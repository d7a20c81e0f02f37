"""One-time codes that link a device: shown on one that is signed in, typed into one that is not.

A code is 8 characters of an alphabet without lookalikes (40 bits), lives ``ttl`` seconds, works once, and
is held in memory as its hash only. Wrong guesses are throttled over all callers together: who uses up the
whole allowance finds one of 100 live codes within two minutes with a chance of one in eight million.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hub.errors import Limit, NotFound
from hub.model import Milliseconds, Scope, UserId
from hub.ports import Clock

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O, U."""
LENGTH: Final = 8
PER_USER: Final = 5
"""Live codes of one user; a further one replaces the oldest."""
IN_ALL: Final = 10_000
"""Live codes of all users."""
BURST: Final = 100
"""Wrong claims in a row before claiming is throttled."""
WRONG_PER_SECOND: Final = 10.0
"""Wrong claims allowed for good."""

_LOOKALIKES: Final = str.maketrans("ILO", "110", "- ")


@dataclass(frozen=True, slots=True)
class _Link:
    user: UserId
    scopes: frozenset[Scope]
    ends: float
    """By the monotonic clock: setting the hub's time revives nothing."""


class LinkCodes:
    """The live codes of one process.

    Args:
        clock: tells what has expired.
        ttl: seconds a code is valid.
    """

    def __init__(self, clock: Clock, ttl: float = 120) -> None:
        self._clock = clock
        self._ttl = ttl
        self._links: dict[bytes, _Link] = {}
        """By hash of the code, oldest first: all live equally long."""
        self._allowance = float(BURST)
        self._allowed_at = clock.monotonic()

    def create(self, user: UserId, scopes: Iterable[Scope]) -> tuple[str, Milliseconds]:
        """A code for one device of ``user``, and when it expires.

        Raises:
            Limit: too many codes of all users are live.
        """
        self._forget_expired()
        own = [digest for digest, link in self._links.items() if link.user == user]
        if len(own) >= PER_USER:
            del self._links[own[0]]
        if len(self._links) >= IN_ALL:
            raise Limit("Too many codes are waiting to be used.", retry_after=round(self._ttl * 1000))
        code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        self._links[_digest(code)] = _Link(user, frozenset(scopes), self._clock.monotonic() + self._ttl)
        return code, Milliseconds(self._clock.now() + round(self._ttl * 1000))

    def claim(self, code: str) -> tuple[UserId, frozenset[Scope]]:
        """Whom the code links to, with which scopes; it works once. Case, blanks and dashes don't matter.

        Raises:
            NotFound: unknown, used or expired.
            Limit: too many wrong claims lately, whoever made them.
        """
        self._refill()
        if self._allowance < 1:
            raise Limit("Too many wrong codes were tried.", retry_after=round(1000 / WRONG_PER_SECOND))
        self._forget_expired()
        link = self._links.pop(_digest(code), None)
        if link is None:
            self._allowance -= 1
            raise NotFound("The code is unknown, used or expired.")
        return link.user, link.scopes

    def forget(self, user: UserId) -> None:
        """The user's codes work no more."""
        for digest in [digest for digest, link in self._links.items() if link.user == user]:
            del self._links[digest]

    def _forget_expired(self) -> None:
        now = self._clock.monotonic()
        while self._links:
            digest, oldest = next(iter(self._links.items()))
            if oldest.ends > now:
                return
            del self._links[digest]

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._allowance = min(BURST, self._allowance + (now - self._allowed_at) * WRONG_PER_SECOND)
        self._allowed_at = now


def _digest(code: str) -> bytes:
    """What is compared instead of the code, so that time tells nothing about it."""
    typed = code[: 4 * LENGTH].upper().translate(_LOOKALIKES)
    return hashlib.sha256(typed.encode(errors="replace")).digest()
