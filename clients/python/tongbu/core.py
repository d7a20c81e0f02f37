"""What a hub's ledgers, documents and tasks share: the store, the session, the link, and waiting for them."""

# ruff: noqa: ASYNC109  # a timeout in seconds is what callers expect; asyncio.timeout stands behind it

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from itertools import count
from random import Random
from typing import Any, Final
from weakref import WeakSet

from hub.model import Hlc, ItemId, Json, Statement
from hub.state.clock import HybridClock
from hub.state.fields import check_statement
from hub.state.names import topic_kind
from tongbu.document_topic import DocumentTopic
from tongbu.errands import Errand
from tongbu.errors import Closed, HubError, NotConnected
from tongbu.followers import Queue
from tongbu.items import RefusedStatement
from tongbu.ledger_topic import LedgerTopic
from tongbu.link import Link, State
from tongbu.outbox import Entry
from tongbu.session import Session
from tongbu.signal import Signal
from tongbu.store import Batch, Store
from tongbu.topics import Topic
from tongbu.view import View

log = logging.getLogger("tongbu")

MAX_REFUSALS: Final = 1_000
"""That may wait for one who asked for them; the oldest are dropped."""

OPEN_PATIENCE: Final = 15.0
"""Seconds that opening waits for a hub that neither answers nor fails."""

Stated = tuple[str, str, Json]
"""(item, field, value)."""


def wall_clock() -> int:
    """The machine's time in ms."""
    return time.time_ns() // 1_000_000


