"""What a caller may do with items, whichever door they came through: HTTP and native commands share it.

An ``Item`` is a record with its derived state, flat:
``{id, kind, title, …, by, at, order, read, seen, archived, snoozed, pinned, deleted, attempt, status,
progress, final, sent}``. Every method checks the caller's rights and raises ``errors.Refusal``s
(``Forbidden``, ``NotFound``, ``BadId``, ``BadField``, ``BadValue``, ``Exists``, ``Limit``, ``ClockAhead``,
``Unavailable`` …). A write returns after it is on disk. Reads see every write submitted before them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hub.errors import Refusal
from hub.model import Counts, Hlc, Identity, Json, TopicName

Item = dict[str, Json]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items a list shows. ``since`` in ms by the record's ``at``; None: any.
    ``history``: those that left the live set, after the live ones. Deleted items are never listed."""

    kind: Literal["notification", "task"] | None = None
    unread: bool | None = None
    status: str | None = None
    since: int | None = None
    history: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first (by ``order``). ``next``: the cursor of the next page, or None."""

    items: Sequence[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Created:
    """One topic's answer to a create: the item, or why not."""

    topic: TopicName
    item: Item | None
    created: bool
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event: ``item`` (data: the item), ``counts``, ``reset`` (read everything again),
    ``beat`` (a comment line). ``id`` resumes the stream; "" for none."""

    kind: Literal["item", "counts", "reset", "beat"]
    id: str
    data: Json


@dataclass(frozen=True, slots=True)
class SyncPart:
    """One topic of ``POST /v1/sync``, either way.

    In: what the device has (``incarnation``, ``seq``; for a document ``state_vector``) and its ``push``
    (``[[item, field, value, hlc], …]`` or one document update). Out: ``full``, ``body`` as on the wire.
    """

    topic: TopicName
    incarnation: int = 0
    seq: int = 0
    push: list[Json] | bytes | None = None
    state_vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """``refusal`` tells why the push was not taken; the rest is as in ``opened`` (after the push)."""

    topic: TopicName
    incarnation: int
    seq: int
    access: Literal["read", "write"] | None
    full: bool
    body: Sequence[Sequence[Json]] | Sequence[bytes]
    refusal: Refusal | None = None


class Actions:
    """Items, counts, streams and one-round-trip sync for one identified caller at a time."""

    async def create(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> tuple[Item, bool]:
        """Create a notification or task; (item, True) if new, (item, False) if the same existed."""
        raise NotImplementedError

    async def create_many(
        self, caller: Identity, topics: Sequence[TopicName], item: str | None, record: Mapping[str, Json]
    ) -> Sequence[Created]:
        """The same item in many topics, each on its own; one id for all."""
        raise NotImplementedError

    async def change(
        self,
        caller: Identity,
        topic: TopicName,
        item: str,
        changes: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> Item:
        """State fields of one item (keys: seen read archived pinned deleted snoozed title body due priority
        assignee status progress note attempt). Without ``attempt`` the current one is meant."""
        raise NotImplementedError

    async def item(self, caller: Identity, topic: TopicName, item: str) -> Item:
        """One item, from history too."""
        raise NotImplementedError

    async def items(
        self, caller: Identity, topic: TopicName, which: ItemFilter, limit: int, cursor: str | None
    ) -> Page:
        """A page of items."""
        raise NotImplementedError

    async def counts(self, caller: Identity, topic: TopicName) -> Counts:
        """What a badge shows."""
        raise NotImplementedError

    async def read_all(
        self, caller: Identity, topic: TopicName, upto: int | None = None, hlc: Hlc | None = None
    ) -> Counts:
        """Mark notifications up to an order (default: the last one given out) read; the counts after."""
        raise NotImplementedError

    def stream(
        self, caller: Identity, topic: TopicName, last_event_id: str | None
    ) -> AsyncIterator[StreamEvent]:
        """Changes as they are saved, from ``last_event_id`` on (without: from now). A slow follower gets
        ``reset`` instead of a backlog."""
        raise NotImplementedError

    async def sync(self, caller: Identity, device: str | None, parts: Sequence[SyncPart]) -> Sequence[SyncAnswer]:
        """Push and catch up several topics in one round trip. ``device`` is the actor (None: ``<sub>.api``)."""
        raise NotImplementedError
