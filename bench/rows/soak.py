"""A mixed load for a long time on one hub: memory and latency as they go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Final

from bench.load.window import Order, Window
from bench.measure import resident_bytes
from bench.processes import LoadProcess
from bench.row import HUB, ON_DISK, Row
from bench.rows.documents import THREE
from bench.stand import Stand

_WINDOWS: Final = 20
_DOCUMENTS: Final = "hub, documents"
_RATES: Final = {HUB: 1_500.0, _DOCUMENTS: 1_000.0}
"""Statements and document updates a second: together well below what a core can do."""


def row(stand: Stand) -> Iterator[Row]:
    """Statements and documents at a fixed rate on the same hub."""
    seconds = stand.size.soak / _WINDOWS
    windows: dict[str, list[Window]] = {name: [] for name in _RATES}
    resident = []
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(len(_RATES)))
        pid, loads = _mixed(stand, stack)
        for _ in range(_WINDOWS):
            measured = pool.map(_one, loads.items(), [seconds] * len(loads))
            for name, window in zip(loads, measured, strict=True):
                windows[name].append(window)
            resident.append(resident_bytes(pid) / 2**20)
    notes = (
        "both loads on the same hub at the same time, so its CPU is told with both",
        f"{_WINDOWS} windows of {seconds:.0f} s; resident MiB: {_told(resident)}",
        f"p99 of ok in ms: {_told([each.answer.p99 for each in windows[HUB] if each.answer])}",
        f"p99 of documents in ms: {_told([each.relay.p99 for each in windows[_DOCUMENTS] if each.relay])}",
    )
    yield Row("soak", "mixed soak", windows=windows, means=dict.fromkeys(windows, ON_DISK), notes=notes)


def _mixed(stand: Stand, stack: ExitStack) -> tuple[int, Mapping[str, LoadProcess]]:
    hub = stand.hub(stack)
    tokens = hub.tokens([f"user{number}" for number in range(100)], ("user",))
    path = f"/yjs/doc/document{{}}?token={tokens[0][1]}"
    stating = stand.load(stack, "statements", hub, {"tokens": tokens, "devices": 3, "in_flight": 1})
    typing = stand.load(stack, "documents", hub, {"path": path, **THREE})
    return hub.pid, dict(zip(_RATES, (stating, typing), strict=True))


def _one(load: tuple[str, LoadProcess], seconds: float) -> Window:
    return load[1].window(Order(0, seconds, _RATES[load[0]]))


def _told(values: list[float]) -> str:
    return " ".join(f"{value:.0f}" for value in values)
