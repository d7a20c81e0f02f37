"""What lies on disk after a kill of events, deliveries, receipts and the audit."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from hub.model import ENDED, Statement
from hub.protocol.frames import unpack
from hub.state.weights import SENT_PREFIX
from tests.e2e.stored import Stored


class Fact(NamedTuple):
    """An event. ``attempt`` is 0 for a notification."""

    number: int
    id: str
    type: str
    topic: str
    item: str
    attempt: int
    status: str | None
    at: int


class Row(NamedTuple):
    """A delivery."""

    id: str
    fact: Fact
    channel: str
    route: str
    user: str
    state: str
    due: int
    attempts: int
    bodies: tuple[bytes, ...]
    part: int
    unsure: bool
    leased_until: int | None
    error: str | None
    ended_at: int | None

    def __repr__(self) -> str:
        return (
            f"<{self.id} of {self.user} by {self.channel} ({self.route}): {self.state}, {self.attempts}"
            f" calls, part {self.part}/{len(self.bodies)}, unsure={self.unsure}, error={self.error!r},"
            f" ended_at={self.ended_at}, {self.fact}>"
        )

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    @property
    def mark(self) -> str:
        """The short id that a reader sees on a repetition."""
        return f"#{self.id[10:16].lower()}"

    def said(self, part: int) -> str:
        """The words of one part, as a robot was told them."""
        message = json.loads(self.bodies[part])
        words = message[message["msgtype"]]["content"]
        assert isinstance(words, str)
        return words


class DeliveryStored(Stored):
    """The tables, and what the journal and the registers say beside them."""

    def __init__(self, data: Path, scratch: Path) -> None:
        self.facts: dict[str, Fact] = {}
        self.rows: dict[str, Row] = {}
        self.calls: Counter[str] = Counter()
        """Lines of the audit about a delivery's calls."""
        self.finals: dict[tuple[str, str, int], str] = {}
        """The event of each attempt that the journal or a register calls final."""
        super().__init__(data, scratch)

    def _read(self, database: sqlite3.Connection) -> None:
        super()._read(database)
        facts: dict[int, Fact] = {}
        events = "SELECT number, id, type, topic, item, attempt, status, at FROM events ORDER BY number"
        for values in database.execute(events):
            fact = Fact(*values)
            facts[fact.number] = self.facts[fact.id] = fact
        deliveries = (
            "SELECT event, id, channel, route, user, state, due, attempts, bodies, part, unsure,"
            " leased_until, error, ended_at FROM deliveries ORDER BY number"
        )
        for event, name, channel, route, user, state, due, attempts, bodies, part, *rest in database.execute(
            deliveries
        ):
            said = tuple(unpack(bodies)) if bodies else ()
            row = Row(
                name, facts[event], channel, route, user, state, due, attempts, said, part,
                bool(rest[0]), *rest[1:],
            )  # fmt: skip
            self.rows[row.id] = row
        self.calls.update(
            row[0] for row in database.execute("SELECT subject FROM audit WHERE action = 'send'")
        )
        for (topic, item, slot), value in self.values.items():
            if slot == "final":
                self._finalized(topic, item, value)

    def _state(self, topic: str, statement: Statement) -> None:
        super()._state(topic, statement)
        if statement.field == "final":
            self._finalized(topic, statement.item, statement.value)

    def _finalized(self, topic: str, item: str, value: Any) -> None:
        event = self.finals.setdefault((topic, item, value["attempt"]), value["event"])
        assert event == value["event"], f"{topic} {item}: an attempt is final twice"

    def receipts(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """Topic, item and channel of each ``sent.<channel>``, and what it says."""
        for (topic, item, slot), value in self.values.items():
            if slot.startswith(SENT_PREFIX):
                yield topic, item, slot.removeprefix(SENT_PREFIX), value

    def by_receipt(self) -> dict[tuple[str, str, str], list[Row]]:
        """Topic, item and channel: the deliveries that ended there, in the order of their ends."""
        found: defaultdict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in sorted(self.rows.values(), key=lambda row: row.ended_at or 0):
            if row.has_ended:
                found[row.fact.topic, row.fact.item, row.channel].append(row)
        return found
