"""The audit in SQLite: appended in the writer's transaction, read and verified in a sweep."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import takewhile

from hub.model import AuditRow, Milliseconds
from hub.storage.queries import load_queries
from hub.storage.rows import audit_columns, audit_line
from hub.telemetry.audit import GENESIS, Anchor, AuditLine, chain, first_broken

_QUERIES = load_queries("audit")

VERIFIED_AT_ONCE = 1000
"""Lines in memory while all are verified."""


def append_audit(connection: sqlite3.Connection, rows: Sequence[AuditRow]) -> None:
    """Chain ``rows`` to the newest line."""
    newest = connection.execute(_QUERIES["last_line"]).fetchone()
    lines = chain(Anchor(*newest) if newest else _anchor(connection), rows)
    connection.executemany(_QUERIES["add_line"], map(audit_columns, lines))


def read_audit(connection: sqlite3.Connection, after: int, limit: int) -> list[AuditLine]:
    """Lines above a number, oldest first."""
    return [audit_line(row) for row in connection.execute(_QUERIES["lines"], (after, limit))]


def verify_audit(connection: sqlite3.Connection) -> int | None:
    """See ``hub.telemetry.audit.first_broken``, over all lines."""
    anchor = _anchor(connection)
    # From 0, not from the anchor: a line put below it must show.
    lines = read_audit(connection, 0, VERIFIED_AT_ONCE)
    while lines:
        if (broken := first_broken(anchor, lines)) is not None:
            return broken
        anchor = lines[-1].anchor
        lines = read_audit(connection, anchor.number, VERIFIED_AT_ONCE)
    return None


def trim_audit(connection: sqlite3.Connection, before: Milliseconds, limit: int) -> int:
    """Drop at most ``limit`` lines from the front, up to the first that is not older; how many."""
    past = list(takewhile(lambda line: line.row.at < before, read_audit(connection, 0, limit)))
    if past:
        last = past[-1].anchor
        connection.execute(_QUERIES["put_anchor"], (f"{last.number} {last.hash}",))
        connection.execute(_QUERIES["drop_lines"], (last.number,))
    return len(past)


def _anchor(connection: sqlite3.Connection) -> Anchor:
    kept = connection.execute(_QUERIES["anchor"]).fetchone()
    if kept is None:
        return GENESIS
    number, _, line_hash = kept[0].partition(" ")
    return Anchor(int(number), line_hash)
