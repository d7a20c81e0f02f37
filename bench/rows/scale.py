"""Whether a statement costs more where much is connected, or much has been said before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench.measure import spread
from bench.processes import LoadProcess
from bench.row import HUB, ON_DISK, Row
from bench.rows.connections import idle
from bench.stand import Stand, compared


def connections(stand: Stand) -> Iterator[Row]:
    """The same statements beside many idle connections and beside few."""
    few, many = stand.size.connections[0], stand.size.connections[-1]
    with ExitStack() as stack:
        loads = {HUB: _among(stand, stack, many), f"hub, {few:,}": _among(stand, stack, few)}
        windows = stand.rounds(loads)
    title = f"ledger statement beside {many:,} idle connections, against {few:,}"
    means = dict.fromkeys(windows, ON_DISK)
    row = compared("scale", title, windows, means, f"hub, {few:,}")
    row.sizes = {"many": many, "few": few}
    yield row


def history(stand: Stand) -> Iterator[Row]:
    """The same statements in inboxes with a long history and with a short one."""
    few, many = 100, stand.size.history
    with ExitStack() as stack:
        loads = {HUB: _after(stand, stack, many), f"hub, {few:,}": _after(stand, stack, few)}
        windows = stand.rounds(loads)
    title = f"ledger statement in an inbox with {many:,} past statements, against {few:,}"
    row = compared("history", title, windows, dict.fromkeys(windows, ON_DISK), f"hub, {few:,}")
    row.sizes = {"many": many, "few": few}
    rates = [spread([each.per_second for each in measured]).median for measured in windows.values()]
    row.notes = (f"20 inboxes with 3 devices each; {rates[0]:,.0f} a second against {rates[1]:,.0f}",)
    yield row


def _among(stand: Stand, stack: ExitStack, number: int) -> LoadProcess:
    """100 inboxes with 3 devices, and as many idle connections beside them as make up the number."""
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{index}" for index in range(100)], ("user",))
    stating = stand.load(stack, "statements", hub, {"tokens": tokens, "devices": 3, "in_flight": 2})
    others = number - 300
    if others > 0:
        idle(stand, stack, hub, hub.tokens([f"idle{index}" for index in range(others)], ("user",)), others)
    return stating


def _after(stand: Stand, stack: ExitStack, past: int) -> LoadProcess:
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{index}" for index in range(20)], ("user",))
    plan = {"tokens": tokens, "devices": 3, "in_flight": 8, "past": past}
    return stand.load(stack, "statements", hub, plan)
