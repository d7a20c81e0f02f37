"""The store: one SQLite file with everything a device keeps, used by one process at a time.

State, seq and outbox change in one transaction: a ``Batch``. Batches take effect in the order of ``save``;
those that wait together share a transaction and its sync.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, TypeVarTuple, cast

import aiosqlite

from tongbu.errors import Closed, StoreError, StoreInUse, StoreUnusable

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Row = Sequence[Any]

APPLICATION_ID = 0x746F6E72
"""In the file's header, as SQLite's ``application_id``."""
VERSION = 1
"""Of the schema, as ``user_version``."""

# At DEBUG aiosqlite logs every call with its arguments: tokens and the content of messages.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


class Batch:
    """What is saved together: (query, rows) in order."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps: list[tuple[str, list[Row]]] = []

    def __bool__(self) -> bool:
        return bool(self.steps)

    def put(self, query: str, *row: Any) -> None:
        """One row of a named query; neighbours of one query run together."""
        if self.steps and self.steps[-1][0] == query:
            self.steps[-1][1].append(row)
        else:
            self.steps.append((query, [row]))


class _Waiting(NamedTuple):
    batch: Batch
    saved: asyncio.Future[None]


class Store:
    """One open store. Make it with ``open_store``."""

    def __init__(self, connection: _Connection, path: Path | None) -> None:
        self._connection = connection
        self._path = path
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer: asyncio.Task[None] | None = asyncio.create_task(self._write())
        self.failed: StoreError | None = None
        """Why nothing can be saved any more."""

    @property
    def is_kept(self) -> bool:
        """Whether it outlives this process."""
        return self._path is not None

    @property
    def backlog(self) -> int:
        """Batches that wait to be saved."""
        return len(self._waiting)

    async def read(self, query: str, *values: Any) -> list[Any]:
        """The rows of a named query. Raises ``StoreUnusable``."""
        try:
            return await self._connection.run(_fetch, _QUERIES[query], values)
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def save(self, batch: Batch) -> asyncio.Future[None]:
        """Save in order. The future is done once the batch is on disk, or holds ``StoreError``."""
        saved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        saved.add_done_callback(_retrieved)
        if self.failed is not None or self._writer is None:
            saved.set_exception(self.failed or Closed())
            return saved
        self._waiting.append(_Waiting(batch, saved))
        self._idle.clear()
        self._wake.set()
        return saved

    async def settled(self) -> None:
        """Until everything handed to ``save`` is on disk, or saving has failed."""
        await self._idle.wait()

    async def close(self) -> None:
        """Save what waits and release the file. Idempotent."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        await self._idle.wait()
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        await self._connection.close()

    async def _write(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            waiting, self._waiting = self._waiting, []
            error = await self._save_all([each.batch for each in waiting])
            for each in waiting:
                _settle(each.saved, error)
            if not self._waiting:
                self._idle.set()

    async def _save_all(self, batches: list[Batch]) -> StoreError | None:
        if self.failed is not None:
            return self.failed
        try:
            await self._connection.run(_save, batches)
        except sqlite3.Error as error:
            self.failed = self._unusable(error)
        return self.failed

    def _unusable(self, error: sqlite3.Error) -> StoreUnusable:
        where = self._path or "in memory"
        return StoreUnusable(f"The store {where} can't be used ({error}): see that its disk has room.")


async def open_store(path: str | Path | None) -> Store:
    """Open a store, made where there is none (the file is for its owner only); None: in memory.

    Raises:
        StoreInUse: another process, or another connection of this one, has it open.
        StoreUnusable: it can't be made or read, is no store, or was written by a newer version.
    """
    file = None if path is None else _file(path)
    try:
        if file is not None:
            _make_private(file)
        connection = _Connection(":memory:" if file is None else str(file))
        await connection
    except (OSError, sqlite3.Error) as error:
        raise StoreUnusable(f"The store {file} can't be made ({error}); choose another path.") from error
    try:
        await connection.run(_prepare, str(file))
    except BaseException as error:
        await connection.close()
        if isinstance(error, sqlite3.Error):
            raise _opening_error(error, file) from error
        raise
    return Store(connection, file)


async def forget_device(path: str | Path) -> None:
    """A device that was revoked: the next time the hub issues another id, under which is said what waits.

    Raises as ``open_store``.
    """
    store, batch = await open_store(path), Batch()
    try:
        batch.put("forget_meta", "device")
        await store.save(batch)
    finally:
        await store.close()


def _file(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def _make_private(file: Path) -> None:
    """An existing one is not opened: closing it again would release the lock of this very process."""
    if not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _opening_error(error: sqlite3.Error, file: Path | None) -> StoreError:
    if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
        return StoreInUse(
            f"The store {file} is in use by another process or connection. "
            "Stop that one first, or give this one a store of its own."
        )
    return StoreUnusable(f"The store {file} can't be used ({error}); mend it or choose another path.")


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    connection.execute(_QUERIES["open_exclusively"])
    connection.execute(_QUERIES["begin"])
    try:
        (application,) = connection.execute(_QUERIES["application"]).fetchone()
        (version,) = connection.execute(_QUERIES["version"]).fetchone()
        if (application, version) == (0, 0):
            for statement in _QUERIES["schema"].split(";"):
                connection.execute(statement)
        elif application != APPLICATION_ID:
            raise StoreUnusable(f"{name} is not a store of Tongbu's; choose another path.")
        elif version > VERSION:
            raise StoreUnusable(f"The store {name} was written by a newer version; nothing was touched.")
        connection.execute(_QUERIES["commit"])
    except BaseException:
        connection.execute(_QUERIES["rollback"])
        raise
    connection.execute(_QUERIES["write_ahead"])
    connection.execute(_QUERIES["durable"])


def _save(connection: sqlite3.Connection, batches: Iterable[Batch]) -> None:
    connection.execute(_QUERIES["begin"])
    try:
        for batch in batches:
            for query, rows in batch.steps:
                connection.executemany(_QUERIES[query], rows)
        connection.execute(_QUERIES["commit"])
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute(_QUERIES["rollback"])
        raise


def _fetch(connection: sqlite3.Connection, query: str, values: tuple[Any, ...]) -> list[Any]:
    return connection.execute(query, values).fetchall()


def _settle(saved: asyncio.Future[None], error: StoreError | None) -> None:
    if saved.done():
        return
    if error is None:
        saved.set_result(None)
    else:
        saved.set_exception(error)


def _retrieved(saved: asyncio.Future[None]) -> None:
    """Nobody needs to wait for a save; what failed is told by ``Store.failed``, too."""
    if not saved.cancelled():
        saved.exception()


class _Connection(aiosqlite.Connection):
    """Runs a whole function in the connection's thread: one hop a transaction, and nothing slips between.

    ``aiosqlite.Connection._execute(fn, *args)`` has run any function in the thread since 0.1; the
    dependency is pinned below the next minor version.
    """

    def __init__(self, path: str) -> None:
        super().__init__(lambda: sqlite3.connect(path, isolation_level=None, timeout=0), iter_chunk_size=64)
        # A program that dies of an exception must end, not wait for a thread that waits for work.
        self._thread.daemon = True

    async def run(self, work: Callable[[sqlite3.Connection, *Arguments], T], *args: *Arguments) -> T:
        """Run ``work(connection, *args)`` in the thread, after what was asked before."""
        execute = cast("Callable[..., Any]", self._execute)
        return cast("T", await execute(work, self._conn, *args))


def _load_queries() -> dict[str, str]:
    text = (resources.files("tongbu") / "store.sql").read_text("utf-8")
    parts = re.split(r"^-- name: *(\S+) *$", text, flags=re.MULTILINE)
    bare = (re.sub(r"^--.*$", "", query, flags=re.MULTILINE).strip() for query in parts[2::2])
    return dict(zip(parts[1::2], bare, strict=True))


_QUERIES = _load_queries()
