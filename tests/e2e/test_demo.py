"""``hub demo`` as a newcomer runs it; and that it would tell if something were not as promised."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from hub.demo import scene, story
from hub.sandbox.server import Sandbox
from tests.e2e.processes import HUB


def test_it_plays_within_a_minute_and_everything_is_as_promised() -> None:
    started = time.monotonic()
    played = subprocess.run([HUB, "demo", "--language", "zh"], capture_output=True, text=True, timeout=70)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "一切如约" in played.stdout
    assert "✗" not in played.stdout
    assert played.stderr == ""
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_a_signal_ends_leaves_neither_a_hub_nor_a_folder(tmp_path: Path, number: int) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    demo = subprocess.Popen([HUB, "demo", "--language", "en"], stdout=subprocess.PIPE, text=True, env=env)
    assert demo.stdout is not None
    with demo.stdout as lines:
        next(line for line in lines if "\u2713" in line)  # the hub has kept a promise, so it runs
        demo.send_signal(number)
        lines.read()
    assert demo.wait(20) not in (0, 1)
    assert list(tmp_path.iterdir()) == []
    assert not [pid for pid, words in commands() if str(tmp_path) in words]


def commands() -> Iterator[tuple[str, str]]:
    """Every process, and what it was started with."""
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield file.parent.name, file.read_text(errors="replace")


async def test_it_fails_where_a_message_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    start = Sandbox.start

    async def broken(self: Sandbox, host: str = "127.0.0.1", port: int = 0) -> int:
        self.fault("40058")
        return await start(self, host, port)

    async def soon(holds: scene.Holds, seconds: float = 3.0) -> bool:
        return await scene.until(holds, seconds)

    async def left_out(self: story.Story) -> None:
        """The first part tells; the others need not be played."""

    monkeypatch.setattr(Sandbox, "start", broken)
    monkeypatch.setattr("hub.demo.story.until", soon)
    for part in ("_read_in_time", "_offline", "_killed", "_stumbles"):
        monkeypatch.setattr(story.Story, part, left_out)
    out = io.StringIO()
    assert not await story.play(Console(file=out, width=120), "en")
    assert "✗ a task watched while it ran still reports its end" in out.getvalue()
    assert "Not everything was as promised" in out.getvalue()
