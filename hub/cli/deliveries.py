"""``hub deliveries``: what is on its way out of the hub, what arrived, what is dead."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hub.cli.failures import CommandFailed, HubUnreachable, WrongOptions
from hub.cli.options import (
    DEFAULT_URL,
    JsonOption,
    SigningFolderOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
)
from hub.cli.reading import while_read
from hub.cli.remote import Remote, remote_of
from hub.cli.terminal import columns, cut, date_time, one_line, tell, write, write_json
from hub.cli.titles import Titles
from hub.model import DeliveryState

if TYPE_CHECKING:
    from hub.cli.calls import Calls

PATH: Final = "/v1/deliveries"
TIMES: Final = ("due", "at", "ended_at")
WIDTHS: Final = (26, 10, 12, 19, 30, 11)
HEADS: Final = ("id", "state", "channel", "due, or ended", "item", "tried", "error")
SETTLED: Final = {"sent": "was sent; nothing to retry", "leased": "is being sent; nothing to retry"}
"""What there is to say of a delivery that a retry leaves as it is, by its state."""

StateOption = Annotated[
    DeliveryState | None, typer.Option("--state", help="Only those in this state.", show_default=False)
]
ChannelOption = Annotated[
    str | None,
    typer.Option("--channel", metavar="NAME", help="Only those by this channel.", show_default=False),
]

deliveries = typer.Typer(
    name="deliveries",
    no_args_is_help=True,
    help="What is on its way out of the hub, what arrived, what is dead.",
)


@deliveries.command("list")
def list_deliveries(
    state: StateOption = None,
    channel: ChannelOption = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many.")] = 50,
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """List deliveries, the newest first: id, state, channel, when it is due or ended, the item's title (its
    id, where the hub doesn't tell the title), attempts, error. `--json` has the ids of everything.

    States: `pending` waits for its time or its channel, `leased` is being sent, `sent`, `partial` (a part of
    the recipients or of the message), `suppressed` (read in time, or not allowed out), `dead` (given up, see
    the error; `hub deliveries retry` brings it back). Needs a token with the scope `admin`; on the hub's own
    machine its data folder is enough.

    Examples:

        hub deliveries list

        hub deliveries list --state dead --channel ops

        hub deliveries list --json --limit 1000 | jq -r 'select(.attempts > 1).error'
    """
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    asyncio.run(while_read(_print_list(remote, {"state": state, "channel": channel}, limit, as_json)))


@deliveries.command("show")
def show(
    delivery: Annotated[str, typer.Argument(metavar="ID", help="Of the delivery.", show_default=False)],
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """Show one delivery: everything the hub tells about it, a line each. Never what the message said.

    Examples:

        hub deliveries show 01JD3Z0K8QW3T9

        hub deliveries show 01JD3Z0K8QW3T9 --json
    """
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    found = asyncio.run(_one(remote, delivery))
    if as_json:
        write_json(found)
        return
    for name, value in found.items():
        shown = date_time(value) if name in TIMES else "" if value is None else value
        write(f"{name.replace('_', ' '):<10}  {one_line(str(shown))}".rstrip())


@deliveries.command("retry")
def retry(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="Of deliveries.", show_default=False)
    ] = None,
    state: StateOption = None,
    channel: ChannelOption = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """Send deliveries again: those named, or all that are in a state.

    What is dead, suppressed or partial is rendered and sent anew, whatever was read meanwhile; what waits
    goes now; what was sent, or is being sent, stays as it is. Of several it first says how many, and asks.
    Prints each id with its state. Exit codes: 0 all are sent or on their way, 1 some are not, 2 wrong
    options, 3 no hub answers.

    Examples:

        hub deliveries retry 01JD3Z0K8QW3T9

        hub deliveries retry --state dead --channel ops

        hub deliveries retry --state dead --yes
    """
    if bool(ids) == (state is not None) or (ids and channel):
        raise WrongOptions("Name deliveries, or say which by --state (and --channel).")
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    chosen = list(dict.fromkeys(ids or ()))
    if state is not None:
        chosen = asyncio.run(_ids(remote, {"state": state, "channel": channel}))
        _confirm(len(chosen), f"{state}{f', channel {channel}' if channel else ''}", yes)
    failed = asyncio.run(_retry(remote, chosen))
    if failed:
        raise CommandFailed(f"{failed} of {len(chosen)} could not be sent again.")


def _confirm(many: int, which: str, yes: bool) -> None:
    """Ask before several are sent; without a terminal nobody could answer."""
    if not many:
        tell(f"there is no such delivery ({which}).")
        raise typer.Exit
    if yes:
        return
    if not sys.stdin.isatty():
        raise WrongOptions(f"That is {many} ({which}); --yes sends them without asking.")
    if not typer.confirm(f"Send {many} again ({which})?", err=True):
        raise typer.Exit(1)


async def _print_list(remote: Remote, query: Mapping[str, Any], limit: int, as_json: bool) -> None:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        titles, listed = Titles(calls), 0
        async for row in calls.pages(PATH, query, limit):
            if as_json:
                write_json(row)
                continue
            if not listed:
                _write_row(HEADS)
            _write_row(_row(row, await titles.of(row["topic"], row["item"])))
            listed += 1


def _write_row(cells: Sequence[object]) -> None:
    for line in columns([cells], WIDTHS):
        write(line)


def _row(row: Mapping[str, Any], title: str) -> tuple[object, ...]:
    item = cut(one_line(title), WIDTHS[4])
    tried = f"{row['attempts']} {'attempt' if row['attempts'] == 1 else 'attempts'}"
    when = date_time(row.get("ended_at") or row["due"])
    return row["id"], row["state"], row["channel"], when, item, tried, row.get("error")


async def _one(remote: Remote, delivery: str) -> Mapping[str, Any]:
    from hub.cli.calls import Calls, segment

    async with Calls(remote) as calls:
        found: Mapping[str, Any] = await calls.get(f"{PATH}/{segment(delivery)}", holds="id")
        return found


async def _ids(remote: Remote, query: Mapping[str, Any]) -> list[str]:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        return [row["id"] async for row in calls.pages(PATH, query, None)]


async def _retry(remote: Remote, ids: Sequence[str]) -> int:
    """How many could not be brought back. Without a hub the first says so for all."""
    from hub.cli.calls import Calls

    failed = 0
    async with Calls(remote) as calls:
        for delivery in ids:
            try:
                row = await _again(calls, delivery)
                write(f"{delivery}  {SETTLED.get(row['state'], row['state'])}")
            except HubUnreachable:
                raise
            except CommandFailed as error:
                failed += 1
                tell(f"{delivery}: {error.message}")
    return failed


async def _again(calls: Calls, delivery: str) -> Mapping[str, Any]:
    from hub.cli.calls import segment

    row: Mapping[str, Any] = await calls.post(f"{PATH}/{segment(delivery)}/retry")
    return row
