"""How fast a channel may call, and when it must not: a token bucket and a circuit breaker. Pure.

Times are seconds of a clock that never runs backwards, passed in.
"""

from __future__ import annotations

import sys
from typing import Final

_WHOLE: Final = 1e-9
"""What a token may lack by rounding and still be one."""


class TokenBucket:
    """Calls allowed: ``burst`` at once after a rest, ``per_minute`` from then on; 0 of either for no limit.

    In any 60 seconds at most ``burst + per_minute`` tokens are taken.
    """

    __slots__ = ("_at", "_burst", "_per_second", "_tokens")

    def __init__(self, burst: int, per_minute: int, now: float) -> None:
        self._burst = float(burst)
        self._per_second = per_minute / 60 if burst else 0.0
        self._tokens = self._burst
        self._at = now

    @property
    def limited(self) -> bool:
        """Whether there is a limit at all."""
        return self._per_second > 0

    def available(self, now: float) -> int:
        """How many calls may begin now."""
        if not self.limited:
            return sys.maxsize
        self._fill(now)
        return max(int(self._tokens + _WHOLE), 0)

    def take(self, count: int, now: float) -> None:
        """``count`` calls begin; no more than are ``available``."""
        if self.limited:
            self._fill(now)
            self._tokens -= count

    def give_back(self, count: int) -> None:
        """``count`` of those that were taken did not begin."""
        self._tokens = min(self._burst, self._tokens + count)

    def wait(self, now: float) -> float:
        """Seconds until a call may begin, 0 for at once."""
        if self.available(now):
            return 0.0
        return (1 - self._tokens) / self._per_second

    def _fill(self, now: float) -> None:
        self._tokens = min(self._burst, self._tokens + (now - self._at) * self._per_second)
        self._at = now


class Breaker:
    """Opens after ``threshold`` failures in a row, for ``rest`` seconds; then one call tries the way.

    Failures are the way's own: no connection, no answer, 5xx; never what the vendor said about one message.
    """

    __slots__ = ("_failures", "_opened_at", "_rest", "_threshold")

    def __init__(self, threshold: int = 5, rest: float = 30.0) -> None:
        self._threshold = threshold
        self._rest = rest
        self._failures = 0
        self._opened_at: float | None = None

    @property
    def tripped(self) -> bool:
        """Whether it opened and no call has succeeded since."""
        return self._opened_at is not None

    def wait(self, now: float) -> float:
        """Seconds until a call may begin, 0 for at once (one at a time while ``tripped``)."""
        return 0.0 if self._opened_at is None else max(self._opened_at + self._rest - now, 0.0)

    def failed(self, now: float) -> None:
        """A call failed."""
        self._failures += 1
        if self._opened_at is None and self._failures < self._threshold:
            return
        if not self.wait(now):
            self._opened_at = now

    def succeeded(self) -> None:
        """The vendor answered: the way is open."""
        self._failures = 0
        self._opened_at = None
