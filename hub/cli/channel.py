"""``hub channel``: the ways out of the hub, and whether they work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer

from hub.cli.failures import CommandFailed
from hub.cli.options import (
    DEFAULT_URL,
    JsonOption,
    SigningFolderOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
)
from hub.cli.remote import Remote, remote_of
from hub.cli.terminal import columns, date_time, one_line, write, write_json

channel = typer.Typer(
    name="channel", no_args_is_help=True, help="The ways out of the hub, and whether they work."
)

ADVICE: Final[Mapping[str, str]] = {
    "bad_config": "Check this channel's key, secret and base_url in the hub's configuration and restart the "
    "hub; what waits is sent as soon as a test succeeds.",
    "rate_limited": "What waits goes out by itself as soon as messages are allowed again.",
    "quota": "The vendor's quota is used up; the hub waits until it takes messages again.",
    "retry": "The vendor can't be reached or fails for now; the hub tries again by itself. See `hub doctor`.",
    "refresh_token": "The vendor no longer takes the access token; check the channel's secret and try again.",
    "bad_message": "The vendor doesn't take the test message; the channel's format may be wrong.",
    "bad_recipient": "The vendor doesn't know the recipient; check whom the channel writes to.",
    "partial": "A part of the recipients did not get it; check whom the channel writes to.",
}
"""What to do, by the outcome of a test."""


@channel.command("list")
def list_channels(
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """List the channels: name, kind, host, state, how many deliveries wait, and why.

    States: `ok`; `paused`, because its configuration is wrong; `waiting`, because the vendor asked for it;
    `open`, because calls failed one after the other. Needs a token with the scope `admin`; on the hub's own
    machine its data folder is enough.

    Examples:

        hub channel list

        hub channel list --json | jq 'select(.state != "ok")'
    """
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    found = asyncio.run(_listed(remote))
    for view in found if as_json else ():
        write_json(view)
    if not as_json:
        for line in columns((_row(view) for view in found), (16, 14, 28, 8, 10)):
            write(line)


@channel.command("test")
def try_channel(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the channel.", show_default=False)],
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:
    """Send a test message by a channel now, and say how that went: what is wrong, and what to do.

    A success lifts the pause of a channel whose configuration was wrong. Needs a token with the scope
    `admin`. Exit codes: 0 the vendor took it, 1 it did not, 2 wrong options, 3 no hub answers.

    Examples:

        hub channel test ops

        hub channel test ops --url https://hub.example.org --token-file admin.token
    """
    remote = remote_of(url, token, token_file, data, user, ("admin",))
    result = asyncio.run(_tested(remote, name))
    if as_json:
        write_json(result)
    elif result["ok"]:
        write(f"ok  {name} took a test message")
    if not result["ok"]:
        raise CommandFailed(verdict(name, result))


def verdict(name: str, result: Mapping[str, Any]) -> str:
    """What a failed test means, in sentences."""
    outcome = str(result.get("outcome"))
    reason = one_line(str(result.get("error") or "no reason given")).rstrip(".")
    return f"{name} did not take the test message ({outcome}): {reason}. {ADVICE.get(outcome, '')}".rstrip()


async def _listed(remote: Remote) -> list[Mapping[str, Any]]:
    from hub.cli.calls import Calls

    async with Calls(remote) as calls:
        return list((await calls.get("/v1/channels"))["items"])


async def _tested(remote: Remote, name: str) -> Mapping[str, Any]:
    from hub.cli.calls import Calls, segment

    async with Calls(remote) as calls:
        result: Mapping[str, Any] = await calls.post(f"/v1/channels/{segment(name)}/test", holds="ok")
        return result


def _row(view: Mapping[str, Any]) -> tuple[object, ...]:
    until = view.get("until")
    reason = " ".join(filter(None, (view.get("reason"), until and f"until {date_time(until)}")))
    return view["name"], view["kind"], view["host"], view["state"], f"{view['waiting']} waiting", reason
