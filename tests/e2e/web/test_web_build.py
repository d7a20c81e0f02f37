"""What lies in hub/static: the same from the same sources, and small enough to be there at once."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.web_pages import STATIC

CLIENTS: Final = Path(__file__).resolve().parents[3] / "clients"
FIRST_LOAD: Final = 70 * 1024
"""Bytes of JavaScript, gzipped, that are loaded before anything is drawn, one language's words among them. It
may only sink."""


def built(clients: Path, folder: Path) -> dict[str, bytes]:
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: the web inbox is not built")
    command = [npm, "run", "--silent", "--workspace", "web", "build", "--", "--outDir", str(folder)]
    subprocess.run([*command, "--emptyOutDir", "--logLevel", "error"], cwd=clients, check=True)
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_builds_of_the_same_sources_are_equal_wherever_they_lie(tmp_path: Path) -> None:
    elsewhere = tmp_path / "another place" / "clients"
    ignored = shutil.ignore_patterns("node_modules", "python", "miniprogram", "dist")
    shutil.copytree(CLIENTS, elsewhere, ignore=ignored)
    (elsewhere / "node_modules").symlink_to(CLIENTS / "node_modules")
    (elsewhere / "miniprogram").symlink_to(CLIENTS / "miniprogram")
    assert built(CLIENTS, tmp_path / "one") == built(elsewhere, tmp_path / "other")


def gzipped(script: str) -> int:
    """Bytes of a script of the build on its way to a browser."""
    return len(gzip.compress((STATIC / script).read_bytes(), 9))


def test_the_first_load_is_small_and_carries_nothing_of_documents() -> None:
    index = (STATIC / "index.html").read_text()
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', index)
    assert scripts
    words = [path.relative_to(STATIC).as_posix() for path in STATIC.glob("assets/??-*.js")]
    assert sorted(name[7:9] for name in words) == ["en", "zh"]
    assert sum(map(gzipped, scripts)) + max(map(gzipped, words)) <= FIRST_LOAD
    assert not any("yjs" in script for script in scripts)
