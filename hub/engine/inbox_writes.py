"""Writes into inboxes, begun at once and told by a call: no task waits for the disk.

This is the way of programs that report into many inboxes, so nothing on it is done twice: nearly every one
meets a topic that nobody has open, and of what is done for it nothing is shared with the next.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from hub.engine.changes import all_stated, values_of
from hub.engine.item_rights import ItemRights
from hub.engine.ledger_calls import LedgerCalls
from hub.engine.people import People
from hub.engine.shapes import Answer, Item
from hub.engine.stated import Guard, Stated
from hub.engine.statements import ItemWrite
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger
from hub.errors import Internal, NotFound, Refusal
from hub.model import Actor, Hlc, Identity, ItemId, Json, Registers, TopicName, UserId
from hub.ports import Clock
from hub.state.derive import ReadUpto, flat
from hub.state.names import topic_kind
from hub.state.ulid import new_ulid
from hub.telemetry.logs import get

log = get("hub.actions")

Written = Callable[[Any], None]
"""Told how the item stands after a write, or the seq it is saved under: as was asked."""
Refused = Callable[[Refusal], None]
Values = Sequence[tuple[str, Json]]


class InboxWrites:
    """Creates and changes in inboxes where all that has to be known first is in memory."""

    __slots__ = ("_calls", "_clock", "_people", "_rights", "_topics")

    def __init__(
        self, calls: LedgerCalls, topics: TopicBook, rights: ItemRights, people: People, clock: Clock
    ) -> None:
        self._calls = calls
        self._topics = topics
        self._rights = rights
        self._people = people
        self._clock = clock

    def creation(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        more: Values,
        hlc: Hlc | None,
    ) -> list[Stated]:
        """What is stated to create an item, in a space too. Raises what ``Actions`` raises."""
        self._rights.may_create(caller, topic, record.get("kind"))
        kind, _ = topic_kind(topic)
        now = self._clock.now()
        item_id = ItemId(item if item is not None else new_ulid(now))
        return all_stated(kind, item_id, {"item": dict(record), **dict(more)}, hlc, now)

    def create(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        more: Values,
        hlc: Hlc | None,
        answer: Answer,
        written: Written,
        refused: Refused,
    ) -> bool:
        """As ``Actions.create``, stating ``more``. False: nothing was begun."""
        kind, name = topic_kind(topic)
        if kind != "inbox" or not self._people.remembers(UserId(name)):
            return False
        stated = self.creation(caller, topic, item, record, more, hlc)
        self._submit(self._topics.ledger(topic), stated, caller, None, answer, written, refused)
        return True

    def change(
        self,
        caller: Identity,
        topic: TopicName,
        item: str,
        changes: Mapping[str, Json],
        hlc: Hlc | None,
        answer: Answer,
        written: Written,
        refused: Refused,
    ) -> bool:
        """As ``Actions.change``. False: nothing was begun."""
        # Of a topic that is resident it is known what it is: its name was read once.
        ledger = self._topics.held(topic)
        if (topic_kind(topic)[0] if ledger is None else ledger.kind) != "inbox":
            return False
        values = values_of(changes)
        guard = self._rights.may_state(caller, topic, values)
        stated = all_stated("inbox", ItemId(item), values, hlc, self._clock.now())
        ledger = ledger or self._topics.topic(topic)
        self._submit(cast("Ledger", ledger), stated, caller, guard, answer, written, refused)
        return True

    def _submit(
        self,
        ledger: Ledger,
        stated: Sequence[Stated],
        caller: Identity,
        guard: Guard | None,
        answer: Answer,
        written: Written,
        refused: Refused,
    ) -> None:
        if answer == "seq":
            self._calls.state(ledger, stated, actor_of(caller), guard, written, refused)
            return

        def done(work: ItemWrite) -> None:
            try:
                item = shown(work.stated[0].item, *work.found(), self._clock.now())
            except Refusal as refusal:
                refused(refusal)
            except Exception:
                log.exception("actions.answer_failed", topic=ledger.name)
                refused(Internal())
            else:
                written(item)

        self._calls.submit(ledger, stated, actor_of(caller), guard, done, refused)


def actor_of(caller: Identity) -> Actor:
    """Who states what a caller asks for."""
    return Actor(caller.device) if caller.device is not None else caller.api_actor


def shown(
    item: ItemId, registers: Registers, marks: Registers, now: int, personal: Registers | None = None
) -> Item:
    """An item with its derived state, flat. Raises ``NotFound``."""
    answer = flat(item, registers, ReadUpto(marks), now, personal)
    if answer is None:
        raise NotFound("there is no such item")
    return answer
