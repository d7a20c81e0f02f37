"""How long an acknowledgement takes at half of what the hub can do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from bench import processes
from bench.load.window import Order
from bench.measure import percentiles, shown, spread
from bench.row import HUB, ON_DISK, Row
from bench.rows.documents import with_three
from bench.rows.statements import states
from bench.stand import Stand


def row(stand: Stand) -> Iterator[Row]:
    """Paced statements, and bare commits on the same disk and core before each round."""
    if not stand.capacity:
        list(with_three(stand))
    rate = stand.capacity / 2
    windows, bare, differences = [], [], []
    with ExitStack() as stack:
        load = states(stand, stack)
        for _ in range(stand.size.rounds):
            commit = percentiles(processes.bare_commits(stand.cores.server, stand.size.commits))
            window = load.window(Order(stand.size.warm_up, stand.size.seconds, rate))
            assert commit is not None
            assert window.answer is not None
            windows.append(window)
            bare.append(commit.p99)
            differences.append(window.answer.p99 - commit.p99)
    notes = (
        f"{rate:,.0f} statements a second from 300 devices, sent whether or not answers come",
        f"a bare commit of one row on the same disk: p99 {shown(spread(bare))} ms",
    )
    title = "push to ok, p99 less a bare commit's"
    yield Row("latency", title, spread(differences), {HUB: windows}, {HUB: ON_DISK}, notes)
