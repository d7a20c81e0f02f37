"""What this program is called in the list of devices, unless it says so itself."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Final

MAX_NAME: Final = 100
"""Characters of a device's name, as the hub takes them."""

NO_SCRIPT: Final = ("", "-c", "-m", "-")
"""What stands in a script's place where there is none."""


def program_name() -> str:
    """Script and machine, ``backup.py on worker-1``: so people tell their programs apart."""
    return named(sys.argv[0] if sys.argv else "", socket.gethostname())


def named(script: str, host: str) -> str:
    """``script`` as in ``sys.argv[0]``: a path, of ``__main__.py`` for a package, or one of ``NO_SCRIPT``."""
    path = Path(script)
    name = path.parent.name if path.name == "__main__.py" else path.name
    return (f"{name} on {host}" if name not in NO_SCRIPT else host)[:MAX_NAME]
