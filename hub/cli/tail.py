"""``hub tail``: an inbox or space, live in the terminal."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from hub.cli.options import (
    DEFAULT_URL,
    JsonOption,
    SigningFolderOption,
    SpaceOption,
    TokenFileOption,
    TokenOption,
    UrlOption,
    UserOption,
    seconds,
)
from hub.cli.reading import while_read
from hub.cli.remote import Remote, remote_of
from hub.cli.tail_lines import item_line
from hub.cli.terminal import write, write_json
from hub.ports import SystemClock

if TYPE_CHECKING:
    from hub.cli.calls import Calls

SHOWN: Final = 10
"""Items shown at first, unless told otherwise."""
MOST: Final = 10_000
REMEMBERED: Final = 10_000
"""Items of which the last line is remembered, so that none is printed twice."""

_DURATION: Final = re.compile(r"\s*[0-9]{1,12}[smhdw]\s*", re.IGNORECASE)


def tail(
    count: Annotated[
        int | None,
        typer.Option("-n", "--count", min=0, max=MOST, metavar="N", help="How many of those that are there. "
                     f"\\[default: {SHOWN}; with --since all]", show_default=False),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Only what was created since: 15m, 12h, 2d, 2026-03-01, or ms.",
                     show_default=False),
    ] = None,
    space: SpaceOption = None,
    as_json: JsonOption = False,
    url: UrlOption = DEFAULT_URL,
    token: TokenOption = None,
    token_file: TokenFileOption = None,
    data: SigningFolderOption = None,
    user: UserOption = None,
) -> None:  # fmt: skip
    """Show an inbox and what changes in it, a line each, until Ctrl-C.

    A line tells the time, a mark (● unread, ○ read, ▶ running, ✓ succeeded, ✗ failed …), a task's progress,
    the title, and by which channels it left: `→ ops 12:03 ✓`. The hub may go and come back meanwhile. Where
    the output is no terminal there are no colours, and every change is a line. Exit codes: 0 after Ctrl-C,
    1 refused, 2 wrong options, 3 no hub answered at the beginning.

    Examples:

        hub tail

        hub tail --since 12h --space team

        hub tail --json -n 0 | jq --unbuffered 'select(.status == "failed").title'
    """
    remote = remote_of(url, token, token_file, data, user, ("user",))
    most = count if count is not None else MOST if since is not None else SHOWN
    printer = _JsonPrinter() if as_json else _LinePrinter()
    with suppress(KeyboardInterrupt):
        asyncio.run(while_read(_follow(remote, _Ledger(space, _since(since), most), printer)))


class _Ledger:
    """What is followed, and how much of it is shown at first."""

    def __init__(self, space: str | None, since: str | None, most: int) -> None:
        from hub.cli.calls import segment

        self.path = f"/v1/spaces/{segment(space)}" if space else "/v1/users/me"
        self.since = since
        self.most = most


async def _follow(remote: Remote, ledger: _Ledger, printer: _Printer) -> None:
    from hub.cli.calls import Calls
    from hub.cli.following import Following

    async with Calls(remote) as calls:
        begun = False
        async for event in Following(calls, f"{ledger.path}/stream").events():
            # The list is read once the stream stands, so that nothing falls between the two.
            if not begun or event.name == "reset":
                begun = True
                await _list(calls, ledger, printer)
            if event.name == "item" and (item := event.object):
                printer.changed(item, SystemClock().now())


async def _list(calls: Calls, ledger: _Ledger, printer: _Printer) -> None:
    query = {"since": ledger.since}
    found = [item async for item in calls.pages(f"{ledger.path}/items", query, ledger.most)]
    for item in reversed(found):
        printer.changed(item, item.get("at"))


class _Printer:
    """Prints items, each state once."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, str] = OrderedDict()

    def changed(self, item: Mapping[str, Any], at: object) -> None:
        """Print the item unless it was printed like this."""
        name, state = str(item.get("id")), json.dumps(item, sort_keys=True)
        if self._known.get(name) == state:
            return
        self._known[name] = state
        self._known.move_to_end(name)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        self._print(item, at)

    def _print(self, item: Mapping[str, Any], at: object) -> None:
        raise NotImplementedError


class _JsonPrinter(_Printer):
    def _print(self, item: Mapping[str, Any], at: object) -> None:
        write_json(item)


class _LinePrinter(_Printer):
    """Lines. In a terminal a task that moves on keeps its line as long as nothing else was printed."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console(highlight=False, soft_wrap=True) if sys.stdout.isatty() else None
        self._last: str | None = None

    def _print(self, item: Mapping[str, Any], at: object) -> None:
        line = item_line(item, at)
        if self._console is None:
            write(line.plain)
        else:
            self._draw(self._console, line, str(item.get("id")))

    def _draw(self, console: Console, line: Text, name: str) -> None:
        if name == self._last:
            sys.stdout.write("\x1b[1A\x1b[2K")
        self._last = name
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)


def _since(text: str | None) -> str | None:
    """A time as the hub takes it; a duration counts back from now."""
    if text is None or not _DURATION.fullmatch(text):
        return text
    return str(SystemClock().now() - seconds(text) * 1000)
