"""``hub demo``: the whole story on this machine, in less than a minute."""

from __future__ import annotations

import asyncio
import signal
from typing import Annotated, Literal

import typer
from rich.console import Console

from hub.cli.language import speaks_chinese
from hub.telemetry import logs

LIMIT_SECONDS = 58.0


def demo(
    language: Annotated[
        str | None,
        typer.Option(metavar="en|zh", help="\\[default: that of the terminal]", show_default=False),
    ] = None,
) -> None:
    """See it work: a hub, an agent, a laptop, a phone that goes offline, and what WeChat receives.

    Everything runs on this machine over real sockets, in a folder that is removed afterwards; nothing is sent
    anywhere. Each promise is checked; exit code 1 if one was not kept.

    Examples:

        hub demo

        hub demo --language zh
    """
    from hub.demo.scene import Failed  # what other commands don't need is read when it is run
    from hub.demo.story import play

    logs.configure("error")
    if language not in (None, "en", "zh"):
        raise typer.BadParameter("en or zh", param_hint="--language")
    chosen: Literal["en", "zh"] = (
        "zh" if language == "zh" or (language is None and speaks_chinese()) else "en"
    )

    async def played() -> bool:
        _end_in_order_on(signal.SIGTERM, signal.SIGHUP)
        async with asyncio.timeout(LIMIT_SECONDS):
            return await play(Console(highlight=False), chosen)

    try:
        kept = asyncio.run(played())
    except TimeoutError:
        typer.echo(f"hub demo: it took more than {LIMIT_SECONDS:g} s.", err=True)
        raise typer.Exit(1) from None
    except asyncio.CancelledError:
        raise typer.Exit(128 + signal.SIGTERM) from None
    except Failed as failed:
        typer.echo(f"hub demo: {failed}", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(0 if kept else 1)


def _end_in_order_on(*numbers: int) -> None:
    """What a signal ends takes the demo's hub and folder along, as Ctrl-C does."""
    task = asyncio.current_task()
    assert task is not None, "within the demo"
    for number in numbers:
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
