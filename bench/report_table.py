"""A kept run as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bench.report_results import RATIO, Beside, Run, Standing

_HEAD: Final = (
    "| work | hub | beside it | measured | must | aim | |",
    "|---|--:|--:|--:|--:|--:|---|",
)
_OTHERS: Final = ("| work | beside | hub | it | ratio |", "|---|---|--:|--:|--:|")


def table(run: Run) -> str:
    """Every row of the budget, measured or not; every other server; where the numbers are from."""
    others = ("", *_OTHERS, *map(_other, run.besides)) if run.besides else ()
    return "\n".join((*_HEAD, *map(_line, run.standings), *others, "", *_source(run)))


def _line(row: Standing) -> str:
    cells = (
        row.work,
        _microseconds(row.hub),
        f"{row.peer[0]} {_microseconds(row.peer[1])}" if row.peer else "–",
        _measured(row),
        f"≤ {row.must:g} {row.unit}",
        f"{row.aim:g} {row.unit}",
        row.verdict,
    )
    return f"| {' | '.join(cells)} |"


def _other(row: Beside) -> str:
    ratio = f"**{row.ratio:.2f} {RATIO}** ({row.low:.2f}–{row.high:.2f})"
    return f"| {row.work} | {row.server} | {_microseconds(row.hub)} | {_microseconds(row.peer)} | {ratio} |"


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


def _source(run: Run) -> Iterator[str]:
    about = run.about
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    yield f"CPU of the server process for each unit of work, and its ratio ({RATIO}) to the peer's in the"
    yield "same run; medians of the rounds, least and greatest in brackets."
    yield f"From [{run.file}](bench/results/{run.file}): commit {about['commit']}, {about['date'][:10]},"
    yield f"{about['cpu']}, kernel {about['kernel']}; {versions}."
