"""Notifications published over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.row import HUB, ON_DISK, Row
from bench.stand import Stand

_TARGETS: Final = 100


def row(stand: Stand) -> Iterator[Row]:
    """One inbox a request, and the same item to a hundred."""
    bulk = f"hub, {_TARGETS} inboxes a request"
    with ExitStack() as stack:
        loads = {}
        for name, targets, posters in ((HUB, 1, 32), (bulk, _TARGETS, 4)):
            hub = stand.hub(stack)
            programs = hub.tokens([f"program{number}" for number in range(posters)], ("user", "publish"))
            plan = {"tokens": programs, "inboxes": stand.size.inboxes, "targets": targets}
            loads[name] = stand.load(stack, "http", hub, plan)
        windows = stand.rounds(loads)
    notes = (
        "32 programs, in bulk 4, each with a connection that it keeps and a request in flight, into "
        f"{stand.size.inboxes:,} inboxes that nobody has open",
        "the cost is of one item in one inbox",
    )
    yield Row(
        "publish", "item over HTTP", windows=windows, means=dict.fromkeys(windows, ON_DISK), notes=notes
    )
