"""The rows of the report: which servers, which load, how often, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bench.processes import Failed
from bench.row import Row
from bench.rows import (
    away,
    connections,
    documents,
    events,
    fanout,
    latency,
    publishing,
    residence,
    scale,
    slow,
    soak,
    statements,
    storm,
    web,
)
from bench.stand import Stand


class Measurement(NamedTuple):
    """One measurement; it may give several rows. ``peers``: whom it puts the hub beside."""

    run: Callable[[Stand], Iterator[Row]]
    peers: Collection[str] = ()


_SMALL: Final = Measurement(documents.with_three, ("y-websocket", "pycrdt-websocket"))
MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "documents": _SMALL,
    "statements": _SMALL,
    "hocuspocus": Measurement(documents.beside_hocuspocus, ("hocuspocus", "hocuspocus-sqlite")),
    "documents20": Measurement(documents.with_twenty, ("y-websocket",)),
    "away": Measurement(away.row, ("y-websocket",)),
    "fanout": Measurement(fanout.to_a_thousand, ("ws",)),
    "latency": Measurement(latency.row),
    "memory": Measurement(connections.memory, ("y-websocket",)),
    "connect": Measurement(connections.connect, ("ws",)),
    "scale": Measurement(scale.connections),
    "history": Measurement(scale.history),
    "statements1": Measurement(statements.alone),
    "statements20": Measurement(statements.with_twenty),
    "fanout10k": Measurement(fanout.to_many, fanout.PEERS),
    "publish": Measurement(publishing.row),
    "events": Measurement(events.row),
    "storm": Measurement(storm.row),
    "slow": Measurement(slow.row),
    "residence": Measurement(residence.row),
    "web": Measurement(web.row),
    "soak": Measurement(soak.row),
}
ON_REQUEST: Final = ("soak",)
"""Measured only where they are named: they take long."""


def measured(names: Sequence[str], stand: Stand) -> Iterator[Row]:
    """The rows named, each once it is done. One that breaks off is told as such; the others are measured."""
    asked = {MEASUREMENTS[name].run for name in names}
    for run in dict.fromkeys(measurement.run for measurement in MEASUREMENTS.values()):
        if run in asked:
            yield from _whole(run, stand)


def _whole(run: Callable[[Stand], Iterator[Row]], stand: Stand) -> Iterator[Row]:
    missing = [name for name, measurement in MEASUREMENTS.items() if measurement.run is run]
    try:
        for row in run(stand):
            missing.remove(row.name)
            yield row
    except Failed as failed:
        for name in missing:
            yield Row(name, name, failure=str(failed))


def peers_of(names: Sequence[str]) -> Sequence[str]:
    """Whom these rows put the hub beside."""
    return tuple(dict.fromkeys(peer for name in names for peer in MEASUREMENTS[name].peers))
