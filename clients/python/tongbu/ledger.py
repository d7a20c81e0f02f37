"""Ledgers: replicated items, and what can be stated about them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from hub.model import Counts, ItemId, ItemKind, Json
from hub.state.attempts import FIRST_ATTEMPT
from hub.state.fields import PERSONAL_FIELDS, fits
from hub.state.names import ALL, is_item_id, personal_name
from hub.state.records import check_record, same_content
from hub.state.ulid import new_ulid
from hub.state.weights import ITEM, READ_UPTO, slot
from tongbu.core import Core, Stated
from tongbu.errors import BadField, BadId, BadValue, Exists, NotOpen
from tongbu.items import Change, Item
from tongbu.ledger_topic import LedgerTopic
from tongbu.places import LedgerPlace
from tongbu.presence import Presence
from tongbu.tasks import Task, TaskContext
from tongbu.topics import OWN_INBOX
from tongbu.view import View

ID_PATIENCE = 2.0
"""Seconds that a start under a given id waits for what the hub knows of it."""
SPACE_MARK_AHEAD = 60_000
"""Milliseconds after the clock up to which the hub lets a space be marked read."""


class Ledger:
    """A space, or the own inbox (see ``Inbox``). Obtained from ``Hub``.

    Writing needs no ``open``; looking does. Every statement is shown here at once, is on this disk when its
    method returns, and reaches the hub when that can be reached.
    """

    def __init__(self, core: Core, name: str) -> None:
        self._core = core
        self._name = name
        self._view: View | None = None
        self._presence: Presence | None = None

    # ------------------------------------------------------------------ looking

    @property
    def name(self) -> str:
        """The topic: ``space/<name>``, or ``inbox/me`` for the own inbox."""
        return self._name

    @property
    def presence(self) -> Presence:
        """Who else has it open. Raises ``NotOpen``."""
        if self._presence is None:
            raise NotOpen
        return self._presence

    @property
    def synced(self) -> bool:
        """Whether what is here is what the hub has, as far as this side can tell."""
        topic = self._core.session.topics.get(self._name)
        return topic is not None and topic.synced

    async def open(self) -> None:
        """Load what the store holds and bring it up to date; where the hub is away, return with what is here.

        Raises:
            Refusal: the hub does not let this user open it.
            StoreError: the store can't be read.
        """
        topic = await self._topic()
        own = None if self._name == OWN_INBOX else await self._core.ledger(OWN_INBOX)
        if self._view is None:
            self._presence = topic.presence
            self._view = self._core.view(topic, own)
        await self._core.answered_or_away(topic)
        if own is not None:
            await self._core.answered_or_away(own)

    def items(self, kind: ItemKind | None = None) -> list[Item]:
        """All that are not deleted, newest first; archived and snoozed ones, too. Raises ``NotOpen``."""
        return [item for item in self._opened.items() if kind is None or item.kind == kind]

    def item(self, id: str) -> Item | None:
        """One, deleted or not; None if unknown. Raises ``NotOpen``."""
        return self._opened.item(ItemId(id))

    def counts(self) -> Counts:
        """Unread and unseen notifications, open tasks. Raises ``NotOpen``."""
        return self._opened.counts()

    def changes(self) -> AsyncIterator[Change]:
        """What changes from now on, whoever changes it, each item as it stands when it is read.

        A follower that more than 1,000 items wait for gets one ``reset`` instead. Iterating raises why the
        connection ended for good. Raises ``NotOpen``.
        """
        return self._opened.follow()

    @property
    def _opened(self) -> View:
        if self._view is None:
            raise NotOpen
        return self._view

    async def _topic(self) -> LedgerTopic:
        return await self._core.ledger(self._name)

    # ------------------------------------------------------------------ marking

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
        """State fields of an item.

        ``fields``: ``snoozed`` (until-ms, or None) and a task's ``title`` ``body`` ``due`` ``priority``
        ``assignee``; None for no due time, priority, assignee.

        Raises:
            BadField: there is no such field on this kind of item.
            BadId, BadValue: the id or a value is none.
            OutboxFull, StoreError: it can't be kept.
        """
        flags = {"read": read, "seen": seen, "archived": archived, "pinned": pinned, "deleted": deleted}
        values: dict[str, Json] = {field: value for field, value in flags.items() if value is not None}
        values |= fields
        if not values:
            raise BadValue("state at least one field")
        await self._state(item, values)

    async def _state(self, item: str, values: dict[str, Json]) -> None:
        if not is_item_id(item):
            raise BadId("an id is 1 to 64 of A-Z a-z 0-9 _ . ~ -, the first a letter or digit")
        topic = await self._topic()
        _check_fit(topic, item, values)
        personal: list[Stated] = []
        shared: list[Stated] = []
        for field, value in values.items():
            if self._name != OWN_INBOX and field in PERSONAL_FIELDS:
                personal.append((self._personal(item), field, value))
            else:
                shared.append((item, field, value))
        if shared:
            await self._core.state(topic, shared)
        if personal:
            await self._core.state(await self._core.ledger(OWN_INBOX), personal)

    def _personal(self, item: str) -> str:
        return personal_name(self._name.partition("/")[2], item)

    async def read_all(self) -> None:
        """Mark every notification that is here read; can't swallow what has not arrived.

        Raises:
            NotOpen: nothing is here yet.
            OutboxFull, StoreError: it can't be kept.
        """
        view, is_space = self._opened, self._name != OWN_INBOX
        order = view.latest_order()
        standing: Any = view.uptos().get(slot(READ_UPTO, self._core.session.actor))
        too_far = is_space and order > self._core.clock.now() + SPACE_MARK_AHEAD
        stated: list[Stated]
        one_by_one = too_far or (standing is not None and standing.value > order)
        unread = view.unread(order if one_by_one else 0)
        stated = [(self._personal(item) if is_space else item, "read", True) for item in unread]
        if order and not one_by_one:
            stated.append((self._personal(ALL) if is_space else ALL, READ_UPTO, order))
        if stated:
            await self._core.state(await self._core.ledger(OWN_INBOX), stated)

    # ------------------------------------------------------------------ publishing

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
        """Raise a notification; its id. Needs the scope ``publish``; without it the hub refuses it later.

        Raises:
            BadId, BadValue: the id or a value is none.
            Exists: another item of that id is known here.
            OutboxFull, StoreError: it can't be kept.
        """
        record = _record("notification", title, body, level, source, tags, link, class_, data)
        return await self._notify(id, record)

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
        """Create a task and state that it runs.

        With the ``id`` of a task that says the same: goes on with it, or, where it has ended, begins its next
        attempt. Raises as ``notify``.
        """
        record = _record("task", title, body, level, source, tags, link, class_, data)
        return await self._start(id, record)

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
        """A task for the length of an ``async with``: ``async with inbox.task("backup") as task: …``."""
        record = _record("task", title, body, level, source, tags, link, class_, data)
        return TaskContext(lambda: self._start(id, record))

    async def _notify(self, id: str | None, record: dict[str, Json]) -> str:
        item = self._id(id)
        topic = await self._topic_for(id)
        if _is_new(topic, item, record):
            await self._core.state(topic, [(item, "item", record)])
        return item

    async def _start(self, id: str | None, record: dict[str, Json]) -> Task:
        item = self._id(id)
        topic = await self._topic_for(id)
        place = LedgerPlace(self._core, topic)
        if _is_new(topic, item, record):
            stated: list[Stated] = [(item, "item", record), (item, "status", [FIRST_ATTEMPT, "running"])]
            await self._core.state(topic, stated)
            return Task(place, item, FIRST_ATTEMPT)
        standing = place.standing(item)
        assert standing is not None
        attempt = standing.attempt + 1 if standing.ended else standing.attempt
        await self._core.state(topic, [(item, "status", [attempt, "running"])])
        return Task(place, item, attempt)

    def _id(self, id: str | None) -> str:
        if id is not None and not is_item_id(id):
            raise BadId("an id is 1 to 64 of A-Z a-z 0-9 _ . ~ -, the first a letter or digit")
        return id if id is not None else new_ulid(self._core.clock.now())

    async def _topic_for(self, id: str | None) -> LedgerTopic:
        """The topic; with an id that others may have used it is brought up to date first, where it can be."""
        topic = await self._topic()
        if id is not None and not topic.synced:
            with self._core.whatever_the_link():
                await self._core.answered_or_away(topic, ID_PATIENCE)
        return topic


class Inbox(Ledger):
    """An inbox: the own one is replicated, somebody else's is written only (see ``OthersInbox``)."""


def _record(
    kind: ItemKind,
    title: str,
    body: str | None,
    level: str | None,
    source: str | None,
    tags: Sequence[str],
    link: str | None,
    class_: str | None,
    data: Json,
) -> dict[str, Json]:
    """Checked as the hub would. Raises ``BadValue``."""
    record: dict[str, Json] = {"kind": kind, "title": title, "body": body, "level": level, "class": class_}
    return check_record(record | {"source": source, "tags": list(tags) or None, "link": link, "data": data})


def _is_new(topic: LedgerTopic, item: str, record: dict[str, Json]) -> bool:
    """Whether nothing of that id is known here. Raises ``Exists``."""
    known = topic.registers(ItemId(item)).get(ITEM)
    if known is None:
        return True
    content: Any = known.value
    if not same_content(content, record):
        raise Exists
    return False


def _check_fit(topic: LedgerTopic, item: str, values: dict[str, Json]) -> None:
    known = topic.registers(ItemId(item)).get(ITEM)
    if known is None:
        return
    content: Any = known.value
    for field in values:
        if not fits(field, content["kind"]):
            raise BadField(f"{field} is not stated on a {content['kind']}")
