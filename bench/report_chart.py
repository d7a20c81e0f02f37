"""A kept run as a chart: an SVG of its own, readable on light and dark pages, without fonts or scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from bench.budget import Verdict
from bench.report_results import RATIO, Run, Standing
from bench.report_words import Words

_WIDTH: Final = 980
_LEFT: Final = 330
_SPAN: Final = 360
_ROW: Final = 40
_TOP: Final = 74
_BAR: Final = 16
_LONGEST_RATIO: Final = 1.6
"""Bars beyond end in an arrow; the number beside them tells."""
_LONGEST_SHARE: Final = 1.6
"""Of ``must``, for rows that are no ratios."""

_STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.title { font-size: 15px; font-weight: 600 }
.value { font-weight: 600 }
.track { fill: #8884; fill-opacity: .25 }
.axis { stroke: #59636e; stroke-dasharray: 3 3 }
.must { stroke: #1f2328; stroke-width: 2 }
.aim { stroke: #1f2328; stroke-width: 2; stroke-dasharray: 2 2 }
.aim-reached { fill: #1a7f37 } .must-reached { fill: #0969da } .missed { fill: #bf5b04 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .small { fill: #9198a1 }
  .axis { stroke: #9198a1 } .must, .aim { stroke: #f0f6fc }
  .aim-reached { fill: #3fb950 } .must-reached { fill: #4493f8 } .missed { fill: #e3863a }
}
"""


def chart(run: Run, words: Words) -> str:
    """The measured rows: ratios to a peer on one axis, then what has a unit, each against its own budget."""
    measured = [row for row in run.standings if row.value is not None]
    ratios = [row for row in measured if row.unit == RATIO]
    others = [row for row in measured if row.unit != RATIO]
    below = _TOP + len(ratios) * _ROW
    height = below + 52 + len(others) * _ROW + 34
    parts = (
        *_head(run, height, words),
        *_peer_line(len(ratios), words),
        *_rows(ratios, _TOP, _LONGEST_RATIO, words),
        _text(16, below + 36, words.absolute, "title") if others else "",
        *_rows(others, below + 48, None, words),
        _text(16, height - 12, f"bench/results/{run.file} · {_surroundings(run)}", "small"),
        "</svg>",
    )
    return "\n".join(parts) + "\n"


def _head(run: Run, height: int, words: Words) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" '
        f'height="{height}" role="img" aria-label="{escape(_told(run, words))}">'
    )
    yield f"<style>{_STYLE}</style>"
    yield _text(16, 26, words.chart, "title")
    yield _text(16, 46, words.meaning, "small")
    for x, kind, named in ((640, "must", words.must), (690, "aim", words.aim)):
        yield _line(x, 17, 31, kind) + _text(x + 8, 28, named, "small")
    reached: Sequence[tuple[int, Verdict]] = ((736, "aim reached"), (824, "must reached"), (922, "missed"))
    for x, verdict in reached:
        yield f'<rect class="{_kind(verdict)}" x="{x}" y="19" width="10" height="10" rx="2"/>'
        yield _text(x + 14, 28, words.verdicts[verdict], "small")


def _kind(verdict: Verdict) -> str:
    return verdict.replace(" ", "-")


def _told(run: Run, words: Words) -> str:
    """The chart for those who don't see it."""
    measured = ((row, row.value) for row in run.standings if row.value is not None)
    return words.among.join(
        f"{words.between.join(_label(row, words))}: {row.shown(value)}" for row, value in measured
    )


def _surroundings(run: Run) -> str:
    versions = run.about["versions"]
    named = [f"{name} {versions[name]}" for name in ("python", "node") if name in versions]
    return f"{run.about['cpu']}, kernel {run.about['kernel']}, {', '.join(named)}"


def _peer_line(rows: int, words: Words) -> Iterator[str]:
    across = _LEFT + _SPAN / _LONGEST_RATIO
    yield _line(across, _TOP - 6, _TOP + rows * _ROW - 6, "axis")
    yield _text(across - 22, _TOP - 10, words.peer_line, "small")


def _rows(rows: Sequence[Standing], top: int, longest: float | None, words: Words) -> Iterator[str]:
    """Bars from ``top`` on; without ``longest`` each has a scale of its own, from its ``must``."""
    for number, row in enumerate(rows):
        y = top + number * _ROW
        yield from _row(row, y, longest or row.must * _LONGEST_SHARE, words)


def _row(row: Standing, y: int, longest: float, words: Words) -> Iterator[str]:
    value = row.value or 0.0
    scale = _SPAN / longest
    length = min(value, longest) * scale
    title, detail = _label(row, words)
    kind = _kind(row.verdict)
    yield _text(16, y + 12, title)
    yield _text(16, y + 26, detail, "small")
    yield f'<rect class="track" x="{_LEFT}" y="{y}" width="{_SPAN}" height="{_BAR}" rx="3"/>'
    yield f'<rect class="{kind}" x="{_LEFT}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="3"/>'
    if value > longest:
        tip, end = y + _BAR / 2, _LEFT + _SPAN
        yield f'<path class="{kind}" d="M{end} {y - 3} L{end + 12} {tip} L{end} {y + _BAR + 3} Z"/>'
    yield _line(_LEFT + row.must * scale, y - 4, y + _BAR + 4, "must")
    yield _line(_LEFT + row.aim * scale, y - 4, y + _BAR + 4, "aim")
    yield _text(_LEFT + _SPAN + 22, y + 13, row.shown(value), f"value {kind}")
    yield _text(_LEFT + _SPAN + 104, y + 13, _beside(row, words), "small")
    if row.cheaper:
        yield _text(_LEFT + _SPAN + 104, y + 27, words.costs_less.format(peer=row.cheaper), "small")


def _label(row: Standing, words: Words) -> tuple[str, str]:
    title, detail = words.labels[row.name]
    return title.format(**row.sizes), detail.format(**row.sizes)


def _beside(row: Standing, words: Words) -> str:
    if row.hub is None or row.peer is None:
        return f"{words.must} ≤ {row.must:g}, {words.aim} {row.aim:g} {row.unit}"
    return f"{row.hub:,.0f} µs · {row.peer[0]} {row.peer[1]:,.0f} µs"


def _text(x: float, y: float, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:g}" y="{y:g}"{named}>{escape(words)}</text>'


def _line(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line class="{kind}" x1="{x:.1f}" y1="{top:g}" x2="{x:.1f}" y2="{bottom:g}"/>'
