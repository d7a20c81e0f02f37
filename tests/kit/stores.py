"""A ``Store`` that can be watched, held and made to fail."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from hub.errors import Unavailable
from hub.model import Seq, TopicName
from hub.ports import Batch, Fold, Found, JournalRow, RegisterRow, Store, StoredDocument, Wanted


class Gate:
    """What comes by waits while it is closed, and fails while ``refuses``."""

    def __init__(self) -> None:
        self.refuses: BaseException | None = None
        self._is_open = True
        self._admitted = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._arrived = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def close(self) -> None:
        """From now on whoever comes waits."""
        self._is_open = False

    def open(self) -> None:
        """Let everybody through."""
        self._is_open, self._admitted = True, 0
        self._let_through(self.waiting)

    def admit(self, count: int = 1) -> None:
        """Let so many through, who wait or come next."""
        through = min(count, self.waiting)
        self._admitted += count - through
        self._let_through(through)

    async def arrival(self) -> None:
        """Until somebody waits at the closed gate."""
        async with asyncio.timeout(5):
            while not self.waiting:
                self._arrived.clear()
                await self._arrived.wait()

    async def passed(self) -> None:
        """Go through. Raises what the gate refuses with."""
        if self._admitted:
            self._admitted -= 1
        elif not self._is_open:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            self._arrived.set()
            await turn
        if self.refuses is not None:
            raise self.refuses

    def refuse(self, error: BaseException | None = None) -> None:
        """From now on whoever comes fails; ``Unavailable`` unless told otherwise."""
        self.refuses = error or Unavailable()

    def accept(self) -> None:
        """Fail no more."""
        self.refuses = None

    def _let_through(self, count: int) -> None:
        for _ in range(count):
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)


class WatchedStore:
    """Every call of another ``Store``, remembered; gates at reads (their answer in hand), commits and folds.

    ``at_read`` is where turns read, ``at_load`` where whole ledgers and documents are read.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.reads: list[Wanted] = []
        self.ledger_reads: list[tuple[TopicName, Seq]] = []
        self.document_reads: list[TopicName] = []
        self.commits: list[Batch] = []
        self.folds: list[Fold] = []
        self.at_read = Gate()
        self.at_load = Gate()
        self.at_commit = Gate()
        self.at_fold = Gate()

    def forget(self) -> None:
        """Look only at what comes now."""
        for calls in (self.reads, self.ledger_reads, self.document_reads, self.commits, self.folds):
            calls.clear()

    async def start(self) -> Sequence[JournalRow]:
        return await self._store.start()

    async def read(self, wanted: Wanted) -> Found:
        self.reads.append(wanted)
        found = await self._store.read(wanted)
        await self.at_read.passed()
        return found

    async def ledger(self, topic: TopicName, above: Seq) -> Sequence[RegisterRow]:
        self.ledger_reads.append((topic, above))
        rows = await self._store.ledger(topic, above)
        await self.at_load.passed()
        return rows

    async def document(self, topic: TopicName) -> StoredDocument:
        self.document_reads.append(topic)
        stored = await self._store.document(topic)
        await self.at_load.passed()
        return stored

    async def commit(self, batch: Batch) -> None:
        self.commits.append(batch)
        await self.at_commit.passed()
        await self._store.commit(batch)

    async def fold(self, step: Fold) -> None:
        self.folds.append(step)
        await self.at_fold.passed()
        await self._store.fold(step)

    async def close(self) -> None:
        await self._store.close()
