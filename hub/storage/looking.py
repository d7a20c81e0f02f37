"""Looking into a data folder's database from beside the hub, which may be running."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from hub.errors import DataFolderUnusable, Unavailable
from hub.storage.folder import DATABASE_NAME
from hub.storage.migrations import APPLICATION_ID, SCHEMA_VERSION, refuse_newer
from hub.storage.queries import load_queries

_QUERIES = load_queries("database")


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
