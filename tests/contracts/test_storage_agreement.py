"""The two storages agree: whatever is committed, folded and reopened, they answer every read alike."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import (
    Actor,
    Hlc,
    Incarnation,
    ItemId,
    Key,
    Milliseconds,
    Register,
    Seq,
    Slot,
    TopicName,
    UserId,
)
from hub.ports import (
    Batch,
    ClientIdRow,
    Fold,
    HistoryRow,
    JournalRow,
    RegisterRow,
    SnapshotRow,
    TopicRow,
    UpdateRow,
    Wanted,
)
from tests.contracts.conftest import Home, MemoryHome, SqliteHome, Storage

TOPICS = [TopicName("inbox/ada"), TopicName("space/home")]
ITEMS = [ItemId("a"), ItemId("b"), ItemId("*")]
SLOTS = [Slot("item"), Slot("read"), Slot("archived"), Slot("final")]
USERS = [UserId("ada"), UserId("bob")]

topics, items, slots = st.sampled_from(TOPICS), st.sampled_from(ITEMS), st.sampled_from(SLOTS)
seqs = st.integers(0, 12).map(Seq)
values = st.sampled_from([True, False, None, 7, "文", {"x": [1]}])
weights = st.binary(max_size=2)
registers = st.builds(Register, values, st.integers(0, 9000).map(Hlc), st.just(Actor("phone")), seqs, weights)
register_rows = st.builds(RegisterRow, st.builds(Key, topics, items, slots), registers)
bodies = st.binary(max_size=3)
topic_rows = st.builds(TopicRow, topics, st.integers(1, 2**53 - 1).map(Incarnation), seqs, seqs)
history_rows = st.builds(
    HistoryRow,
    topics,
    items,
    st.integers(1, 2**53),
    st.integers(0, 9).map(Milliseconds),
    st.dictionaries(slots, registers, max_size=2),
)


def few(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(rows, max_size=3)


@dataclass(frozen=True)
class Reopen:
    """Close and open again."""


batches = st.builds(
    Batch,
    journal=few(st.builds(JournalRow, st.just(0), topics, st.just(Incarnation(1)), seqs, bodies)),
    client_ids=few(st.builds(ClientIdRow, topics, st.integers(0, 2), st.sampled_from(USERS))),
    retired=few(history_rows),
    joined=few(history_rows),
    revived=few(st.tuples(topics, items)),
    floors=few(st.tuples(topics, seqs)),
)
folds = st.builds(
    Fold,
    registers=few(register_rows),
    updates=few(st.builds(UpdateRow, topics, seqs, bodies)),
    snapshots=few(st.builds(SnapshotRow, topics, seqs, bodies)),
    topics=few(topic_rows),
    upto=st.none() | st.integers(0, 20),
)
steps = st.lists(batches | folds | st.just(Reopen()), max_size=12)


def numbered(batch: Batch, last: int) -> Batch:
    """Journal numbers are the engine's to give: each greater than the last."""
    journal = [replace(row, number=last + n) for n, row in enumerate(batch.journal, start=1)]
    return replace(batch, journal=journal)


async def answers(storage: Storage) -> list[object]:
    """Everything the ports can be asked about these topics and items."""
    everything = Wanted(
        topics=set(TOPICS),
        registers={Key(topic, item, slot) for topic in TOPICS for item in ITEMS for slot in SLOTS[:2]},
        items={(topic, item) for topic in TOPICS for item in ITEMS[:2]},
    )
    found: list[object] = [await storage.store.read(everything)]
    for topic in TOPICS:
        found += [list(await storage.store.ledger(topic, Seq(above))) for above in (-1, 0, 4)]
        found += [await storage.store.document(topic)]
        history = await storage.archive.history(topic, 2**53, 10)
        found += [sorted(history, key=lambda row: row.item)]
    for limit, skip in ((2, 0), (9, 1)):
        found.append(list(await storage.archive.expired(Milliseconds(5), limit, skip)))
    return found


async def run(home: Home, script: list[Batch | Fold | Reopen]) -> list[object]:
    storage = await home.open()
    last = 0
    log: list[object] = []
    for step in script:
        match step:
            case Batch():
                batch = numbered(step, last)
                last += len(batch.journal)
                await storage.store.commit(batch)
            case Fold():
                await storage.store.fold(step)
            case Reopen():
                await storage.store.close()
                log.append([row.number for row in await storage.store.start()])
        log.append(await answers(storage))
    await home.close()
    return log


@settings(max_examples=40, deadline=None)
@given(steps)
def test_memory_and_sqlite_answer_alike(script: list[Batch | Fold | Reopen]) -> None:
    async def both() -> tuple[list[object], list[object]]:
        with TemporaryDirectory() as folder:
            return await run(MemoryHome(), script), await run(SqliteHome(Path(folder)), script)

    in_memory, on_disk = asyncio.run(both())
    assert in_memory == on_disk
