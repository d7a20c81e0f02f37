"""Every storage adapter, opened and reopened the same way."""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub.model import Milliseconds
from hub.storage.memory import MemoryStorage
from hub.storage.sqlite import SqliteStorage
from hub.telemetry.audit import AuditLine

NOW = Milliseconds(1_700_000_000_000)
Storage = MemoryStorage | SqliteStorage


class FixedClock:
    """Time stands still."""

    def now(self) -> Milliseconds:
        return NOW

    def monotonic(self) -> float:
        return 0.0


class Home(ABC):
    """Where a storage lives: the same content comes back each time it is opened."""

    @abstractmethod
    async def open(self) -> Storage:
        """A started storage."""

    @abstractmethod
    async def close(self) -> None: ...

    @abstractmethod
    async def refuse(self) -> None:
        """From now on the disk is full."""

    @abstractmethod
    async def recover(self) -> None:
        """There is room again."""

    @abstractmethod
    async def forge(self, number: int, /, **columns: str | int) -> None:
        """Somebody who may write the file changes an audit line: no port does."""

    @abstractmethod
    async def cut(self, number: int) -> None:
        """Somebody who may write the file removes an audit line."""

    @abstractmethod
    async def quarantined(self) -> list[bytes]:
        """The bytes in quarantine, oldest first: no port reads them."""

    async def reopen(self) -> Storage:
        await self.close()
        return await self.open()


class MemoryHome(Home):
    def __init__(self) -> None:
        self._storage = MemoryStorage(FixedClock())

    async def open(self) -> Storage:
        await self._storage.store.start()
        return self._storage

    async def close(self) -> None:
        await self._storage.store.close()

    async def refuse(self) -> None:
        self._storage.tables.refuses = True

    async def recover(self) -> None:
        self._storage.tables.refuses = False

    async def forge(self, number: int, /, **columns: str | int) -> None:
        lines = self._storage.tables.audit
        lines[:] = [_forged(line, columns) if line.number == number else line for line in lines]

    async def cut(self, number: int) -> None:
        lines = self._storage.tables.audit
        lines[:] = [line for line in lines if line.number != number]

    async def quarantined(self) -> list[bytes]:
        return [body for *_, body in self._storage.tables.quarantine]


class SqliteHome(Home):
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._storage = SqliteStorage(folder, clock=FixedClock())

    async def open(self) -> Storage:
        self._storage = SqliteStorage(self._folder, clock=FixedClock())
        await self._storage.store.start()
        return self._storage

    async def close(self) -> None:
        await self._storage.store.close()

    async def refuse(self) -> None:
        await self._storage.database.write(_limit_pages, 1)  # SQLite makes it the present number

    async def recover(self) -> None:
        await self._storage.database.write(_limit_pages, 1 << 30)

    async def forge(self, number: int, /, **columns: str | int) -> None:
        for column, value in columns.items():
            change = f"UPDATE audit SET {column} = ? WHERE number = ?"
            await self._storage.database.write(_execute, change, (value, number))

    async def cut(self, number: int) -> None:
        await self._storage.database.write(_execute, "DELETE FROM audit WHERE number = ?", (number,))

    async def quarantined(self) -> list[bytes]:
        rows = await self._storage.database.scan(_rows, "SELECT body, 0 FROM quarantine ORDER BY number")
        return [body for body, _ in rows]


def _limit_pages(connection: sqlite3.Connection, pages: int) -> None:
    connection.execute(f"PRAGMA max_page_count = {pages}")


def _execute(connection: sqlite3.Connection, change: str, parameters: tuple[str | int, ...]) -> None:
    connection.execute(change, parameters)


def _forged(line: AuditLine, columns: Mapping[str, Any]) -> AuditLine:
    if "number" in columns or "hash" in columns:
        return replace(line, **columns)
    return replace(line, row=replace(line.row, **columns))


def _rows(connection: sqlite3.Connection, query: str) -> list[tuple[Any, Any]]:
    return connection.execute(query).fetchall()


@pytest.fixture(params=["memory", "sqlite"])
async def home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Home]:
    home: Home = MemoryHome() if request.param == "memory" else SqliteHome(tmp_path / "data")
    yield home
    await home.close()


@pytest.fixture
async def storage(home: Home) -> Storage:
    return await home.open()
