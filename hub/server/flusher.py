"""An event-loop callback that lets every connection with something queued write it, once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from hub.server.framing import framed

WRITES: Final = 128
"""Sockets written in one callback of the event loop, about a millisecond's worth: however many readers one
message has, nothing else waits longer."""
MANY: Final = 512
"""With more readers than these to be written, their messages wait for others that may share the writes."""
GATHER_SECONDS: Final = 0.001
"""For so long: about as long as a commit takes, of which another may be under way."""

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

    Answers and relays are written in the order in which they came to be queued, ``WRITES`` sockets of each at
    a time, so that a message to very many readers keeps nobody's answer waiting. Whose turn has not come goes
    on gathering, and writes all of it at once: a write to a socket costs more than all that precedes it. For
    the same reason what ``MANY`` readers are to get waits ``GATHER_SECONDS`` before the first is written.
    Without, a message that comes while one is being written would find the first readers gone, and two that
    follow each other so would go on doing so, each with writes of its own.

    What many readers are sent in the same turn is framed once: consecutive calls of ``frame`` with the same
    message, and of ``frames`` with equal messages, share their bytes.

    Args:
        call_soon: runs a function after the present callback of the event loop.
        call_later: runs a function in so many seconds.
    """

    __slots__ = (
        "_answering",
        "_call_later",
        "_concatenates",
        "_due",
        "_frame",
        "_frames",
        "_gathering",
        "_message",
        "_messages",
        "_readers",
        "_under_way",
        "call_soon",
    )

    def __init__(
        self,
        call_soon: Callable[[Callable[[], None]], object],
        call_later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.call_soon = call_soon
        self._call_later = call_later
        self._answering: deque[Flushable] = deque()
        self._readers: deque[Flushable] = deque()
        self._due = False
        self._gathering = False
        self._under_way = False  # writing to many readers has begun
        self._message: bytes | None = None
        self._frame = b""
        self._messages: list[bytes] = []
        self._concatenates = False
        self._frames = b""

    def add(self, connection: Flushable) -> None:
        """Flush it after the present callback. The caller sees to it that nobody is added twice."""
        self._answering.append(connection)
        if not self._due:
            self._due = True
            self.call_soon(self._flush)

    def add_reader(self, connection: Flushable) -> None:
        """As ``add``, for one that has a relay to be written: once its turn comes."""
        self._readers.append(connection)
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
        if self._answering:
            self._write(self._answering)
        if self._readers and not self._gathering:
            self._write_readers(self._readers)
        if self._answering or (self._readers and not self._gathering):
            self.call_soon(self._flush)
            return
        # Nothing is kept alive between turns.
        self._due = False
        self._messages, self._frames = [], b""
        self._message, self._frame = None, b""

    def _write_readers(self, readers: deque[Flushable]) -> None:
        if len(readers) > MANY and not self._under_way:
            self._gathering = True
            self._call_later(GATHER_SECONDS, self._gathered)
            return
        self._write(readers)
        self._under_way = bool(readers)

    def _gathered(self) -> None:
        self._gathering, self._under_way = False, True
        if not self._due:
            self._due = True
            self.call_soon(self._flush)

    def _write(self, connections: deque[Flushable]) -> None:
        for _ in range(min(WRITES, len(connections))):
            connection = connections.popleft()
            try:
                connection.flush()
            except Exception:
                _log.exception("connection.flush_failed")
                connection.abort()
