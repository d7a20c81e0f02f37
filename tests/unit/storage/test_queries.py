"""The SQL: every query has a name and a description, fits the schema, and reads by an index."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from importlib import resources

import pytest

from hub.errors import DataFolderUnusable
from hub.storage import queries
from hub.storage.migrations import APPLICATION_ID, SCHEMA_VERSION, migrate
from hub.storage.queries import load_migrations, load_queries

SQL = resources.files("hub.storage") / "sql"
SUBJECTS = sorted(file.name.removesuffix(".sql") for file in SQL.iterdir() if file.name.endswith(".sql"))
QUERIES = {(subject, name): text for subject in SUBJECTS for name, text in load_queries(subject).items()}

SWEPT_FOR_ONE_USER = {"journal", "quarantine", "client_ids", "json_each"}
"""By an operator's command, once in a while, beside the hub or without it; no index is worth it."""


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for script in load_migrations():
        connection.executescript(script)
    yield connection
    connection.close()


def plan(connection: sqlite3.Connection, query: str) -> str:
    if names := re.findall(r":(\w+)", query):
        rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", dict.fromkeys(names))
    else:
        numbers = [int(number) for number in re.findall(r"\?(\d)", query)]
        count = max(numbers) if numbers else query.count("?")
        rows = connection.execute(f"EXPLAIN QUERY PLAN {query}", [None] * count)
    return "; ".join(row[3] for row in rows)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_file_says_what_it_is_about(subject: str) -> None:
    first = (SQL / f"{subject}.sql").read_text("utf-8").partition("\n")[0]
    assert first.startswith("-- ")
    assert first.endswith(".")


@pytest.mark.parametrize(("subject", "name"), [key for key in QUERIES if key[0] != "database"])
def test_every_query_fits_the_schema_and_sweeps_nothing_it_needs_not(
    subject: str, name: str, connection: sqlite3.Connection
) -> None:
    steps = plan(connection, QUERIES[subject, name])
    allowed = SWEPT_FOR_ONE_USER if subject == "personal" else {"journal"} & {name}
    assert swept_by(steps) - wanted_rows(connection, steps) <= allowed, steps


def swept_by(steps: str) -> set[str]:
    return set(re.findall(r"SCAN (?!CONSTANT)(\w+)", steps))


def wanted_rows(connection: sqlite3.Connection, steps: str) -> set[str]:
    """What a query brings along as its values; a table read to make such rows is swept by its own name."""
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return set(re.findall(r"CO-ROUTINE (\w+); SCAN (?:\d+ )?CONSTANT ROW", steps)) - tables


@pytest.mark.parametrize(
    ("query", "swept"),
    [
        (
            "WITH wanted (topic) AS (VALUES (?1)) SELECT seq FROM wanted CROSS JOIN topics USING (topic)",
            set(),
        ),
        ("WITH wanted (topic) AS (VALUES (?1)) SELECT seq FROM wanted JOIN topics ON seq > 0", {"topics"}),
        (
            "WITH wanted AS (SELECT topic FROM topics LIMIT 9) SELECT a.topic FROM wanted a, wanted b",
            {"topics"},
        ),
        ("SELECT topic FROM topics WHERE seq > ?1", {"topics"}),
    ],
)
def test_a_sweep_of_a_table_is_found_beside_rows_that_the_query_brings(
    query: str, swept: set[str], connection: sqlite3.Connection
) -> None:
    steps = plan(connection, query)
    assert swept <= swept_by(steps) - wanted_rows(connection, steps)
    if not swept:
        assert swept_by(steps) <= wanted_rows(connection, steps)


