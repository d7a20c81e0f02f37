"""Statements into inboxes that nobody has open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.row import HUB, ON_DISK, Row
from bench.rows.documents import THREE, beside_y_websocket
from bench.rows.statements import states
from bench.stand import Stand, compared

_ALONE: Final = "hub, pushed by the inbox's only device"


def row(stand: Stand) -> Iterator[Row]:
    """Progress of tasks in inboxes at random, beside y-websocket's updates with three devices."""
    inboxes = stand.size.inboxes
    with ExitStack() as stack:
        hub = stand.hub(stack)
        programs = hub.tokens([f"program{number}" for number in range(50)], ("user", "publish"))
        plan = {"tokens": programs, "inboxes": inboxes, "in_flight": 12}
        loads = {HUB: stand.load(stack, "publishing", hub, plan), _ALONE: states(stand, stack, 300, 1)}
        windows = stand.rounds(beside_y_websocket(stand, stack, loads, THREE))
    means = {HUB: ON_DISK, _ALONE: ON_DISK}
    measured = compared("away", "statement to an inbox nobody has open", windows, means, "y-websocket")
    measured.notes = (
        "the load: 50 programs report progress by the command `progress`, with its attempt and answered by "
        f"the seq, several in a message, at random into {inboxes:,} inboxes that nobody has open",
    )
    yield measured
