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
    AuditRow,
    Delivery,
    DeliveryRow,
    DeliveryState,
    Event,
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
    DeliveryFilter,
    EventFilter,
    Fold,
    HistoryRow,
    JournalRow,
    MemberRow,
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
counts = st.integers(0, 2**53 - 1)
topic_rows = st.builds(
    TopicRow,
    topics,
    st.integers(1, 2**53 - 1).map(Incarnation),
    seqs,
    seqs,
    items=counts,
    live=counts,
    unknown=counts,
    order=counts,
)
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


@dataclass(frozen=True)
class Dispatch:
    """What happens to deliveries at one time, in this order."""

    now: Milliseconds
    rows: list[DeliveryRow]
    audits: list[AuditRow]
    replayed: list[str]
    takes_over: bool
    jump: int
    trims: int


CHANNELS = ["ops", "hook"]
EVENT_IDS = [f"e{n}" for n in range(5)]
DELIVERY_IDS = [f"d{n}" for n in range(6)]
STATES: list[DeliveryState] = ["pending", "leased", "sent", "partial", "suppressed", "dead"]

times = st.integers(0, 9).map(Milliseconds)
channels, users = st.sampled_from(CHANNELS), st.sampled_from(USERS)
event_ids, delivery_ids = st.sampled_from(EVENT_IDS), st.sampled_from(DELIVERY_IDS)
events = st.builds(
    Event, event_ids, st.just("task.finalized"), topics, items, st.integers(1, 2), st.just("failed"), times
)
deliveries = st.builds(
    Delivery, delivery_ids, event_ids, items, channels, st.just("route-1"), times, users, topics
)
states = st.sampled_from(STATES)
rendered = st.sampled_from([(), (b"x",), (b"x", b"y")])
delivery_rows = st.builds(
    DeliveryRow,
    delivery_ids, events, channels, st.just("route-1"), users, states, times, times,
    attempts=st.integers(0, 3), bodies=rendered, part=st.integers(0, 1), unsure=st.booleans(),
    error=st.none() | st.just("why"), ended_at=st.none() | times,
)  # fmt: skip
words = st.sampled_from(["", "hub", "值"])
audit_rows = st.builds(
    AuditRow, times, words, words, words, words, words, words, st.integers(0, 9), words, words, words
)
dispatches = st.builds(
    Dispatch,
    times,
    st.lists(delivery_rows, max_size=3),
    st.lists(audit_rows, max_size=3),
    st.lists(delivery_ids, max_size=2),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(0, 2),
)

batches = st.builds(
    Batch,
    journal=few(st.builds(JournalRow, st.just(0), topics, st.just(Incarnation(1)), seqs, bodies)),
    client_ids=few(st.builds(ClientIdRow, topics, st.integers(0, 2), st.sampled_from(USERS))),
    retired=few(history_rows),
    joined=few(history_rows),
    revived=few(st.tuples(topics, items)),
    floors=few(st.tuples(topics, seqs)),
    members=few(st.builds(MemberRow, topics, users, st.sampled_from(["read", "write"]))),
    events=few(events),
    deliveries=few(deliveries),
    settled=few(delivery_rows),
    audits=few(audit_rows),
)
folds = st.builds(
    Fold,
    registers=few(register_rows),
    updates=few(st.builds(UpdateRow, topics, seqs, bodies)),
    snapshots=few(st.builds(SnapshotRow, topics, seqs, bodies)),
    topics=few(topic_rows),
    upto=st.none() | st.integers(0, 20),
)
steps = st.lists(batches | folds | dispatches | st.just(Reopen()), max_size=12)
Step = Batch | Fold | Dispatch | Reopen


def numbered(batch: Batch, last: int) -> Batch:
    """Journal numbers are the engine's to give: each greater than the last."""
    journal = [row._replace(number=last + n) for n, row in enumerate(batch.journal, start=1)]
    return replace(batch, journal=journal)


async def answers(storage: Storage) -> list[object]:
    """Everything the ports can be asked about these topics and items."""
    everything = Wanted(
        topics=set(TOPICS),
        registers={Key(topic, item, slot) for topic in TOPICS for item in ITEMS for slot in SLOTS[:2]},
        items={(topic, item) for topic in TOPICS for item in ITEMS[:2]},
        members=set(TOPICS),
    )
    found: list[object] = [await storage.store.read(everything)]
    for topic in TOPICS:
        found += [list(await storage.store.ledger(topic, Seq(above))) for above in (-1, 0, 4)]
        found += [await storage.store.document(topic)]
        history = await storage.archive.history(topic, 2**53, 10)
        found += [sorted(history, key=lambda row: row.item)]
    for limit, skip in ((2, 0), (9, 1)):
        found.append(list(await storage.archive.expired(Milliseconds(5), limit, skip)))
    return [*found, *await deliveries_told(storage)]


async def deliveries_told(storage: Storage) -> list[object]:
    """Everything the outbox can be asked. Numbers may skip: only their order is compared."""
    outbox = storage.outbox
    happened = [unnumbered(event) for event in await outbox.events(EventFilter(), 0, 99)]
    found: list[object] = [happened, await outbox.waiting(), await storage.broken_audit()]
    for name in DELIVERY_IDS:
        row = await outbox.delivery(name)
        found += [told(row), row and await outbox.twin(row)]
    for channel in CHANNELS:
        found += [[told(row) for row in await outbox.due(channel, Milliseconds(5), 3)]]
        later = await outbox.not_yet_due(channel, Milliseconds(2), None, 3)
        found += [await outbox.next_due(channel), [told(row) for _, row in later]]
        for state in STATES:
            which = DeliveryFilter(state=state, channel=channel)
            found += [[row.id for _, row in await outbox.deliveries(which, None, 9)]]
    for item in ITEMS:
        events_of_item = await outbox.events(EventFilter(item=item), 0, 2)
        listed = await outbox.deliveries(DeliveryFilter(item=item), None, 2)
        found += [[event.id for event in events_of_item], [row.id for _, row in listed]]
    return [*found, list(await storage.audit(0, 99))]


def told(row: DeliveryRow | None) -> DeliveryRow | None:
    return row and replace(row, event=unnumbered(row.event))


def unnumbered(event: Event) -> Event:
    return replace(event, number=0)


async def dispatch(storage: Storage, step: Dispatch) -> list[object]:
    outbox = storage.outbox
    await outbox.save(step.rows, step.audits)
    replayed: list[object] = [
        told(await outbox.replay(name, step.now, step.audits)) for name in step.replayed
    ]
    taken_over = await outbox.take_over(step.now) if step.takes_over else 0
    await outbox.shift(step.jump)
    return [*replayed, taken_over, await outbox.trim(step.now, step.now, step.trims)]


async def run(home: Home, script: list[Step]) -> list[object]:
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
            case Dispatch():
                log.append(await dispatch(storage, step))
            case Reopen():
                await storage.store.close()
                log.append([row.number for row in await storage.store.start()])
        log.append(await answers(storage))
    await home.close()
    return log


@settings(max_examples=40, deadline=None)
@given(steps)
def test_memory_and_sqlite_answer_alike(script: list[Step]) -> None:
    async def both() -> tuple[list[object], list[object]]:
        with TemporaryDirectory() as folder:
            return await run(MemoryHome(), script), await run(SqliteHome(Path(folder)), script)

    in_memory, on_disk = asyncio.run(both())
    assert in_memory == on_disk
