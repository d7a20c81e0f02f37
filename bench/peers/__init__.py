"""Servers of others, as npm ships them, in bench/.peers."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE.parent / ".peers"
_INSTALL_SECONDS: Final = 300


class Missing(Exception):
    """The peers can't run here; says why."""


def install() -> None:
    """Have the packages of ``package.json`` in ``FOLDER``.

    Raises:
        Missing: there is no Node.js, or npm can't install them.
    """
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")
    FOLDER.mkdir(exist_ok=True)
    wanted, present = (HERE / "package.json").read_text(), FOLDER / "package.json"
    if present.exists() and present.read_text() == wanted and (FOLDER / "node_modules").is_dir():
        return
    present.write_text(wanted)
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error"]
    try:
        done = subprocess.run(
            command, cwd=FOLDER, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        present.unlink()
        raise Missing("npm took too long") from None
    if done.returncode:
        present.unlink()
        raise Missing(f"npm can't install them: {done.stderr.strip()[-300:]}")


def versions() -> dict[str, str]:
    """What runs: the packages that matter, and Node.js."""
    found = {}
    for name in ("@y/websocket-server", "@y/websocket-server/node_modules/ws", "ws", "yjs"):
        package = FOLDER / "node_modules" / name / "package.json"
        if package.exists():
            found[name.replace("/node_modules/", " with ")] = json.loads(package.read_text())["version"]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    return {**found, "node": node.stdout.strip()}
