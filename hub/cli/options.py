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

UrlOption = Annotated[
    str,
    typer.Option("--url", envvar="TONGBU_URL", metavar="URL", help="Which hub."),
]
DEFAULT_URL: Final = "http://127.0.0.1:8787"
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="TONGBU_TOKEN",
        metavar="TOKEN",
        help="Who speaks. Given here others see it in `ps`: prefer the variable, or --token-file.",
        show_default=False,
    ),
]
TokenFileOption = Annotated[
    Path | None,
    typer.Option(
        "--token-file", metavar="FILE", help="A file that holds the token; `-` for stdin.", show_default=False
    ),
]
SigningFolderOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Without a token: the hub's data folder on this machine, whose secret signs one. "
        "\\[default: data, for a hub on this machine]",
        show_default=False,
    ),
]
UserOption = Annotated[
    str | None,
    typer.Option(
        "--user",
        envvar="TONGBU_USER",
        metavar="NAME",
        help="Without a token: whom the one that is signed speaks for. \\[default: dev]",
        show_default=False,
    ),
]
SpaceOption = Annotated[
    str | None, typer.Option("--space", metavar="NAME", help="In a space.", show_default=False)
]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds(text: str) -> int:
    """Read a duration: ``90``, ``90s``, ``15m``, ``12h``, ``30d``, ``2w``."""
    found = re.fullmatch(r"([0-9]{1,12})([smhdw]?)", text.strip().lower())
    if found is None:
        raise typer.BadParameter(f"{text!r} is not a number of seconds, or one such as 15m, 12h, 30d.")
    return int(found[1]) * _UNITS[found[2]]
