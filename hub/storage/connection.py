"""One SQLite connection and its thread."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple, cast

import aiosqlite

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

# At DEBUG aiosqlite logs every call with its arguments: the content of messages.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


class Connection(aiosqlite.Connection):
    """``aiosqlite.Connection`` that runs a whole function in its thread.

    aiosqlite hops to its thread and back for every statement, 50–100 µs each; a turn has several, and
    between two hops of one transaction another call's statements could slip in. ``run`` makes it one hop.
    It stands on ``aiosqlite.Connection._execute(fn, *args)``, which has run any function in the thread
    since 0.1; the dependency is pinned below the next minor version, and a contract test would tell.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(lambda: sqlite3.connect(path, isolation_level=None), iter_chunk_size=64)
        # A hub that dies of an exception must end, not wait for a thread that waits for work.
        self._thread.daemon = True

    async def run(self, work: Callable[[sqlite3.Connection, *Arguments], T], *args: *Arguments) -> T:
        """Run ``work(connection, *args)`` in the thread, after what was asked before."""
        execute = cast("Callable[..., Any]", self._execute)
        return cast("T", await execute(work, self._conn, *args))
