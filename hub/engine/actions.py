"""What a caller may do with items, whichever door they came through: HTTP and native commands share it.

An ``Item`` is a record with its derived state, flat:
``{id, kind, title, …, by, at, order, read, seen, archived, snoozed, pinned, deleted, attempt, status,
progress, final, sent}``. Every method checks the caller's rights and raises ``errors.Refusal``s
(``Forbidden``, ``NotFound``, ``BadId``, ``BadField``, ``BadValue``, ``Exists``, ``Limit``, ``ClockAhead``,
``Unavailable`` …). A write returns after it is on disk. Reads see every write submitted before them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final, cast

from hub.engine.changes import all_stated, values_of
from hub.engine.exchange import Allowance, Exchange
from hub.engine.following import Follower, Following, pass_time
from hub.engine.inbox_writes import InboxWrites, Values, actor_of, shown
from hub.engine.item_rights import ItemRights
from hub.engine.ledger import SPACE_MARK_AHEAD
from hub.engine.ledger_calls import LedgerCalls, into
from hub.engine.listing import Listing
from hub.engine.people import People
from hub.engine.personal import Place, ReaderView, place_of, split_values
from hub.engine.pipeline import Pipeline
from hub.engine.shapes import Created, Item, ItemFilter, Page, StreamEvent, SyncAnswer, SyncPart
from hub.engine.stated import Guard, Stated
from hub.engine.statements import ItemWrite
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger
from hub.errors import NotFound, Refusal
from hub.model import Actor, Counts, Hlc, Identity, ItemId, Json, Registers, Seq, TopicName, UserId
from hub.ports import Archive, Clock
from hub.state.names import ALL, topic_kind
from hub.state.ulid import new_ulid
from hub.state.weights import ITEM, READ_UPTO
from hub.telemetry.logs import get

log = get("hub.actions")

__all__ = ["Actions", "Created", "Item", "ItemFilter", "Page", "StreamEvent", "SyncAnswer", "SyncPart"]

RUNNING: Final[Values] = (("status", [1, "running"]),)
"""What ``start`` states beside the record."""


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
        self._topics = topics
        self._rights = rights
        self._people = people
        self._clock = clock
        self._listing = Listing(archive, clock)
        self._following = following
        self._calls = LedgerCalls(pipeline, topics, following.views)
        self.begun = InboxWrites(self._calls, topics, rights, people, clock)
        """The writes into inboxes that wait in no task."""
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
        work = await self._create(caller, topic, item, record, (), hlc)
        return await self._answer(caller, topic, work.stated[0].item, work.found()), work.won

    async def start(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        more: Values = RUNNING,
        hlc: Hlc | None = None,
    ) -> Item:
        """Create a task and state that it runs, or what ``more`` says."""
        work = await self._create(caller, topic, item, record, more, hlc)
        return await self._answer(caller, topic, work.stated[0].item, work.found())

    async def start_briefly(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        more: Values = RUNNING,
        hlc: Hlc | None = None,
    ) -> Seq:
        """As ``start``, answered with the seq it is saved under."""
        return (await self._create(caller, topic, item, record, more, hlc)).seq

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
        more: Values,
        hlc: Hlc | None,
    ) -> ItemWrite:
        await self._rights.learn(topic)
        stated = self.begun.creation(caller, topic, item, record, more, hlc)
        kind, name = topic_kind(topic)
        if kind == "inbox":
            await self._people.named(UserId(name))
        return await self._calls.write(topic, stated, actor_of(caller), None)

    async def change(
        self,
        caller: Identity,
        topic: TopicName,
        item: str,
        changes: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> Item:
        """State fields of one item (keys: seen read archived pinned deleted snoozed title body due priority
        assignee status progress note attempt). Without ``attempt`` the current one is meant.

        What is personal about a space's item is stated in the caller's inbox, after the rest was saved.
        """
        begun: asyncio.Future[Item] = asyncio.get_running_loop().create_future()
        if self.begun.change(caller, topic, item, changes, hlc, "item", *into(begun)):
            try:
                return await begun
            finally:
                del begun  # a refusal's traceback holds this frame; the future holds the refusal
        _, found = await self._change_in_space(caller, topic, ItemId(item), changes, hlc)
        return await self._answer(caller, topic, ItemId(item), found)

    async def change_briefly(
        self,
        caller: Identity,
        topic: TopicName,
        item: str,
        changes: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> Seq:
        """As ``change``, answered with the seq it is saved under (what is personal about a space's item: in
        the caller's inbox)."""
        begun: asyncio.Future[Seq] = asyncio.get_running_loop().create_future()
        if self.begun.change(caller, topic, item, changes, hlc, "seq", *into(begun)):
            try:
                return await begun
            finally:
                del begun  # a refusal's traceback holds this frame; the future holds the refusal
        seq, _ = await self._change_in_space(caller, topic, ItemId(item), changes, hlc)
        return seq

    async def _change_in_space(
        self, caller: Identity, topic: TopicName, item: ItemId, changes: Mapping[str, Json], hlc: Hlc | None
    ) -> tuple[Seq, tuple[Registers, Registers]]:
        """The seq, and what was found of the item."""
        await self._rights.learn(topic)
        place, actor = place_of(caller, topic), actor_of(caller)
        shared, personal = split_values(topic, values_of(changes))
        guard = self._rights.may_mark(caller, topic) if personal else None
        if shared:
            guard = self._rights.may_state(caller, topic, shared)
        now = self._clock.now()
        stated = all_stated("space", item, shared, hlc, now)
        own = all_stated("inbox", place.name(item), personal, hlc, now)
        if not stated:
            found = await self._found(topic, item, guard)
            return (await self._calls.write(place.topic, own, actor, None)).seq, found
        work = await self._calls.write(topic, stated, actor, guard)
        if own:
            await self._calls.write(place.topic, own, actor, None)
        return work.seq, work.found()

    async def read_all(
        self, caller: Identity, topic: TopicName, upto: int | None = None, hlc: Hlc | None = None
    ) -> Counts:
        """Mark notifications up to an order (default: the last one given out) read; the counts after."""
        await self._rights.learn(topic)
        self._rights.may_mark(caller, topic)
        ledger, view = await self._seen_by(caller, topic)
        order = ledger.order if upto is None else min(upto, ledger.order)
        place, actor = place_of(caller, topic), actor_of(caller)
        stated = self._marks(view, place, order, actor, hlc)
        if stated:
            await self._calls.write(place.topic, stated, actor, None)
        return await self.counts(caller, topic)

    def _marks(
        self, view: ReaderView, place: Place, order: int, actor: Actor, hlc: Hlc | None
    ) -> list[Stated]:
        """One ``read_upto``; below the actor's own standing one, ``read`` item by item, because a newer mark
        replaces the older and would make what lies between unread. Likewise where a space's orders have run
        ahead of the clock."""
        standing, now = view.mark(actor), self._clock.now()
        too_far = place.space is not None and order > now + SPACE_MARK_AHEAD
        if not too_far and (standing is None or order >= cast("int", standing.value)):
            return all_stated("inbox", place.name(ALL), {READ_UPTO: order}, hlc, now)
        return [
            stated
            for item in view.unread_upto(order, now)
            for stated in all_stated("inbox", place.name(item), {"read": True}, hlc, now)
        ]

    async def _answer(
        self, caller: Identity, topic: TopicName, item: ItemId, found: tuple[Registers, Registers]
    ) -> Item:
        """An item of which registers and marks were found, as the caller sees it."""
        place, (registers, marks) = place_of(caller, topic), found
        if place.space is None:
            return shown(item, registers, marks, self._clock.now())
        personal, marks = await self._calls.read(place.topic, place.name(item), place.name(ALL))
        return shown(item, registers, marks, self._clock.now(), personal)

    # ------------------------------------------------------------------ reading

    async def item(self, caller: Identity, topic: TopicName, item: str) -> Item:
        """One item, from history too; not one that is deleted."""
        await self._rights.learn(topic)
        guard = self._rights.may_see(caller, topic)
        answer = await self._answer(
            caller, topic, ItemId(item), await self._found(topic, ItemId(item), guard)
        )
        if answer["deleted"]:
            raise NotFound("the item is deleted")
        return answer

    async def _found(
        self, topic: TopicName, item: ItemId, guard: Guard | None
    ) -> tuple[Registers, Registers]:
        """An item's registers, and the topic's marks; the guard has looked at its record."""
        registers, marks = await self._calls.read(topic, item)
        if ITEM not in registers:
            raise NotFound("there is no such item")
        if guard is not None:
            guard(cast("dict[str, Json]", registers[ITEM].value))
        return registers, marks

    async def items(
        self, caller: Identity, topic: TopicName, which: ItemFilter, limit: int, cursor: str | None
    ) -> Page:
        """A page of items."""
        await self._rights.learn(topic)
        guard = self._rights.may_list(caller, topic)
        ledger, view = await self._seen_by(caller, topic)
        return await self._listing.page(ledger, view, which, limit, cursor, guard)

    async def counts(self, caller: Identity, topic: TopicName) -> Counts:
        """What a badge shows."""
        await self._rights.learn(topic)
        self._rights.may_list(caller, topic)
        _, view = await self._seen_by(caller, topic)
        return view.counts(self._clock.now())

    async def _seen_by(self, caller: Identity, topic: TopicName) -> tuple[Ledger, ReaderView]:
        """The ledger, and its view as the caller sees it: as of everything submitted before."""
        place = place_of(caller, topic)
        own = None if place.space is None else (await self._calls.view(place.topic)).view
        ledger = await self._calls.view(topic)
        pass_time(ledger, self._clock.now())
        assert ledger.view is not None
        return ledger, ReaderView(ledger.view, place, own or ledger.view)

    # ------------------------------------------------------------------ the rest

    async def stream(
        self, caller: Identity, topic: TopicName, last_event_id: str | None
    ) -> AsyncIterator[StreamEvent]:
        """Changes as they are saved, from ``last_event_id`` on (without: from now). A slow follower gets
        ``reset`` instead of a backlog. Of a space also what changes for the caller alone."""
        await self._rights.learn(topic)
        guard = self._rights.may_list(caller, topic)
        place = place_of(caller, topic)
        ledger, own = self._topics.ledger(topic), self._topics.ledger(place.topic)
        events = self._following.stream(Follower(caller, ledger, place, own), last_event_id, guard)
        async with aclosing(events):
            async for event in events:
                yield event

    async def sync(
        self, caller: Identity, device: str | None, parts: Sequence[SyncPart]
    ) -> Sequence[SyncAnswer]:
        """Push and catch up several topics in one round trip. ``device`` is the actor (None:
        ``<sub>.api``).
        """
        actor = Actor(device) if device is not None else caller.api_actor
        allowance = Allowance()
        return await asyncio.gather(*(self._exchange.one(caller, actor, part, allowance) for part in parts))
