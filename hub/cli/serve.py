"""``hub serve``: run the hub."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
import uvloop

from hub.cli.language import speaks_chinese
from hub.cli.options import ConfigOption, DataOption, HostOption, PortOption
from hub.config import ChannelSettings, Config, MatchSettings, RouteSettings, WecomRobotSettings, load
from hub.delivery.privacy import without_personal
from hub.errors import PortInUse
from hub.telemetry import logs

SANDBOX: Final = "sandbox"
"""The channel's name."""
SANDBOX_PORT: Final = 8788
DEV_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*", "https://localhost:*", "https://127.0.0.1:*")


def serve(
    host: HostOption = None,
    port: PortOption = None,
    data: DataOption = None,
    config: ConfigOption = None,
    dev: Annotated[
        bool,
        typer.Option("--dev", help="Print a ready token, and welcome pages of localhost on any port."),
    ] = False,
    tls_cert: Annotated[
        str | None, typer.Option(metavar="FILE", help="Certificate chain, PEM.", show_default=False)
    ] = None,
    tls_key: Annotated[
        str | None, typer.Option(metavar="FILE", help="Its private key, PEM.", show_default=False)
    ] = None,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox",
            help="Start a sandbox in WeChat's place: all robots send there; without any channel "
            "every task's end goes there.",
        ),
    ] = False,
    log_level: Annotated[logs.Level, typer.Option(help="Least important log to write.")] = "info",
) -> None:
    """Run the hub until Ctrl-C or SIGTERM.

    When it accepts connections it prints `ready http://127.0.0.1:8787` on stdout, and nothing else there;
    logs go to stderr. SIGTERM drains: devices are told to come back, what is being saved is saved, exit 0.

    Examples:

        hub serve --dev --sandbox

        hub serve --data /srv/hub --config /etc/hub.toml

        hub serve --host 0.0.0.0 --port 443 --tls-cert chain.pem --tls-key key.pem
    """
    overrides = {
        "server.host": host,
        "server.port": port,
        "server.tls_cert": tls_cert,
        "server.tls_key": tls_key,
        "storage.data": str(data) if data is not None else None,
    }
    settings = load(config, overrides)
    logs.configure(log_level, guard=without_personal)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(_for_development(settings) if dev else settings, dev, sandbox))


async def _run(settings: Config, dev: bool, sandbox: bool) -> None:
    from hub.app import serve as serve_until_stopped  # the rest of the hub, which other commands don't need

    if sandbox:
        _check_free(settings.data_folder)
    async with AsyncExitStack() as stack:
        page = ""
        if sandbox:
            page = await _start_sandbox(stack)
            settings = _into_sandbox(settings, page)

        def announce(url: str) -> None:
            print(f"ready {url}", flush=True)
            if page:
                print(f"What WeChat would receive: {page}", file=sys.stderr, flush=True)
            if dev:
                from hub.cli.greeting import greeting

                print(greeting(url, settings), file=sys.stderr, flush=True)

        await serve_until_stopped(settings, on_ready=announce)


def _check_free(folder: Path) -> None:
    """Raises what the hub would raise of its folder, before anything runs beside it."""
    from hub.storage.folder import DataFolder

    looked_at = DataFolder(folder)
    looked_at.open()
    looked_at.close()


async def _start_sandbox(stack: AsyncExitStack) -> str:
    """A sandbox on its usual port, or on any where that is taken; its URL."""
    from hub.sandbox.server import Sandbox

    found = Sandbox()
    try:
        await found.start(port=SANDBOX_PORT)
    except PortInUse:
        await found.start()
    stack.push_async_callback(found.stop)
    return found.url


def _into_sandbox(settings: Config, url: str) -> Config:
    """What would go to WeChat goes into the sandbox. Without channels: every task's end, and errors."""
    if settings.channels:
        return msgspec.structs.replace(
            settings, channels={name: _moved(each, url) for name, each in settings.channels.items()}
        )
    robot = WecomRobotSettings(key=SANDBOX, base_url=url, language="zh" if speaks_chinese() else "en")
    bad = MatchSettings(kind="notification", level=("error", "critical"))
    routes = (
        RouteSettings(name="tasks", match=MatchSettings(kind="task"), channels=(SANDBOX,)),
        RouteSettings(name="errors", match=bad, channels=(SANDBOX,)),
    )
    return msgspec.structs.replace(settings, channels={SANDBOX: robot}, routes=routes)


def _moved(channel: ChannelSettings, url: str) -> ChannelSettings:
    is_robot = isinstance(channel, WecomRobotSettings)
    return msgspec.structs.replace(channel, base_url=url) if is_robot else channel


def _for_development(settings: Config) -> Config:
    server = msgspec.structs.replace(settings.server, origins=(*settings.server.origins, *DEV_ORIGINS))
    return msgspec.structs.replace(settings, server=server)
