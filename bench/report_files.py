"""``make bench-report``: charts and tables of a kept run, the newest unless ARGS names another.

Each page has them in its language, between the lines ``<!-- bench -->`` and ``<!-- /bench -->``. Where a page
has no such lines, a section with them is put before its last one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.processes import ROOT
from bench.report import RESULTS
from bench.report_chart import chart
from bench.report_results import Run, newest, run
from bench.report_table import Places, block
from bench.report_words import BEGIN, CHINESE, END, ENGLISH, Words

_IMAGES: Final = ROOT / "docs" / "images"
_SECTION: Final = "\n## "


class Page(NamedTuple):
    """One that shows results, and its chart."""

    path: Path
    chart: Path
    words: Words

    def shown(self, kept: Run) -> str:
        """The page with the run's results in it."""
        return within(placed(self.path.read_text(), self.words), block(kept, self.words, self._places()))

    def _places(self) -> Places:
        folder = self.path.parent
        return Places(os.path.relpath(self.chart, folder), os.path.relpath(RESULTS, folder))


PAGES: Final = (
    Page(ROOT / "README.md", _IMAGES / "bench.svg", ENGLISH),
    Page(ROOT / "docs" / "zh" / "README.md", _IMAGES / "bench.zh.svg", CHINESE),
)


def main(arguments: Sequence[str]) -> None:
    kept = run(Path(arguments[0]) if arguments else newest(RESULTS))
    for page in PAGES:
        page.chart.write_text(chart(kept, page.words))
        page.path.write_text(page.shown(kept))
        written = " and ".join(str(path.relative_to(ROOT)) for path in (page.path, page.chart))
        print(f"{written} show {kept.file}")


def within(page: str, text: str) -> str:
    """The page with the text between the marks; unchanged where it has none."""
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    return f"{before}{begun}\n{text}\n\n{ended}{after}" if begun and ended else page


def placed(page: str, words: Words) -> str:
    """The page with marks; unchanged where it has them."""
    if BEGIN in page:
        return page
    before, _, last = page.rpartition(_SECTION)
    return f"{before}\n{words.section}\n{BEGIN}{END}\n{_SECTION}{last}"


if __name__ == "__main__":
    main(sys.argv[1:])
