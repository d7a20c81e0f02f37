"""Folding: what the journal holds goes into the tables, in key order, in bounded transactions.

Appending is cheap and upserting is dear, so a turn only appends; a pass takes what gathered, sorted, so that
neighbouring rows share pages. When a pass is complete its last transactions cut the journal and the tail
drops the generation. A crash before that folds the same rows again, harmlessly.

Commits wait behind the step that is under way and share its core, so steps are small and a pass rests between
them: a turn meets one step, not a row of them. The fuller the next generation is meanwhile, the larger the
steps and the shorter the rests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from hub.engine.document import DocumentBroken
from hub.engine.documents import DocumentResidence
from hub.engine.tail import Generation, Tail
from hub.engine.topics import DocumentTopic
from hub.errors import Unavailable
from hub.model import Key, TopicName, made
from hub.ports import Clock, Fold, RegisterRow, SnapshotRow, Store, UpdateRow
from hub.telemetry.logs import get
from hub.telemetry.metrics import Metrics

log = get("hub.folding")

STEP_ROWS = 125
"""Rows a transaction: about a millisecond, for so long a turn's commit may have to wait behind it."""
JOURNAL_ROWS = 4
"""So many rows of the journal are dropped in the time that takes one row of a table."""
STEP_BYTES = 4 * 1024 * 1024
LARGEST_STEP = 8
"""A step has up to so many times ``STEP_ROWS`` where the hub has all it can do: each waits for the loop to
come back to it, and many small ones would take longer than it took to gather what they fold."""
RESTS = 4.0
"""A rest lasts so many times what its step took, while the next generation is empty."""
LONGEST_REST = 0.05
SNAPSHOT_FLOOR_BYTES = 64 * 1024
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FoldingPolicy:
    """When a pass starts: whichever comes first. ``interval`` in seconds."""

    statements: int
    bytes: int
    interval: float


class Folding:
    """Runs passes; owns when and in which pieces. ``shrank`` is set when one has ended and cleared by whoever
    waits for that."""

    def __init__(
        self,
        store: Store,
        tail: Tail,
        clock: Clock,
        policy: FoldingPolicy,
        documents: DocumentResidence,
        metrics: Metrics,
        shrank: asyncio.Event,
    ) -> None:
        self._store = store
        self._tail = tail
        self._clock = clock
        self._policy = policy
        self._documents = documents
        self._metrics = metrics
        self._shrank = shrank
        shrank.set()
        self._last = clock.monotonic()
        self._pass = asyncio.Lock()

    async def run(self, poll: float = 0.05) -> None:
        """Fold whenever the policy says so, until cancelled."""
        while True:
            await asyncio.sleep(poll)
            if self._due():
                await self._try()

    def _fill(self) -> float:
        """How much of a next pass has gathered: 1 when it is due, apart from its interval; and where turns
        wait until this one makes room."""
        if not self._shrank.is_set():
            return 1.0
        active, policy = self._tail.active, self._policy
        return max(active.statements / policy.statements, active.bytes / policy.bytes)

    def _due(self) -> bool:
        if self._tail.sealed:
            return True  # the last pass broke off; perhaps turns wait for its end
        if not self._tail.active:
            return False
        return self._fill() >= 1 or self._clock.monotonic() - self._last >= self._policy.interval

    async def _try(self) -> None:
        try:
            await self.fold(self._rest)
        except Unavailable as refusal:
            log.warning("folding.unavailable", reason=refusal.message)
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            log.exception("folding.failed")
            await asyncio.sleep(RETRY_SECONDS)

    async def _rest(self, spent: float) -> None:
        """After a step that took so many seconds."""
        await asyncio.sleep(min(RESTS * spent * (1 - self._fill()), LONGEST_REST))

    async def fold(self, rest: Callable[[float], Awaitable[None]] | None = None) -> None:
        """One whole pass, with a rest after each step or without. Raises ``Unavailable``; what was folded
        until then is folded again next time."""
        async with self._pass:
            generation = self._tail.seal()
            if generation:
                started = self._clock.monotonic()
                for step in self._steps(generation):
                    began = self._clock.monotonic()
                    await self._store.fold(step)
                    if rest is not None:
                        await rest(self._clock.monotonic() - began)
                self._metrics.folds += 1
                self._metrics.fold_seconds.observe(self._clock.monotonic() - started)
            self._tail.drop()
            self._metrics.tail_bytes = self._tail.bytes
            self._last = self._clock.monotonic()
            self._shrank.set()

    def _steps(self, generation: Generation) -> Iterator[Fold]:
        for rows in _register_steps(generation, self._step_rows):
            yield Fold(registers=rows)
        for updates in _update_steps(generation, self._step_rows):
            yield Fold(updates=updates)
        for snapshot in self._snapshots(generation):
            yield Fold(snapshots=[snapshot])
        names = iter(sorted(generation.topics))
        while topics := [generation.topics[name] for name in islice(names, self._step_rows())]:
            yield Fold(topics=topics)
        number = generation.first - 1
        while number < generation.upto:
            number = min(number + JOURNAL_ROWS * self._step_rows(), generation.upto)
            yield Fold(upto=number)

    def _step_rows(self) -> int:
        """Of the next step, at most."""
        return int(STEP_ROWS * (1 + (LARGEST_STEP - 1) * min(1.0, self._fill())))

    def _snapshots(self, generation: Generation) -> Iterator[SnapshotRow]:
        """Documents whose updates outgrew their snapshot. One with a turn in flight waits for the next pass:
        its Doc holds what isn't saved yet."""
        for name in sorted(generation.documents):
            topic = self._documents.get(name)
            if topic is None or topic.applying or not _outgrown(topic):
                continue
            try:
                snapshot = self._snapshot(topic)
            except DocumentBroken as broken:
                log.error("document.broken", topic=name, reason=str(broken))
                self._documents.drop(topic)
                continue
            yield snapshot

    def _snapshot(self, topic: DocumentTopic) -> SnapshotRow:
        assert topic.document is not None
        body = topic.document.snapshot()
        topic.snapshot_bytes, topic.update_bytes = len(body), 0
        return SnapshotRow(topic.name, topic.seq, body)


def _outgrown(topic: DocumentTopic) -> bool:
    return topic.update_bytes > max(SNAPSHOT_FLOOR_BYTES, topic.snapshot_bytes // 2)


def _register_steps(generation: Generation, step_rows: Callable[[], int]) -> Iterator[list[RegisterRow]]:
    rows: list[RegisterRow] = []
    size, most = 0, step_rows()
    for topic in sorted(generation.ledgers):
        for row in _registers(topic, generation):
            rows.append(row)
            size += 64 + (len(row.register.weight) or 1024)
            if len(rows) >= most or size >= STEP_BYTES:
                yield rows
                rows, size, most = [], 0, step_rows()
    if rows:
        yield rows


def _registers(topic: TopicName, generation: Generation) -> Iterator[RegisterRow]:
    ledger = generation.ledgers[topic]
    for item, slot in sorted(ledger):
        yield made(RegisterRow, (made(Key, (topic, item, slot)), ledger[item, slot]))


def _update_steps(generation: Generation, step_rows: Callable[[], int]) -> Iterator[list[UpdateRow]]:
    rows: list[UpdateRow] = []
    size, most = 0, step_rows()
    for topic in sorted(generation.documents):
        for row in generation.documents[topic]:
            rows.append(row)
            size += len(row.body)
            if len(rows) >= most or size >= STEP_BYTES:
                yield rows
                rows, size, most = [], 0, step_rows()
    if rows:
        yield rows
