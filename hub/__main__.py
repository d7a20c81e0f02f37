"""The command ``hub``: ``python -m hub`` does the same."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; without the server's packages, say what to install."""
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
