"""``make bench-guard``: whether any case takes more instructions than it did when its bound was committed.

Instructions are counted by valgrind's callgrind, so the answer does not depend on how busy or how fast the
machine is: two runs differ by less than 0.1 %. Each case is put in relation to plain Python counted in the
same run (``floor``), so that another build of the same interpreter does not fail it. Bounds of another minor
version of Python or another architecture say nothing: then nothing is compared.

``--record`` writes today's counts as bounds; the commit that holds them says why something may cost more.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from bench.micro.floor import FLOOR
from bench.processes import ROOT

BOUNDS: Final = Path(__file__).with_name("bounds.json")
ROOM: Final = 0.15
"""A case may grow by so much before that is an error: libraries' new versions, an argument more."""

_SOURCE: Final = Path(__file__).with_name("counting.c")
_PATIENCE_SECONDS: Final = 600
_NAME: Final = re.compile(r"^desc: Trigger: Client Request: (.*)$", re.MULTILINE)
_TOTAL: Final = re.compile(r"^totals: (\d+)$", re.MULTILINE)

Counts = Mapping[str, float]
"""Instructions a call, by case."""


class Missing(Exception):
    """What the guard needs and is not there. The text completes "SKIPPED: …"."""


class Failed(Exception):
    """Counting broke off. The text says how."""


def main(arguments: Sequence[str]) -> int:
    try:
        counts = counted()
    except Missing as missing:
        print(f"SKIPPED: {missing}")
        return 0
    except Failed as failed:
        print(f"bench-guard: {failed}", file=sys.stderr)
        return 1
    if "--record" in arguments:
        BOUNDS.write_text(json.dumps({**surroundings(), "instructions": counts}, indent=1) + "\n")
        print(f"kept in {BOUNDS.relative_to(ROOT)}")
        return 0
    return told(json.loads(BOUNDS.read_text()), counts)


def told(bounds: Mapping[str, Any], counts: Counts) -> int:
    """Print how the counts stand; the exit code."""
    if strange := strangeness(bounds):
        print(f"SKIPPED: {strange}")
        return 0
    grown = list(complaints(bounds["instructions"], counts))
    for sentence in (*gains(bounds["instructions"], counts), *grown):
        print(sentence)
    if grown:
        print("If that must be: make bench-guard ARGS=--record, and say why in the commit.")
    else:
        print(f"{len(counts)} cases take no more instructions than they may.")
    return bool(grown)


def surroundings() -> dict[str, str]:
    """What bounds hold for."""
    return {"python": ".".join(platform.python_version_tuple()[:2]), "machine": platform.machine()}


def strangeness(bounds: Mapping[str, Any]) -> str:
    """Why these bounds say nothing here; empty where they do."""
    here = surroundings()
    if all(bounds[name] == value for name, value in here.items()):
        return ""
    return (
        f"the bounds are of Python {bounds['python']} on {bounds['machine']}, "
        f"this is Python {here['python']} on {here['machine']}"
    )


def growths(bounds: Counts, counts: Counts) -> Iterator[tuple[str, float, float, float]]:
    """(case, growth, instructions now, instructions as bounded here) of each case that has a bound."""
    scale = counts[FLOOR.name] / bounds[FLOOR.name]
    for name, count in counts.items():
        if name in bounds:
            bound = bounds[name] * scale
            yield name, count / bound - 1, count, bound


def complaints(bounds: Counts, counts: Counts) -> Iterator[str]:
    """A sentence for each case that grew beyond the room, is new, or is gone."""
    for name, growth, count, bound in growths(bounds, counts):
        if growth > ROOM:
            yield (
                f"GREW by {growth:.0%}: {name}: {count:,.0f} instructions a call, "
                f"{bound:,.0f} were committed, {ROOM:.0%} more is allowed."
            )
    for name in sorted(counts.keys() ^ bounds.keys()):
        yield f"{'WITHOUT A BOUND' if name in counts else 'GONE'}: {name}."


def gains(bounds: Counts, counts: Counts) -> Iterator[str]:
    """A sentence for each case that fell so far that its bound no longer holds it."""
    for name, growth, count, bound in growths(bounds, counts):
        if growth < -ROOM:
            yield (
                f"fell by {-growth:.0%}: {name}: {count:,.0f} instructions a call, "
                f"{bound:,.0f} were committed."
            )


def counted() -> dict[str, float]:
    """Count every case. Raises ``Missing`` and ``Failed``."""
    for tool, why in (("valgrind", "counts the instructions"), ("cc", "builds what tells it which")):
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed; it {why}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = folder / "counting.so"
        built = _run("cc", "-O", "-shared", "-fPIC", "-o", str(library), str(_SOURCE))
        if built.returncode:
            raise Missing(
                f"counting.c can't be compiled; are valgrind's headers there? {built.stderr.strip()}"
            )
        ran = _run(*_valgrind(folder), sys.executable, "-m", "bench.micro.counted", str(library))
        if ran.returncode:
            raise Failed(f"the cases broke off:\n{ran.stderr}")
        return dict(sorted(parts(path.read_text() for path in sorted(folder.glob("callgrind.out.*")))))


def _valgrind(folder: Path) -> tuple[str, ...]:
    output = f"--callgrind-out-file={folder / 'callgrind.out'}"
    return ("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", output)


def parts(outputs: Iterator[str]) -> Iterator[tuple[str, float]]:
    """(case, instructions a call) of each of callgrind's parts that a case ended."""
    from bench.micro.cases import CASES

    calls = {case.name: case.calls for case in CASES}
    for output in outputs:
        name, total = _NAME.search(output), _TOTAL.search(output)
        if name is not None and total is not None:
            yield name[1], round(int(total[1]) / calls[name[1]], 1)


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    """Texts hash alike each time, so that dictionaries collide alike."""
    surrounding = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=surrounding,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_SECONDS,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
