"""The rows of the report: which servers, which load, how often, and what comes of it.

Windows of the servers that are compared alternate, so that what else the machine does falls on all of them;
the ratio is taken of each round by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from bench import processes
from bench.load.window import Order, Window
from bench.measure import Spread, kernel_bytes, percentiles, resident_bytes, spread
from bench.processes import Cores, LoadProcess, Server

ON_DISK: Final = "written and fdatasync'ed before anybody is shown it or the sender is told ok"
IN_MEMORY: Final = "held in memory; nobody is told, nothing is saved"
_Y_PATH: Final = "/document{}"
_PEERS: Final = ("y-websocket", "ws")
_ALONE: Final = "hub, pushed by the inbox's only device"


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything. Times in seconds."""

    rounds: int
    warm_up: float
    seconds: float
    crowded: int
    """Documents with 20 devices each."""
    inboxes: int
    """That nobody has open."""
    connections: int
    """That are idle."""
    commits: int


FULL: Final = Size(5, 0.6, 2.4, 100, 100_000, 5_000, 2_000)
QUICK: Final = Size(3, 0.3, 1.0, 25, 5_000, 1_000, 500)


@dataclass(slots=True)
class Row:
    """One row: ``value`` stands beside its budget. ``windows`` by what was measured, round by round."""

    name: str
    title: str
    value: Spread | None
    """None without a peer to compare with."""
    windows: Mapping[str, Sequence[Window]] = field(default_factory=dict)
    means: Mapping[str, str] = field(default_factory=dict)
    """What an acknowledgement means, by server."""
    notes: Sequence[str] = ()


