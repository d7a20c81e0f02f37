# ruff: noqa: ASYNC240  # these tests are about files; nothing else waits for the loop
"""The data folder: private, locked, refused untouched where it is not ours to use."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.errors import DataFolderInUse, DataFolderNewer, DataFolderUnusable
from hub.model import Incarnation, Seq, TopicName
from hub.ports import Batch, JournalRow
from hub.storage import migrations
from hub.storage.sqlite import SqliteStorage

ROW = JournalRow(1, TopicName("inbox/ada"), Incarnation(5), Seq(1), b"body")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
async def storage(folder: Path) -> AsyncIterator[SqliteStorage]:
    storage = SqliteStorage(folder)
    yield storage
    await storage.store.close()


async def make(folder: Path) -> None:
    """A data folder with one committed turn in it."""
    storage = SqliteStorage(folder)
    await storage.store.start()
    await storage.store.commit(Batch(journal=[ROW]))
    await storage.store.close()


def look(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and content, and the folder's own time."""
    files = {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir()}
    return files | {".": (folder.stat().st_mtime_ns, b"")}


def set_version(file: Path, version: int) -> None:
    with sqlite3.connect(file) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()


async def test_a_missing_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    await make(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "tongbu.db").stat().st_mode & 0o777 == 0o600
    assert (folder / "hub.lock").stat().st_mode & 0o777 == 0o600


async def test_the_write_ahead_log_is_for_its_owner_alone(storage: SqliteStorage, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    await storage.store.start()
    await storage.store.commit(Batch(journal=[ROW]))
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert "tongbu.db-wal" in modes


async def test_a_second_hub_is_refused_and_told_by_whom(storage: SqliteStorage, folder: Path) -> None:
    await storage.store.start()
    second = SqliteStorage(folder)
    with pytest.raises(DataFolderInUse) as refusal:
        await second.store.start()
    assert str(folder) in refusal.value.message
    assert f"(process {os.getpid()})" in refusal.value.message
    await storage.store.commit(Batch(journal=[ROW]))


async def test_a_folder_that_was_closed_is_free(storage: SqliteStorage, folder: Path) -> None:
    await make(folder)
    assert list(await storage.store.start()) == [ROW]


async def test_a_newer_folder_is_refused_untouched(storage: SqliteStorage, folder: Path) -> None:
    await make(folder)
    set_version(folder / "tongbu.db", 99)
    before = look(folder)
    with pytest.raises(DataFolderNewer, match=r"schema 99.*Nothing was touched"):
        await storage.store.start()
    assert look(folder) == before


async def test_a_newer_folder_left_by_a_crash_keeps_its_write_ahead_log(
    storage: SqliteStorage, folder: Path, tmp_path: Path
) -> None:
    running = SqliteStorage(tmp_path / "running")
    await running.store.start()
    await running.store.commit(Batch(journal=[ROW]))
    shutil.copytree(tmp_path / "running", folder)
    await running.store.close()
    header = bytearray((folder / "tongbu.db").read_bytes())
    header[60:64] = (99).to_bytes(4, "big")
    (folder / "tongbu.db").write_bytes(header)
    before = look(folder)
    assert before["tongbu.db-wal"][1]
    with pytest.raises(DataFolderNewer):
        await storage.store.start()
    assert look(folder) == before


async def test_a_file_that_is_no_database_is_refused_and_kept(storage: SqliteStorage, folder: Path) -> None:
    folder.mkdir()
    content = b"a letter to grandmother\n" * 50
    (folder / "tongbu.db").write_bytes(content)
    with pytest.raises(DataFolderUnusable, match=r"tongbu\.db can't be used \(file is not a database\)"):
        await storage.store.start()
    assert (folder / "tongbu.db").read_bytes() == content


@pytest.mark.parametrize("version", [0, 1, 99])
async def test_another_programs_database_is_refused_and_kept(
    storage: SqliteStorage, folder: Path, version: int
) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / "tongbu.db") as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    set_version(folder / "tongbu.db", version)
    content = (folder / "tongbu.db").read_bytes()
    with pytest.raises((DataFolderUnusable, DataFolderNewer)):
        await storage.store.start()
    assert (folder / "tongbu.db").read_bytes() == content


