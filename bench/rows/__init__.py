"""The rows of the report: which servers, which load, how often, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from bench.budget import BUDGETS
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


_SMALL: Final = Measurement(documents.with_three, (80, 28), ("y-websocket", "pycrdt-websocket"))
MEASUREMENTS: Final[Mapping[str, Measurement]] = {
    "documents": _SMALL,
    "statements": _SMALL,
    "hocuspocus": Measurement(documents.beside_hocuspocus, (60, 22), ("hocuspocus", "hocuspocus-sqlite")),
    "documents20": Measurement(documents.with_twenty, (60, 14), ("y-websocket",)),
    "away": Measurement(away.row, (90, 30), ("y-websocket",)),
    "fanout": Measurement(fanout.to_a_thousand, (40, 14), ("ws",)),
    "latency": Measurement(latency.row, (35, 12)),
    "memory": Measurement(connections.memory, (70, 20), ("y-websocket",)),
    "connect": Measurement(connections.connect, (40, 14), ("ws",)),
    "scale": Measurement(scale.connections, (65, 17)),
    "history": Measurement(scale.history, (50, 24)),
    "statements1": Measurement(statements.alone, (25, 7)),
    "statements20": Measurement(statements.with_twenty, (35, 8)),
    "fanout1": Measurement(fanout.one_at_a_time, (40, 14), ("ws",)),
    "fanout10k": Measurement(fanout.to_many, (180, 50), fanout.PEERS),
    "publish": Measurement(publishing.row, (50, 20)),
    "events": Measurement(events.row, (60, 18)),
    "storm": Measurement(storm.row, (90, 8)),
    "slow": Measurement(slow.row, (40, 14)),
    "residence": Measurement(residence.row, (75, 16)),
    "web": Measurement(web.row, (15, 10)),
    "soak": Measurement(soak.row, (620, 30)),
}
ON_REQUEST: Final = ("soak",)
"""Measured only where they are named: they take long."""


def asked_for(quick: bool) -> Sequence[str]:
    """What is measured where nothing is named: all but ``ON_REQUEST``; in a quick run what has a budget."""
    return [name for name in MEASUREMENTS if (name in BUDGETS if quick else name not in ON_REQUEST)]


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
