"""Connections for their own sake: what one costs while it is idle, and to be set up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final

from bench.measure import kernel_bytes, resident_bytes, spread
from bench.processes import LoadProcess, Server
from bench.row import HUB, Row
from bench.rows.documents import Y_PATH
from bench.stand import Stand, compared

_FEW: Final = 100
_SETTLE_SECONDS: Final = 1.5


def memory(stand: Stand) -> Iterator[Row]:
    """Growth of resident memory by idle connections, at several numbers of them, a fresh hub for each."""
    notes = ["each connection of a user and device of its own, first seen in this run"]
    found = []
    for number in stand.size.connections:
        with ExitStack() as stack:
            hub = stand.hub(stack)
            tokens = hub.tokens([f"user{index}" for index in range(number)], ("user",))
            resident, kernel = _held(stand, hub, {"tokens": tokens, "path": ""}, number)
        found.append(resident / 1024)
        beside = f"kernel memory beside it, both ends of the connection: {kernel / 1024:.1f} KiB"
        notes.append(f"{number:,} connections: {resident / 1024:.1f} KiB each; {beside}")
    if "y-websocket" in stand.peers:
        notes.append(_beside(stand, sorted(stand.size.connections)[-2:][0]))
    yield Row("memory", "an idle connection, its inbox open", spread(found), notes=notes)


def connect(stand: Stand) -> Iterator[Row]:
    """Connect, say hello, have the inbox open, and go."""
    with ExitStack() as stack:
        hub = stand.hub(stack)
        tokens = hub.tokens([f"user{index}" for index in range(200)], ("user",))
        loads = {HUB: _opening(stand, stack, hub, {"tokens": tokens, "path": "", "hold": 200})}
        if "ws" in stand.peers:
            peer = stand.peer(stack, "ws")
            loads["ws"] = _opening(stand, stack, peer, {"tokens": (), "path": Y_PATH, "hold": 1})
        windows = stand.rounds(loads)
    means = {
        HUB: "token verified, device known again, inbox opened in sync",
        "ws": "upgraded and one message answered; no token, nothing opened",
    }
    yield compared("connect", "connection set-up and end", windows, means, "ws")


def idle(
    stand: Stand, stack: ExitStack, server: Server, tokens: Sequence[tuple[str, str]], number: int
) -> LoadProcess:
    """So many connections that say nothing, for as long as the stack lives."""
    plan = {"tokens": tokens, "path": Y_PATH, "hold": number, "opening": 0}
    return stand.load(stack, "connections", server, plan)


def _beside(stand: Stand, number: int) -> str:
    with ExitStack() as stack:
        peer = stand.peer(stack, "y-websocket")
        resident, _ = _held(stand, peer, {"tokens": (), "path": Y_PATH}, number)
    return f"y-websocket, {number:,} with an empty document of its own each: {resident / 1024:.1f} KiB"


def _opening(stand: Stand, stack: ExitStack, server: Server, plan: dict[str, Any]) -> LoadProcess:
    return stand.load(stack, "connections", server, {"opening": 8, **plan})


def _held(stand: Stand, server: Server, plan: dict[str, Any], number: int) -> tuple[float, float]:
    """Bytes a held connection: the server's, and the kernel's."""
    before, kernel = _settled(stand, server, {**plan, "hold": _FEW})
    after, kernel_after = _settled(stand, server, {**plan, "hold": number})
    return (after - before) / (number - _FEW), (kernel_after - kernel) / (number - _FEW)


def _settled(stand: Stand, server: Server, plan: dict[str, Any]) -> tuple[int, int]:
    with ExitStack() as stack:
        stand.load(stack, "connections", server, {"opening": 0, **plan})
        time.sleep(_SETTLE_SECONDS)
        return resident_bytes(server.pid), kernel_bytes()
