"""The outbound half of a socket: a buffer with a byte cap, and what happens when it is full."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from hub import errors
from hub.server.flusher import Flusher
from hub.server.wheel import TimerWheel
from hub.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Outbound:
    """What all connections of a process share.

    Args:
        flusher: lets them write.
        wheel: times those that do not drain.
        metrics: counts.
        buffer_bytes: relays are dropped when more would wait.
        drain_seconds: a socket that takes nothing for so long is given up.
    """

    flusher: Flusher
    wheel: TimerWheel
    metrics: Metrics
    buffer_bytes: int
    drain_seconds: float


class Owner(Protocol):
    """The inbound half, as its connection sees it."""

    def begin_close(self, code: int, reason: str) -> None:
        """Start the closing handshake."""
        ...

    def limit_messages(self, max_bytes: int) -> None:
        """As ``Peer.limit_messages``."""
        ...

    def drained(self) -> None:
        """The socket drained after a relay was dropped, or there was no room."""
        ...

    def paused(self) -> None:
        """The socket is not read any more, and nothing that was read may be begun."""
        ...

    def resumed(self) -> None:
        """The socket is read again after a pause."""
        ...


@dataclass(slots=True)
class _Stall:
    """The socket takes no more: since when (seconds), and how many bytes its transport held then."""

    since: float
    waiting: int


_BY_HANDLER = 1
_BY_BUFFER = 2


class _NoOwner:
    """The owner of a connection that is gone. They don't refer to each other any more, so that their memory
    doesn't wait for the garbage collector."""

    def begin_close(self, code: int, reason: str) -> None:
        """Nothing is there to be closed."""

    def limit_messages(self, max_bytes: int) -> None:
        """Nothing comes any more."""

    def drained(self) -> None:
        """Nothing drains any more."""

    def paused(self) -> None:
        """Nothing is read any more."""

    def resumed(self) -> None:
        """Nothing is read any more."""


_NO_OWNER: Owner = _NoOwner()


