"""The commands. They read options, call one thing, and print; ``hub --help`` is their manual."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from hub.cli.channel import channel
from hub.cli.deliveries import deliveries
from hub.cli.demo import demo
from hub.cli.doctor import doctor
from hub.cli.events import events
from hub.cli.failures import CommandFailed
from hub.cli.link import link
from hub.cli.sandbox import sandbox
from hub.cli.send import send
from hub.cli.serve import serve
from hub.cli.tail import tail
from hub.cli.task import task
from hub.cli.token import token
from hub.cli.user import user
from hub.errors import HubError

commands = typer.Typer(
    name="hub",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)
commands.command()(serve)
commands.command()(token)
commands.command()(link)
commands.command()(doctor)
commands.command()(demo)
commands.command()(sandbox)
commands.command()(send)
commands.command()(tail)
commands.command()(events)
commands.add_typer(task)
commands.add_typer(deliveries)
commands.add_typer(channel)
commands.add_typer(user)


@commands.callback()
def hub(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=lambda asked: _tell(asked))
    ] = False,
) -> None:
    """Tongbu keeps notifications and tasks in the same state on every device.

    Start with `hub serve --dev` and follow what it prints.
    """


def run(arguments: Sequence[str]) -> int:
    """Run one command. What went wrong is one sentence on stderr, and an exit code: of ``hub.cli.failures``,
    otherwise 2."""
    try:
        commands(list(arguments), prog_name="hub")
    except CommandFailed as error:
        print(f"hub: {error.message}", file=sys.stderr)
        return error.exit_code
    except HubError as error:
        print(f"hub: {error.message}", file=sys.stderr)
        return 2
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    return 0


def _tell(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        print(f"tongbu {version('tongbu')}")
        raise typer.Exit
