"""Every test: pytest in several processes, and the tests in TypeScript meanwhile, whose output follows.

Usage: ``python .ci/tests.py [npm]``; without npm those in TypeScript are left out.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

ROOT: Final = Path(__file__).resolve().parent.parent
PROCESSES: Final = max(2, min(4, os.cpu_count() or 2))
"""Of pytest: many tests wait for processes and sockets, so two are faster even on one core."""
TIERS: Final = ("e2e", "integration", "contracts", "unit")
"""The longest tests first, so that no process ends long before another."""
PYTEST: Final = (
    *(sys.executable, "-m", "pytest", "--quiet"),
    *("--numprocesses", str(PROCESSES), "--dist", "loadfile", "--no-loadscope-reorder"),
    *("-p", "no:benchmark"),  # it warns that it measures nothing in several processes
    *(f"tests/{tier}" for tier in TIERS),
)
TYPESCRIPT_SECONDS: Final = 300
"""How long the tests in TypeScript may go on after pytest has ended."""
GIVE_UP_SECONDS: Final = 30
"""How long those that were interrupted may take to end what they started."""


def main() -> None:
    """Exit with 1 where a test failed."""
    npm = shutil.which(sys.argv[1]) if len(sys.argv) > 1 else None
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with tempfile.TemporaryFile() as written:
        with _typescript(npm, written) as typescript, _running(PYTEST, ROOT) as pytest:
            failed = pytest.wait() != 0
            with contextlib.suppress(subprocess.TimeoutExpired):
                failed |= typescript is not None and typescript.wait(TYPESCRIPT_SECONDS) != 0
            failed |= typescript is not None and typescript.returncode is None
        written.seek(0)
        sys.stdout.flush()
        shutil.copyfileobj(written, sys.stdout.buffer)
    sys.exit(failed)


def _typescript(
    npm: str | None, written: IO[bytes]
) -> contextlib.AbstractContextManager[subprocess.Popen[bytes] | None]:
    if npm is None:
        return contextlib.nullcontext()
    return _running([npm, "run", "--silent", "test"], ROOT / "clients", written)


@contextlib.contextmanager
def _running(
    command: Sequence[str], folder: Path, written: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command as a group of its own; what of it still runs at the end is ended, hubs and browsers too."""
    process = subprocess.Popen(
        command, cwd=folder, stdout=written, stderr=written and subprocess.STDOUT, start_new_session=True
    )
    try:
        yield process
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(GIVE_UP_SECONDS)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)
