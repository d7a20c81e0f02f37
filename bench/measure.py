"""What is measured of a process, and what many measurements come to."""

from __future__ import annotations

import math
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """CPU time of a process with all its threads, in user and kernel mode (proc(5): utime + stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM (proc(5): the second number of ``statm``)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def kernel_bytes() -> int:
    """Memory of the kernel's own objects, sockets' buffers among them, of the whole machine."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("Slab:"):
            return int(line.split()[1]) * 1024
    return 0


class Percentiles(NamedTuple):
    """Of one window's latencies, in milliseconds."""

    p50: float
    p99: float
    samples: int


def percentiles(seconds: Sequence[float]) -> Percentiles | None:
    """Nearest rank; None where there was nothing to measure."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return Percentiles(_ranked(ordered, 0.50) * 1000, _ranked(ordered, 0.99) * 1000, len(ordered))


def _ranked(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Spread(NamedTuple):
    """Repeated measurements of one thing."""

    median: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Median, least and greatest."""
    return Spread(statistics.median(values), min(values), max(values))


def shown(value: Spread) -> str:
    """As it is told in a line: median, least and greatest."""
    return f"{value.median:.2f} ({value.low:.2f}–{value.high:.2f})"
