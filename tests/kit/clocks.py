"""Time that moves when told."""

from __future__ import annotations

from hub.model import Milliseconds

START = 1_700_000_000_000
"""When a ``StillClock`` begins, in ms."""


class StillClock:
    """Implements ``ports.Clock``; wall clock and monotonic time move together."""

    def __init__(self, wall: int = START) -> None:
        self.wall = wall

    def now(self) -> Milliseconds:
        return Milliseconds(self.wall)

    def monotonic(self) -> float:
        return self.wall / 1000

    def advance(self, seconds: float) -> None:
        self.wall += round(seconds * 1000)
