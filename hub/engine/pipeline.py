"""The pipeline: join → commit → relay + ok. One turn at a time over all topics that have work waiting.

While a turn's commit is on its way to the disk the next turn gathers, so the commit is the batch: small at
rest, growing by itself under load. What a turn joined lives in overlays until the commit succeeded; then it
becomes the state, readers are shown it, and its works are answered, in that order. If the commit fails the
overlays are dropped and nothing was shown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from hub.engine.applying import apply_ledger
from hub.engine.document import DocumentBroken
from hub.engine.documents import DocumentPart, DocumentResidence
from hub.engine.finalizer import Finalizer
from hub.engine.journal import Journal
from hub.engine.loading import Loader
from hub.engine.reading import Catch
from hub.engine.stated import Uncertain
from hub.engine.taken import AnyWork, Taken
from hub.engine.topics import DocumentTopic, Ledger, Topic
from hub.engine.turn import LedgerLimits, Memory, Turn
from hub.engine.work import LookUp, Work
from hub.errors import Internal, Refusal, Refused, Unavailable
from hub.model import Delivery, Event, TopicName
from hub.ports import Archive, Batch, Bus, Clock, Commit, Store, UpdateRow
from hub.telemetry.logs import get
from hub.telemetry.metrics import Metrics

log = get("hub.pipeline")


class Pipeline:
    """Owns the queues, the turn, and the order of everything."""

    def __init__(
        self,
        store: Store,
        archive: Archive,
        bus: Bus,
        clock: Clock,
        memory: Memory,
        documents: DocumentResidence,
        finalizer: Finalizer,
        limits: LedgerLimits,
        metrics: Metrics,
        tail_bytes: int,
    ) -> None:
        self._store = store
        self._archive = archive
        self._bus = bus
        self._clock = clock
        self._memory = memory
        self._documents = documents
        self._finalizer = finalizer
        self._limits = limits
        self._metrics = metrics
        self._tail_bytes = tail_bytes
        self._loader = Loader(store, memory.tail, clock, documents)
        self._loads: set[asyncio.Task[None]] = set()
        self._ready: list[Topic] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._journal = Journal()
        self.tail_shrank = asyncio.Event()
        self.owned: Callable[[TopicName], None] = _nobody_minds
        """Called when a document got its first member with its first update."""
        self.decided: Callable[[Sequence[Event], Sequence[Delivery]], None] = _nobody_heeds
        """Called with what a turn decided, once it is saved."""

    def begin(self, number: int) -> None:
        """Journal numbers go on from here."""
        self._journal.begin(number)

    async def look_up(self, topic: Topic) -> None:
        """Make a topic known. Raises ``Unavailable``."""
        looked_up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.submit(LookUp(topic, looked_up))
        await looked_up

    def submit(self, work: Work[Ledger] | Work[DocumentTopic] | Work[Topic]) -> None:
        """Queue a work. It is settled or failed once, later."""
        topic: Topic = work.topic
        if topic.waiting is not None:
            topic.waiting.append(work)
            return
        topic.waiting = [work]
        if not topic.loading:
            self._make_ready(topic)

    def look(self, work: Catch) -> None:
        """Queue a work that only looks. Where nothing of its topic waits or is in flight, the topic is as of
        its last commit: then it is settled at once, unless it has to load."""
        topic = work.topic
        idle = topic.known and not (topic.waiting or topic.applying or topic.loading)
        if idle and work.in_memory():
            work.look(self._memory.tail)
            work.settle()
        else:
            self.submit(work)

    def _make_ready(self, topic: Topic) -> None:
        if not self._ready:
            self._idle.clear()
            self._wake.set()
        self._ready.append(topic)

    async def run(self) -> None:
        """Take turns until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._ready:
                await self._room_in_tail()
                topics, self._ready = self._ready, []
                await self._turn(topics)
            if not self._loads:
                self._idle.set()

    async def drained(self) -> None:
        """Returns when nothing waits and nothing is in flight."""
        await self._idle.wait()

    def _load_ended(self, task: asyncio.Task[None]) -> None:
        """The last one's end may be what ``drained`` waits for; the turn it led to came before it."""
        self._loads.discard(task)
        self._wake.set()

    async def _room_in_tail(self) -> None:
        while self._memory.tail.bytes > self._tail_bytes:
            self.tail_shrank.clear()
            await self.tail_shrank.wait()

    # ------------------------------------------------------------------ one turn

    async def _turn(self, topics: Iterable[Topic]) -> None:
        turn = Turn(self._memory, self._limits, self._clock.now())
        taken = [self._take(topic) for topic in topics if topic.waiting and not topic.loading]
        try:
            taken = await self._read(turn, taken)
            taken = self._park(taken)
            if not taken:
                return
            taken = [each for each in taken if self._join(turn, each)]
            await self._commit(turn, taken)
        except Exception:
            log.exception("pipeline.turn_failed")
            self._give_up(turn, taken, Internal())
            for each in taken:
                each.refuse_all(Internal())
        for each in taken:
            each.answer()
            if each.broken and isinstance(each.topic, DocumentTopic):
                self._documents.drop(each.topic)
        turn.end()

    def _take(self, topic: Topic) -> Taken:
        works, topic.waiting = topic.waiting, None
        topic.applying = True
        return Taken(topic, works or [])

    async def _read(self, turn: Turn, taken: list[Taken]) -> list[Taken]:
        """Read what the joins need in one call: topics not known yet, registers neither in the tail nor
        cached.
        """
        for each in taken:
            topic = each.topic
            if not topic.known:
                row = self._memory.tail.topic(topic.name)
                if row is not None:
                    topic.learn(row)
                else:
                    turn.wanted.topics.add(topic.name)
            for work in each.works:
                work.wants(turn)
        if not turn.wanted:
            return taken
        try:
            turn.learn(await self._store.read(turn.wanted))
        except Unavailable as refusal:
            return self._unread(taken, refusal)
        for each in taken:
            if not each.topic.known:
                each.topic.learn(turn.found.topics.get(each.topic.name))
        return taken

    def _unread(self, taken: list[Taken], refusal: Refusal) -> list[Taken]:
        for each in taken:
            each.topic.applying = False
            each.refuse_all(refusal)
            each.answer()
        return []

    # ------------------------------------------------------------------ parking

    def _park(self, taken: list[Taken]) -> list[Taken]:
        """Take topics out of the turn that must load first; their works keep their place."""
        staying = []
        for each in taken:
            load = self._first_load(each.works)
            if load is None:
                staying.append(each)
                continue
            self._set_aside(each, load)
        return staying

    def _set_aside(self, taken: Taken, load: Awaitable[None]) -> None:
        topic = taken.topic
        topic.applying, topic.loading = False, True
        topic.waiting = [*taken.works, *(topic.waiting or ())]
        task = asyncio.ensure_future(self._load(topic, load))
        self._loads.add(task)
        task.add_done_callback(self._load_ended)

    def _first_load(self, works: list[AnyWork]) -> Awaitable[None] | None:
        for work in works:
            if (load := work.load(self._loader)) is not None:
                return load
        return None

    async def _load(self, topic: Topic, load: Awaitable[None]) -> None:
        refusal: Refusal | None = None
        try:
            await load
        except Unavailable as unavailable:
            refusal = unavailable
        except Exception:
            log.exception("pipeline.load_failed", topic=topic.name)
            refusal = Internal()
        topic.loading = False
        if refusal is not None:
            works, topic.waiting = topic.waiting, None
            lost = Taken(topic, works or [])
            lost.refuse_all(refusal)
            lost.answer()
        elif topic.waiting:
            self._ready.append(topic)
        self._wake.set()

    # ------------------------------------------------------------------ join

    def _join(self, turn: Turn, taken: Taken) -> bool:
        """Join a topic's works; False if they start over (its Doc broke, a limit needs the whole ledger)."""
        for index, work in taken.in_order():
            try:
                work.join(turn)
            except Refusal as refusal:
                # Its traceback holds this frame, which holds what is refused.
                taken.refuse(index, refusal.with_traceback(None))
            except DocumentBroken as broken:
                self._break(turn, taken, index, broken)
                return False
            except Uncertain:
                self._be_certain(turn, taken)
                return False
            except Exception:
                log.exception("pipeline.join_failed", topic=taken.topic.name, work=type(work).__name__)
                taken.refuse(index, Internal())
        part = turn.ledgers.get(taken.topic.name)
        if part is not None and part.overlay:
            self._finalizer.decide(part)
            if turn.found.history:
                part.join_history()
        return True

    def _be_certain(self, turn: Turn, taken: Taken) -> None:
        ledger = taken.topic
        assert isinstance(ledger, Ledger)
        turn.ledgers.pop(ledger.name).drop()
        self._set_aside(taken, self._loader.view(ledger))

    def _break(self, turn: Turn, taken: Taken, index: int, broken: DocumentBroken) -> None:
        """A Doc that can't be trusted is dropped; the bytes are kept aside, the other works start over."""
        topic = taken.topic
        assert isinstance(topic, DocumentTopic)
        log.error("document.broken", topic=topic.name, reason=str(broken))
        self._metrics.quarantined += 1
        work = taken.works.pop(index)
        self._keep_aside(topic, work, str(broken))
        turn.documents.pop(topic.name, None)
        self._documents.drop(topic)
        topic.applying = False
        topic.waiting = [*taken.works, *(topic.waiting or ())] or None
        if topic.waiting:
            self._make_ready(topic)
        work.fail(Refused())

    def _keep_aside(self, topic: Topic, work: AnyWork, reason: str) -> None:
        async def keep() -> None:
            try:
                await self._archive.quarantine(topic.name, work.user, reason, work.update)  # type: ignore[attr-defined]  # only updates break a Doc
            except Unavailable:
                log.error("document.quarantine_failed", topic=topic.name)

        task = asyncio.ensure_future(keep())
        self._loads.add(task)
        task.add_done_callback(self._load_ended)

    # ------------------------------------------------------------------ commit

    async def _commit(self, turn: Turn, taken: list[Taken]) -> None:
        commits = self._journal.rows(turn)
        if turn.batch:
            started = self._clock.monotonic()
            try:
                await self._store.commit(turn.batch)
            except Unavailable as refusal:
                self._metrics.commit_failures += 1
                self._give_up(turn, taken, refusal)
                return
            self._count(turn, self._clock.monotonic() - started)
        turn.saved = True
        self._metrics.statements_duplicate += turn.duplicate_statements
        self._metrics.updates_duplicate += turn.duplicate_updates
        self._apply(turn, commits)
        for each in taken:
            each.topic.applying = False
        if commits:
            self._bus.publish(commits)
        self._tell_decided(turn.batch)

    def _tell_decided(self, batch: Batch) -> None:
        """What is on disk is not taken back because somebody who was told of it fails."""
        if not batch.events:
            return
        try:
            self.decided(batch.events, batch.deliveries)
        except Exception:
            log.exception("pipeline.decided_failed")

    def _count(self, turn: Turn, seconds: float) -> None:
        metrics = self._metrics
        statements = sum(len(part.overlay) for part in turn.ledgers.values())
        updates = sum(len(part.updates) for part in turn.documents.values())
        metrics.commits += 1
        metrics.commit_seconds.observe(seconds)
        metrics.turn_size.observe(statements + updates)
        metrics.statements_accepted += statements
        metrics.updates_accepted += updates

    def _give_up(self, turn: Turn, taken: list[Taken], refusal: Refusal) -> None:
        """The commit failed: overlays are dropped, Docs are loaded again from what is saved. What is on disk
        is not taken back, whatever failed afterwards."""
        changed = {part.ledger.name for part in turn.ledgers.values() if part.saves}
        changed.update(turn.documents)
        for part in turn.ledgers.values() if not turn.saved else ():
            part.drop()
        for document in turn.documents.values():
            self._documents.drop(document.topic)
        for each in taken:
            each.topic.applying = False
            if each.topic.name in changed:
                each.refuse_all(refusal)

    # ------------------------------------------------------------------ apply

    def _apply(self, turn: Turn, commits: list[Commit]) -> None:
        """The overlays become the state."""
        for part in turn.ledgers.values():
            try:
                apply_ledger(part, self._memory, turn.now)
            except Exception:
                log.exception("pipeline.apply_failed", topic=part.ledger.name)
        for document in turn.documents.values():
            self._apply_document(document)
        self._metrics.tail_bytes = self._memory.tail.bytes

    def _apply_document(self, part: DocumentPart) -> None:
        topic, row = part.topic, part.row
        assert row is not None
        topic.seq = row.seq
        if part.opener is not None:
            topic.opener = None
            self.owned(topic.name)
        topic.update_bytes += len(row.body)
        self._memory.tail.add_document(topic.row(), UpdateRow(topic.name, row.seq, row.body), row.number)
        self._documents.admit(topic)


def _nobody_minds(_: TopicName) -> None:
    """Until somebody does."""


def _nobody_heeds(_events: Sequence[Event], _deliveries: Sequence[Delivery]) -> None:
    """Whoever sends deliveries hasn't said yet that they want to know."""
