"""The titles of items that others are told of by their ids, as far as the hub tells them to who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hub.cli.failures import CommandFailed, HubUnreachable

if TYPE_CHECKING:
    from hub.cli.calls import Calls

MOST_ASKED: Final = 200
"""Items that are asked for in one run; the rest keeps its id."""
_PATHS: Final = {"inbox": "users", "space": "spaces"}


class Titles:
    """Asks the hub for each item once."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._known: dict[tuple[str, str], str] = {}

    async def of(self, topic: str, item: str) -> str:
        """The item's title; its id where the hub doesn't tell it (class ``core``, deleted, too many).

        Raises:
            HubUnreachable: nobody answers any more.
        """
        key = topic, item
        if key not in self._known:
            if len(self._known) >= MOST_ASKED:
                return item
            self._known[key] = await self._ask(topic, item)
        return self._known[key]

    async def _ask(self, topic: str, item: str) -> str:
        from hub.cli.calls import segment

        kind, _, owner = topic.partition("/")
        try:
            found = await self._calls.get(
                f"/v1/{_PATHS[kind]}/{segment(owner)}/items/{segment(item)}", holds="title"
            )
        except HubUnreachable:
            raise
        except (CommandFailed, KeyError):
            return item
        return str(found["title"])
