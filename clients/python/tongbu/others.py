"""Somebody else's inbox: written with the scope ``publish``, never replicated."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NoReturn

from hub.model import Counts, ItemKind, Json
from hub.state.attempts import FIRST_ATTEMPT
from tongbu.core import Core
from tongbu.errors import NotReplicated
from tongbu.items import Change, Item
from tongbu.ledger import ID_PATIENCE, Inbox
from tongbu.places import OthersPlace
from tongbu.presence import Presence
from tongbu.tasks import Task


class OthersInbox(Inbox):
    """``notify``, ``start`` and ``task`` go through an outbox of their own: they work while the hub is away.

    ``item`` answers what the hub last said of what this program wrote; everything else raises
    ``NotReplicated``.
    """

    def __init__(self, core: Core, user: str) -> None:
        super().__init__(core, f"inbox/{user}")
        self._place = OthersPlace(core, self._name)

    @property
    def presence(self) -> Presence:
        """Raises ``NotReplicated``."""
        return _refuse()

    @property
    def synced(self) -> bool:
        """False."""
        return False

    async def open(self) -> None:
        """Nothing to open."""

    def items(self, kind: ItemKind | None = None) -> list[Item]:
        """Raises ``NotReplicated``."""
        return _refuse()

    def item(self, id: str) -> Item | None:
        """As the hub's last answer had it; None before."""
        return self._place.item(id)

    def counts(self) -> Counts:
        """Raises ``NotReplicated``."""
        return _refuse()

    def changes(self) -> AsyncIterator[Change]:
        """Raises ``NotReplicated``."""
        return _refuse()

    async def read_all(self) -> None:
        """Raises ``NotReplicated``."""
        _refuse()

    async def _state(self, item: str, values: dict[str, Json]) -> None:
        _refuse()

    async def _notify(self, id: str | None, record: dict[str, Json]) -> str:
        item = self._id(id)
        await self._core.run_errand(self._name, item, "create", record)
        return item

    async def _start(self, id: str | None, record: dict[str, Json]) -> Task:
        item = self._id(id)
        params = {key: value for key, value in record.items() if key != "kind"}
        self._place.started(item, FIRST_ATTEMPT)
        errand = await self._core.run_errand(self._name, item, "start", params)
        if id is None:
            return Task(self._place, item, FIRST_ATTEMPT)
        with self._core.whatever_the_link():
            await self._core.until_or_away(lambda: not self._waits(errand.number), ID_PATIENCE)
        return await self._go_on(item)

    def _waits(self, number: int) -> bool:
        return self._core.session.errands.holds(number)

    async def _go_on(self, item: str) -> Task:
        """One that has ended before gets its next attempt."""
        known = self._place.item(item)
        if known is None or not known.ended:
            return Task(self._place, item, FIRST_ATTEMPT if known is None else known.attempt)
        attempt = known.attempt + 1
        self._place.started(item, attempt)
        await self._core.run_errand(self._name, item, "mark", {"status": "running", "attempt": attempt})
        return Task(self._place, item, attempt)


def _refuse() -> NoReturn:
    raise NotReplicated
