"""What is measured, how much of it, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.load.window import Window
from bench.measure import Spread

HUB: Final = "hub"
ON_DISK: Final = "written and fdatasync'ed before anybody is shown it or the sender is told ok"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. Times in seconds."""

    rounds: int
    first: float
    """Of each load before any round counts: compilers, caches and the disk warm up. Node.js takes some 30,000
    updates until its code is as fast as it becomes."""
    warm_up: float
    seconds: float
    crowded: int
    """Documents with 20 devices each."""
    inboxes: int
    """That nobody has open."""
    connections: Sequence[int]
    """That are idle; the last number is the greatest."""
    commits: int
    readers: int
    """Of one frame, where many are meant."""
    history: int
    """Statements that an inbox has seen before, where many are meant."""
    storm: int
    """Devices that come back at once."""
    documents: int
    """That are active at once, where many are meant."""
    robots: int
    """Channels to the sandbox; each takes five messages at once."""
    soak: float
    """How long the mixed load lasts."""


FULL: Final = Size(
    5, 3.0, 0.6, 2.4, 100, 100_000, (1_000, 5_000, 18_000), 2_000, 10_000, 10_000, 10_000, 10_000, 100, 600.0
)
QUICK: Final = Size(4, 1.8, 0.2, 0.8, 25, 20_000, (1_000, 5_000), 500, 1_000, 10_000, 1_000, 1_000, 40, 20.0)


@dataclass(slots=True)
class Row:
    """One row: ``value`` stands beside its budget, where it has one. ``windows`` by what was measured, round
    by round."""

    name: str
    title: str
    value: Spread | None = None
    """None without a peer to compare with, and of a row that is told without a ratio."""
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    """What an acknowledgement means, by server."""
    notes: Sequence[str] = ()
    ratios: Mapping[str, Spread] = field(default_factory=dict)
    """Cost of the hub to that of each other server."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Those that the budget's wording has a place for, as measured."""
    failure: str = ""
    """Why it was not measured."""
