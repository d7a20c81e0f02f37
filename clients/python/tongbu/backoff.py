"""How long to wait before coming back: exponential, with full jitter."""

from __future__ import annotations

from random import Random
from typing import Final

FIRST: Final = 0.5
MOST: Final = 30.0
"""Seconds."""


class Backoff:
    """Waits of a random time up to 0.5 s, 1 s, 2 s … 30 s."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tries = 0

    def next(self) -> float:
        """The next wait in seconds."""
        most = min(MOST, FIRST * 2 ** min(self._tries, 10))
        self._tries += 1
        return self._random.uniform(0, most)

    def reset(self) -> None:
        """It went well: begin anew."""
        self._tries = 0
