"""How many sockets the process has descriptors for, and who goes when there are no more.

Each socket takes a file descriptor. When the last is gone, neither can anybody connect nor can SQLite open a
file. So some are kept back, and when the others are taken, plain HTTP connections on which nothing happens
(a head or a body that doesn't come, the pause between two requests) make room, the oldest first.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from typing import Final, Protocol

import structlog

RESERVED: Final = 32
"""Descriptors kept for everything else: the database, its log, what libraries open."""
LEAST: Final = 8
_LOG_SECONDS: Final = 60.0
_GOING: Final = 8
"""One in so many makes room at once, so that looking for the oldest is worth it."""

_log = structlog.stdlib.get_logger("hub.server.room")


class Guest(Protocol):
    """A plain HTTP connection."""

    @property
    def waiting_since(self) -> float | None:
        """When nothing happened any more (seconds); None while a request is being answered."""
        ...

    def abort(self) -> None:
        """Give the socket up at once."""
        ...


def sockets_at_most() -> int | None:
    """How many sockets there may be beside what is open now; None where nothing limits them."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if limit == resource.RLIM_INFINITY:
        return None
    return max(LEAST, limit - len(os.listdir("/dev/fd")) - RESERVED)


class Room:
    """The plain HTTP connections, and how many sockets there may be in all.

    Args:
        sockets: that many; None for no limit.
        now: seconds that never run backwards.
    """

    def __init__(self, sockets: int | None, now: Callable[[], float]) -> None:
        self._sockets = sockets
        self._now = now
        # As they came: the clock is coarse, and of two that wait as long the earlier one goes.
        self._guests: dict[Guest, None] = {}
        self._told_at = -_LOG_SECONDS

    def enter(self, guest: Guest, taken: int) -> bool:
        """One more. False when there is no room for it, and none can be made.

        Args:
            guest: it.
            taken: how many sockets there are with it.
        """
        if self._sockets is not None and taken > self._sockets and not self._make():
            return False
        self._guests[guest] = None
        return True

    def leave(self, guest: Guest) -> None:
        """It is gone, or no plain HTTP connection any more."""
        self._guests.pop(guest, None)

    def _make(self) -> bool:
        """Whether some could be sent away."""
        waiting = [(since, guest) for guest in self._guests if (since := guest.waiting_since) is not None]
        waiting.sort(key=lambda each: each[0])
        going = waiting[: -(-len(waiting) // _GOING)]
        for _, guest in going:
            self._guests.pop(guest, None)
            guest.abort()
        if self._now() - self._told_at >= _LOG_SECONDS:
            self._told_at = self._now()
            _log.warning("listener.full", sockets=self._sockets, made_room=len(going))
        return bool(going)
