"""One timer wheel for the process: any number of timers, one event-loop handle.

A wheel is a ring of slots, each a linked list of timers; slot *n* holds what falls due at tick *n*, modulo
the ring. So scheduling and cancelling touch one list, a tick touches one slot, and a timer that lies
further ahead than the ring is long is passed over once a revolution.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

import structlog

from hub.ports import Clock

_log = structlog.stdlib.get_logger("hub.server.wheel")


class Timer:
    """One scheduled callback. Fires once, unless cancelled before.

    Args:
        tick: when it is due.
        callback: None for the head of a slot, which is a neighbour of its own while the slot is empty.
        slot: whose last place it takes.
    """

    __slots__ = ("_after", "_before", "_callback", "_tick")

    _before: Timer | None
    _after: Timer | None

    def __init__(
        self, tick: int = 0, callback: Callable[[], None] | None = None, slot: Timer | None = None
    ) -> None:
        self._tick = tick
        self._callback = callback
        if slot is None:
            self._before = self._after = self
        else:
            self._join(slot)

    @property
    def pending(self) -> bool:
        """Whether it has neither fired nor been cancelled."""
        return self._callback is not None

    def cancel(self) -> None:
        """Never fire. Idempotent; also after firing."""
        before, after = self._before, self._after
        if before is None or after is None:
            return
        before._after, after._before = after, before
        # No neighbour, not even itself: what refers to itself waits for the garbage collector.
        self._callback = self._before = self._after = None

    def _join(self, slot: Timer) -> None:
        """Take the last place in the slot."""
        last = slot._before
        assert last is not None
        self._before, self._after = last, slot
        last._after = slot._before = self

    def _move_to(self, slot: Timer) -> None:
        """Leave its place for the last one in the slot."""
        before, after = self._before, self._after
        assert before is not None
        assert after is not None
        before._after, after._before = after, before
        self._join(slot)

    def _take_all_from(self, slot: Timer) -> None:
        """Become the head of everything in the slot, leaving it empty."""
        first, last = slot._after, slot._before
        if first is None or last is None or first is slot:
            return
        self._before, self._after = last, first
        first._before = last._after = self
        slot._before = slot._after = slot

    def _fire(self) -> None:
        callback = self._callback
        self.cancel()
        if callback is None:
            return
        try:
            callback()
        except Exception:
            _log.exception("wheel.timer_failed")


class TimerWheel:
    """Timers that fire at most one ``resolution`` (seconds) late and never early.

    Args:
        clock: whose ``monotonic`` decides.
        resolution: seconds a tick.
        slots: length of the ring, in ticks.
    """

    __slots__ = ("_clock", "_handle", "_loop", "_resolution", "_slots", "_tick", "now")

    def __init__(self, clock: Clock, resolution: float = 0.25, slots: int = 512) -> None:
        self._clock = clock
        self._resolution = resolution
        self._slots = [Timer() for _ in range(slots)]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._handle: asyncio.TimerHandle | None = None
        self.now = clock.monotonic()
        """Seconds, as of the last tick: what it costs nothing to ask."""
        self._tick = self._ticks(self.now)

    def schedule(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call back in ``delay`` seconds."""
        due = math.ceil((self._clock.monotonic() + delay) / self._resolution)
        if due <= self._tick:
            due = self._tick + 1
        return Timer(due, callback, self._slots[due % len(self._slots)])

    def advance(self) -> None:
        """Fire everything that has fallen due by the clock, tick by tick."""
        self.now = self._clock.monotonic()
        last = self._ticks(self.now)
        first = max(self._tick + 1, last - len(self._slots) + 1)
        self._tick = max(self._tick, last)
        for tick in range(first, last + 1):
            self._visit(self._slots[tick % len(self._slots)])

    def start(self) -> None:
        """Tick with the running event loop until ``stop``."""
        self._loop = asyncio.get_running_loop()
        self._arm()

    def stop(self) -> None:
        """Tick no more. What is scheduled stays. Idempotent."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self) -> None:
        assert self._loop is not None
        self._handle = self._loop.call_later(self._resolution, self._turn)

    def _turn(self) -> None:
        self._arm()
        self.advance()

    def _visit(self, slot: Timer) -> None:
        waiting = Timer()
        waiting._take_all_from(slot)
        while (timer := waiting._after) is not None and timer is not waiting:
            if timer._tick <= self._tick:
                timer._fire()
            else:
                timer._move_to(slot)
        waiting.cancel()

    def _ticks(self, seconds: float) -> int:
        return math.floor(seconds / self._resolution)
