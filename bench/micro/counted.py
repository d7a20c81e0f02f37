"""Run every case under callgrind: ``python -m bench.micro.counted LIBRARY``, which the guard starts."""

from __future__ import annotations

import ctypes
import gc
import sys

from bench.micro.case import Act
from bench.micro.cases import CASES

_WARM_UP = 2
"""Times as many calls before as are counted: caches fill, the interpreter specializes its code."""


def main(library: str) -> None:
    """Each case becomes a part of callgrind's output, named after it. The collector of cyclic garbage is off:
    it would come by when it likes."""
    counting = ctypes.CDLL(library)
    for case in CASES:
        with case.make() as act:
            _repeat(act, case.calls * _WARM_UP)
            gc.collect()
            gc.disable()
            counting.begin()
            _repeat(act, case.calls)
            counting.end(case.name.encode())
            gc.enable()


def _repeat(act: Act, calls: int) -> None:
    for _ in range(calls):
        act()


if __name__ == "__main__":
    main(sys.argv[1])
