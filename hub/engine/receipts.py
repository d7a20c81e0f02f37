"""What delivery asks of the engine: how an item stands, and that a delivery's end is saved with its receipt.

A receipt is the hub's register ``sent.<channel>`` on the item, ``{state, at, ref?}``: so every device shows
"forwarded to WeChat 12:03". It is saved in the transaction that ends the delivery. An item that is gone gets
none, the delivery ends all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from hub.engine.ledger import LedgerPart
from hub.engine.ledger_calls import into, read_item
from hub.engine.pipeline import Pipeline
from hub.engine.rights import Rights
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger
from hub.engine.turn import Turn
from hub.engine.work import Work
from hub.errors import Internal, Refusal, Unavailable
from hub.model import HUB, AuditRow, DeliveryRow, ItemId, Json, Register, Slot, TopicName, UserId
from hub.ports import Standing
from hub.state.clock import stamp
from hub.state.names import ALL, inbox_of, personal_name, topic_kind
from hub.state.weights import ITEM, SENT_PREFIX

MAX_REF: Final = 256
"""Characters of a vendor's id of a message that a receipt keeps."""

_BEST_FIRST: Final = ("sent", "partial", "dead", "suppressed")


class LedgerItems:
    """``ports.Items`` over the pipeline."""

    __slots__ = ("_pipeline", "_rights", "_topics")

    def __init__(self, pipeline: Pipeline, topics: TopicBook, rights: Rights) -> None:
        self._pipeline = pipeline
        self._topics = topics
        self._rights = rights

    async def standing(self, topic: TopicName, item: ItemId, user: UserId) -> Standing:
        """See ``ports.Items``."""
        try:
            readable = await self._rights.may_read(topic, user)
            standing = await self._standing(topic, item, user)
        except Refusal as refusal:
            raise _told(refusal) from None
        return replace(standing, readable=readable)

    async def _standing(self, topic: TopicName, item: ItemId, user: UserId) -> Standing:
        kind, space = topic_kind(topic)
        shared = read_item(self._pipeline, self._topics.ledger(topic), item)
        if kind == "inbox":
            return Standing(*await shared, None)
        own = read_item(
            self._pipeline,
            self._topics.ledger(inbox_of(user)),
            personal_name(space, item),
            personal_name(space, ALL),
        )
        (registers, _), (personal, marks) = await asyncio.gather(shared, own)
        return Standing(registers, marks, personal)

    async def settle(self, row: DeliveryRow, audits: Sequence[AuditRow] = ()) -> None:
        """See ``ports.Items``."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        ledger = self._topics.ledger(row.event.topic)
        self._pipeline.submit(Settle(ledger, row, audits, *into(future)))
        try:
            await future
        except Refusal as refusal:
            raise _told(refusal) from None


class Settle(Work[Ledger]):
    """A delivery that ended: its row, the audit, and its receipt on the item."""

    __slots__ = ("_audits", "_done", "_refused", "_row")

    def __init__(
        self,
        topic: Ledger,
        row: DeliveryRow,
        audits: Sequence[AuditRow],
        done: Callable[[None], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        super().__init__(topic)
        self._row = row
        self._audits = audits
        self._done = done
        self._refused = refused

    @property
    def _field(self) -> str:
        return f"{SENT_PREFIX}{self._row.channel}"

    def wants(self, turn: Turn) -> None:
        """The item's record and the receipt that stands."""
        for slot in (ITEM, Slot(self._field)):
            turn.want(self.topic.name, self._row.event.item, slot)

    def join(self, turn: Turn) -> None:
        """Take the row into the turn, and the receipt where the item is known."""
        part, item = turn.part(self.topic), self._row.event.item
        if part.standing(item, ITEM) is not None:
            self._state_receipt(part, item)
        part.settle(self._row, self._audits)

    def _state_receipt(self, part: LedgerPart, item: ItemId) -> None:
        standing = part.standing(item, Slot(self._field))
        receipt = _receipt(self._row, part.turn.now)
        if standing is None or _replaces(receipt, standing, self._row):
            hlc = stamp(part.turn.now, standing.hlc if standing else None)
            part.add(item, self._field, receipt, hlc, HUB)

    def settle(self) -> None:
        """Saved."""
        self._done(None)

    def fail(self, refusal: Refusal) -> None:
        """Not saved."""
        self._refused(refusal)


def _receipt(row: DeliveryRow, now: int) -> dict[str, Json]:
    at = row.ended_at if row.ended_at is not None else now
    receipt: dict[str, Json] = {"state": row.state, "at": at}
    return receipt | ({"ref": row.ref[:MAX_REF]} if row.ref else {})


def _replaces(receipt: dict[str, Json], standing: Register, row: DeliveryRow) -> bool:
    """Whether a delivery's end is news beside the receipt that stands.

    The same end twice is none. A space's item has one receipt for all its members: the best end that came
    since the event stands, so that the nine who need no message of their own don't hide the one that went
    out.
    """
    before = cast("dict[str, Any]", standing.value)
    if receipt == before:
        return False
    if row.event.user is not None or before["at"] < row.event.at:
        return True
    return _BEST_FIRST.index(row.state) <= _BEST_FIRST.index(before["state"])


def _told(refusal: Refusal) -> Refusal:
    """What kept a turn from its end, in the words of the port; the pipeline's log tells more."""
    return refusal if isinstance(refusal, Unavailable | Internal) else Unavailable(refusal.message)
