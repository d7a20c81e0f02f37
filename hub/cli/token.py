"""``hub token``: sign a token with the data folder's secret."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, cast

import typer

from hub.cli.options import DataOption, seconds
from hub.identity.secret import FILE, load_secret
from hub.model import DeviceId, Scope, UserId
from hub.ports import SystemClock
from hub.telemetry import logs


def token(
    user: Annotated[str, typer.Option(metavar="NAME", help="Whom the token speaks for.")],
    data: DataOption = None,
    device: Annotated[
        str | None, typer.Option(metavar="ID", help="Bind the token to one device.", show_default=False)
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="user|publish|admin",
            help="What the token may do; may be repeated. \\[default: user]",
            show_default=False,
        ),
    ] = None,
    ttl: Annotated[
        int, typer.Option(parser=seconds, metavar="SECONDS", help="How long it lives: 3600, 15m, 12h, 30d.")
    ] = "30d",  # type: ignore[assignment]  # typer parses the default too
) -> None:
    """Print a token, nothing else. Works while the hub runs; makes folder and secret where missing, and says
    so on stderr.

    Scopes: `user` reads and writes the own inbox, `publish` creates items in any inbox, `admin` manages
    users, members and devices.

    Examples:

        hub token --user ann

        hub token --user ci --scope publish --ttl 365d

        TOKEN=$(hub token --data /srv/hub --user ann --scope user --scope publish)
    """
    logs.configure("warning")
    from hub.identity.tokens import LocalTokens

    tokens = LocalTokens(_secret(data or Path("data")), SystemClock())
    scopes = cast(list[Scope], " ".join(scope or ["user"]).split())  # ``issue`` refuses what is none
    print(tokens.issue(UserId(user), scopes, ttl, DeviceId(device) if device is not None else None))


def _secret(folder: Path) -> bytes:
    """The folder's secret. That a new one was made is said: in a wrong folder it signs for no hub."""
    path = folder / FILE
    missing = not os.path.exists(path)
    secret = load_secret(folder, create=True)
    if missing:
        print(
            f"hub: made a new secret, {path.absolute()}. Only a hub on this folder takes its tokens; "
            "--data names another.",
            file=sys.stderr,
        )
    return secret
