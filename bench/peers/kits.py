"""What the peers are made of, put into ``bench/.peers`` once: packages of npm and PyPI, and a Go program.

A kit that can't be had is skipped with its reason, and the peers that need it with it.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

HERE: Final = Path(__file__).parent
FOLDER: Final = HERE.parent / ".peers"
PYTHON: Final = FOLDER / "python" / "bin" / "python"
GO_SERVER: Final = FOLDER / "go" / "centrifuge-server"
_INSTALL_SECONDS: Final = 900

KitName = Literal["npm", "python", "go"]


class Missing(Exception):
    """A kit can't be had here; says why."""


def install(name: KitName) -> Mapping[str, str]:
    """Have a kit, and tell the versions in it; done once, until what it is made of changes.

    Raises:
        Missing: a program is not there, or the packages can't be had.
    """
    folder = FOLDER / name
    stamp, wanted = folder / ".installed", _digest(name)
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"setting up {folder.relative_to(HERE.parent.parent)} (once) …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _INSTALLERS[name](folder)
        stamp.write_text(wanted)
    return _VERSIONS[name](folder)


def _digest(name: KitName) -> str:
    digest = hashlib.sha256(f"{sys.version_info}".encode() if name == "python" else b"")
    for path in sorted(_sources(name)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(name: KitName) -> Sequence[Path]:
    patterns = {"npm": ("package.json", "*.mjs"), "python": ("requirements.txt",), "go": ("centrifuge/*",)}
    return [path for pattern in patterns[name] for path in HERE.glob(pattern)]


# ---------------------------------------------------------------- npm


def _install_npm(folder: Path) -> None:
    _need("node", "npm")
    for source in _sources("npm"):
        shutil.copy(source, folder)
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    _run("npm", ["npm", "install", "--no-package-lock", *quiet], folder)


def _npm_versions(folder: Path) -> dict[str, str]:
    asked = json.loads((folder / "package.json").read_text())
    wanted = (*asked["dependencies"], *asked["optionalDependencies"], "@y/websocket-server/node_modules/ws")
    found = {"node": _said("node", "--version")}
    for name in wanted:
        package = folder / "node_modules" / name / "package.json"
        if package.exists():
            found[name.replace("/node_modules/", " with ")] = json.loads(package.read_text())["version"]
    return found


# ---------------------------------------------------------------- Python


def _install_python(folder: Path) -> None:
    _run("venv", [sys.executable, "-m", "venv", str(folder)], folder)
    quiet = ("--quiet", "--disable-pip-version-check")
    _run("pip", [str(PYTHON), "-m", "pip", "install", *quiet, "-r", str(HERE / "requirements.txt")], folder)


def _python_versions(folder: Path) -> dict[str, str]:
    lines = (HERE / "requirements.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


# ---------------------------------------------------------------- Go


def _install_go(folder: Path) -> None:
    _need("go")
    wanted = re.search(r"^go (\d+\.\d+)", (HERE / "centrifuge" / "go.mod").read_text(), re.MULTILINE)
    present = re.search(r"go(\d+\.\d+)", _said("go", "version"))
    if wanted and present and _number(present[1]) < _number(wanted[1]):
        raise Missing(f"Go is {present[1]}, and {wanted[1]} is needed")
    command = ["go", "build", "-mod=readonly", "-o", str(folder / GO_SERVER.name), "."]
    _run("go", command, HERE / "centrifuge")


def _go_versions(folder: Path) -> dict[str, str]:
    wanted = re.search(r"centrifugal/centrifuge (v\S+)", (HERE / "centrifuge" / "go.mod").read_text())
    return {"go": _said("go", "version").split()[2], "centrifuge": wanted[1] if wanted else "unknown"}


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


# ---------------------------------------------------------------- processes


def _need(*programs: str) -> None:
    for program in programs:
        if shutil.which(program) is None:
            raise Missing(f"{program} is not installed")


def _run(what: str, command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise Missing(f"{what} took too long") from None
    if done.returncode:
        raise Missing(f"{what} can't install it: {done.stderr.strip()[-300:]}")


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


_INSTALLERS: Final[Mapping[KitName, Callable[[Path], None]]] = {
    "npm": _install_npm,
    "python": _install_python,
    "go": _install_go,
}
_VERSIONS: Final[Mapping[KitName, Callable[[Path], dict[str, str]]]] = {
    "npm": _npm_versions,
    "python": _python_versions,
    "go": _go_versions,
}
