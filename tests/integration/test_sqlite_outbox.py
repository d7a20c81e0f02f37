"""The outbox beside the commits: its writes are counted towards checkpoints, its reads wait for nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hub.model import Delivery, Event, ItemId, Milliseconds, TopicName, UserId
from hub.ports import Batch
from hub.storage.database import CHECKPOINT_PAGES, PAGE_BYTES
from hub.storage.sqlite import SqliteStorage

NOW = Milliseconds(100)
INBOX = TopicName("inbox/ada")


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(tmp_path / "data")
    await storage.store.start()
    yield storage
    await storage.store.close()


@pytest.fixture
def checkpoints(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one a checkpoint."""
    begun: list[int] = []
    monkeypatch.setattr(storage.database, "checkpoint", lambda: begun.append(1))
    return begun


def turn(first: int, count: int) -> Batch:
    events = [
        Event(f"e{n}", "notification.raised", INBOX, ItemId(f"i{n}"), 0, None, NOW)
        for n in range(first, first + count)
    ]
    deliveries = [
        Delivery(f"d{event.id}", event.id, event.item, "ops", "r", NOW, UserId("ada"), INBOX)
        for event in events
    ]
    return Batch(events=events, deliveries=deliveries)


async def test_events_and_deliveries_count_towards_the_next_checkpoint(
    storage: SqliteStorage, checkpoints: list[int]
) -> None:
    await storage.store.commit(turn(0, CHECKPOINT_PAGES // 8))
    assert checkpoints == []
    await storage.store.commit(turn(CHECKPOINT_PAGES, CHECKPOINT_PAGES // 2))
    assert checkpoints == [1]


async def test_leases_and_what_is_trimmed_count_too(storage: SqliteStorage, checkpoints: list[int]) -> None:
    await storage.store.commit(turn(0, 1))
    row = (await storage.outbox.due("ops", NOW, 1))[0]
    for _ in range(2):
        await storage.outbox.save([replace(row, bodies=(bytes(CHECKPOINT_PAGES * PAGE_BYTES // 2),))])
    assert checkpoints == [1]
    await storage.store.commit(Batch(settled=[replace(row, state="sent")]))
    for first in range(0, 500, 100):
        await storage.store.commit(turn(1000 + first, 100))
    begun = len(checkpoints)
    rows = await storage.outbox.due("ops", NOW, 1000)
    for _ in range(3):
        await storage.outbox.save(rows)
    assert len(checkpoints) > begun
