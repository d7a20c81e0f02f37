"""Works on ledgers as calls: submitted at once, answered when they are settled, refusals raised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from hub.engine.following import Views
from hub.engine.pipeline import Pipeline
from hub.engine.reading import ReadItem, UseView
from hub.engine.stated import STATUS, Guard, Stated
from hub.engine.statements import ItemWrite, Write
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger
from hub.errors import Refusal
from hub.model import Actor, ItemId, Registers, Seq, TopicName
from hub.state.names import ALL
from hub.state.weights import ITEM


class LedgerCalls:
    """Writes, reads and views of ledgers. Each sees everything that was submitted before it."""

    __slots__ = ("_pipeline", "_topics", "_views")

    def __init__(self, pipeline: Pipeline, topics: TopicBook, views: Views) -> None:
        self._pipeline = pipeline
        self._topics = topics
        self._views = views

    async def write(
        self, topic: TopicName, stated: Sequence[Stated], actor: Actor, guard: Guard | None
    ) -> ItemWrite:
        """State, whole or not at all; the work knows how its items stand after it."""
        future: asyncio.Future[ItemWrite] = asyncio.get_running_loop().create_future()
        self.submit(self._topics.ledger(topic), stated, actor, guard, *into(future))
        try:
            return await future
        finally:
            del future  # a refusal's traceback holds this frame; the future holds the refusal

    def submit(
        self,
        ledger: Ledger,
        stated: Sequence[Stated],
        actor: Actor,
        guard: Guard | None,
        done: Callable[[ItemWrite], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        """As ``write``, told by a call."""
        self._pipeline.submit(ItemWrite(ledger, stated, actor, done, refused, guard))

    def state(
        self,
        ledger: Ledger,
        stated: Sequence[Stated],
        actor: Actor,
        guard: Guard | None,
        done: Callable[[Seq], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        """As ``submit``, told the seq only: nothing is read but what is joined or looked at. Where that is
        more than a register and its item's record, the item as a whole is found sooner than each by itself.
        """
        for each in stated:
            if each.field == STATUS or each.field == ITEM or each.relative:
                self.submit(ledger, stated, actor, guard, lambda work: done(work.seq), refused)
                return
        self._pipeline.submit(Write(ledger, stated, actor, 0, done, refused, guard))

    async def read(self, topic: TopicName, item: ItemId, marks: ItemId = ALL) -> tuple[Registers, Registers]:
        """All registers of an item, from history too, and those of the item that holds its marks."""
        return await read_item(self._pipeline, self._topics.ledger(topic), item, marks)

    async def view(self, topic: TopicName) -> Ledger:
        """The ledger with its view resident. Don't await before using it."""
        while True:
            future: asyncio.Future[Ledger] = asyncio.get_running_loop().create_future()
            self._pipeline.submit(UseView(self._topics.ledger(topic), *into(future)))
            ledger = await future
            # Others who were answered in the same turn may have made room for theirs since.
            if ledger.view is not None:
                self._views.used(ledger)
                return ledger


def read_item(
    pipeline: Pipeline, ledger: Ledger, item: ItemId, marks: ItemId = ALL
) -> asyncio.Future[tuple[Registers, Registers]]:
    """Submitted at once: all registers of an item, from history too, and those of the item that holds its
    marks."""
    future: asyncio.Future[tuple[Registers, Registers]] = asyncio.get_running_loop().create_future()
    done, refused = into(future)
    pipeline.submit(ReadItem(ledger, item, lambda *found: done(found), refused, marks))
    return future


def into(future: asyncio.Future[Any]) -> tuple[Callable[[Any], None], Callable[[Refusal], None]]:
    """Callbacks that settle a future, unless who waited for it is gone."""

    def done(value: Any) -> None:
        if not future.done():
            future.set_result(value)

    def refused(refusal: Refusal) -> None:
        if not future.done():
            future.set_exception(refusal)

    return done, refused
