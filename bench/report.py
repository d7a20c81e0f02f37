"""What a run tells: lines to read while it goes on, a table at its end, and a file to keep."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bench.budget import BUDGETS
from bench.load.window import Window
from bench.measure import Percentiles, Spread, spread
from bench.processes import ROOT, Cores
from bench.row import Row

RESULTS: Final = ROOT / "bench" / "results"
_QUIET: Final = 0.5
_FULL: Final = 0.93
"""Of a core: a load that used more was waited for."""
_BUSY: Final = "OTHER WORK RUNS HERE: ratios still say something, times and the latency row do not.\n"
_PACKAGES: Final = ("uvloop", "websockets", "pycrdt", "msgpack", "aiosqlite", "uvicorn")


def environment(cores: Cores, peers: Mapping[str, str], quick: bool) -> dict[str, Any]:
    """What the numbers hold for: machine, kernel, versions, commit."""
    return {
        "quick": quick,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "commit": _git("rev-parse", "--short", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no", "hub")),
        "cpu": _cpu_model(),
        "cores": {"usable": len(os.sched_getaffinity(0)), **asdict(cores)},
        "load_average": os.getloadavg()[0],
        "kernel": platform.release(),
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _PACKAGES},
            **{f"{name} (peer)" if name in _PACKAGES else name: version for name, version in peers.items()},
        },
    }


def header(about: Mapping[str, Any]) -> str:
    """The first lines."""
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    changed = ", with changes not committed" if about["changed"] else ""
    return (
        f"{about['cpu']}, kernel {about['kernel']}, load average {about['load_average']:.1f} before the run\n"
        f"commit {about['commit']}{changed}; {versions}\n"
        f"servers on core {about['cores']['server']}, loads on core {about['cores']['load']}\n"
        "Medians of rounds, (least–greatest). Cost: CPU of the whole server process, in µs a unit of work.\n"
        + (_BUSY if about["load_average"] > _QUIET else "")
    )


def lines(row: Row) -> str:
    """One row, with everything that helps to judge it."""
    if row.failure:
        return f"{row.title}: NOT MEASURED: {row.failure}\n"
    told = [f"{row.title}: {_headline(row)}"]
    for server, windows in row.windows.items():
        told.append(f"  {server}: {_server_line(windows)}")
        if server in row.ratios:
            told.append(f"    the hub's cost to it: {_of(row.ratios[server], '×')}")
        if server in row.means:
            told.append(f"    acknowledged means: {row.means[server]}")
    told += [f"  {note}" for note in row.notes]
    return "\n".join(told) + "\n"


def standing(rows: Sequence[Row]) -> str:
    """Where the budget stands, the rows that were not measured included."""
    measured = {row.name: row for row in rows}
    table = [("work", "must", "aim", "measured", "")]
    for name, budget in BUDGETS.items():
        row = measured.get(name)
        value = row.value if row else None
        unit = budget.unit
        table.append(
            (
                budget.work_at(row.sizes if row else {}),
                f"{budget.must:g} {unit}",
                f"{budget.aim:g} {unit}",
                _of(value, unit) if value else "–",
                budget.verdict(value.median if value else None),
            )
        )
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )


def save(about: Mapping[str, Any], rows: Sequence[Row]) -> Path:
    """Keep a run, by date and commit; the file, from the project's folder."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{about['date'][:10]}-{about['commit']}.json"
    kept = {**about, "rows": [_kept(row) for row in rows]}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    return path.relative_to(ROOT)


def _kept(row: Row) -> dict[str, Any]:
    budget = BUDGETS.get(row.name)
    return {
        "name": row.name,
        "title": row.title,
        "unit": budget.unit if budget else "×",
        "value": row.value._asdict() if row.value else None,
        "must": budget.must if budget else None,
        "aim": budget.aim if budget else None,
        "verdict": budget.verdict(row.value.median if row.value else None) if budget else "no budget",
        "ratios": {server: ratio._asdict() for server, ratio in row.ratios.items()},
        "servers": {server: [_window(each) for each in windows] for server, windows in row.windows.items()},
        "means": dict(row.means),
        "notes": list(row.notes),
        "sizes": dict(row.sizes),
        "failure": row.failure,
    }


def _window(window: Window) -> dict[str, Any]:
    kept = asdict(window)
    for name in ("answer", "relay"):
        latency: Percentiles | None = getattr(window, name)
        kept[name] = latency._asdict() if latency else None
    return {**kept, "cost_us": round(window.cost, 2)}


def _headline(row: Row) -> str:
    budget = BUDGETS.get(row.name)
    if budget is None:
        return f"{_of(row.value, '×')} · no budget" if row.value else "told without a ratio"
    if row.value is None:
        return "no peer to compare with"
    verdict = budget.verdict(row.value.median)
    return f"{_of(row.value, budget.unit)} · must ≤ {budget.must:g}, aim {budget.aim:g}: {verdict}"


def _server_line(windows: Sequence[Window]) -> str:
    told = [
        f"{_of(spread([each.cost for each in windows]), 'µs')} each",
        f"{spread([each.per_second for each in windows]).median:,.0f} a second",
    ]
    for name, what in (("answer", "answered"), ("relay", "seen by the last device")):
        latencies = [found for each in windows if (found := getattr(each, name)) is not None]
        if latencies:
            p50, p99 = spread([each.p50 for each in latencies]), spread([each.p99 for each in latencies])
            told.append(f"{what} p50 {p50.median:.1f} p99 {p99.median:.1f} ms")
    busy = spread([each.server_cpu / each.seconds for each in windows]).median
    loading = spread([each.load_cpu / each.seconds for each in windows]).median
    told.append(f"server {busy:.0%} and load {loading:.0%} of a core{_bottleneck(busy, loading)}")
    return ", ".join(told)


def _bottleneck(busy: float, loading: float) -> str:
    if loading > max(_FULL, busy):
        return ", SO THE LOAD WAS THE BOTTLENECK: more a second may be possible; the cost stands"
    return ""


def _of(value: Spread, unit: str) -> str:
    if value.low == value.high:
        return f"{value.median:.2f} {unit}"
    return f"{value.median:.2f} {unit} ({value.low:.2f}–{value.high:.2f})"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or ("unknown" if done.returncode else "")


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine() or sys.platform