class Core:
    """One device. Made by ``hub.connect``; everything else holds it.

    ``link`` is set before anything else is used. ``answers`` are told (topic, item id, item) by each answer
    to an errand.

    Args:
        store: open.
        stamps: the latest that the hub is known to hold, and the latest that waits for it.
        random: for jitter.
    """

    link: Link

    def __init__(self, store: Store, stamps: tuple[int, int], random: Random) -> None:
        self.store = store
        self.signal = Signal()
        self.clock = HybridClock(wall_clock, last=stamps[1], seen=stamps[0])
        self.session = Session(self.clock, self, self._answered, time.monotonic, random)
        self.answers: list[Callable[[str, str, dict[str, Any]], None]] = []
        self.closed = False
        self._views: list[View] = []
        self._refusals: WeakSet[Queue[RefusedStatement]] = WeakSet()
        self._numbers = count(1)
        self._last = 0
        self._loading: dict[str, asyncio.Task[Topic]] = {}

    # ------------------------------------------------------------------ loading

    async def load(self) -> None:
        """Bring back what waits for the hub. Raises ``StoreError``."""
        outbox, edits = await self.store.read("outbox"), await self.store.read("edits")
        errands = await self.store.read("errands")
        self._last = max((row[0] for row in (*outbox, *errands, *edits)), default=0)
        self._numbers = count(self._last + 1)
        self.session.errands.load(errands)
        for name in dict.fromkeys(row[1] for row in (*outbox, *edits)):
            await (self.document(name) if name.startswith("doc/") else self.ledger(name))

    async def ledger(self, name: str) -> LedgerTopic:
        """A ledger, loaded once. Raises ``StoreError``."""
        topic = await self._topic(name, self._load_ledger)
        assert isinstance(topic, LedgerTopic)
        return topic

    async def document(self, name: str) -> DocumentTopic:
        """A document, loaded once. Raises ``StoreError``."""
        topic = await self._topic(name, self._load_document)
        assert isinstance(topic, DocumentTopic)
        return topic

    async def _topic(self, name: str, load: Callable[[str], Awaitable[Topic]]) -> Topic:
        self.check()
        known = self.session.topics.get(name)
        if known is not None:
            if known.closing:
                known.reopen()
                known.presence.wake = self.link.wake
            return known
        task = self._loading.get(name)
        if task is None:
            task = self._loading[name] = asyncio.ensure_future(load(name))
            task.add_done_callback(lambda _: self._loading.pop(name, None))
        return await asyncio.shield(task)

    async def _load_ledger(self, name: str) -> Topic:
        topic = LedgerTopic(name, *await self._held(name), self.clock)
        topic.load(await self.store.read("registers", name))
        for number, _, item, field, value, hlc in await self.store.read("outbox_of", name):
            topic.reenter(number, item, field, value, Hlc(hlc), self.session.actor)
        return self._take(topic)

    async def _load_document(self, name: str) -> Topic:
        held = await self._held(name)
        updates = [body for (body,) in await self.store.read("updates", name)]
        edits = await self.store.read("edits_of", name)
        return self._take(DocumentTopic(name, *held, updates, edits, self._edited))

    async def _held(self, name: str) -> tuple[int, int]:
        rows = await self.store.read("topic", name)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def _take(self, topic: Topic) -> Topic:
        self.session.topics[topic.name] = topic
        topic.presence.wake = self.link.wake
        self.link.wake()
        return topic

    def _edited(self, topic: DocumentTopic, update: bytes) -> int:
        batch, number = Batch(), self._number()
        batch.put("put_edit", number, topic.name, update)
        self.store.save(batch)
        self.link.wake()
        return number

    # ------------------------------------------------------------------ stating

    async def state(self, topic: LedgerTopic, stated: Sequence[Stated]) -> None:
        """Enter statements, all or none: shown at once, on disk when this returns, then pushed.

        Raises:
            Refusal: one breaks a rule, or the hub does not let this user open the topic.
            OutboxFull: too much waits.
            StoreError: the store refuses.
        """
        self.check()
        if topic.refusal is not None:
            raise type(topic.refusal)(topic.refusal.message)
        topic.check_room(len(stated))
        batch, statements = Batch(), self._checked(topic, stated)
        entries = [topic.enter(self._number(), statement, batch) for statement in statements]
        try:
            await self._kept(batch, entries)
        except HubError:
            for entry in entries:
                topic.withdraw(entry)
            raise

    def _checked(self, topic: LedgerTopic, stated: Sequence[Stated]) -> list[Statement]:
        kind = topic_kind(topic.name)[0]
        values = [check_statement(kind, item, field, value, 0) for item, field, value in stated]
        return [
            Statement(ItemId(item), field, value, self.clock.tick(), self.session.actor)
            for (item, field, _), value in zip(stated, values, strict=True)
        ]

    async def run_errand(self, topic: str, item: str, name: str, params: dict[str, Json]) -> Errand:
        """Enter a command to somebody else's inbox: on disk when this returns, then sent.

        Raises:
            OutboxFull: too much waits.
            StoreError: the store refuses.
        """
        self.check()
        errand = Errand(self._number(), topic, item, name, params, self.clock.tick())
        batch = Batch()
        self.session.errands.enter(errand, batch)
        try:
            await self._kept(batch, [errand])
        except HubError:
            self.session.errands.withdraw(errand)
            raise
        return errand

    async def _kept(self, batch: Batch, entered: Sequence[Entry | Errand]) -> None:
        """Until the batch is on disk; from then on, whoever waits or not, it may be sent."""
        saved = self.store.save(batch)

        def on_disk(future: asyncio.Future[None]) -> None:
            if future.exception() is None:
                for each in entered:
                    each.kept = True
                self.link.wake()

        saved.add_done_callback(on_disk)
        self.signal.fire()
        await asyncio.shield(saved)

    def _number(self) -> int:
        self._last = next(self._numbers)
        return self._last

    # ------------------------------------------------------------------ waiting

    def check(self) -> None:
        """Raises ``Closed`` once the hub was left, and ``StoreError`` once the store refused."""
        if self.closed:
            raise Closed
        if self.store.failed is not None:
            raise type(self.store.failed)(self.store.failed.message)

    def check_link(self) -> None:
        """Also raises why it makes no sense to come back."""
        self.check()
        if self.link.error is not None:
            raise type(self.link.error)(self.link.error.message)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds; raises what ``check_link`` does."""
        while not holds():
            self.check_link()
            await self.signal.wait()

    async def connected(self, timeout: float | None) -> None:
        """Until the hub's welcome. Raises ``NotConnected`` and what ``check_link`` does."""
        try:
            async with asyncio.timeout(timeout):
                await self.until(lambda: self.link.state is State.ONLINE)
        except TimeoutError:
            raise NotConnected(f"The hub could not be reached in time: {self.link.reason}.") from None

    async def answered_or_away(self, topic: Topic, timeout: float = OPEN_PATIENCE) -> None:
        """Until the hub has brought a topic up to date, or can't be reached within ``timeout`` seconds.

        Raises:
            Refusal: the hub does not let this user open it.
        """
        topic.refusal = None if topic.handle is None else topic.refusal
        self.link.wake()
        await self.until_or_away(lambda: topic.synced or topic.refusal is not None, timeout)
        if topic.refusal is not None:
            raise type(topic.refusal)(topic.refusal.message)

    @contextlib.contextmanager
    def whatever_the_link(self) -> Iterator[None]:
        """For stating: that the hub takes nothing for good is no reason to lose what is said meanwhile."""
        try:
            yield
        except HubError as error:
            if self.link.error is None or error.code != self.link.error.code:
                raise

    async def until_or_away(self, holds: Callable[[], bool], timeout: float) -> None:
        """Until it holds, or the hub can't be reached, or ``timeout`` seconds are over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self.until(lambda: holds() or self.link.state is State.AWAY)

    async def leave(self, timeout: float) -> None:
        """Give what waits ``timeout`` seconds to be answered; less where it is kept and the hub is away."""
        last = self._last
        with contextlib.suppress(HubError):
            if self.store.is_kept:
                await self.until_or_away(lambda: self._settled(last), timeout)
            else:
                await self.flush(timeout)
        if self.session.oldest() is not None:
            log.warning("hub.left unanswered=%s", "kept" if self.store.is_kept else "lost")

    async def flush(self, timeout: float | None) -> bool:
        """Until everything entered so far is answered; whether that was in time."""
        last = self._last
        try:
            async with asyncio.timeout(timeout):
                await self.until(lambda: self._settled(last))
        except TimeoutError:
            return False
        return True

    def _settled(self, last: int) -> bool:
        oldest = self.session.oldest()
        return oldest is None or oldest > last

    # ------------------------------------------------------------------ Listener

    def refused(self, statement: RefusedStatement) -> None:
        """Tell those who asked for refusals."""
        log.warning(
            "statement.refused topic=%s item=%s field=%s code=%s",
            statement.topic,
            statement.item,
            statement.field,
            statement.code,
        )
        for queue in list(self._refusals):
            queue.put(statement)

    def refusals(self) -> AsyncIterator[RefusedStatement]:
        """What the hub does not take, from now on."""
        queue: Queue[RefusedStatement] = Queue(MAX_REFUSALS)
        self._refusals.add(queue)
        return queue

    def _answered(self, topic: str, item: str, flat: dict[str, Any]) -> None:
        for each in self.answers:
            each(topic, item, flat)

    # ------------------------------------------------------------------ time, the end

    def changed(self) -> None:
        """Something was heard, or the link's state changed."""
        if self.link.error is not None:
            self.stop(self.link.error)
        self.signal.fire()

    def view(self, topic: LedgerTopic, own: LedgerTopic | None) -> View:
        """A new view of a ledger, kept in step with time."""
        view = View(topic, own, self.clock.now)
        self._views.append(view)
        self.signal.fire()
        return view

    async def pass_time(self) -> None:
        """End snoozes when they are over; until cancelled."""
        while True:
            dues = [view.next_due for view in self._views if view.next_due is not None]
            wait = None if not dues else max(0.0, (min(dues) - self.clock.now()) / 1000) + 0.001
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self.signal.wait()
            for view in self._views:
                view.pass_time()

    def stop(self, error: HubError | None) -> None:
        """Nothing is heard any more: iterators raise the error, or end."""
        for view in self._views:
            view.stop(error)
        for queue in list(self._refusals):
            queue.stop(error)
        for topic in self.session.topics.values():
            topic.stop(error)
