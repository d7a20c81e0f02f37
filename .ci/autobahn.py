"""Install Autobahn's WebSocket fuzzing client, where this machine has the Python 2.7 that it needs.

``make setup-conformance``. Without such a Python that is said, and the test that uses it is skipped.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PACKAGE: Final = "autobahntestsuite==0.8.2"
"""The last release with a fuzzing client; later ones have none, and there is none for Python 3."""
FOLDER: Final = Path(__file__).parents[1] / ".venv" / "autobahn"
INTERPRETER: Final = FOLDER / "interpreter"
"""Holds the path of the Python that the packages beside it are for; written when all are there."""


def main() -> int:
    """Install it, or say why not; neither is an error."""
    if INTERPRETER.exists():
        return 0
    python = next(pythons(), None)
    if python is None:
        print("No Python 2.7 with pip here: Autobahn's WebSocket tests are skipped.", file=sys.stderr)
        return 0
    print(f"Installing {PACKAGE} for {python} …", file=sys.stderr)
    if not installed(python):
        print("It can't be installed here: Autobahn's WebSocket tests are skipped.", file=sys.stderr)
        return 0
    INTERPRETER.write_text(python)
    return 0


def pythons() -> Iterator[str]:
    """Every Python 2.7 that has pip: on the path, or one of pyenv's."""
    found = shutil.which("python2.7")
    for python in (*([found] if found else ()), *sorted(glob.glob(f"{pyenv()}/versions/2.7*/bin/python2.7"))):
        said = subprocess.run([python, "-c", "import pip"], capture_output=True, check=False)
        if said.returncode == 0:
            yield python


def pyenv() -> str:
    """Its folder, whether or not it is there."""
    return os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")


def installed(python: str) -> bool:
    """Whether the packages are in ``FOLDER`` now."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, "--target", str(FOLDER), PACKAGE], capture_output=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stderr.decode(errors="replace")[-2000:])
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
