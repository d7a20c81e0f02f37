"""What lies on disk after a kill."""

from __future__ import annotations

import shutil
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

from hub.model import Seq, Statement
from hub.protocol.body import decode_statements
from hub.protocol.frames import unpack
from hub.state.join import LedgerRegisters, join_into
from hub.state.weights import ITEM, weight

Place = tuple[str, str, str]
"""Topic, item, slot."""


class Stored:
    """A data folder as a kill left it, read from a copy: the heaviest of each register wherever it lies."""

    def __init__(self, data: Path, scratch: Path) -> None:
        self.weights: dict[Place, bytes] = {}
        self.values: dict[Place, Any] = {}
        self.records: set[tuple[str, str]] = set()
        self.history: defaultdict[str, set[str]] = defaultdict(set)
        self.events: dict[tuple[str, str, int], tuple[str, str, int]] = {}
        self.folded = 0
        self.snapshots = 0
        shutil.rmtree(scratch, ignore_errors=True)
        shutil.copytree(data, scratch)
        with closing(sqlite3.connect(scratch / "tongbu.db")) as database:
            self._read(database)

    def _read(self, database: sqlite3.Connection) -> None:
        registers = "SELECT topic, item, slot, weight, value FROM registers"
        for topic, item, slot, heaviness, value in database.execute(registers):
            self._take(topic, item, slot, heaviness, unpack(value))
        for topic, item, body in database.execute("SELECT topic, item, registers FROM history"):
            self.history[topic].add(item)
            for slot, (value, *_, heaviness) in unpack(body).items():
                self._take(topic, item, slot, heaviness, value)
        self._read_journal(database)
        counted = "SELECT (SELECT count(*) FROM topics), (SELECT count(*) FROM snapshots)"
        self.folded, self.snapshots = database.execute(counted).fetchone()
        events = "SELECT topic, item, attempt, id, status, at FROM events WHERE type = 'task.finalized'"
        for topic, item, attempt, *rest in database.execute(events):
            assert (topic, item, attempt) not in self.events
            self.events[topic, item, attempt] = tuple(rest)

    def _read_journal(self, database: sqlite3.Connection) -> None:
        folded = dict(database.execute("SELECT topic, seq FROM topics"))
        last: dict[str, int] = {}
        for topic, seq, body in database.execute("SELECT topic, seq, body FROM journal ORDER BY number"):
            before = last.get(topic, folded.get(topic, 0))
            # Rows that were folded but not dropped yet come first.
            assert seq == before + 1 or (topic not in last and seq <= before), f"{topic}: {before}, {seq}"
            last[topic] = seq
            if topic.startswith("doc/"):
                continue
            for statement in decode_statements(body):
                self._state(topic, statement)
        for topic, seq in last.items():
            assert seq >= folded.get(topic, 0), f"{topic}: folded beyond its journal"

    def _state(self, topic: str, statement: Statement) -> None:
        registers: LedgerRegisters = {}
        join_into(registers, statement, Seq(0))
        for slot in registers[statement.item]:
            self._take(topic, statement.item, slot, weight(statement), statement.value)

    def _take(self, topic: str, item: str, slot: str, heaviness: bytes, value: Any) -> None:
        if slot == ITEM:
            self.records.add((topic, item))
        place = topic, item, slot
        if heaviness >= self.weights.get(place, b""):
            self.weights[place], self.values[place] = heaviness, value
