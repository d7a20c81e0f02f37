"""``hub`` with inner times and durability changed, for tests alone: no setting offers these.

Usage: ``python launcher.py '{"durability": "NORMAL"}' serve …``

=============== ===============================================================
durability      ``NORMAL``: commits are not synced, to see a test of it fail
sweep_seconds   how often retention looks for items that had their time
commit_seconds  how much longer a commit takes, to see what comes meanwhile
write_seconds   how much longer the disk takes to begin each transaction, to see what lies between two
commit_fails    every commit raises what nobody expects, to see what is told of it
early_seconds   commits are told to be done so long before they begin, to see a test of it fail
=============== ===============================================================
"""

from __future__ import annotations

import asyncio
import functools
import json
import sqlite3
import sys
import time
from typing import Any

from hub import app
from hub.__main__ import main
from hub.ports import Batch
from hub.storage import database
from hub.storage.sqlite import SqliteStorage, SqliteStore


def slow_commits(seconds: float) -> None:
    commit = SqliteStore.commit

    async def slowly(self: SqliteStore, batch: Batch) -> None:
        await asyncio.sleep(seconds)
        await commit(self, batch)

    SqliteStore.commit = slowly  # type: ignore[method-assign]  # what this file is for


def slow_writes(seconds: float) -> None:
    transaction, begin_write = vars(database)["_transaction"], vars(database)["_BEGIN_WRITE"]

    def slowly(connection: sqlite3.Connection, begin: str, *work: Any) -> Any:
        if begin == begin_write:
            time.sleep(seconds)  # in the writer's thread
        return transaction(connection, begin, *work)

    vars(database)["_transaction"] = slowly


def failing_commits() -> None:
    async def fail(self: SqliteStore, batch: Batch) -> None:
        raise RuntimeError("a bug")

    SqliteStore.commit = fail  # type: ignore[method-assign]  # what this file is for


def early_commits(seconds: float) -> None:
    commit = SqliteStore.commit
    turn = asyncio.Lock()
    writing: set[asyncio.Task[None]] = set()

    async def write(store: SqliteStore, batch: Batch) -> None:
        async with turn:
            await asyncio.sleep(seconds)
            await commit(store, batch)

    async def promise(self: SqliteStore, batch: Batch) -> None:
        task = asyncio.create_task(write(self, batch))
        writing.add(task)
        task.add_done_callback(writing.discard)

    SqliteStore.commit = promise  # type: ignore[method-assign]  # what this file is for


def launch(tweaks: dict[str, object], arguments: list[str]) -> None:
    for name, value in tweaks.items():
        match name, value:
            case "durability", "NORMAL":
                vars(app)["SqliteStorage"] = functools.partial(SqliteStorage, durability="NORMAL")
            case "sweep_seconds", float():
                app.SWEEP_SECONDS = value
            case "commit_seconds", float():
                slow_commits(value)
            case "write_seconds", float():
                slow_writes(value)
            case "commit_fails", True:
                failing_commits()
            case "early_seconds", float():
                early_commits(value)
            case _:
                raise SystemExit(f"launcher: no such tweak: {name}")
    sys.argv = ["hub", *arguments]
    main()


if __name__ == "__main__":
    launch(json.loads(sys.argv[1]), sys.argv[2:])
