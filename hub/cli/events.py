"""``hub events``: what the hub decided, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

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
from hub.cli.terminal import columns, date_time, write, write_json
from hub.model import EventType

if TYPE_CHECKING:
    from hub.cli.calls import Calls


def events(
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what happens from now on, until Ctrl-C.")
    ] = False,
    after: Annotated[
        str | None, typer.Option(metavar="ID", help="Only what came after that event.", show_default=False)
    ] = None,
    kind: Annotated[
        EventType | None, typer.Option("--type", help="Only events of this type.", show_default=False)
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """List what the hub decided, the oldest first: a notification was raised, a task's attempt ended.

    Each happens once. Needs a token with the scope `admin`; on the hub's own machine its data folder is
    enough. With `--follow` the hub may go and come back meanwhile, and no event is missed. Exit codes:
    0 done, 1 refused, 2 wrong options, 3 no hub answers.

    Examples:

        hub events

        hub events --follow --type task.finalized

        hub events --json --after 01JD3Z0K8Q | jq .item
    """
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    with suppress(KeyboardInterrupt):
        asyncio.run(while_read(_list(remote, {"type": kind, "after": after}, limit, follow, as_json)))


async def _list(
    remote: Remote, query: Mapping[str, Any], limit: int | None, follow: bool, as_json: bool
) -> None:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        last, left = query["after"], limit
        async for event in calls.pages("/v1/events", query, limit):
            last = event["id"]
            left = None if left is None else left - 1
            _print(event, as_json)
        if follow and left != 0:
            await _follow(calls, {"type": query["type"], "after": last}, left, as_json)


async def _follow(calls: Calls, query: Mapping[str, Any], left: int | None, as_json: bool) -> None:
    """What happens after the event ``query["after"]``; None: after the beginning. The hub was met before."""
    from hub.cli.following import Following

    async for message in Following(calls, "/v1/events", query, met=True).events():
        event = message.object
        if "id" not in event:
            continue
        _print(event, as_json)
        left = None if left is None else left - 1
        if left == 0:
            return


def _print(event: Mapping[str, Any], as_json: bool) -> None:
    if as_json:
        write_json(event)
        return
    what = event["type"] + (f" {event['status']}" if event.get("status") else "")
    attempt = f"attempt {event['attempt']}" if (event.get("attempt") or 0) > 1 else ""
    row = (date_time(event["at"]), event["id"], what, f"{event['topic']}/{event['item']}", attempt)
    for line in columns([row], (19, 26, 25)):
        write(line)