class Connection:
    """``ports.Peer``: queues messages; everything queued in one turn leaves in one write.

    While the transport's own buffer is full, what is queued waits here. Relays beyond the cap are
    dropped. Answers are not, but while they exceed the cap the socket is not read and nothing that was read
    is begun, so that somebody who asks and never listens is bounded too.
    """

    __slots__ = (
        "_control",
        "_dropped",
        "_first",
        "_leaving",
        "_more",
        "_owner",
        "_pauses",
        "_queued",
        "_shared",
        "_stall",
        "_transport",
        "_watched",
        "concatenates",
        "sent_at",
    )

    def __init__(self, transport: asyncio.Transport, owner: Owner, shared: Outbound) -> None:
        self._transport: asyncio.Transport | None = transport
        self._owner = owner
        self._shared = shared
        # What is queued. Mostly it is a single message, and that needs no list.
        self._first: bytes | None = None
        self._more: list[bytes] | None = None
        self._queued = 0
        self._control: list[bytes] | None = None
        # Whether what is queued will leave by itself: a flush is due, or the full transport will drain.
        self._leaving = False
        self._stall: _Stall | None = None
        self._watched = False
        self._dropped = False
        self._pauses = 0
        self.concatenates = False
        """As ``PeerHandler.concatenates``."""
        self.sent_at = shared.wheel.now
        """When a message was last written (the wheel's seconds)."""

    # ------------------------------------------------------------ Peer

    def answer(self, message: bytes) -> None:
        """Queue an answer. Never dropped."""
        if self._transport is None:
            return
        self._queue(message)
        if self._queued > self._shared.buffer_bytes:
            self._pause(_BY_BUFFER)

    def relay(self, message: bytes) -> bool:
        """Queue a relay, unless with it more than the cap would wait. One that waits alone always goes."""
        if self._transport is None:
            return True
        if (self._queued or self._stall is not None) and not self._has_room(len(message)):
            self._dropped = True
            return False
        if self._first is None:
            self._first = message
        elif self._more is None:
            self._more = [message]
        else:
            self._more.append(message)
        self._queued += len(message)
        if not self._leaving:
            self._leaving = True
            self._shared.flusher.add_reader(self)
        return True

    def room(self) -> bool:
        """Whether no more than the cap waits; otherwise its owner is told when it has drained."""
        waiting = self._queued
        if self._stall is not None and self._transport is not None:
            waiting += self._transport.get_write_buffer_size()
        if waiting <= self._shared.buffer_bytes or self._transport is None:
            return True
        self._dropped = True
        return False

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then a close frame."""
        if self._transport is not None:
            self._owner.begin_close(code, reason)

    def pause(self) -> None:
        """Stop reading the socket, and delivering what was read."""
        self._pause(_BY_HANDLER)

    def resume(self) -> None:
        """Read again, unless the answers that wait forbid it."""
        self._resume(_BY_HANDLER)

    def limit_messages(self, max_bytes: int) -> None:
        """The largest message taken from now on."""
        self._owner.limit_messages(max_bytes)

    # ------------------------------------------------------------ the inbound half

    @property
    def reading(self) -> bool:
        """Whether the socket is read."""
        return not self._pauses

    @property
    def stalled(self) -> bool:
        """Whether the transport takes no more for now."""
        return self._stall is not None

    def send_control(self, frames: Iterable[bytes]) -> None:
        """Queue whole control frames; they follow the messages queued."""
        if self._transport is None:
            return
        if self._control is None:
            self._control = []
        for frame in frames:
            self._control.append(frame)
            self._queued += len(frame)
        self._leave_soon()
        if self._queued > self._shared.buffer_bytes:
            self._pause(_BY_BUFFER)

    def finish(self, frames: Iterable[bytes]) -> None:
        """Write everything queued and these last frames; from now on calls are ignored."""
        self.send_control(frames)
        self.flush()
        if self._transport is not None:
            self._resume(_BY_BUFFER | _BY_HANDLER)
            self._transport = None

    def lost(self) -> None:
        """The socket is gone, and what was queued with it."""
        self._transport = None
        self._owner = _NO_OWNER
        self._first = self._more = self._control = None

    def pause_writing(self) -> None:
        """The transport's buffer is full."""
        if self._transport is None:
            return
        self._stall = _Stall(self._shared.wheel.now, self._transport.get_write_buffer_size())
        self._leaving = True
        if not self._watched:
            self._watch(self._shared.drain_seconds)

    def resume_writing(self) -> None:
        """The transport's buffer has drained."""
        self._stall = None
        self.flush()

    def flush(self) -> None:
        """Write everything queued, in one write."""
        self._leaving = False
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        first = self._first
        if first is not None and self._more is None and self._control is None:
            # As ``_take_messages``: a message to many comes by here once for each of them.
            shared, metrics = self._shared, self._shared.metrics
            metrics.bytes_out += self._queued
            metrics.messages_out += 1
            self._first, self._queued = None, 0
            self.sent_at = shared.wheel.now
            transport.write(shared.flusher.frame(first))
        elif self._control is not None:
            control = self._take_control(self._control)
            transport.write(self._take_messages() + control)
        elif first is not None:
            transport.write(self._take_messages())
        if (self._dropped or self._pauses) and self._stall is None:
            self._drained()

    def abort(self) -> None:
        """Give the socket up."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------ within

    def _has_room(self, size: int) -> bool:
        """Whether so many bytes more may wait. What waits alone always may."""
        waiting = self._queued
        if self._stall is not None and self._transport is not None:
            waiting += self._transport.get_write_buffer_size()
        return not waiting or waiting + size <= self._shared.buffer_bytes

    def _queue(self, message: bytes) -> None:
        """As ``relay`` does, which spells it out: a message to many comes by there once for each of them."""
        if self._first is None:
            self._first = message
        elif self._more is None:
            self._more = [message]
        else:
            self._more.append(message)
        self._queued += len(message)
        self._leave_soon()

    def _leave_soon(self) -> None:
        if not self._leaving:
            self._leaving = True
            self._shared.flusher.add(self)

    def _take_messages(self) -> bytes:
        """All messages queued, as frames."""
        if self._first is None:
            return b""
        shared, metrics = self._shared, self._shared.metrics
        messages = [self._first, *(self._more or ())]
        metrics.bytes_out += self._queued
        metrics.messages_out += len(messages)
        self._first = self._more = None
        self._queued = 0
        self.sent_at = shared.wheel.now
        return shared.flusher.frames(messages, self.concatenates)

    def _take_control(self, frames: list[bytes]) -> bytes:
        """The control frames queued; they count as no message."""
        self._control = None
        joined = b"".join(frames)
        self._queued -= len(joined)
        return joined

    def _drained(self) -> None:
        self._resume(_BY_BUFFER)
        if self._dropped:
            self._dropped = False
            self._owner.drained()

    def _pause(self, reason: int) -> None:
        before = self._pauses
        self._pauses |= reason
        if not before and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._owner.paused()

    def _resume(self, reason: int) -> None:
        before = self._pauses
        self._pauses &= ~reason
        if before and not self._pauses and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
            self._owner.resumed()

    def _watch(self, seconds: float) -> None:
        self._watched = True
        self._shared.wheel.schedule(seconds, self._check_progress)

    def _check_progress(self) -> None:
        self._watched = False
        if self._stall is None or self._transport is None:
            return
        shared, stall = self._shared, self._stall
        waiting = self._transport.get_write_buffer_size()
        if waiting < stall.waiting:
            stall.since, stall.waiting = shared.wheel.now, waiting
        left = stall.since + shared.drain_seconds - shared.wheel.now
        if left > 0:
            self._watch(left)
        else:
            self._give_up()

    def _give_up(self) -> None:
        """Nothing queued will ever be read."""
        self._first = self._more = self._control = None
        self._queued = 0
        self.close(errors.TooSlow.close_code, errors.TooSlow().message)