async def test_a_damaged_database_is_refused(storage: SqliteStorage, folder: Path) -> None:
    await make(folder)
    content = bytearray((folder / "tongbu.db").read_bytes())
    content[100:4096] = bytes(3996)
    (folder / "tongbu.db").write_bytes(content)
    with pytest.raises(DataFolderUnusable, match="malformed"):
        await storage.store.start()


async def test_a_path_that_is_a_file_is_refused(storage: SqliteStorage, folder: Path) -> None:
    folder.write_text("not a folder")
    with pytest.raises(DataFolderUnusable, match="choose another with --data"):
        await storage.store.start()
    assert folder.read_text() == "not a folder"


async def test_a_folder_that_cannot_be_made_is_refused() -> None:
    storage = SqliteStorage(Path("/proc/tongbu/data"))
    with pytest.raises(DataFolderUnusable, match="/proc/tongbu"):
        await storage.store.start()


async def test_a_database_that_is_a_folder_is_refused(storage: SqliteStorage, folder: Path) -> None:
    (folder / "tongbu.db").mkdir(parents=True)
    with pytest.raises(DataFolderUnusable):
        await storage.store.start()


async def test_a_refused_start_leaves_the_folder_free(storage: SqliteStorage, folder: Path) -> None:
    folder.mkdir()
    (folder / "tongbu.db").write_bytes(b"x" * 200)
    with pytest.raises(DataFolderUnusable):
        await storage.store.start()
    (folder / "tongbu.db").unlink()
    await make(folder)


async def test_an_empty_file_left_by_a_crash_is_begun_anew(storage: SqliteStorage, folder: Path) -> None:
    folder.mkdir()
    (folder / "tongbu.db").touch()
    assert list(await storage.store.start()) == []


async def test_an_older_folder_is_brought_forward_with_its_content(
    storage: SqliteStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(folder)
    later = [*migrations._SCRIPTS, "CREATE TABLE extra (x); INSERT INTO extra SELECT number FROM journal;"]
    monkeypatch.setattr(migrations, "_SCRIPTS", later)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", len(later))
    assert list(await storage.store.start()) == [ROW]
    await storage.store.close()
    with sqlite3.connect(folder / "tongbu.db") as connection:
        assert connection.execute("SELECT x FROM extra").fetchall() == [(1,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
    connection.close()
    monkeypatch.undo()
    with pytest.raises(DataFolderNewer):
        await storage.store.start()


async def test_the_file_itself_tells_its_version_as_soon_as_it_has_it(
    storage: SqliteStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were it in the write-ahead log only, an older hub could not tell after a crash."""
    await make(folder)
    later = [*migrations._SCRIPTS, "CREATE TABLE extra (x);"]
    monkeypatch.setattr(migrations, "_SCRIPTS", later)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", len(later))
    await storage.store.start()
    assert int.from_bytes((folder / "tongbu.db").read_bytes()[60:64], "big") == len(later)


async def test_a_step_forward_that_fails_leaves_nothing_of_itself(
    storage: SqliteStorage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await make(folder)
    broken = [*migrations._SCRIPTS, "CREATE TABLE extra (x); INSERT INTO nowhere VALUES (1);"]
    monkeypatch.setattr(migrations, "_SCRIPTS", broken)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", len(broken))
    with pytest.raises(DataFolderUnusable, match="nowhere"):
        await storage.store.start()
    monkeypatch.undo()
    assert list(await storage.store.start()) == [ROW]
    await storage.store.close()
    with sqlite3.connect(folder / "tongbu.db") as connection:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone()
    connection.close()
    assert found == (0,)
