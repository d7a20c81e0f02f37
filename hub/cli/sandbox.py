"""``hub sandbox``: a WeCom robot on this machine, to try and to test without WeChat."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from hub.telemetry import logs

if TYPE_CHECKING:
    from hub.sandbox import Call, Sandbox

PORT = 8788


def sandbox(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes any free one.", min=0, max=65535)] = PORT,
    key: Annotated[
        str | None,
        typer.Option(
            help="The only valid key; others are told 93000. \\[default: any is]", show_default=False
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, for programs.")] = False,
) -> None:
    """Run a server that behaves as WeCom's group robot does, and show what WeChat would have received.

    It has the vendor's limits (2048 and 4096 bytes, 20 messages a minute), words and error codes, and fails
    on demand: open the address that it prints, and choose. Point a channel at it in `hub.toml`:

    ```toml
    [channels.wechat]
    kind = "wecom_robot"
    key = "sandbox-robot"
    base_url = "http://127.0.0.1:8788"

    [[routes]]
    channels = ["wechat"]
    ```

    It prints `sandbox http://127.0.0.1:8788`, then each message as it arrives, until Ctrl-C. Nothing is kept
    when it ends.

    Examples:

        hub sandbox

        hub sandbox --port 0 --key s3cret-robot --json

        curl -d '{"msgtype": "text", "text": {"content": "Hello"}}' \\
        'http://127.0.0.1:8788/cgi-bin/webhook/send?key=sandbox-robot'

        curl -d '{"kind": "502", "times": 3}' http://127.0.0.1:8788/faults
    """
    logs.configure("warning")
    asyncio.run(_serve(host, port, key, as_json))


async def _serve(host: str, port: int, key: str | None, as_json: bool) -> None:
    from hub.sandbox import Sandbox  # brings an HTTP server, which other commands don't need

    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    running = Sandbox(key=key)
    await running.start(host, port)
    try:
        _tell(running, as_json, ended)
        await ended.wait()
    finally:
        await running.stop()


def _tell(running: Sandbox, as_json: bool, ended: asyncio.Event) -> None:
    """Print the address, then each call; when nobody reads any more, end."""
    show = _show_record if as_json else _show_call()

    def told(call: Call | None) -> None:
        try:
            if call is not None:
                show(call)
        except OSError:
            # What is still buffered would fail again when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ended.set()

    print(json.dumps({"sandbox": running.url}) if as_json else f"sandbox {running.url}", flush=True)
    running.watch(told)


def _show_record(call: Call) -> None:
    from hub.sandbox.views import call_record

    print(json.dumps(call_record(call)), flush=True)


def _show_call() -> Callable[[Call], None]:
    from hub.sandbox.terminal import line, panel

    if sys.stdout.isatty():
        console = Console()
        return lambda call: console.print(panel(call))
    return lambda call: print(line(call), flush=True)
