"""An event-loop callback that lets every connection with something queued write it, once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from hub.server.framing import framed

WRITES: Final = 128
"""Sockets written in one callback of the event loop, about a millisecond's worth: however many readers one
message has, nobody else waits longer."""

_log = structlog.stdlib.get_logger("hub.server.flusher")


class Flushable(Protocol):
    """What has something to write."""

    def flush(self) -> None:
        """Write it."""
        ...

    def abort(self) -> None:
        """Writing failed: give the socket up."""
        ...


class Flusher:
    """Gathers what is queued during one callback of the event loop; there is one per process.

    Connections are written in the order in which they came to have something queued, ``WRITES`` at a time.
    Whose turn has not come yet goes on gathering, and writes all of it at once: under load a connection
    makes fewer, larger writes.

    What many readers are sent in the same turn is framed once: consecutive calls of ``frame`` with the same
    message, and of ``frames`` with equal messages, share their bytes.
    """

    __slots__ = (
        "_concatenates",
        "_dirty",
        "_due",
        "_frame",
        "_frames",
        "_message",
        "_messages",
        "call_soon",
    )

    def __init__(self, call_soon: Callable[[Callable[[], None]], object]) -> None:
        self.call_soon = call_soon
        """Runs a function after the present callback of the event loop."""
        self._dirty: deque[Flushable] = deque()
        self._due = False
        self._message: bytes | None = None
        self._frame = b""
        self._messages: list[bytes] = []
        self._concatenates = False
        self._frames = b""

    def add(self, connection: Flushable) -> None:
        """Flush it after the present callback. The caller sees to it that nobody is added twice."""
        self._dirty.append(connection)
        if not self._due:
            self._due = True
            self.call_soon(self._flush)

    def frame(self, message: bytes) -> bytes:
        """One message as a frame."""
        if message is not self._message:
            self._frame = framed((message,), True)
            self._message = message
        return self._frame

    def frames(self, messages: list[bytes], concatenates: bool) -> bytes:
        """The messages as ``framed`` makes them; the list must not be changed afterwards."""
        # Lists compare element by element and an object equals itself, so for a relay this costs little.
        if messages != self._messages or concatenates is not self._concatenates:
            self._frames = framed(messages, concatenates)
            self._messages, self._concatenates = messages, concatenates
        return self._frames

    def _flush(self) -> None:
        dirty = self._dirty
        for _ in range(min(WRITES, len(dirty))):
            connection = dirty.popleft()
            try:
                connection.flush()
            except Exception:
                _log.exception("connection.flush_failed")
                connection.abort()
        if dirty:
            self.call_soon(self._flush)
            return
        # Nothing is kept alive between turns.
        self._due = False
        self._messages, self._frames = [], b""
        self._message, self._frame = None, b""
