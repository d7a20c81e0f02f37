"""Documents: updates that the other devices see, beside the servers that keep Yjs documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final

from bench.measure import spread
from bench.processes import LoadProcess
from bench.row import HUB, ON_DISK, Row
from bench.rows.statements import states
from bench.stand import Stand, compared

Y_PATH: Final = "/document{}"
THREE: Final = {"documents": 100, "devices": 3, "typing": 3, "in_flight": 2}
_LEDGERS: Final = "hub's ledgers"


def with_three(stand: Stand) -> Iterator[Row]:
    """Documents and ledgers with three devices each, in the same rounds."""
    with ExitStack() as stack:
        loads = {HUB: at_the_hub(stand, stack, THREE), _LEDGERS: states(stand, stack)}
        for peer in ("y-websocket", "pycrdt-websocket"):
            if peer in stand.peers:
                loads[peer] = at_a_peer(stand, stack, peer, THREE)
        windows = stand.rounds(loads)
    ledgers = windows.pop(_LEDGERS)
    stand.capacity = spread([window.per_second for window in ledgers]).median
    means = {HUB: ON_DISK}
    yield compared("documents", "document update, 3 devices", windows, means, "y-websocket")
    windows[HUB] = ledgers
    yield compared("statements", "ledger statement, 3 devices", windows, means, "y-websocket")


def beside_hocuspocus(stand: Stand) -> Iterator[Row]:
    """The hub on the y-websocket wire, Hocuspocus on its own."""
    with ExitStack() as stack:
        loads = {HUB: at_the_hub(stand, stack, THREE)}
        for peer in ("hocuspocus", "hocuspocus-sqlite"):
            if peer in stand.peers:
                plan = {**THREE, "wire": "hocuspocus"}
                loads[peer] = at_a_peer(stand, stack, peer, plan)
        windows = stand.rounds(loads)
    title = "document update, 3 devices, beside Hocuspocus"
    yield compared("hocuspocus", title, windows, {HUB: ON_DISK}, "hocuspocus")


def with_twenty(stand: Stand) -> Iterator[Row]:
    """Crowded documents."""
    size = {"documents": stand.size.crowded, "devices": 20, "typing": 20, "in_flight": 2}
    with ExitStack() as stack:
        loads = beside_y_websocket(stand, stack, {HUB: at_the_hub(stand, stack, size)}, size)
        windows = stand.rounds(loads)
    title = "document update, 20 devices"
    yield compared("documents20", title, windows, {HUB: ON_DISK}, "y-websocket")


def beside_y_websocket(
    stand: Stand, stack: ExitStack, loads: Mapping[str, LoadProcess], size: dict[str, Any]
) -> dict[str, LoadProcess]:
    """The loads, and y-websocket's beside them where it can be run."""
    if "y-websocket" not in stand.peers:
        return dict(loads)
    return {**loads, "y-websocket": at_a_peer(stand, stack, "y-websocket", size)}


def at_the_hub(stand: Stand, stack: ExitStack, size: dict[str, Any]) -> LoadProcess:
    """Documents of a hub of its own, on the y-websocket wire."""
    hub = stand.hub(stack)
    [(_, token)] = hub.tokens(["typist"], ("user",))
    return stand.load(stack, "documents", hub, {"path": f"/yjs/doc/document{{}}?token={token}", **size})


def at_a_peer(stand: Stand, stack: ExitStack, name: str, size: dict[str, Any]) -> LoadProcess:
    """Documents, or rooms, of a server of others."""
    return stand.load(stack, "documents", stand.peer(stack, name), {"path": Y_PATH, **size})
