"""``python -m bench.micro [WORD]``: least CPU time of several runs of each case, in µs a call.

To see what a change to one function does before ``make bench`` tells whether it matters.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Iterator
from time import process_time
from typing import Final

from bench.micro.cases import CASES

_RUNS: Final = 9


def timed(wanted: str) -> Iterator[tuple[str, float]]:
    """µs a call of each case whose name holds the word."""
    for case in CASES:
        if wanted in case.name:
            with case.make() as act:
                runs = timeit.repeat(act, timer=process_time, number=case.calls, repeat=_RUNS)
            yield case.name, min(runs) / case.calls * 1e6


def main(wanted: str = "") -> None:
    for name, microseconds in timed(wanted):
        print(f"{microseconds:10.2f} µs  {name}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:2])
