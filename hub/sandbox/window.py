"""The vendor's rate limit: 20 messages a minute for one key, then a minute's block. Pure.

https://developer.work.weixin.qq.com/document/path/99110 and /90454. Times are monotonic seconds.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Final

LIMIT: Final = 20
PERIOD: Final = 60.0
"""Seconds that a message counts, and that a block lasts."""
MAX_KEYS: Final = 1000
"""Keys remembered; the one idle for longest is forgotten."""


@dataclass(slots=True)
class _Usage:
    times: deque[float] = field(default_factory=deque)
    blocked_until: float = float("-inf")


class SlidingWindow:
    """Who may send, by key."""

    def __init__(self) -> None:
        self._usage: OrderedDict[str, _Usage] = OrderedDict()

    def admits(self, key: str, now: float) -> bool:
        """Whether a message may come now. The first one too many starts a block; later ones don't prolong
        it."""
        usage = self._of(key, now)
        if now < usage.blocked_until:
            return False
        if len(usage.times) >= LIMIT:
            usage.blocked_until = now + PERIOD
            return False
        return True

    def count(self, key: str, now: float) -> None:
        """A message was taken."""
        self._of(key, now).times.append(now)

    def used(self, key: str, now: float) -> int:
        """Messages taken within the last minute."""
        return len(self._of(key, now).times)

    def blocked_for(self, key: str, now: float) -> float:
        """Seconds until the block ends; 0 for none."""
        return max(0.0, self._of(key, now).blocked_until - now)

    def clear(self) -> None:
        """As if nothing had been sent."""
        self._usage.clear()

    def _of(self, key: str, now: float) -> _Usage:
        usage = self._usage.setdefault(key, _Usage())
        self._usage.move_to_end(key)
        if len(self._usage) > MAX_KEYS:
            self._usage.popitem(last=False)
        while usage.times and usage.times[0] <= now - PERIOD:
            usage.times.popleft()
        return usage
