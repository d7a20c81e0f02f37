"""``hub send``: raise a notification."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from hub.cli.failures import CommandFailed, HubUnreachable, WrongOptions
from hub.cli.options import (
    DEFAULT_URL,
    JsonOption,
    SigningFolderOption,
    SpaceOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
)
from hub.cli.remote import Remote, remote_of
from hub.cli.terminal import plain, write, write_json
from hub.config.outward import Level
from hub.ports import SystemClock
from hub.state.ulid import new_ulid
from hub.state.values import MAX_BODY


def send(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="One line.", show_default=False)],
    body: Annotated[
        str | None,
        typer.Option("--body", metavar="TEXT", help="More; `-` reads it from stdin.", show_default=False),
    ] = None,
    level: Annotated[Level | None, typer.Option(help="How grave it is.", show_default=False)] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(metavar="TAG", help="For routes to match; may be repeated.", show_default=False),
    ] = None,
    source: Annotated[
        str | None, typer.Option(metavar="NAME", help="What raises it.", show_default=False)
    ] = None,
    link: Annotated[
        str | None, typer.Option(metavar="URL", help="Where to read more.", show_default=False)
    ] = None,
    item_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="Its id: sent twice under one, it happens once.",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Whose inbox. \\[default: that of who speaks]", show_default=False),
    ] = None,
    space: SpaceOption = None,
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """Raise a notification, and print its id.

    Needs a token with the scope `publish`; on the hub's own machine its data folder is enough. With `--id`
    the command may be repeated until it succeeds. Exit codes: 0 sent, 1 refused, 2 wrong options, 3 no hub
    answers.

    Examples:

        hub send "Backup done"

        hub send "Disk 95 % full" --level error --tag ops --id disk-$(date +%F)

        df -h | hub send "Disks of $(hostname)" --body - --to ann

        TONGBU_URL=https://hub.example.org TONGBU_TOKEN=$(cat token) hub send "Hello" --space team
    """
    if to is not None and space is not None:
        raise WrongOptions("--to and --space exclude each other.")
    remote = remote_of(url, token, token_file, data, user, ("user", "publish"))
    record = {
        "kind": "notification", "title": title, "body": _body(body), "level": level, "source": source,
        "link": link, "tags": list(tag) if tag else None,
        "id": item_id if item_id is not None else new_ulid(SystemClock().now()),
    }  # fmt: skip
    item = asyncio.run(
        _sent(remote, _path(to, space), {key: value for key, value in record.items() if value is not None})
    )
    if as_json:
        write_json(item)
    else:
        write(item["id"])


async def _sent(remote: Remote, path: str, record: Mapping[str, Any]) -> Any:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        try:
            return await calls.post(path, record)
        except HubUnreachable as error:
            raise HubUnreachable(f"{error.message} To try again: --id {record['id']}.") from None


def _path(to: str | None, space: str | None) -> str:
    from hub.cli.calls import segment

    return f"/v1/spaces/{segment(space)}/items" if space else f"/v1/users/{segment(to or 'me')}/items"


def _body(body: str | None) -> str | None:
    if body != "-":
        return body
    raw = sys.stdin.buffer.read(MAX_BODY + 1)
    if len(raw) > MAX_BODY:
        raise CommandFailed(f"The body is longer than {MAX_BODY} bytes; cut it, as with `tail -n 50`.")
    return plain(raw.decode("utf-8", "replace"))
