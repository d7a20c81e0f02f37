"""The schema of the data file: which version it has, and the way forward to ours."""

from __future__ import annotations

import sqlite3

from hub.errors import DataFolderNewer, DataFolderUnusable
from hub.storage.queries import load_migrations, load_queries

_QUERIES = load_queries("database")
_SCRIPTS = load_migrations()

APPLICATION_ID = 0x746F6E67
"""``PRAGMA application_id`` of our files: "tong"."""
SCHEMA_VERSION = len(_SCRIPTS)
"""``PRAGMA user_version`` of a file this code works on."""


def refuse_newer(version: int, name: str) -> None:
    """Raise ``DataFolderNewer`` where a file's version is beyond ours."""
    if version > SCHEMA_VERSION:
        raise DataFolderNewer(
            f"{name} was written by a newer version of the hub (schema {version}, this one knows "
            f"{SCHEMA_VERSION}). Nothing was touched. Start that version, or choose another --data."
        )


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a file to our version, one transaction a step; then switch it to a write-ahead log.

    The steps run with a rollback journal, so that the file's header tells its version at any moment and an
    older hub can refuse it without opening it.

    Args:
        connection: the only one to the file, in autocommit mode.
        name: the file's, for messages.

    Raises:
        DataFolderNewer, DataFolderUnusable: the file is not one of ours, or can't have a write-ahead log.
        sqlite3.Error: the storage refuses; the step that failed left nothing.
    """
    application, version, objects = connection.execute(_QUERIES["identity"]).fetchone()
    refuse_newer(version, name)
    if objects and application != APPLICATION_ID:
        raise DataFolderUnusable(f"{name} belongs to another program. Choose another --data.")
    if version < SCHEMA_VERSION:
        connection.execute(_QUERIES["rollback_journal"])
        for step in range(version, SCHEMA_VERSION):
            _run(connection, _SCRIPTS[step], step + 1)
    mode = connection.execute(_QUERIES["write_ahead_log"]).fetchone()[0]
    if mode != "wal":
        raise DataFolderUnusable(
            f"{name} can't have a write-ahead log (its journal mode stays {mode!r}). "
            "Choose a --data on a local disk."
        )


def _run(connection: sqlite3.Connection, script: str, version: int) -> None:
    try:
        connection.executescript(
            f"{_QUERIES['begin_write']}\n{script}\nPRAGMA user_version = {version};\n{_QUERIES['commit']}"
        )
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute(_QUERIES["rollback"])
        raise
