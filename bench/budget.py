"""What the hub may cost, as a ratio to its peers in the same run, row by row."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

Verdict = Literal["aim reached", "must reached", "missed", "not measured"]


class Budget(NamedTuple):
    """At most ``must``; ``aim`` is where it should end. ``unit`` "×" is a ratio. ``wording`` has a place for
    each of ``sizes``, which a full run measures."""

    wording: str
    unit: str
    must: float
    aim: float
    sizes: Mapping[str, int] = MappingProxyType({})

    @property
    def work(self) -> str:
        """What a full run measures."""
        return self.work_at({})

    def work_at(self, sizes: Mapping[str, int]) -> str:
        """What was measured, at other sizes than those of a full run."""
        return self.wording.format(**{**self.sizes, **sizes})

    def verdict(self, measured: float | None) -> Verdict:
        """Where a measured value stands."""
        if measured is None:
            return "not measured"
        if measured <= self.aim:
            return "aim reached"
        return "must reached" if measured <= self.must else "missed"


BUDGETS: Final = {
    "documents": Budget("one document update, 3 devices a document, against y-websocket", "×", 0.85, 0.5),
    "hocuspocus": Budget("the same against Hocuspocus", "×", 0.5, 0.3),
    "documents20": Budget("the same with 20 devices a document, against y-websocket", "×", 0.75, 0.4),
    "statements": Budget(
        "one ledger statement, 3 devices an inbox, against y-websocket's update", "×", 0.7, 0.4
    ),
    "away": Budget("one statement to an inbox nobody has open, against the same", "×", 0.8, 0.5),
    "memory": Budget("an idle, authenticated connection with its inbox open", "KiB", 9, 7),
    "fanout": Budget("one frame to 1,000 readers, per reader, against Node ws", "×", 0.95, 0.8),
    "latency": Budget("push to ok p99 at half of capacity, less a bare commit's p99", "ms", 15, 5),
    "connect": Budget("connection set-up with token, against Node ws without", "×", 1.5, 1.0),
    "scale": Budget(
        "cost of a statement at {many:,} connections against {few:,}",
        "×",
        1.15,
        1.05,
        {"many": 18_000, "few": 1_000},
    ),
    "history": Budget(
        "the same in an inbox with {many:,} past statements against {few:,}",
        "×",
        1.15,
        1.05,
        {"many": 10_000, "few": 100},
    ),
}
