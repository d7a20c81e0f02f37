"""kill -9 at any moment: everything acknowledged is there, in order, whole."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from hub.storage.sqlite import SqliteStorage
from tests.integration import storage_writer
from tests.integration.storage_writer import rows

KILLS = 10


def commit_until_killed(folder: Path, acknowledged: int) -> int:
    """Let a process commit; kill it after so many acknowledgements. Returns the last one it gave."""
    process = subprocess.Popen(
        [sys.executable, storage_writer.__file__, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("start")
    for _ in range(acknowledged):
        process.stdout.readline()
    process.kill()
    last = process.stdout.read().split("\n")[-2:-1]  # what it managed to say meanwhile, whole lines only
    process.stdout.close()
    process.wait()
    return int(last[0]) if last else 0


async def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    for _ in range(KILLS):
        acknowledged = commit_until_killed(tmp_path / "data", chance.randrange(80))
        storage = SqliteStorage(tmp_path / "data")
        journal = list(await storage.store.start())
        await storage.store.close()
        if not journal:
            assert acknowledged == 0
            continue
        first, last = journal[0].number, journal[-1].number
        assert last >= acknowledged, f"seed {seed}"
        assert journal == rows(first, last - first + 1), f"seed {seed}"
