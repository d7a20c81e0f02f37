"""How much one connection may have waiting, and how fast it may state: more is answered by not reading it."""

from __future__ import annotations

from hub.engine.awareness import Share
from hub.engine.serving import Serving
from hub.ports import Clock, Peer, Timers


class Intake:
    """Back-pressure of one connection: bytes not answered yet, and a token bucket of statements.

    Args:
        waiting_bytes: reading stops above this, and goes on below half of it.
        rate: statements a second, with a burst of one second.
    """

    __slots__ = (
        "_awaits_tokens",
        "_clock",
        "_filled",
        "_peer",
        "_rate",
        "_stopped",
        "_timers",
        "_tokens",
        "_waiting",
        "_waiting_bytes",
        "serving",
        "shown",
    )

    def __init__(self, peer: Peer, clock: Clock, timers: Timers, waiting_bytes: int, rate: int) -> None:
        self._peer = peer
        self._clock = clock
        self._timers = timers
        self._waiting_bytes = waiting_bytes
        self._rate = rate
        self._waiting = 0
        self._tokens = float(rate)
        self._filled = clock.monotonic()
        self._stopped = False
        self._awaits_tokens = False
        self.serving = Serving(peer)
        """What the connection is answered at length."""
        self.shown = Share()
        """What it shows of itself."""

    def took(self, size: int, statements: int) -> None:
        """A push or command of so many bytes waits."""
        self._waiting += size
        self._tokens -= statements
        if self._tokens < 0:
            self._refill()
        if self._tokens < 0 or self._waiting > self._waiting_bytes:
            self._stop()

    def answered(self, size: int) -> None:
        """One of them was answered."""
        self._waiting -= size
        if self._stopped:
            self._go_on()

    def _refill(self) -> None:
        now = self._clock.monotonic()
        self._tokens = min(float(self._rate), self._tokens + (now - self._filled) * self._rate)
        self._filled = now

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._peer.pause()
        if self._tokens < 0:
            self._await_tokens()

    def _await_tokens(self) -> None:
        if not self._awaits_tokens:
            self._awaits_tokens = True
            self._timers.schedule(-self._tokens / self._rate, self._refilled)

    def _refilled(self) -> None:
        self._awaits_tokens = False
        if self._stopped:
            self._go_on()

    def _go_on(self) -> None:
        """Read again, unless too much waits still or the bucket is empty."""
        if self._waiting >= self._waiting_bytes // 2:
            return
        self._refill()
        if self._tokens < 0:
            self._await_tokens()
            return
        self._stopped = False
        self._peer.resume()
