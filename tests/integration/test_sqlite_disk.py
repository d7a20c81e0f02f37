"""A disk that is really full: nothing is acknowledged, nothing is lost, and it passes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.integration import storage_filler


def run_on_small_disk(folder: Path) -> str:
    """Run the filler on a mounted file system of 3 MiB or, where mounting isn't allowed, under a limit on
    the size of files."""
    filler = [sys.executable, storage_filler.__file__]
    mounted = f'mount -t tmpfs -o size=3m tmpfs "{folder}" && exec "$@"'
    own_namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mounted, "sh"]
    can_mount = subprocess.run([*own_namespace, "true"], capture_output=True, check=False).returncode == 0
    command = [*own_namespace, *filler] if can_mount else filler
    kind = "tmpfs" if can_mount else "rlimit"
    done = subprocess.run([*command, folder, kind], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_full_disk_refuses_commits_until_there_is_room(tmp_path: Path) -> None:
    said = run_on_small_disk(tmp_path).splitlines()
    assert said[0].startswith("refused: unavailable OperationalError")
    assert said[1:] == ["reads: go on", "writes: go on", "journal: whole"]
