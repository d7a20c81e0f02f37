"""The stand on which rows are measured: starts servers and loads, and runs their windows in turns.

Windows of the servers that are compared alternate, so that what else the machine does falls on all of them;
the ratio is taken of each round by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from bench import processes
from bench.load.window import Order, Window
from bench.measure import spread
from bench.peers import PEERS
from bench.processes import Cores, LoadProcess, Server
from bench.row import HUB, Row, Size


@dataclass(slots=True)
class Stand:
    """What the rows of one run share. ``peers``: those that can be run here."""

    cores: Cores
    size: Size
    peers: Collection[str]
    capacity: float = 0.0
    """Statements a second that the hub reached, once that was measured."""

    def hub(self, stack: ExitStack, configuration: str = "") -> Server:
        """A hub with an empty data folder."""
        return stack.enter_context(processes.hub(self.cores.server, configuration))

    def peer(self, stack: ExitStack, name: str) -> Server:
        """A server of others."""
        return stack.enter_context(processes.peer(name, self.cores.server))

    def load(self, stack: ExitStack, kind: str, server: Server, plan: dict[str, Any]) -> LoadProcess:
        """A load with everything open."""
        return stack.enter_context(processes.load(self.cores.load, kind, server, plan))

    def rounds(self, loads: Mapping[str, LoadProcess]) -> dict[str, list[Window]]:
        """Windows of each load, in turns."""
        order = Order(self.size.warm_up, self.size.seconds)
        windows: dict[str, list[Window]] = {name: [] for name in loads}
        for load in loads.values():
            load.window(Order(0, self.size.first))
        for _ in range(self.size.rounds):
            for name, load in loads.items():
                windows[name].append(load.window(order))
        return windows


def compared(
    name: str, title: str, windows: Mapping[str, Sequence[Window]], means: Mapping[str, str], beside: str
) -> Row:
    """A row whose value is the ratio of the hub to the server beside it; None without that one.

    Args:
        name: of the row.
        title: what was done.
        windows: by server, with the hub's.
        means: what an acknowledgement means, of those that are no peers.
        beside: whom the budget speaks of.
    """
    ours = windows[HUB]
    ratios = {
        server: spread([mine.cost / other.cost for mine, other in zip(ours, theirs, strict=True)])
        for server, theirs in windows.items()
        if server != HUB
    }
    told = {server: means[server] if server in means else PEERS[server].means for server in windows}
    return Row(name, title, ratios.get(beside), windows, told, ratios=ratios)
