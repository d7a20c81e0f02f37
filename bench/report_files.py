"""``make bench-report``: a chart and a table of a kept run, the newest unless ARGS names another.

The chart goes to ``docs/images/bench.svg``, the table is printed; where the README has the lines
``<!-- bench -->`` and ``<!-- /bench -->``, what is between them becomes the table.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.processes import ROOT
from bench.report import RESULTS
from bench.report_chart import chart
from bench.report_results import newest, run
from bench.report_table import table

CHART: Final = ROOT / "docs" / "images" / "bench.svg"
README: Final = ROOT / "README.md"
BEGIN: Final = "<!-- bench -->\n"
END: Final = "<!-- /bench -->"


def main(arguments: Sequence[str]) -> None:
    kept = run(Path(arguments[0]) if arguments else newest(RESULTS))
    CHART.write_text(chart(kept))
    README.write_text(within(README.read_text(), table(kept)))
    print(table(kept))
    print(f"\n{CHART.relative_to(ROOT)} is of {kept.file}", file=sys.stderr)


def within(page: str, text: str) -> str:
    """The page with the text between the marks; unchanged where it has none."""
    before, begun, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    return f"{before}{begun}\n{text}\n\n{ended}{after}" if begun and ended else page


if __name__ == "__main__":
    main(sys.argv[1:])
