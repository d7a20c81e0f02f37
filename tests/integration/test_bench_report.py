"""What is shown of a kept run: every number is in its file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench.budget import BUDGETS
from bench.report import RESULTS
from bench.report_chart import chart
from bench.report_files import PAGES, Page, placed, within
from bench.report_results import Run, newest, run
from bench.report_table import Places, block, table
from bench.report_words import BEGIN, CHINESE, END, ENGLISH, Words

ABOUT: dict[str, Any] = {
    "date": "2026-01-02T03:04:05+00:00",
    "commit": "abc1234",
    "cpu": "A <CPU> & Co",
    "kernel": "6.1",
    "versions": {"python": "3.11.7", "node": "v20"},
}


def kept(folder: Path, name: str = "a.json", date: str = "2026-01-02", **medians: float) -> Path:
    """A run in which the hub took 30, 10 and 20 µs, and its peer 40 each time."""
    costs = {"hub": [30, 10, 20], "peer": [40, 40, 40]}
    servers = {server: [{"cost_us": cost} for cost in each] for server, each in costs.items()}
    rows = [
        {
            "name": row,
            "title": row,
            "value": _spread(value),
            "servers": servers,
            "ratios": {"peer": _spread(value)},
        }
        for row, value in medians.items()
    ]
    path = folder / name
    path.write_text(json.dumps({**ABOUT, "date": date, "rows": rows}))
    return path


def _spread(value: float) -> dict[str, float]:
    return {"median": value, "low": value - 0.1, "high": value}


def told(shown: Run, words: Words = ENGLISH) -> list[str]:
    """The lines of a page's block."""
    return block(shown, words, Places("images/a.svg", "results")).splitlines()


def drawn(shown: Run) -> tuple[list[str], dict[str, int]]:
    """The chart's texts, and how many bars of each verdict it has."""
    svg = ElementTree.fromstring(chart(shown, ENGLISH))
    texts = ["".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    bars = [rect.get("class") or "" for rect in svg.iter("{http://www.w3.org/2000/svg}rect")]
    return texts, {kind: bars.count(kind) - 1 for kind in ("aim-reached", "must-reached", "missed")}


def test_the_newest_run_is_the_one_with_the_latest_date(tmp_path: Path) -> None:
    kept(tmp_path, "z.json", "2026-01-02")
    latest = kept(tmp_path, "a.json", "2026-02-01")
    assert newest(tmp_path) == latest


def test_without_results_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no results"):
        newest(tmp_path)


@pytest.mark.parametrize("words", [ENGLISH, CHINESE])
def test_each_language_has_words_for_every_row_of_the_budget(words: Words) -> None:
    assert set(words.labels) >= set(BUDGETS)


def test_the_table_has_every_row_of_the_budget_measured_or_not(tmp_path: Path) -> None:
    shown = run(kept(tmp_path, documents=0.61, statements=0.9))
    lines = table(shown, ENGLISH).splitlines()
    assert len(lines) == 2 + len(BUDGETS)
    assert lines[2] == (
        "| One document update, 3 devices a document, beside y-websocket | 20.0 µs | peer 40.0 µs "
        "| **0.61 ×** (0.51–0.61) | ≤ 0.85 × | 0.5 × | must reached |"
    )
    assert lines[3].endswith("| not measured |")
    assert "From [a.json](results/a.json): commit abc1234" in told(shown)[-1]
    assert table(shown, CHINESE).splitlines()[2].startswith("| 一次文档更新，每个文档 3 台设备，")


def test_every_other_server_at_every_work_is_told_once(tmp_path: Path) -> None:
    lines = told(run(kept(tmp_path, documents=0.61, crowds=0.5)))
    assert "| crowds | peer | 20.0 µs | 40.0 µs | **0.50 ×** (0.40–0.50) |" in lines
    assert not any(line.startswith("| One document update") and line.endswith("0.61) |") for line in lines)


def test_where_a_peer_costs_less_is_said_plainly(tmp_path: Path) -> None:
    dearer = run(kept(tmp_path, connect=1.25, crowds=2.0))
    assert (
        "**Where a peer costs less:** Connection set-up, with token, beside Node ws without "
        "(peer: 0.80 of the hub's cost); crowds (peer: 0.50 of the hub's cost)."
    ) in told(dearer)
    assert "此处 peer 更省" in chart(dearer, CHINESE)
    assert "No peer costs less at any of this." in told(run(kept(tmp_path, connect=0.9)))


def test_a_quick_run_is_shown_with_its_own_sizes(tmp_path: Path) -> None:
    path = kept(tmp_path, scale=1.0, history=1.0)
    content = json.loads(path.read_text())
    content["rows"][0]["sizes"] = {"many": 1_000, "few": 200}
    path.write_text(json.dumps({**content, "quick": True}))
    quick = run(path)
    assert "From [a.json](results/a.json), a quick run: commit" in told(quick)[-1]
    assert "| One statement at 1,000 connections, beside the hub at 200 |" in table(quick, ENGLISH)
    texts, _ = drawn(quick)
    assert {"One statement at 1,000 connections", "beside the hub at 200"} <= set(texts)
    assert {"One statement after 10,000 others", "in the same inbox, beside the hub after 100"} <= set(texts)


def test_the_chart_shows_what_was_measured_with_the_verdict_as_its_colour(tmp_path: Path) -> None:
    texts, bars = drawn(run(kept(tmp_path, documents=0.6, statements=5.25, documents20=0.2, memory=6)))
    assert {"0.60 ×", "5.25 ×", "0.20 ×", "6.00 KiB", "20 µs · peer 40 µs"} <= set(texts)
    assert bars == {"aim-reached": 2, "must-reached": 1, "missed": 1}


def test_a_bar_that_is_too_long_stays_within_its_track(tmp_path: Path) -> None:
    svg = chart(run(kept(tmp_path, statements=50.0)), ENGLISH)
    widths = [float(width) for width in re.findall(r'class="missed" x="330" y="\d+" width="([\d.]+)"', svg)]
    assert widths == [360.0]


def test_the_chart_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    svg = chart(run(kept(tmp_path, documents=0.6)), ENGLISH)
    assert not re.search(r"@import|url\(|href|<script|<image", svg)
    assert "prefers-color-scheme: dark" in svg


def test_the_table_takes_its_place_between_the_marks() -> None:
    page = f"before\n{BEGIN}old\n{END}\nafter\n"
    assert within(page, "| new |") == f"before\n{BEGIN}\n| new |\n\n{END}\nafter\n"
    assert within("no marks\n", "| new |") == "no marks\n"


def test_a_page_without_marks_gets_a_section_before_its_last_one() -> None:
    page = placed("# Page\n\n## One\n\n1\n\n## Last\n\n2\n", ENGLISH)
    assert re.findall(r"^##? .*", page, re.MULTILINE) == ["# Page", "## One", "## What it costs", "## Last"]
    assert page.endswith(f"\n\n{BEGIN}{END}\n\n## Last\n\n2\n")
    assert placed(page, ENGLISH) == page


@pytest.mark.parametrize("page", PAGES)
def test_charts_and_pages_are_of_a_run_that_is_kept(page: Page) -> None:
    [name] = re.findall(r"bench/results/([\w.-]+\.json) ·", page.chart.read_text())
    shown = run(RESULTS / name)
    assert page.chart.read_text() == chart(shown, page.words)
    if BEGIN in page.path.read_text():
        assert page.shown(shown) == page.path.read_text()
