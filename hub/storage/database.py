"""The data file's one owner: its connections, transactions, checkpoints and health.

=========== ================================ ================================================
connection  does                             so that
=========== ================================ ================================================
writer      every write, in order of calls   a turn is one hop to one thread, nothing contends
reader      short reads by key               a turn's read never waits behind a commit or a sweep
scanner     long reads                       a sweep of a large ledger holds nobody up
checkpointer checkpoints                     copying pages back into the file delays no commit
=========== ================================ ================================================
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar, TypeVarTuple

from hub.errors import DataFolderUnusable, Unavailable
from hub.ports import Clock
from hub.storage.connection import Connection
from hub.storage.folder import DataFolder
from hub.storage.health import Sizes
from hub.storage.migrations import migrate
from hub.storage.queries import load_queries
from hub.telemetry.logs import get

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")
Durability = Literal["FULL", "NORMAL"]

_QUERIES = load_queries("database")
_BEGIN_WRITE = _QUERIES["begin_write"]
_BEGIN_READ = _QUERIES["begin_read"]
_COMMIT = _QUERIES["commit"]
_DURABILITY = {"FULL": _QUERIES["durability_full"], "NORMAL": _QUERIES["durability_normal"]}

CHECKPOINT_PAGES = 2048
"""Pages written, by estimate, between checkpoints: copying and syncing 8 MiB holds a commit up by some ms,
64 MiB by some tens."""
PAGE_BYTES = 4096

log = get("storage")


@dataclass(frozen=True, slots=True)
class _Connections:
    writer: Connection
    reader: Connection
    scanner: Connection
    checkpointer: Connection


class Database:
    """One SQLite file in a locked folder.

    Args:
        folder: the data folder; made on ``open`` where it is missing.
        durability: ``FULL`` syncs at every commit. ``NORMAL`` does not: only to see a test of it fail.
        clock: stamps a probe.
    """

    def __init__(self, folder: Path, durability: Durability, clock: Clock) -> None:
        self._folder = DataFolder(folder)
        self._durability = _DURABILITY[durability]
        self._clock = clock
        self._connections: _Connections | None = None
        self._checkpoint: asyncio.Task[None] | None = None
        self._pages = 0
        self.writable = True
        """Whether the last attempt to write succeeded."""

    async def open(self) -> None:
        """Lock the folder, bring the file to our schema, open the connections.

        Raises:
            StartError: see ``DataFolder.open`` and ``migrate``.
        """
        self._folder.open()
        opened: list[Connection] = []
        try:
            for cache in ("writer_cache", "reader_cache", "scanner_cache", "scanner_cache"):
                connection = Connection(self._folder.database)
                await connection
                opened.append(connection)
                await connection.run(self._prepare, cache, len(opened) == 1)
        except BaseException as error:
            await _close(opened)
            self._folder.close()
            if isinstance(error, sqlite3.Error):
                raise DataFolderUnusable(
                    f"{self._folder.database} can't be used ({error}). See that its disk has room and can be "
                    "written, restore a backup, or choose another folder with --data."
                ) from error
            raise
        self._connections = _Connections(*opened)

    async def write(self, work: Callable[[sqlite3.Connection, *Arguments], T], *args: *Arguments) -> T:
        """Run ``work`` in one transaction; when this returns its bytes are on disk.

        Transactions take effect in the order of calls. One whose caller was cancelled takes effect, too.

        Raises:
            Unavailable: the storage refuses, or isn't open; nothing was changed.
        """
        try:
            result = await self._open_connections.writer.run(_transaction, _BEGIN_WRITE, work, *args)
        except sqlite3.Error as error:
            if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
                raise  # our fault, not the disk's
            if self.writable:
                log.error("storage.write.failed", error=str(error), code=_code(error))
            self.writable = False
            raise Unavailable from error
        if not self.writable:
            log.info("storage.write.recovered")
            self.writable = True
        return result

    async def read(self, work: Callable[[sqlite3.Connection, *Arguments], T], *args: *Arguments) -> T:
        """Run ``work``, a few look-ups by key, on one snapshot. Raises ``Unavailable`` like ``write``."""
        return await self._look_up(self._open_connections.reader, work, *args)

    async def scan(self, work: Callable[[sqlite3.Connection, *Arguments], T], *args: *Arguments) -> T:
        """Run ``work``, which may read much, on one snapshot. Raises ``Unavailable`` like ``write``."""
        return await self._look_up(self._open_connections.scanner, work, *args)

    def count_pages(self, touched: int, body_bytes: int = 0) -> None:
        """Begin a checkpoint once enough was written. ``touched``: pages at worst, beside those of bodies."""
        self._pages += touched + body_bytes // PAGE_BYTES
        if self._pages >= CHECKPOINT_PAGES:
            self._pages = 0
            self.checkpoint()

    def checkpoint(self) -> None:
        """Begin to copy the WAL back into the file, unless that is under way or closing does it."""
        if self._connections is not None and (self._checkpoint is None or self._checkpoint.done()):
            work = _run_checkpoint(self._connections)
            self._checkpoint = asyncio.create_task(work, name="storage.checkpoint")

    async def probe(self) -> bool:
        """Whether writes succeed: if the last one did not, tries a small one."""
        if not self.writable:
            try:
                await self.write(_put_meta, "probed_at", str(self._clock.now()))
            except Unavailable:
                return False
        return True

    async def sizes(self) -> Sizes:
        """What is on disk. Cheap: two file sizes and two probes of the journal."""
        first, last = await self.read(_journal_span)
        return Sizes(
            database_bytes=_size(self._folder.database),
            wal_bytes=_size(self._folder.database.with_name(self._folder.database.name + "-wal")),
            journal_rows=0 if first is None else last - first + 1,
        )

    async def close(self) -> None:
        """Finish what was begun, close the connections, release the folder. Idempotent."""
        connections, self._connections = self._connections, None
        if connections is None:
            return
        if self._checkpoint is not None:
            await self._checkpoint
        # The writer goes last: the last to leave copies the WAL back and removes it.
        await _close([connections.checkpointer, connections.scanner, connections.reader, connections.writer])
        self._folder.close()

    @property
    def _open_connections(self) -> _Connections:
        if self._connections is None:
            raise Unavailable("The store is not open.")
        return self._connections

    def _prepare(self, connection: sqlite3.Connection, cache: str, first: bool) -> None:
        connection.executescript(_QUERIES["settings"])
        connection.execute(self._durability)
        connection.execute(_QUERIES[cache])
        if first:
            migrate(connection, str(self._folder.database))
        else:
            connection.execute(_QUERIES["read_only"])

    async def _look_up(
        self,
        connection: Connection,
        work: Callable[[sqlite3.Connection, *Arguments], T],
        *args: *Arguments,
    ) -> T:
        try:
            return await connection.run(_transaction, _BEGIN_READ, work, *args)
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            log.error("storage.read.failed", error=str(error), code=_code(error))
            raise Unavailable from error


async def _run_checkpoint(connections: _Connections) -> None:
    """Most of the work beside the commits; then the little that came meanwhile, in the writer's turn.

    Only a WAL that was copied to its last frame starts over; under load the first pass alone never
    gets there, and the WAL would grow for ever.
    """
    try:
        await connections.checkpointer.run(_checkpoint)
        await connections.writer.run(_checkpoint)
    except sqlite3.Error as error:
        log.error("storage.checkpoint.failed", error=str(error), code=_code(error))


def _transaction(
    connection: sqlite3.Connection,
    begin: str,
    work: Callable[[sqlite3.Connection, *Arguments], T],
    *args: *Arguments,
) -> T:
    connection.execute(begin)
    try:
        result = work(connection, *args)
        connection.execute(_COMMIT)
    except BaseException:
        if connection.in_transaction:  # a full disk or an I/O error may have ended it already
            connection.execute(_QUERIES["rollback"])
        raise
    return result


def _checkpoint(connection: sqlite3.Connection) -> None:
    connection.execute(_QUERIES["checkpoint"]).fetchall()


def _put_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute(_QUERIES["put_meta"], (key, value))


def _journal_span(connection: sqlite3.Connection) -> tuple[int | None, int]:
    first, last = connection.execute(_QUERIES["journal_span"]).fetchone()
    return first, last


def _code(error: sqlite3.Error) -> str | None:
    """SQLite's own name of the error, ``SQLITE_FULL``; None where Python's module raised it."""
    return getattr(error, "sqlite_errorname", None)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


async def _close(connections: list[Connection]) -> None:
    for connection in connections:
        await connection.close()
