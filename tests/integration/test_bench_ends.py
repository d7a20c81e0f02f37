"""A bench that is ended by a signal leaves no process and no data behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.processes import DATA, ROOT

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or len(os.sched_getaffinity(0)) < 2,
    reason="a bench needs Linux and two cores",
)
_PATIENCE_SECONDS = 60.0
_SHORTLY_SECONDS = 0.02


@pytest.fixture
def bench() -> Iterator[subprocess.Popen[str]]:
    """A run of a row without peers, in a session of its own."""
    command = [sys.executable, "-m", "bench", "--quick", "--no-save", "--rows", "statements1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, cwd=ROOT, stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()
            for left in of_session(process.pid):
                os.kill(left, signal.SIGKILL)


def of_session(number: int) -> list[int]:
    """The processes of a session that have not ended (proc(5): state, parent, group, session)."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = stat.read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(session) == number and state != "Z":
            found.append(int(stat.parent.name))
    return found


def wait_for(count: int, session: int) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while len(of_session(session)) < count:
        assert time.monotonic() < deadline, "the processes never started"
        time.sleep(_SHORTLY_SECONDS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_bench_with_its_server_and_load(
    bench: subprocess.Popen[str], number: signal.Signals
) -> None:
    folders = set(DATA.glob("*"))
    wait_for(3, bench.pid)
    made = set(DATA.glob("*")) - folders

    bench.send_signal(number)
    _, said = bench.communicate(timeout=_PATIENCE_SECONDS)

    assert bench.returncode == 128 + number
    assert of_session(bench.pid) == []
    assert made
    assert not any(folder.exists() for folder in made)
    assert said.endswith("bench: ended; servers and loads are stopped\n")
