"""Ledgers: statements that the user's other devices see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.processes import LoadProcess
from bench.row import HUB, ON_DISK, Row
from bench.stand import Stand


def states(stand: Stand, stack: ExitStack, inboxes: int = 100, devices: int = 3) -> LoadProcess:
    """Statements at a hub of its own."""
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{number}" for number in range(inboxes)], ("user",))
    return stand.load(stack, "statements", hub, {"tokens": tokens, "devices": devices, "in_flight": 2})


def alone(stand: Stand) -> Iterator[Row]:
    """An inbox with one device: nobody else is told."""
    yield from _with(stand, "statements1", 300, 1)


def with_twenty(stand: Stand) -> Iterator[Row]:
    """An inbox with twenty devices."""
    yield from _with(stand, "statements20", stand.size.crowded, 20)


def _with(stand: Stand, name: str, inboxes: int, devices: int) -> Iterator[Row]:
    with ExitStack() as stack:
        windows = stand.rounds({HUB: states(stand, stack, inboxes, devices)})
    title = f"ledger statement, {devices} device{'s' if devices > 1 else ''} an inbox"
    yield Row(name, title, windows=windows, means={HUB: ON_DISK}, notes=(f"{inboxes} inboxes",))
