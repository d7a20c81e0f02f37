"""The store of the Python client: one process at a time, never corrupt, private."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import sys
from contextlib import closing
from pathlib import Path

import pytest

import tongbu
from tests.kit.hubs import RunningHub
from tests.kit.programs import NOWHERE, device
from tongbu import errors
from tongbu.store import Batch, open_store

OTHER = f"""
import asyncio, sys, tongbu
async def main():
    async with tongbu.connect({NOWHERE!r}, token="t", store=sys.argv[1]):
        print("entered", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""


async def test_a_second_connection_of_this_process_is_refused(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "s.db")
    with pytest.raises(errors.StoreInUse, match=r"in use by another process or connection"):
        await open_store(tmp_path / "s.db")
    with pytest.raises(errors.StoreInUse):
        await open_store(tmp_path / "s.db")
    await store.close()
    await (await open_store(tmp_path / "s.db")).close()


async def test_a_second_process_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OTHER, str(tmp_path / "s.db"), stdin=-1, stdout=-1
    )
    assert other.stdout is not None
    assert await asyncio.wait_for(other.stdout.readline(), 20) == b"entered\n"
    with pytest.raises(errors.StoreInUse):
        async with tongbu.connect(NOWHERE, token="t", store=tmp_path / "s.db"):
            pass
    other.kill()
    await other.wait()
    async with tongbu.connect(NOWHERE, token="t", store=tmp_path / "s.db"):
        pass


def modes(folder: Path) -> dict[str, int]:
    return {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()}


async def test_a_store_is_for_its_owner_only(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "s.db")
    batch = Batch()
    batch.put("put_meta", "token", "secret")
    await store.save(batch)
    assert modes(tmp_path) == {"s.db": 0o600, "s.db-wal": 0o600}
    await store.close()


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough" * 30, b"SQLite format 3\0" * 99]
)
async def test_what_is_no_store_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "s.db").write_bytes(content)
    with pytest.raises(errors.StoreUnusable, match=r"s\.db"):
        await open_store(tmp_path / "s.db")
    assert (tmp_path / "s.db").read_bytes() == content


async def test_another_programs_database_and_a_newer_store_are_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.execute("PRAGMA user_version = 7")
    before = (tmp_path / "other.db").read_bytes()
    with pytest.raises(errors.StoreUnusable, match="not a store"):
        await open_store(tmp_path / "other.db")
    assert (tmp_path / "other.db").read_bytes() == before
    await (await open_store(tmp_path / "s.db")).close()
    with closing(sqlite3.connect(tmp_path / "s.db")) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(errors.StoreUnusable, match="newer"):
        await open_store(tmp_path / "s.db")


async def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.StoreUnusable, match="nowhere"):
        await open_store(tmp_path / "nowhere" / "s.db")


async def test_a_batch_is_saved_whole_or_not_at_all(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "s.db")
    batch = Batch()
    batch.put("put_meta", "kept", "no")
    batch.put("put_edit", 1, "doc/d", b"")
    batch.put("put_edit", 1, "doc/d", b"")
    with pytest.raises(errors.StoreUnusable):
        await store.save(batch)
    assert await store.read("all_meta") == []
    with pytest.raises(errors.StoreUnusable):
        await store.save(Batch())
    await store.close()


async def test_a_full_disk_refuses_what_is_stated_and_undoes_it(hub: RunningHub, tmp_path: Path) -> None:
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        inbox = phone.inbox()
        await inbox.open()
        await inbox.notify("kept", id="kept")
        await phone._core.store._connection.run(
            lambda connection: connection.execute("PRAGMA max_page_count=1")
        )
        await phone._core.store._connection.run(lambda connection: connection.execute("PRAGMA query_only=1"))
        with pytest.raises(errors.StoreUnusable):
            await inbox.notify("not kept", id="lost")
        assert [each.id for each in inbox.items()] == ["kept"]
        with pytest.raises(errors.StoreUnusable):
            await phone.flush(1)
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        await phone.inbox().open()
        assert [each.id for each in phone.inbox().items()] == ["kept"]


async def test_no_more_may_wait_than_the_outbox_holds(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tongbu.ledger_topic.MAX_OUTBOX", 3)
    async with device(hub, url=NOWHERE) as phone:
        inbox = phone.inbox()
        await inbox.open()
        await inbox.notify("one", id="one")
        with pytest.raises(errors.OutboxFull):
            await inbox.mark("one", read=True, pinned=True, archived=True)
        assert not inbox.items()[0].read
        await inbox.mark("one", read=True, pinned=True)
        assert inbox.items()[0].read
