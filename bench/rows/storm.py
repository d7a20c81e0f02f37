"""All devices come back at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.load.storm import missed_of
from bench.load.window import Order, Window
from bench.processes import LoadProcess
from bench.row import HUB, Row
from bench.stand import Stand

_DEVICES: Final = 4
_BEHIND: Final = missed_of(50)
_SECONDS: Final = 60.0


def row(stand: Stand) -> Iterator[Row]:
    """In sync, and behind."""
    late = f"hub, {_BEHIND} changes behind"
    order = Order(0, _SECONDS, burst=True)
    with ExitStack() as stack:
        loads = {HUB: _storm(stand, stack, 0), late: _storm(stand, stack, _BEHIND)}
        windows: dict[str, list[Window]] = {name: [] for name in loads}
        for _ in range(stand.size.rounds):
            for name, load in loads.items():
                windows[name].append(load.window(order))
    means = {
        HUB: "connected, token verified, inbox opened: in sync, nothing to bring",
        late: f"as before, and {_BEHIND} changes brought",
    }
    note = f"{stand.size.storm:,} devices of {stand.size.storm // _DEVICES:,} users, 256 at a time"
    yield Row("storm", "a device that comes back in a storm", windows=windows, means=means, notes=(note,))


def _storm(stand: Stand, stack: ExitStack, behind: int) -> LoadProcess:
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{number}" for number in range(stand.size.storm // _DEVICES)], ("user",))
    return stand.load(stack, "storm", hub, {"tokens": tokens, "devices": _DEVICES, "behind": behind})
