"""SQLite behind the store: one hop a call, nobody waits for another's work, the WAL starts over."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.model import Actor, Hlc, Incarnation, ItemId, Key, Register, Seq, Slot, TopicName, UserId
from hub.ports import Batch, Fold, JournalRow, MemberRow, RegisterRow, Wanted
from hub.storage import database
from hub.storage.connection import Connection
from hub.storage.database import CHECKPOINT_PAGES, PAGE_BYTES, Durability
from hub.storage.sqlite import SqliteStorage

INBOX = TopicName("inbox/ada")
DEADLINE = 20.0  # seconds; a call that waits for another's work would wait for ever


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(tmp_path / "data")
    await storage.store.start()
    yield storage
    await storage.store.close()


def row(number: int, body: bytes = b"body") -> JournalRow:
    return JournalRow(number, INBOX, Incarnation(1), Seq(number), body)


def registers(count: int, weight: int) -> list[RegisterRow]:
    register = Register("x" * 100, Hlc(1), Actor("phone"), Seq(1), weight.to_bytes(8, "big"))
    return [RegisterRow(Key(INBOX, ItemId(f"{n:06}"), Slot("title")), register) for n in range(count)]


def held(connection: sqlite3.Connection, entered: threading.Event, release: threading.Event) -> None:
    entered.set()
    release.wait(DEADLINE)


async def test_commits_folds_and_reads_are_one_hop_each(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hops = 0
    execute = Connection._execute

    async def counted(self: Connection, *args: object) -> object:
        nonlocal hops
        hops += 1
        return await execute(self, *args)  # type: ignore[no-untyped-call]  # aiosqlite has no types here

    monkeypatch.setattr(Connection, "_execute", counted)
    batch = Batch(
        journal=[row(1), row(2)],
        members=[MemberRow(TopicName("space/home"), UserId("ada"), "read")],
        floors=[(INBOX, Seq(1))],
    )
    await storage.store.commit(batch)
    assert hops == 1
    await storage.store.fold(Fold(registers=registers(3, 1)))
    assert hops == 2
    await storage.store.read(Wanted(topics={INBOX}, items={(INBOX, ItemId("000001"))}))
    assert hops == 3
    await storage.store.ledger(INBOX, Seq(-1))
    assert hops == 4


async def test_no_read_waits_for_a_commit_in_progress(storage: SqliteStorage) -> None:
    entered, release = threading.Event(), threading.Event()
    writing = asyncio.create_task(storage.database.write(held, entered, release))
    try:
        async with asyncio.timeout(DEADLINE):
            await asyncio.to_thread(entered.wait)
            await storage.store.read(Wanted(topics={INBOX}))
            await storage.store.ledger(INBOX, Seq(-1))
            await storage.directory.user(UserId("ada"))
        assert not writing.done()
    finally:
        release.set()
        await writing


async def test_neither_commit_nor_turns_read_waits_for_a_long_read(storage: SqliteStorage) -> None:
    entered, release = threading.Event(), threading.Event()
    reading = asyncio.create_task(storage.database.scan(held, entered, release))
    try:
        async with asyncio.timeout(DEADLINE):
            await asyncio.to_thread(entered.wait)
            await storage.store.commit(Batch(journal=[row(1)]))
            await storage.store.fold(Fold(registers=registers(3, 1), upto=1))
            found = await storage.store.read(Wanted(registers={registers(1, 1)[0].key}))
        assert len(found.registers) == 1
        assert not reading.done()
    finally:
        release.set()
        await reading


@pytest.mark.parametrize(("durability", "synchronous"), [("FULL", 2), ("NORMAL", 1)])
async def test_the_writer_syncs_as_it_was_told(
    tmp_path: Path, durability: Durability, synchronous: int
) -> None:
    def pragmas(connection: sqlite3.Connection) -> tuple[object, object]:
        return tuple(
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
        )

    storage = SqliteStorage(tmp_path / "data", durability=durability)
    await storage.store.start()
    assert await storage.database.write(pragmas) == (synchronous, "wal")
    await storage.store.close()


async def test_only_the_writer_can_write(storage: SqliteStorage) -> None:
    def write(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM users")

    for call in (storage.database.read, storage.database.scan):
        with pytest.raises(Exception, match="can't save right now") as refusal:
            await call(write)
        assert "readonly" in str(refusal.value.__cause__)


async def test_the_write_ahead_log_starts_over_although_commits_overtake_the_checkpoint(
    storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader of an older state holds the first copying up, as a commit would; the second comes after it."""
    copied, go_on = threading.Event(), threading.Event()
    checkpoint = database._checkpoint

    def slow_checkpoint(connection: sqlite3.Connection) -> None:
        checkpoint(connection)
        copied.set()
        go_on.wait(DEADLINE)

    def read_and_hold(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT count(*) FROM journal").fetchone()
        held(connection, reading, copied)

    def frames(connection: sqlite3.Connection) -> int:
        [(_, in_log, _)] = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        return int(in_log)

    reading = threading.Event()
    monkeypatch.setattr(database, "_checkpoint", slow_checkpoint)
    await storage.store.commit(Batch(journal=[row(1, bytes(1_000_000))]))
    reader = asyncio.create_task(storage.database.scan(read_and_hold))
    await asyncio.to_thread(reading.wait, DEADLINE)
    await storage.store.commit(Batch(journal=[row(2)]))
    storage.database.checkpoint()
    await reader
    go_on.set()
    connections, task = storage.database._connections, storage.database._checkpoint
    assert connections is not None
    assert task is not None
    await task
    await storage.store.commit(Batch(journal=[row(3)]))
    assert await connections.writer.run(frames) < 10


@pytest.fixture
def checkpoints(storage: SqliteStorage, monkeypatch: pytest.MonkeyPatch) -> list[None]:
    begun: list[None] = []
    monkeypatch.setattr(storage.database, "checkpoint", lambda: begun.append(None))
    return begun


async def test_a_long_pass_is_checkpointed_on_its_way(
    storage: SqliteStorage, checkpoints: list[None]
) -> None:
    for weight in range(1, 6):  # a register touches its own page and one of the index
        await storage.store.fold(Fold(registers=registers(CHECKPOINT_PAGES // 4, weight)))
    assert len(checkpoints) == 2


async def test_large_commits_are_checkpointed_between_passes(
    storage: SqliteStorage, checkpoints: list[None]
) -> None:
    for number in range(1, 6):
        await storage.store.commit(Batch(journal=[row(number, bytes(CHECKPOINT_PAGES * PAGE_BYTES // 2))]))
    assert len(checkpoints) == 2


async def test_a_checkpoint_that_fails_is_told_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    storage = SqliteStorage(tmp_path / "data")
    await storage.store.start()
    monkeypatch.setattr(database, "_checkpoint", fail)
    with capture_logs() as logs:
        await storage.store.commit(Batch(journal=[row(1)]))
        storage.database.checkpoint()
        await storage.store.commit(Batch(journal=[row(2)]))
        await storage.store.close()
    assert [entry["event"] for entry in logs] == ["storage.checkpoint.failed"]
    assert list(await storage.store.start()) == [row(1), row(2)]
    await storage.store.close()


async def test_a_commit_in_flight_when_the_store_closes_is_saved_and_told_so(storage: SqliteStorage) -> None:
    large = row(1, bytes(CHECKPOINT_PAGES * PAGE_BYTES))  # a checkpoint would be due
    commit = asyncio.create_task(storage.store.commit(Batch(journal=[large])))
    await asyncio.sleep(0)
    await storage.store.close()
    await commit
    assert list(await storage.store.start()) == [large]


async def test_a_caller_who_gives_up_takes_nothing_back(storage: SqliteStorage) -> None:
    commit = asyncio.create_task(storage.store.commit(Batch(journal=[row(1)])))
    await asyncio.sleep(0)
    commit.cancel()
    with pytest.raises(asyncio.CancelledError):
        await commit
    await storage.store.commit(Batch(journal=[row(2)]))
    await storage.store.close()
    assert list(await storage.store.start()) == [row(1), row(2)]


async def test_a_mistake_of_the_caller_is_not_taken_for_a_full_disk(storage: SqliteStorage) -> None:
    await storage.store.commit(Batch(journal=[row(1)]))
    with pytest.raises(sqlite3.IntegrityError):
        await storage.store.commit(Batch(journal=[row(2), row(1)]))
    assert storage.writable
    await storage.store.commit(Batch(journal=[row(2)]))


async def test_sizes_tell_what_is_on_disk(storage: SqliteStorage, tmp_path: Path) -> None:
    await storage.store.commit(Batch(journal=[row(1, bytes(100_000))]))
    sizes = await storage.sizes()
    assert sizes.database_bytes == (tmp_path / "data" / "tongbu.db").stat().st_size
    assert sizes.wal_bytes > 100_000
    assert sizes.journal_rows == 1


def test_what_is_saved_is_not_logged_even_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        assert not logging.getLogger("aiosqlite").isEnabledFor(logging.DEBUG)
