"""``hub task``: work that is done here and watched elsewhere."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated

import typer

from hub.cli.failures import WrongOptions
from hub.cli.options import (
    DEFAULT_URL,
    SigningFolderOption,
    SpaceOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
)
from hub.cli.remote import remote_of
from hub.cli.task.notes import title_of
from hub.cli.task.order import Order
from hub.cli.terminal import one_line
from hub.ports import SystemClock
from hub.state.names import is_item_id, is_name
from hub.state.records import check_record
from hub.state.ulid import new_ulid
from hub.state.values import MAX_TITLE

task = typer.Typer(name="task", no_args_is_help=True, help="Work that is done here and watched elsewhere.")

__all__ = ["task"]


@task.callback()
def _group() -> None:
    """Work that is done here and watched elsewhere."""


@task.command("run", context_settings={"allow_interspersed_args": False})
def run(
    command: Annotated[
        list[str],
        typer.Argument(metavar="COMMAND", help="What to run, and its arguments.", show_default=False),
    ],
    title: Annotated[
        str | None,
        typer.Option(metavar="TITLE", help="Of the task. \\[default: the command]", show_default=False),
    ] = None,
    item_id: Annotated[
        str | None, typer.Option("--id", metavar="ID", help="Of the task.", show_default=False)
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="For routes to match; may be repeated.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="What runs it.", show_default=False)
    ] = None,
    link: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to read more.", show_default=False)
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose inbox. \\[default: that of who speaks]", show_default=False),
    ] = None,
    space: SpaceOption = None,
    wait: Annotated[
        float,
        typer.Option(
            min=0, max=86_400, metavar="SECONDS", help="How long to wait at the end for a hub that is away."
        ),
    ] = 30.0,
    no_progress: Annotated[
        bool, typer.Option("--no-progress", help="Tell neither progress nor last lines of the output.")
    ] = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """Run a command as a task that every device shows.

    Its input and output pass through byte for byte, in a terminal with colours and bars. Lines such as
    `37%`, `[3/10]` or `Step 3 of 10` become progress, and the last line, without what looks like a secret, a
    note. The task succeeds with exit code 0 and fails with any other; this command exits with the same, with
    128 + n where signal n ended it. Canceled on a device, the command gets SIGTERM, and SIGKILL after 10
    seconds, and the exit code is 143; paused, it is stopped until it shall run again. Ctrl-C and SIGTERM are
    the command's.

    Where the hub is away or refuses, the command runs all the same. What could not be sent is kept in
    `~/.local/state/tongbu` and sent by the next `hub task run`. If `hub task run` itself is killed, the task
    stays running: run it again with the same `--id` to go on with it. A task of that id that has ended begins
    its next attempt.

    Examples:

        hub task run -- make -j4

        hub task run --title "Nightly backup" --id backup-$(date +%F) --tag backup --wait 300 -- ./backup.sh

        hub task run --to ann --link "$BUILD_URL" -- sh -c 'make test 2>&1 | tee log'
    """
    _check(item_id, to, space)
    order = Order(
        remote=remote_of(
            url, token, token_file, data, user, ("user",) if to is None else ("user", "publish")
        ),
        command=tuple(command),
        title=one_line(title or "")[:MAX_TITLE] or title_of(command),
        id=item_id if item_id is not None else new_ulid(SystemClock().now()),
        tags=tuple(tag or ()),
        source=source,
        link=link or None,
        to=to,
        space=space,
        wait=wait,
        listen=not no_progress,
    )
    check_record(order.record)  # before the command runs, not after an hour of it
    raise typer.Exit(_run(order))


def _check(item_id: str | None, to: str | None, space: str | None) -> None:
    if to is not None and space is not None:
        raise WrongOptions("--to and --space exclude each other.")
    if item_id is not None and not is_item_id(item_id):
        raise WrongOptions("--id is 1 to 64 of A-Z a-z 0-9 _ . ~ -, the first of them a letter or digit.")
    for option, name in (("--to", to), ("--space", space)):
        if name is not None and not is_name(name):
            raise WrongOptions(f"{option} is a name: 1 to 64 of A-Z a-z 0-9 _ . ~ @ -.")


def _run(order: Order) -> int:
    from hub.cli.task.running import run_command  # with the client, which other commands don't need

    logging.getLogger("tongbu").setLevel(logging.CRITICAL)  # stderr is the command's
    return asyncio.run(run_command(order))
