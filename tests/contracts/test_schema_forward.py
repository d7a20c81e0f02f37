"""A data folder of an older schema opens with what it held."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import DataFolderUnusable
from hub.model import UserId
from hub.ports import Batch, EventFilter
from hub.storage.migrations import SCHEMA_VERSION
from hub.storage.queries import load_migrations
from hub.storage.sqlite import SqliteStorage
from tests.contracts.conftest import FixedClock
from tests.contracts.records import delivery, event

FIRST = load_migrations()[0]
EVENTS = [
    ("e7", "task.finalized", "inbox/ada", "a", 1, "succeeded", 500),
    ("e1", "notification.raised", "space/home", "b", 0, None, 400),
    ("e5", "task.finalized", "inbox/ada", "a", 2, "failed", 450),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As the first version left it: its script, a header that says 1, a write-ahead log, three events."""
    path = tmp_path / "data"
    path.mkdir(mode=0o700)
    with closing(sqlite3.connect(path / "tongbu.db", isolation_level=None)) as connection:
        connection.executescript(f"BEGIN;{FIRST}PRAGMA user_version = 1;COMMIT;PRAGMA journal_mode = WAL;")
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", EVENTS)
        connection.execute("INSERT INTO users VALUES ('ada', 'Ada', 7)")
        columns = "(id, event, item, channel, route, due)"
        connection.execute(f"INSERT INTO deliveries {columns} VALUES ('d', 'e7', 'a', 'ops', 'r', 1)")
    return path


@pytest.fixture
def storage(folder: Path) -> SqliteStorage:
    return SqliteStorage(folder, clock=FixedClock())


async def test_events_of_the_first_schema_keep_their_order_and_get_numbers(storage: SqliteStorage) -> None:
    await storage.store.start()
    events = await storage.outbox.events(EventFilter(), 0, 10)
    await storage.store.close()
    told = [(e.id, e.type, e.topic, e.item, e.attempt, e.status, e.at) for e in events]
    assert told == EVENTS
    assert [e.number for e in events] == [1, 2, 3]


async def test_a_fact_of_the_first_schema_does_not_happen_again(storage: SqliteStorage) -> None:
    await storage.store.start()
    again, new = event("e8", attempt=2), event("e9", attempt=3)
    await storage.store.commit(
        Batch(events=[again, new], deliveries=[delivery("d8", again), delivery("d9", new)])
    )
    assert [e.id for e in await storage.outbox.events(EventFilter(), 3, 10)] == ["e9"]
    assert [row.id for row in await storage.outbox.due("ops", event("e9").at, 10)] == ["d9"]
    await storage.store.close()


async def test_the_rest_is_untouched_and_the_file_tells_its_version(
    storage: SqliteStorage, folder: Path
) -> None:
    await storage.store.start()
    user = await storage.directory.user(UserId("ada"))
    await storage.store.close()
    assert user is not None
    assert user.name == "Ada"
    with closing(sqlite3.connect(folder / "tongbu.db")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def test_a_step_that_fails_leaves_the_older_file_whole(storage: SqliteStorage, folder: Path) -> None:
    """A table of that name in the way: nothing of the step stays, and without it the next start succeeds."""
    with closing(sqlite3.connect(folder / "tongbu.db", isolation_level=None)) as connection:
        connection.execute("CREATE TABLE events_1 (x)")
    with pytest.raises(DataFolderUnusable):
        await storage.store.start()
    with closing(sqlite3.connect(folder / "tongbu.db", isolation_level=None)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (3,)
        connection.execute("DROP TABLE events_1")
    await storage.store.start()
    assert await storage.outbox.last_event() == 3
    await storage.store.close()
