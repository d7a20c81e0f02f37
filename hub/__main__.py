"""The command ``hub``: ``python -m hub`` does the same."""

from __future__ import annotations

import gc
import sys
from typing import Final

YOUNG: Final = 100_000
"""Objects made until the collector looks for garbage: importing makes very many and leaves none behind.
``hub.app`` sets a hub's own bounds once it runs."""


def main() -> None:
    """Run the command line; without the server's packages, say what to install."""
    gc.set_threshold(YOUNG)
    try:
        from hub.cli import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "hub":
            raise
        print(
            f"hub: the server's packages are not installed ({error.name} is missing). "
            "Install them: pip install 'tongbu[server]'",
            file=sys.stderr,
        )
        sys.exit(2)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
