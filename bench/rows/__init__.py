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
    """One measurement; it may give several rows.

    ``seconds``: about how long a full one takes, and a quick one, on a quiet machine. ``peers``: whom it puts
    the hub beside.
    """

    run: Callable[[Stand], Iterator[Row]]
    seconds: tuple[float, float]
    peers: Collection[str] = ()


class Step(NamedTuple):
    """One measurement of a run, with the names of all rows it gives. ``ahead``: about so many seconds until
    all steps are done, this one included."""

    number: int
    names: Sequence[str]
    measurement: Measurement
    ahead: float


_SMALL: Final = Measurement(documents.with_three, (75, 12), ("y-websocket", "pycrdt-websocket"))
MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "documents": _SMALL,
    "statements": _SMALL,
    "hocuspocus": Measurement(documents.beside_hocuspocus, (60, 10), ("hocuspocus", "hocuspocus-sqlite")),
    "documents20": Measurement(documents.with_twenty, (60, 7), ("y-websocket",)),
    "away": Measurement(away.row, (90, 12), ("y-websocket",)),
    "fanout": Measurement(fanout.to_a_thousand, (40, 8), ("ws",)),
    "latency": Measurement(latency.row, (35, 7)),
    "memory": Measurement(connections.memory, (70, 20), ("y-websocket",)),
    "connect": Measurement(connections.connect, (40, 8), ("ws",)),
    "scale": Measurement(scale.connections, (65, 14)),
    "history": Measurement(scale.history, (50, 14)),
    "statements1": Measurement(statements.alone, (25, 5)),
    "statements20": Measurement(statements.with_twenty, (35, 5)),
    "fanout1": Measurement(fanout.one_at_a_time, (40, 8), ("ws",)),
    "fanout10k": Measurement(fanout.to_many, (180, 24), fanout.PEERS),
    "publish": Measurement(publishing.row, (45, 9)),
    "events": Measurement(events.row, (55, 9)),
    "storm": Measurement(storm.row, (90, 7)),
    "slow": Measurement(slow.row, (40, 8)),
    "residence": Measurement(residence.row, (75, 9)),
    "web": Measurement(web.row, (15, 9)),
    "soak": Measurement(soak.row, (620, 30)),
}
ON_REQUEST: Final = ("soak",)
"""Measured only where they are named: they take long."""


def steps(names: Collection[str], quick: bool) -> Sequence[Step]:
    """What a run of these rows measures, in order."""
    rows: dict[Measurement, list[str]] = {}
    for name, measurement in MEASUREMENTS.items():
        rows.setdefault(measurement, []).append(name)
    asked = [(each, given) for each, given in rows.items() if not set(given).isdisjoint(names)]
    seconds = [measurement.seconds[quick] for measurement, _ in asked]
    return [
        Step(number, given, measurement, sum(seconds[number - 1 :]))
        for number, (measurement, given) in enumerate(asked, 1)
    ]


def measured(step: Step, stand: Stand) -> Iterator[Row]:
    """The rows of a step, each once it is done. Where it breaks off, the others are told as not measured."""
    missing = list(step.names)
    try:
        for row in step.measurement.run(stand):
            missing.remove(row.name)
            yield row
    except Failed as failed:
        for name in missing:
            yield Row(name, name, failure=str(failed))


def peers_of(names: Sequence[str]) -> Sequence[str]:
    """Whom these rows put the hub beside."""
    return tuple(dict.fromkeys(peer for name in names for peer in MEASUREMENTS[name].peers))
