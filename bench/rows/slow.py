"""A reader that hardly reads, among others that do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

from bench.measure import resident_bytes
from bench.processes import LoadProcess, Server
from bench.row import HUB, ON_DISK, Row
from bench.stand import Stand, compared

_FAST: Final = "hub, all fast"


def row(stand: Stand) -> Iterator[Row]:
    """Inboxes with three fast devices and a slow one, beside the same without the slow one."""
    with ExitStack() as stack:
        slow, loaded = _inboxes(stand, stack, 1)
        fast, unloaded = _inboxes(stand, stack, 0)
        before = resident_bytes(slow.pid), resident_bytes(fast.pid)
        windows = stand.rounds({HUB: loaded, _FAST: unloaded})
        after = resident_bytes(slow.pid), resident_bytes(fast.pid)
    growth = [(end - start) / 2**20 for start, end in zip(before, after, strict=True)]
    means = {HUB: ON_DISK, _FAST: ON_DISK}
    measured = compared("slow", "statement with a slow reader in each inbox", windows, means, _FAST)
    measured.notes = (
        "4 inboxes with 3 fast devices; statements of some 600 bytes, of which a slow device reads a "
        "portion four times a second",
        f"resident memory grew by {growth[0]:.0f} MiB with slow readers, {growth[1]:.0f} MiB without",
    )
    yield measured


def _inboxes(stand: Stand, stack: ExitStack, slow: int) -> tuple[Server, LoadProcess]:
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{number}" for number in range(4)], ("user",))
    plan = {"tokens": tokens, "devices": 3, "in_flight": 16, "slow": slow, "note": 500}
    return hub, stand.load(stack, "statements", hub, plan)
