"""A kept run as a part of a page: the chart, a table of the budget, and where a peer costs less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from bench.report_results import RATIO, Beside, Run, Standing
from bench.report_words import Words

_DETAILS: Final = ("<details>", "<summary>{}</summary>", "", "{}", "", "</details>")


class Places(NamedTuple):
    """Where the chart and the folder of results are, from the page that refers to them."""

    chart: str
    results: str


def block(run: Run, words: Words, places: Places) -> str:
    """What stands between the marks of a page."""
    others = "\n".join((words.others_head, *(_other(each, words) for each in _others(run))))
    details = ["\n".join(_DETAILS).format(words.others_summary, others)] if any(_others(run)) else []
    source = words.source.format(**_source(run, words), folder=places.results)
    shown = f"![{words.chart}]({places.chart})"
    return "\n\n".join((shown, table(run, words), _peers(run, words), *details, source))


def table(run: Run, words: Words) -> str:
    """Every row of the budget, measured or not."""
    return "\n".join((words.head, *(_line(row, words) for row in run.standings)))


def _line(row: Standing, words: Words) -> str:
    cells = (
        _work(row.name, row.work, row.sizes, words),
        _microseconds(row.hub),
        f"{row.peer[0]} {_microseconds(row.peer[1])}" if row.peer else "–",
        _measured(row),
        f"≤ {row.must:g} {row.unit}",
        f"{row.aim:g} {row.unit}",
        words.verdicts[row.verdict],
    )
    return f"| {' | '.join(cells)} |"


def _work(name: str, title: str, sizes: Mapping[str, int], words: Words) -> str:
    label = words.labels.get(name)
    return words.between.join(label).format(**sizes) if label else title


def _others(run: Run) -> Iterator[Beside]:
    """Other servers at each work, without those that the table of the budget names."""
    named = {(row.name, row.peer[0]) for row in run.standings if row.peer}
    return (each for each in run.besides if (each.name, each.server) not in named)


def _other(row: Beside, words: Words) -> str:
    work = _work(row.name, row.work, row.sizes, words)
    ratio = f"**{row.ratio:.2f} {RATIO}** ({row.low:.2f}–{row.high:.2f})"
    return f"| {work} | {row.server} | {_microseconds(row.hub)} | {_microseconds(row.peer)} | {ratio} |"


def _peers(run: Run, words: Words) -> str:
    """Where a peer costs less than the hub, said plainly."""
    named = [(row.name, row.work, row.sizes, row.cheaper, row.value) for row in run.standings if row.cheaper]
    named += [
        (each.name, each.work, each.sizes, each.server, each.ratio) for each in _others(run) if each.ratio > 1
    ]
    found = [
        words.win.format(work=_work(name, work, sizes, words), peer=peer, ratio=1 / ratio)
        for name, work, sizes, peer, ratio in named
        if ratio
    ]
    return words.peers_win.format(rows=words.among.join(found)) if found else words.nowhere


def _measured(row: Standing) -> str:
    if row.value is None:
        return "–"
    if row.low == row.high:
        return f"**{row.shown(row.value)}**"
    return f"**{row.shown(row.value)}** ({row.low:.2f}–{row.high:.2f})"


def _microseconds(cost: float | None) -> str:
    """Three digits are as many as a run is good for."""
    if cost is None:
        return "–"
    return f"{cost:,.0f} µs" if cost >= 100 else f"{cost:.1f} µs"


def _source(run: Run, words: Words) -> Mapping[str, Any]:
    about = run.about
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return {
        "file": run.file,
        "quick": words.quick if about.get("quick") else "",
        "commit": about["commit"],
        "date": about["date"][:10],
        "cpu": about["cpu"],
        "kernel": about["kernel"],
        "versions": versions,
    }
