"""What a kept run says of each row of the budget, as charts and tables need it."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.budget import BUDGETS, Verdict

_HUB: Final = "hub"
RATIO: Final = "×"


class Standing(NamedTuple):
    """One row of the budget. ``value``, ``low``, ``high``, ``must`` and ``aim`` in ``unit``; the value is
    None where the run did not measure it. ``hub``: µs of CPU a unit of work; ``peer``: its name, and the
    same of it. ``sizes``: those of the budget, as measured.
    """

    name: str
    work: str
    unit: str
    must: float
    aim: float
    value: float | None
    low: float
    high: float
    verdict: Verdict
    hub: float | None
    peer: tuple[str, float] | None
    sizes: Mapping[str, int]

    def shown(self, value: float) -> str:
        """A value of this row with its unit."""
        return f"{value:.2f} {self.unit}"

    @property
    def cheaper(self) -> str | None:
        """The peer, where it takes less than the hub; the hub beside itself is no peer."""
        if self.peer is None or self.value is None or self.unit != RATIO or self.peer[0].startswith(_HUB):
            return None
        return self.peer[0] if self.value > 1 else None


class Beside(NamedTuple):
    """The hub and one other server at one work. ``name``: of the row; ``hub`` and ``peer`` in µs of CPU a
    unit of work; ``sizes``: those measured that the row's wording has a place for."""

    name: str
    work: str
    sizes: Mapping[str, int]
    server: str
    hub: float
    peer: float
    ratio: float
    low: float
    high: float


class Run(NamedTuple):
    """One kept run. ``file``: its name in ``bench/results``. ``besides``: each other server at each work."""

    file: str
    about: Mapping[str, Any]
    standings: Sequence[Standing]
    besides: Sequence[Beside]


def newest(folder: Path) -> Path:
    """The file of the latest run in the folder. Raises ``FileNotFoundError`` where there is none."""
    files = list(folder.glob("*.json"))
    if not files:
        raise FileNotFoundError(f"no results in {folder}")
    return max(files, key=lambda path: json.loads(path.read_text())["date"])


def run(path: Path) -> Run:
    """A kept run, in the budget's order."""
    about = json.loads(path.read_text())
    rows = {row["name"]: row for row in about["rows"]}
    standings = [_standing(name, rows.get(name)) for name in BUDGETS]
    return Run(path.name, about, standings, [each for row in about["rows"] for each in _besides(row)])


def _standing(name: str, row: Mapping[str, Any] | None) -> Standing:
    budget = BUDGETS[name]
    value = row["value"] if row else None
    hub, peer = _costs(row["servers"] if row else {})
    sizes = {**budget.sizes, **(row or {}).get("sizes", {})}
    return Standing(
        name,
        budget.work_at(sizes),
        budget.unit,
        budget.must,
        budget.aim,
        value["median"] if value else None,
        value["low"] if value else 0.0,
        value["high"] if value else 0.0,
        budget.verdict(value["median"] if value else None),
        hub,
        peer,
        sizes,
    )


def _besides(row: Mapping[str, Any]) -> Iterator[Beside]:
    costs = _medians(row["servers"])
    for server, ratio in row.get("ratios", {}).items():
        if not server.startswith(_HUB):
            yield Beside(
                row["name"],
                row["title"],
                row.get("sizes", {}),
                server,
                costs[_HUB],
                costs[server],
                *(ratio[part] for part in ("median", "low", "high")),
            )


def _costs(
    servers: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[float | None, tuple[str, float] | None]:
    """Median µs a unit of work of the hub, and of what is beside it: a peer, or else the hub itself."""
    costs = _medians(servers)
    hub = costs.pop(_HUB, None)
    beside = sorted(costs.items(), key=lambda each: each[0].startswith(_HUB))
    return hub, beside[0] if beside else None


def _medians(servers: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    return {
        server: statistics.median(window["cost_us"] for window in windows)
        for server, windows in servers.items()
    }