def test_ledgers_are_read_by_key_or_by_seq_and_endings_by_time(connection: sqlite3.Connection) -> None:
    assert "PRIMARY KEY" in plan(connection, QUERIES["store", "ledger"])
    assert "TEMP B-TREE" not in plan(connection, QUERIES["store", "ledger"])
    assert "registers_by_seq (topic=? AND seq>?)" in plan(connection, QUERIES["store", "ledger_above"])
    assert "registers_ending (hlc<?)" in plan(connection, QUERIES["archive", "ending"])
    assert "TEMP B-TREE" not in plan(connection, QUERIES["archive", "ending"])


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("record", "deliveries USING INDEX sqlite_autoindex_deliveries_1 (id=?)"),
        ("take_over", "deliveries USING INDEX deliveries_by_state (state=?)"),
        ("due", "d USING INDEX deliveries_pending (state=? AND channel=? AND due<?)"),
        ("next_due", "deliveries USING COVERING INDEX deliveries_pending (state=? AND channel=?)"),
        ("shift", "deliveries USING INDEX deliveries_by_state (state=?)"),
        ("deliveries", "d USING INTEGER PRIMARY KEY (rowid<?)"),
        ("deliveries_of_item", "d USING INDEX deliveries_by_item (item=? AND rowid<?)"),
        ("deliveries_of_topic", "d USING INDEX deliveries_by_topic (topic=? AND rowid<?)"),
        ("deliveries_in_state", "d USING INDEX deliveries_by_state (state=? AND rowid<?)"),
        ("deliveries_by_channel", "d USING INDEX deliveries_by_channel (channel=? AND rowid<?)"),
        ("events", "events USING INTEGER PRIMARY KEY (rowid>?)"),
        ("events_of_topic", "events USING INDEX events_by_topic (topic=? AND rowid>?)"),
        ("events_of_type", "events USING INDEX events_by_type (type=? AND rowid>?)"),
        ("past_events", "events USING COVERING INDEX events_by_time (at<?)"),
    ],
)
def test_what_is_due_and_every_list_come_in_the_order_of_an_index(
    name: str, way: str, connection: sqlite3.Connection
) -> None:
    steps = plan(connection, QUERIES["outbox", name])
    assert way in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("twin", "deliveries USING INDEX sqlite_autoindex_deliveries_2 (event=? AND channel=?)"),
        ("deliveries_of_event", "d USING INDEX sqlite_autoindex_deliveries_2 (event=?"),
        ("events_of_item", "events USING INDEX sqlite_autoindex_events_2 (item=?"),
    ],
)
def test_the_few_that_belong_to_one_event_or_item_are_found_by_key_and_sorted(
    name: str, way: str, connection: sqlite3.Connection
) -> None:
    assert way in plan(connection, QUERIES["outbox", name])


def test_what_waits_is_counted_in_the_index_of_what_waits(connection: sqlite3.Connection) -> None:
    pending, leased = plan(connection, QUERIES["outbox", "waiting"]).split("UNION ALL")
    assert "COVERING INDEX deliveries_pending (state=?)" in pending
    assert "deliveries_by_state (state=?)" in leased


def test_every_query_is_used(request: pytest.FixtureRequest) -> None:
    folder = request.config.rootpath / "hub" / "storage"
    code = "".join(file.read_text("utf-8") for file in folder.glob("*.py"))
    assert [name for _, name in QUERIES if f'"{name}"' not in code] == []


def test_sql_is_written_in_sql_files_only(request: pytest.FixtureRequest) -> None:
    folder = request.config.rootpath / "hub"
    pattern = re.compile(r"\b(SELECT .* FROM|INSERT INTO|DELETE FROM|UPDATE \w+ SET|CREATE TABLE)\b")
    files = {file.name for file in folder.rglob("*.py") if pattern.search(file.read_text("utf-8"))}
    assert files <= {"queries.py"}, "only the loader shows one in its docstring"


@pytest.mark.parametrize(
    "text",
    [
        "-- name: a\nSELECT 1;",
        "-- name: a\n-- Described.\n",
        "-- name: a\n-- Described.\nSELECT 1;\n-- name: a\n-- Again.\nSELECT 2;",
    ],
)
def test_a_query_without_description_text_or_name_of_its_own_is_refused(
    text: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("sql")
    (folder / "x.sql").write_text(text, "utf-8")
    monkeypatch.setattr(queries, "_SQL", folder)
    with pytest.raises(ValueError, match="a comes twice or lacks"):
        load_queries("x")


def test_migrations_are_numbered_without_a_gap(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("sql")
    (folder / "migrations").mkdir()
    for name in ("0001_a.sql", "0003_c.sql"):
        (folder / "migrations" / name).write_text("SELECT 1;", "utf-8")
    monkeypatch.setattr(queries, "_SQL", folder)
    with pytest.raises(ValueError, match=r"0003_c\.sql is not number 2"):
        load_migrations()


def test_a_new_file_gets_every_table_of_the_design(connection: sqlite3.Connection) -> None:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= {
        "journal", "topics", "registers", "updates", "snapshots", "client_ids", "users", "members", "devices",
        "events", "deliveries", "history", "quarantine", "audit", "meta",
    }  # fmt: skip
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)


def test_a_file_without_write_ahead_log_is_refused() -> None:
    """SQLite in memory can't have one, like some network file systems."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    with pytest.raises(DataFolderUnusable, match="can't have a write-ahead log"):
        migrate(connection, "tongbu.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    connection.close()
