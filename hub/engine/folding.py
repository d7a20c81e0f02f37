"""Folding: what the journal holds goes into the tables, in key order, in bounded transactions.

Appending is cheap and upserting is dear, so a turn only appends; a pass takes what gathered, sorted, so that
neighbouring rows share pages. When a pass is complete its last transaction cuts the journal and the tail
drops the generation. A crash before that folds the same rows again, harmlessly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

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

STEP_ROWS = 250
"""Rows a transaction: about two milliseconds, for so long a turn's commit may have to wait behind it."""
STEP_BYTES = 4 * 1024 * 1024
SNAPSHOT_FLOOR_BYTES = 64 * 1024
RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class FoldingPolicy:
    """When a pass starts: whichever comes first. ``interval`` in seconds."""

    statements: int
    bytes: int
    interval: float


class Folding:
    """Runs passes; owns when and in which pieces."""

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
        self._last = clock.monotonic()
        self._pass = asyncio.Lock()

    async def run(self, poll: float = 0.05) -> None:
        """Fold whenever the policy says so, until cancelled."""
        while True:
            await asyncio.sleep(poll)
            if self._due():
                await self._try()

    def _due(self) -> bool:
        active, policy = self._tail.active, self._policy
        if not active:
            return False
        if active.statements >= policy.statements or active.bytes >= policy.bytes:
            return True
        return self._clock.monotonic() - self._last >= policy.interval

    async def _try(self) -> None:
        try:
            await self.fold()
        except Unavailable as refusal:
            log.warning("folding.unavailable", reason=refusal.message)
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:
            log.exception("folding.failed")
            await asyncio.sleep(RETRY_SECONDS)

    async def fold(self) -> None:
        """One whole pass. Raises ``Unavailable``; what was folded until then is folded again next time."""
        async with self._pass:
            generation = self._tail.seal()
            if generation:
                started = self._clock.monotonic()
                for step in self._steps(generation):
                    await self._store.fold(step)
                self._metrics.folds += 1
                self._metrics.fold_seconds.observe(self._clock.monotonic() - started)
            self._tail.drop()
            self._metrics.tail_bytes = self._tail.bytes
            self._last = self._clock.monotonic()
            self._shrank.set()

    def _steps(self, generation: Generation) -> Iterator[Fold]:
        for rows in _register_steps(generation):
            yield Fold(registers=rows)
        for updates in _update_steps(generation):
            yield Fold(updates=updates)
        for snapshot in self._snapshots(generation):
            yield Fold(snapshots=[snapshot])
        topics = [generation.topics[name] for name in sorted(generation.topics)]
        for start in range(0, len(topics), STEP_ROWS):
            yield Fold(topics=topics[start : start + STEP_ROWS])
        yield Fold(upto=generation.upto)

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


def _register_steps(generation: Generation) -> Iterator[list[RegisterRow]]:
    rows: list[RegisterRow] = []
    size = 0
    for topic in sorted(generation.ledgers):
        for row in _registers(topic, generation):
            rows.append(row)
            size += 64 + (len(row.register.weight) or 1024)
            if len(rows) >= STEP_ROWS or size >= STEP_BYTES:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows


def _registers(topic: TopicName, generation: Generation) -> Iterator[RegisterRow]:
    ledger = generation.ledgers[topic]
    for item in sorted(ledger):
        registers = ledger[item]
        for slot in sorted(registers):
            yield made(RegisterRow, (made(Key, (topic, item, slot)), registers[slot]))


def _update_steps(generation: Generation) -> Iterator[list[UpdateRow]]:
    rows: list[UpdateRow] = []
    size = 0
    for topic in sorted(generation.documents):
        for row in generation.documents[topic]:
            rows.append(row)
            size += len(row.body)
            if len(rows) >= STEP_ROWS or size >= STEP_BYTES:
                yield rows
                rows, size = [], 0
    if rows:
        yield rows
