"""``hub doctor``: is everything as the hub needs it?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from hub.cli.checks import findings
from hub.cli.finding import Finding
from hub.cli.options import ConfigOption, DataOption, HostOption, PortOption
from hub.config import Config, load
from hub.errors import BadConfig
from hub.telemetry import logs

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(
    host: HostOption = None, port: PortOption = None, data: DataOption = None, config: ConfigOption = None
) -> None:
    """Look at everything the hub stands on: one line each, `ok`, `warn` or `fail`, and what to do.

    Changes nothing; may be used while the hub runs. Each channel's host is looked up and asked for its time
    (a connection, TLS, one `HEAD /`): no key and no message leaves. Exit code 1 if anything failed.

    Examples:

        hub doctor

        hub doctor --data /srv/hub --config /etc/hub.toml

        hub doctor --data other --port 8788
    """
    logs.configure("error")
    overrides = {
        "server.host": host,
        "server.port": port,
        "storage.data": str(data) if data is not None else None,
    }
    settings, found = _configuration(config, overrides)
    failed = _told(found)
    for finding in findings(settings, delivery=not failed):
        failed |= _told(finding)
    raise typer.Exit(1 if failed else 0)


def _configuration(path: Path | None, overrides: Mapping[str, object]) -> tuple[Config, Finding]:
    """The configuration, or the defaults where it is wrong, so that the rest can be looked at."""
    try:
        return load(path, overrides), Finding("ok", "config", str(path) if path else "defaults")
    except BadConfig as error:
        return load(None, overrides), Finding("fail", "config", error.message, "see docs/operations.md")


def _told(finding: Finding) -> bool:
    """Print one line; whether it is a failure."""
    level = typer.style(f"{finding.level:<4}", fg=_COLOURS[finding.level])
    typer.echo(f"{level}  {finding.subject:<11}  {finding.text}")
    for place, line in enumerate(finding.advice.splitlines()):
        typer.echo(f"                   {' ' if place else '→'} {line}")
    return finding.level == "fail"