class Bench:
    """Measures the rows of one run."""

    def __init__(self, cores: Cores, size: Size, peers: bool) -> None:
        self._cores = cores
        self._size = size
        self.peers = peers
        """Whether Node's servers can be run."""
        self._capacity = 0.0

    @property
    def names(self) -> Sequence[str]:
        """What can be measured, in order."""
        return tuple(self._measurements)

    def measure(self, names: Sequence[str]) -> Iterator[Row]:
        """The rows named, each once it is done. Raises ``processes.Failed``."""
        asked = {self._measurements[name] for name in names}
        for measurement in dict.fromkeys(self._measurements.values()):
            if measurement in asked:
                yield from measurement()

    @property
    def _measurements(self) -> Mapping[str, Callable[[], Iterator[Row]]]:
        return {
            "documents": self._documents_and_statements,
            "statements": self._documents_and_statements,
            "documents20": self._crowded,
            "away": self._away,
            "fanout": self._fanout,
            "latency": self._latency,
            "memory": self._memory,
            "connect": self._connect,
        }

    # ------------------------------------------------------------ rows

    def _documents_and_statements(self) -> Iterator[Row]:
        size = {"documents": 100, "devices": 3, "typing": 3, "in_flight": 2}
        with ExitStack() as stack:
            loads = {
                "hub": self._hub_documents(stack, size),
                "hub's ledgers": self._statements(stack),
            }
            if self.peers:
                loads["y-websocket"] = self._y_documents(stack, size)
            windows = self._rounds(loads)
        self._capacity = spread([window.per_second for window in windows["hub's ledgers"]]).median
        peer = {"y-websocket": windows.get("y-websocket", ())}
        means = {"hub": ON_DISK, "y-websocket": IN_MEMORY}
        yield self._compared(
            "documents", "document update, 3 devices", {"hub": windows["hub"], **peer}, means
        )
        ledgers = {"hub": windows["hub's ledgers"], **peer}
        yield self._compared("statements", "ledger statement, 3 devices", ledgers, means)

    def _crowded(self) -> Iterator[Row]:
        size = {"documents": self._size.crowded, "devices": 20, "typing": 20, "in_flight": 2}
        with ExitStack() as stack:
            loads = {"hub": self._hub_documents(stack, size)}
            if self.peers:
                loads["y-websocket"] = self._y_documents(stack, size)
            windows = self._rounds(loads)
        means = {"hub": ON_DISK, "y-websocket": IN_MEMORY}
        yield self._compared("documents20", "document update, 20 devices", windows, means)

    def _away(self) -> Iterator[Row]:
        size = {"documents": 100, "devices": 3, "typing": 3, "in_flight": 2}
        inboxes = self._size.inboxes
        with ExitStack() as stack:
            hub = stack.enter_context(processes.hub(self._cores.server))
            programs = hub.tokens([f"program{number}" for number in range(50)], ("user", "publish"))
            plan = {"tokens": programs, "inboxes": inboxes, "in_flight": 12}
            loads = {
                "hub": self._load(stack, "publishing", hub, plan),
                _ALONE: self._statements(stack, 300, 1),
            }
            if self.peers:
                loads["y-websocket"] = self._y_documents(stack, size)
            windows = self._rounds(loads)
        means = {"hub": ON_DISK, _ALONE: ON_DISK, "y-websocket": IN_MEMORY}
        note = (
            "the load: 50 programs report progress by the command `progress`, which answers with the item, "
            f"at random into {inboxes:,} inboxes that nobody has open"
        )
        row = self._compared("away", "statement to an inbox nobody has open", windows, means)
        row.notes = (note,)
        yield row

    def _fanout(self) -> Iterator[Row]:
        readers = 1_000
        size = {"documents": 1, "devices": readers + 1, "typing": 1, "in_flight": 2}
        with ExitStack() as stack:
            loads = {"hub": self._hub_documents(stack, size)}
            if self.peers:
                server = stack.enter_context(processes.plain_ws(self._cores.server))
                loads["ws"] = self._load(stack, "documents", server, {"path": _Y_PATH, **size})
            windows = self._rounds(loads)
        means = {"hub": ON_DISK, "ws": "passed on; no document, no check, nothing saved"}
        row = self._compared("fanout", "one update to 1,000 readers", windows, means)
        row.notes = ("the cost is of all 1,000 together",)
        yield row

    def _latency(self) -> Iterator[Row]:
        """Paced statements, and bare commits on the same disk and core before each round."""
        if not self._capacity:
            list(self._documents_and_statements())
        rate = self._capacity / 2
        windows, bare, differences = [], [], []
        with ExitStack() as stack:
            load = self._statements(stack)
            for _ in range(self._size.rounds):
                commit = percentiles(processes.bare_commits(self._cores.server, self._size.commits))
                window = load.window(Order(self._size.warm_up, self._size.seconds, rate))
                assert commit is not None
                assert window.answer is not None
                windows.append(window)
                bare.append(commit.p99)
                differences.append(window.answer.p99 - commit.p99)
        notes = (
            f"{rate:,.0f} statements a second from 300 devices, sent whether or not answers come",
            f"a bare commit of one row on the same disk: p99 {_shown(spread(bare))} ms",
        )
        yield Row(
            "latency",
            "push to ok, p99 less a bare commit's",
            spread(differences),
            {"hub": windows},
            {"hub": ON_DISK},
            notes,
        )

    def _memory(self) -> Iterator[Row]:
        number = self._size.connections
        with processes.hub(self._cores.server) as hub:
            tokens = hub.tokens([f"user{index}" for index in range(number)], ("user",))
            ours = self._held(hub, {"tokens": tokens, "path": ""}, number)
        notes = [
            f"{number:,} connections, each of a user and device of its own, first seen in this run",
            f"kernel memory beside it, both ends of the connection: {ours[1] / 1024:.1f} KiB",
        ]
        if self.peers:
            with processes.y_websocket(self._cores.server) as peer:
                theirs = self._held(peer, {"tokens": (), "path": _Y_PATH}, number)
            notes.append(f"y-websocket, each with an empty document of its own: {theirs[0] / 1024:.1f} KiB")
        value = ours[0] / 1024
        yield Row("memory", "an idle connection, its inbox open", Spread(value, value, value), notes=notes)

    def _connect(self) -> Iterator[Row]:
        with ExitStack() as stack:
            hub = stack.enter_context(processes.hub(self._cores.server))
            tokens = hub.tokens([f"user{index}" for index in range(200)], ("user",))
            loads = {"hub": self._connections(stack, hub, {"tokens": tokens, "path": "", "hold": 200})}
            if self.peers:
                peer = stack.enter_context(processes.plain_ws(self._cores.server))
                loads["ws"] = self._connections(stack, peer, {"tokens": (), "path": _Y_PATH, "hold": 1})
            windows = self._rounds(loads)
        means = {
            "hub": "token verified, device known again, inbox opened in sync",
            "ws": "upgraded and one message answered; no token, nothing opened",
        }
        yield self._compared("connect", "connection set-up and end", windows, means)

    # ------------------------------------------------------------ loads

    def _hub_documents(self, stack: ExitStack, size: dict[str, Any]) -> LoadProcess:
        hub = stack.enter_context(processes.hub(self._cores.server))
        [(_, token)] = hub.tokens(["typist"], ("user",))
        plan = {"path": f"/yjs/doc/document{{}}?token={token}", **size}
        return self._load(stack, "documents", hub, plan)

    def _y_documents(self, stack: ExitStack, size: dict[str, Any]) -> LoadProcess:
        peer = stack.enter_context(processes.y_websocket(self._cores.server))
        return self._load(stack, "documents", peer, {"path": _Y_PATH, **size})

    def _statements(self, stack: ExitStack, inboxes: int = 100, devices: int = 3) -> LoadProcess:
        hub = stack.enter_context(processes.hub(self._cores.server))
        tokens = hub.tokens([f"user{number}" for number in range(inboxes)], ("user",))
        plan = {"tokens": tokens, "devices": devices, "in_flight": 2}
        return self._load(stack, "statements", hub, plan)

    def _connections(self, stack: ExitStack, server: Server, plan: dict[str, Any]) -> LoadProcess:
        return self._load(stack, "connections", server, {"opening": 8, **plan})

    def _load(self, stack: ExitStack, kind: str, server: Server, plan: dict[str, Any]) -> LoadProcess:
        return stack.enter_context(processes.load(self._cores.load, kind, server, plan))

    def _held(self, server: Server, plan: dict[str, Any], number: int) -> tuple[float, float]:
        """Bytes a held connection: the server's, and the kernel's."""
        plan = {"opening": 0, **plan}
        few = 100
        with self._settled(server, {**plan, "hold": few}):
            before, kernel = resident_bytes(server.pid), kernel_bytes()
        with self._settled(server, {**plan, "hold": number}):
            after, kernel_after = resident_bytes(server.pid), kernel_bytes()
        return (after - before) / (number - few), (kernel_after - kernel) / (number - few)

    @contextmanager
    def _settled(self, server: Server, plan: dict[str, Any]) -> Iterator[None]:
        with processes.load(self._cores.load, "connections", server, plan):
            time.sleep(2)
            yield

    # ------------------------------------------------------------ rounds

    def _rounds(self, loads: Mapping[str, LoadProcess]) -> dict[str, list[Window]]:
        """Windows of each load, in turns."""
        order = Order(self._size.warm_up, self._size.seconds)
        windows: dict[str, list[Window]] = {name: [] for name in loads}
        for load in loads.values():
            load.window(order)  # compilers, caches and the disk warm up
        for _ in range(self._size.rounds):
            for name, load in loads.items():
                windows[name].append(load.window(order))
        return windows

    def _compared(
        self, name: str, title: str, windows: Mapping[str, Sequence[Window]], means: Mapping[str, str]
    ) -> Row:
        """A row whose value is the ratio of the hub to its peer; None without one."""
        ours = windows["hub"]
        theirs = next((windows[peer] for peer in _PEERS if peer in windows), ())
        ratios = [mine.cost / beside.cost for mine, beside in zip(ours, theirs, strict=bool(theirs))]
        shown = {server: each for server, each in windows.items() if each}
        told = {server: means[server] for server in shown}
        return Row(name, title, spread(ratios) if ratios else None, shown, told)


def _shown(value: Spread) -> str:
    return f"{value.median:.2f} ({value.low:.2f}–{value.high:.2f})"
