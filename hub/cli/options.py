"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="The data folder. \\[default: data]", show_default=False),
]
HostOption = Annotated[
    str | None,
    typer.Option("--host", help="Where to listen. \\[default: 127.0.0.1]", show_default=False),
]
PortOption = Annotated[
    int | None,
    typer.Option("--port", help="Port; 0 takes any free one. \\[default: 8787]", show_default=False),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="A TOML file, see docs/operations.md.", show_default=False),
]

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> int:
    """Read a duration: ``90``, ``90s``, ``15m``, ``12h``, ``30d``, ``2w``."""
    found = re.fullmatch(r"([0-9]{1,12})([smhdw]?)", text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a number of seconds, or one such as 15m, 12h, 30d.")
    return int(found[1]) * _UNITS[found[2]]
