"""Ledgers: replicated items, and what can be stated about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from hub.model import Counts, ItemKind, Json
from tongbu.items import Change, Item
from tongbu.presence import Presence
from tongbu.tasks import Task, TaskContext


class Ledger:
    """A space, or the own inbox (see ``Inbox``)."""

    @property
    def presence(self) -> Presence:
        """Who else has it open."""
        raise NotImplementedError

    async def open(self) -> None:
        """Load what the store holds and bring it up to date; where the hub is away, return with what is here.

        Raises:
            Refusal: the hub does not let this user open it.
        """
        raise NotImplementedError

    def items(self, kind: ItemKind | None = None) -> list[Item]:
        """All that are not deleted, newest first. Raises ``NotOpen``."""
        raise NotImplementedError

    def item(self, id: str) -> Item | None:
        """One, deleted or not; None if unknown. Raises ``NotOpen``."""
        raise NotImplementedError

    def counts(self) -> Counts:
        """Unread, unseen, open. Raises ``NotOpen``."""
        raise NotImplementedError

    def changes(self) -> AsyncIterator[Change]:
        """What changes from now on, whoever changes it."""
        raise NotImplementedError

    async def mark(
        self,
        item: str,
        *,
        read: bool | None = None,
        seen: bool | None = None,
        archived: bool | None = None,
        pinned: bool | None = None,
        deleted: bool | None = None,
        **fields: Json,
    ) -> None:
        """State fields of an item. ``fields``: ``snoozed`` (until-ms or None) and a task's ``title`` ``body``
        ``due`` ``priority`` ``assignee``."""
        raise NotImplementedError

    async def read_all(self) -> None:
        """Mark every notification that is here read; can't swallow what has not arrived."""
        raise NotImplementedError

    async def notify(
        self,
        title: str,
        *,
        id: str | None = None,
        body: str | None = None,
        level: str | None = None,
        source: str | None = None,
        tags: Sequence[str] = (),
        link: str | None = None,
        class_: str | None = None,
        data: Json = None,
    ) -> str:
        """Raise a notification; its id. Needs the scope ``publish``."""
        raise NotImplementedError

    async def start(
        self,
        title: str,
        *,
        id: str | None = None,
        body: str | None = None,
        level: str | None = None,
        source: str | None = None,
        tags: Sequence[str] = (),
        link: str | None = None,
        class_: str | None = None,
        data: Json = None,
    ) -> Task:
        """Create a task and state that it runs; one of that id that has ended gets its next attempt."""
        raise NotImplementedError

    def task(
        self,
        title: str,
        *,
        id: str | None = None,
        body: str | None = None,
        level: str | None = None,
        source: str | None = None,
        tags: Sequence[str] = (),
        link: str | None = None,
        class_: str | None = None,
        data: Json = None,
    ) -> TaskContext:
        """A task for the length of an ``async with``."""
        raise NotImplementedError


class Inbox(Ledger):
    """An inbox: the own one is replicated, somebody else's is written only."""
