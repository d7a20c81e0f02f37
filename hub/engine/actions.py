"""What a caller may do with items, whichever door they came through: HTTP and native commands share it.

An ``Item`` is a record with its derived state, flat:
``{id, kind, title, …, by, at, order, read, seen, archived, snoozed, pinned, deleted, attempt, status,
progress, final, sent}``. Every method checks the caller's rights and raises ``errors.Refusal``s
(``Forbidden``, ``NotFound``, ``BadId``, ``BadField``, ``BadValue``, ``Exists``, ``Limit``, ``ClockAhead``,
``Unavailable`` …). A write returns after it is on disk. Reads see every write submitted before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, cast

from hub.engine.exchange import Exchange
from hub.engine.following import Following, pass_time
from hub.engine.item_rights import ItemRights
from hub.engine.ledger import UNSTAMPED, Stated
from hub.engine.listing import Listing
from hub.engine.people import People
from hub.engine.pipeline import Pipeline
from hub.engine.reading import ReadItem, UseView
from hub.engine.shapes import Created, Item, ItemFilter, Page, StreamEvent, SyncAnswer, SyncPart
from hub.engine.statements import Guard, ItemWrite
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger
from hub.errors import BadField, ClockAhead, NotFound, Refusal
from hub.model import Actor, Counts, Hlc, Identity, ItemId, Json, Registers, Seq, TopicName, UserId
from hub.ports import Archive, Clock
from hub.state.clock import is_ahead
from hub.state.derive import ReadUpto, flat
from hub.state.fields import check_statement
from hub.state.names import ALL, topic_kind
from hub.state.ulid import new_ulid
from hub.state.weights import READ_UPTO, slot

__all__ = ["Actions", "Created", "Item", "ItemFilter", "Page", "StreamEvent", "SyncAnswer", "SyncPart"]

_ATTEMPT = ("status", "progress")


class Actions:
    """Items, counts, streams and one-round-trip sync for one identified caller at a time."""

    def __init__(
        self,
        pipeline: Pipeline,
        topics: TopicBook,
        rights: ItemRights,
        people: People,
        archive: Archive,
        clock: Clock,
        following: Following,
        exchange: Exchange,
    ) -> None:
        self._pipeline = pipeline
        self._topics = topics
        self._rights = rights
        self._people = people
        self._clock = clock
        self._listing = Listing(archive, clock)
        self._following = following
        self._exchange = exchange

    # ------------------------------------------------------------------ writing

    async def create(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> tuple[Item, bool]:
        """Create a notification or task; (item, True) if new, (item, False) if the same existed."""
        work = await self._create(caller, topic, item, record, hlc, ())
        return self._answer(work, work.stated[0].item), work.won

    async def start(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> Item:
        """Create a task and state that it runs."""
        work = await self._create(caller, topic, item, record, hlc, (("status", [1, "running"]),))
        return self._answer(work, work.stated[0].item)

    async def create_many(
        self, caller: Identity, topics: Sequence[TopicName], item: str | None, record: Mapping[str, Json]
    ) -> Sequence[Created]:
        """The same item in many topics, each on its own; one id for all."""
        name = item or new_ulid(self._clock.now())
        return await asyncio.gather(*(self._created(caller, topic, name, record) for topic in topics))

    async def _created(
        self, caller: Identity, topic: TopicName, item: str, record: Mapping[str, Json]
    ) -> Created:
        try:
            answer, created = await self.create(caller, topic, item, record)
        except Refusal as refusal:
            return Created(topic, None, False, refusal)
        return Created(topic, answer, created)

    async def _create(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        hlc: Hlc | None,
        more: Sequence[tuple[str, Json]],
    ) -> ItemWrite:
        await self._rights.learn(topic)
        self._rights.may_create(caller, topic, record.get("kind"))
        kind, name = topic_kind(topic)
        item_id = ItemId(item if item is not None else new_ulid(self._clock.now()))
        stated = [self._stated(topic, item_id, "item", dict(record), hlc)]
        stated += [self._stated(topic, item_id, field, value, hlc) for field, value in more]
        if kind == "inbox":
            await self._people.named(UserId(name))
        return await self._write(caller, topic, stated, None)

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
        await self._rights.learn(topic)
        values = _values(changes)
        guard = self._rights.may_state(caller, topic, values)
        stated = [self._stated(topic, ItemId(item), field, value, hlc) for field, value in values.items()]
        if not stated:
            return await self.item(caller, topic, item)
        return self._answer(await self._write(caller, topic, stated, guard), ItemId(item))

    async def read_all(
        self, caller: Identity, topic: TopicName, upto: int | None = None, hlc: Hlc | None = None
    ) -> Counts:
        """Mark notifications up to an order (default: the last one given out) read; the counts after."""
        await self._rights.learn(topic)
        self._rights.may_state(caller, topic, ("read",))
        ledger = await self._view(topic)
        stated = self._marks(ledger, _actor(caller), upto, hlc)
        if stated:
            await self._write(caller, topic, stated, None)
        return await self.counts(caller, topic)

    def _marks(self, ledger: Ledger, actor: Actor, upto: int | None, hlc: Hlc | None) -> list[Stated]:
        """One ``read_upto``; below the actor's own standing one, ``read`` item by item, because a newer mark
        replaces the older and would make what lies between unread."""
        assert ledger.view is not None
        order = ledger.order if upto is None else min(upto, ledger.order)
        standing = (ledger.view.item(ALL) or {}).get(slot(READ_UPTO, actor))
        if standing is None or order >= cast("int", standing.value):
            return [self._stated(ledger.name, ALL, READ_UPTO, order, hlc)]
        unread = ledger.view.unread_upto(order)
        return [self._stated(ledger.name, item, "read", True, hlc) for item in unread]

    def _stated(self, topic: TopicName, item: ItemId, field: str, value: Json, hlc: Hlc | None) -> Stated:
        if hlc is not None and type(hlc) is int and is_ahead(hlc, self._clock.now()):
            raise ClockAhead
        stamp, checked = (UNSTAMPED, Hlc(0)) if hlc is None else (hlc, hlc)
        if field in _ATTEMPT and isinstance(value, list):
            whole = [1 if value[0] is None else value[0], 0 if value[1] is None else value[1], *value[2:]]
            check_statement(topic_kind(topic)[0], item, field, whole, checked)
            return Stated(item, field, value, stamp)
        return Stated(item, field, check_statement(topic_kind(topic)[0], item, field, value, checked), stamp)

    async def _write(
        self, caller: Identity, topic: TopicName, stated: Sequence[Stated], guard: Guard | None
    ) -> ItemWrite:
        future: asyncio.Future[Seq] = asyncio.get_running_loop().create_future()
        done, refused = _into(future)
        work = ItemWrite(self._topics.ledger(topic), stated, _actor(caller), done, refused, guard)
        self._pipeline.submit(work)
        await future
        return work

    def _answer(self, work: ItemWrite, item: ItemId) -> Item:
        return _flat(item, work.registers(item), work.registers(ALL), self._clock.now())

    # ------------------------------------------------------------------ reading

    async def item(self, caller: Identity, topic: TopicName, item: str) -> Item:
        """One item, from history too; not one that is deleted."""
        await self._rights.learn(topic)
        guard = self._rights.may_see(caller, topic)
        future: asyncio.Future[tuple[Registers, Registers]] = asyncio.get_running_loop().create_future()
        done, refused = _into(future)
        self._pipeline.submit(
            ReadItem(self._topics.ledger(topic), ItemId(item), lambda *found: done(found), refused)
        )
        registers, marks = await future
        answer = _flat(ItemId(item), registers, marks, self._clock.now())
        guard(answer)
        if answer["deleted"]:
            raise NotFound("the item is deleted")
        return answer

    async def items(
        self, caller: Identity, topic: TopicName, which: ItemFilter, limit: int, cursor: str | None
    ) -> Page:
        """A page of items."""
        await self._rights.learn(topic)
        guard = self._rights.may_list(caller, topic)
        return await self._listing.page(await self._view(topic), which, limit, cursor, guard)

    async def counts(self, caller: Identity, topic: TopicName) -> Counts:
        """What a badge shows."""
        await self._rights.learn(topic)
        self._rights.may_list(caller, topic)
        ledger = await self._view(topic)
        assert ledger.view is not None
        pass_time(ledger, self._clock.now())
        return ledger.view.counts

    async def _view(self, topic: TopicName) -> Ledger:
        """The ledger with its view resident, as of everything submitted before. Don't await before using
        it.
        """
        while True:
            future: asyncio.Future[Ledger] = asyncio.get_running_loop().create_future()
            self._pipeline.submit(UseView(self._topics.ledger(topic), *_into(future)))
            ledger = await future
            # Others who were answered in the same turn may have made room for theirs since.
            if ledger.view is not None:
                self._following.views.used(ledger)
                return ledger

    # ------------------------------------------------------------------ the rest

    async def stream(
        self, caller: Identity, topic: TopicName, last_event_id: str | None
    ) -> AsyncIterator[StreamEvent]:
        """Changes as they are saved, from ``last_event_id`` on (without: from now). A slow follower gets
        ``reset`` instead of a backlog."""
        await self._rights.learn(topic)
        guard = self._rights.may_list(caller, topic)
        async for event in self._following.stream(caller, self._topics.ledger(topic), last_event_id, guard):
            yield event

    async def sync(
        self, caller: Identity, device: str | None, parts: Sequence[SyncPart]
    ) -> Sequence[SyncAnswer]:
        """Push and catch up several topics in one round trip. ``device`` is the actor (None:
        ``<sub>.api``).
        """
        actor = Actor(device) if device is not None else caller.api_actor
        return await asyncio.gather(*(self._exchange.one(caller, actor, part) for part in parts))


def _actor(caller: Identity) -> Actor:
    return Actor(caller.device) if caller.device is not None else caller.api_actor


def _flat(item: ItemId, registers: Registers, marks: Registers, now: int) -> Item:
    answer = flat(item, registers, ReadUpto(marks), now)
    if answer is None:
        raise NotFound("there is no such item")
    return answer


def _values(changes: Mapping[str, Json]) -> dict[str, Json]:
    """The statements that changes mean, by field: status and progress take the attempt and the note along."""
    values = dict(changes)
    attempt, note = values.pop("attempt", None), values.pop("note", None)
    if (attempt is not None or note is not None) and not {"status", "progress"} & values.keys():
        if note is None:
            raise BadField("attempt goes with status or progress")
        values["progress"] = None
    if "status" in values:
        values["status"] = [attempt, values["status"]]
    if "progress" in values or note is not None:
        values["progress"] = [attempt, values.get("progress"), *([] if note is None else [note])]
    return values


def _into(future: asyncio.Future[Any]) -> tuple[Callable[[Any], None], Callable[[Refusal], None]]:
    """Callbacks that settle a future, unless who waited for it is gone."""

    def done(value: Any) -> None:
        if not future.done():
            future.set_result(value)

    def refused(refusal: Refusal) -> None:
        if not future.done():
            future.set_exception(refusal)

    return done, refused
