"""Looking into a data folder's database from beside the hub, which may be running."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from hub.errors import DataFolderUnusable, Unavailable
from hub.model import Milliseconds
from hub.storage.folder import DATABASE_NAME
from hub.storage.migrations import APPLICATION_ID, SCHEMA_VERSION, refuse_newer
from hub.storage.queries import load_queries

_QUERIES = load_queries("database")
_LOOKING = load_queries("looking")
_PERSONAL = load_queries("personal")


@contextmanager
def looking(folder: Path, *, leave_no_trace: bool = False) -> Iterator[sqlite3.Connection]:
    """One snapshot of the database: what was committed when it is first read. Nothing can be written by it.

    Args:
        folder: the data folder.
        leave_no_trace: make no file beside the database (SQLite wants two for a reader). Where there are none
            the database is read as one that nobody changes: a hub that starts meanwhile may fail the reading.

    Raises:
        DataFolderUnusable: there is no database of ours, or one of another schema (``DataFolderNewer``).
        Unavailable: reading fails.
    """
    path = folder / DATABASE_NAME
    if not path.is_file():
        raise DataFolderUnusable(f"There is no database in {folder}. Choose another --data.")
    idle = leave_no_trace and not path.with_name(f"{DATABASE_NAME}-wal").exists()
    uri = f"file:{quote(str(path.absolute()))}?{'immutable=1' if idle else 'mode=ro'}"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as connection:
            connection.execute(_QUERIES["patience"])
            _check(connection, path)
            connection.execute(_QUERIES["begin_read"])
            yield connection
    except sqlite3.Error as error:
        raise Unavailable(f"{path} can't be read now: {error}.") from error


def _check(connection: sqlite3.Connection, path: Path) -> None:
    application, version, _ = connection.execute(_QUERIES["identity"]).fetchone()
    refuse_newer(version, str(path))
    if application != APPLICATION_ID:
        raise DataFolderUnusable(f"{path} belongs to another program. Choose another --data.")
    if version < SCHEMA_VERSION:
        raise DataFolderUnusable(
            f"{path} has an older schema ({version}, this version reads {SCHEMA_VERSION}). "
            "Start the hub on it once: that brings it up to date."
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """One channel's deliveries that are dead, or on their way. ``late``: those due before the time that was
    asked for; ``oldest``: since when the oldest is there, in ms."""

    channel: str
    dead: bool
    count: int
    late: int
    oldest: Milliseconds


def backlogs(connection: sqlite3.Connection, late: Milliseconds) -> list[Backlog]:
    """By channel. ``late``: what was due before that time should have left."""
    rows = connection.execute(_LOOKING["backlog"], {"late": late})
    return [Backlog(channel, bool(dead), *numbers) for channel, dead, *numbers in rows]


def is_to_scrub(connection: sqlite3.Connection) -> bool:
    """Whether an erasure was interrupted before its bytes were gone."""
    return connection.execute(_PERSONAL["to_scrub"]).fetchone() is not None
