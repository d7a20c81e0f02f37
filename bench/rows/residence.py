"""More active documents than memory may hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.measure import resident_bytes
from bench.row import HUB, ON_DISK, Row
from bench.stand import Stand, compared

_CHARACTERS: Final = 16_384
_FEW: Final = 100
_BUDGETED: Final = 0.4
"""Of all documents' content."""


def row(stand: Stand) -> Iterator[Row]:
    """Updates to documents at random, of which the budget holds two fifths, beside some that it holds all."""
    number = stand.size.documents
    budget = int(number * _CHARACTERS * _BUDGETED)
    small = f"hub, {_FEW} documents"
    with ExitStack() as stack:
        loads, servers = {}, []
        for name, documents in ((HUB, number), (small, _FEW)):
            hub = stand.hub(stack, f"[documents]\nmemory = {budget}\n")
            servers.append(hub)
            plan = {"tokens": hub.tokens(["editor"], ("user",)), "documents": documents}
            load = {"characters": _CHARACTERS, "in_flight": 64, **plan}
            loads[name] = stand.load(stack, "residence", hub, load)
        windows = stand.rounds(loads)
        resident = [resident_bytes(server.pid) / 2**20 for server in servers]
    means = {HUB: ON_DISK, small: ON_DISK}
    measured = compared("residence", f"update to one of {number:,} documents", windows, means, small)
    measured.notes = (
        f"documents of {_CHARACTERS // 1024} KiB under a budget of {budget / 2**20:.0f} MiB, edited at "
        "random: most updates find their document out of memory",
        f"resident memory of the process: {resident[0]:.0f} MiB, with {_FEW} documents {resident[1]:.0f} MiB",
    )
    yield measured
