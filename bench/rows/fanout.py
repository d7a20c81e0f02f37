"""One frame to many readers, beside servers that pass frames on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Any, Final

from bench.row import HUB, ON_DISK, Row
from bench.rows.documents import at_a_peer, at_the_hub
from bench.stand import Stand, compared

_WIRES: Final = {
    "ws": "y",
    "websockets": "y",
    "picows": "y",
    "socket.io": "socket.io",
    "nats": "nats",
    "centrifuge": "centrifuge",
}
PEERS: Final = tuple(_WIRES)


def to_a_thousand(stand: Stand) -> Iterator[Row]:
    """A thousand readers, beside Node's ``ws``."""
    yield from _to(stand, "fanout", 1_000, ("ws",))


def one_at_a_time(stand: Stand) -> Iterator[Row]:
    """As ``to_a_thousand``, with no second update that might share the writes of the first."""
    yield from _to(stand, "fanout1", 1_000, ("ws",), in_flight=1)


def to_many(stand: Stand) -> Iterator[Row]:
    """As many as the size says, beside all that pass frames on."""
    yield from _to(stand, "fanout10k", stand.size.readers, PEERS)


def _to(stand: Stand, name: str, readers: int, peers: Sequence[str], in_flight: int = 2) -> Iterator[Row]:
    size: dict[str, Any] = {"documents": 1, "devices": readers + 1, "typing": 1, "in_flight": in_flight}
    with ExitStack() as stack:
        loads = {HUB: at_the_hub(stand, stack, size)}
        for peer in peers:
            if peer in stand.peers:
                loads[peer] = at_a_peer(stand, stack, peer, {**size, "wire": _WIRES[peer]})
        windows = stand.rounds(loads)
    title = f"one update to {readers:,} readers{', one at a time' if in_flight == 1 else ''}"
    row = compared(name, title, windows, {HUB: ON_DISK}, "ws")
    row.notes = (f"the cost is of all {readers:,} together; {in_flight} in flight",)
    row.sizes = {"readers": readers}
    yield row
