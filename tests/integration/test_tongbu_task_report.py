"""``hub.cli.task.reporting`` over a disk that refuses on the way: the task's end is told all the same."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from hub.cli.remote import Remote
from hub.cli.task.listening import Listener
from hub.cli.task.order import Order
from hub.cli.task.reporting import Report
from tests.kit.hubs import RunningHub
from tests.kit.programs import PATIENCE, device
from tongbu import store as store_module


@pytest.fixture(autouse=True)
def _state_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


class Disk:
    """Takes the place of how the store saves: once ``full``, nothing can be written to a file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = False
        self._save = vars(store_module)["_save"]
        monkeypatch.setattr(store_module, "_save", self.save)

    def save(self, connection: sqlite3.Connection, batches: Any) -> None:
        (_, _, file) = connection.execute("PRAGMA database_list").fetchone()
        if self.full and file:
            raise sqlite3.OperationalError("database or disk is full")
        self._save(connection, batches)


class Run:
    """A report whose command the test plays."""

    def __init__(self, hub: RunningHub, to: str | None = None) -> None:
        self.changed = asyncio.Event()
        self._listener = Listener(self.changed.set)
        self.says = self._listener.stream()
        remote = Remote(hub.url, "ann", lambda: hub.token("ann", "user", "publish"))
        self.report = Report(Order(remote, ("make",), "Build", "b", to=to), self._listener, self.changed)


@pytest.mark.parametrize("full_from", ["the beginning", "the middle", "the end"])
async def test_a_disk_that_fills_up_costs_no_end(
    full_from: str, hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk, run = Disk(monkeypatch), Run(hub)
    disk.full = full_from == "the beginning"
    async with device(hub) as phone, asyncio.timeout(PATIENCE):
        inbox = phone.inbox()
        await inbox.open()
        changes = inbox.changes()
        reporting = asyncio.create_task(run.report.run(None))
        while (found := inbox.item("b")) is None or found.status != "running":
            await anext(changes)
        disk.full = disk.full or full_from == "the middle"
        run.says(b"50%\n")
        while (found := inbox.item("b")) is None or found.progress != 0.5:
            await anext(changes)
        disk.full = True
        run.report.end(False, "exit 2")
        await reporting
        assert run.report.sentence is None
        while (found := inbox.item("b")) is None or not found.ended:
            await anext(changes)
    assert (found.status, found.attempt, found.note) == ("failed", 1, "exit 2")
