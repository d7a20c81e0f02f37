"""The audit: only ever added to, whole, and whoever changes it is found out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

import pytest

from hub.model import Milliseconds
from hub.ports import Batch
from hub.storage import audit
from tests.contracts.conftest import Home, Storage
from tests.contracts.records import audit_row

ROWS = [audit_row(f"d{number}", at=100 + number) for number in range(1, 6)]


async def write(storage: Storage) -> None:
    """Lines 1 to 5, by every way in."""
    await storage.outbox.save([], ROWS[:2])
    await storage.store.commit(Batch(audits=ROWS[2:4]))
    await storage.outbox.save([], ROWS[4:])


async def test_lines_come_back_in_order_with_all_they_said(home: Home) -> None:
    storage = await home.open()
    await write(storage)
    storage = await home.reopen()
    lines = await storage.audit(0, 10)
    assert [line.number for line in lines] == [1, 2, 3, 4, 5]
    assert [line.row for line in lines] == ROWS
    assert [line.number for line in await storage.audit(2, 2)] == [3, 4]


async def test_a_chain_that_nobody_touched_verifies(home: Home) -> None:
    storage = await home.open()
    assert await storage.broken_audit() is None
    await write(storage)
    assert await storage.broken_audit() is None
    storage = await home.reopen()
    await storage.outbox.save([], ROWS)
    assert await storage.broken_audit() is None


async def test_a_hash_covers_the_line_its_number_and_the_hash_before(storage: Storage) -> None:
    """As documented, by another JSON writer: a chain made otherwise would call old audits forged."""
    await write(storage)
    expected = "0" * 64
    for line in await storage.audit(0, 10):
        content = [expected, line.number, asdict(line.row)]
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        expected = hashlib.sha256(text.encode()).hexdigest()
        assert line.hash == expected


async def test_a_long_chain_is_verified_a_page_at_a_time(
    home: Home, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "VERIFIED_AT_ONCE", 2)
    await write(storage)
    assert await storage.broken_audit() is None
    await home.forge(5, outcome="ok")
    assert await storage.broken_audit() == 5


@pytest.mark.parametrize(
    "columns",
    [
        {"at": 1}, {"actor": "ada"}, {"action": "test"}, {"subject": "d9"}, {"channel": "other"},
        {"host": "example.org"}, {"recipient": "0" * 64}, {"size": 0}, {"body": "0" * 64}, {"masked": ""},
        {"outcome": "dead"}, {"hash": "0" * 64},
    ],
)  # fmt: skip
async def test_a_line_that_was_changed_breaks_the_chain(
    home: Home, storage: Storage, columns: dict[str, Any]
) -> None:
    await write(storage)
    await home.forge(3, **columns)
    assert await storage.broken_audit() == 3


@pytest.mark.parametrize("number", [1, 3])
async def test_a_line_that_was_removed_breaks_the_chain(home: Home, storage: Storage, number: int) -> None:
    await write(storage)
    await home.cut(number)
    assert await storage.broken_audit() == number


async def test_a_line_that_was_moved_breaks_the_chain(home: Home, storage: Storage) -> None:
    await write(storage)
    await home.forge(5, number=6)
    assert await storage.broken_audit() == 5


async def test_what_is_left_after_trimming_verifies_and_grows_on(home: Home) -> None:
    storage = await home.open()
    await write(storage)
    await storage.outbox.trim(Milliseconds(0), Milliseconds(104), 10)
    storage = await home.reopen()
    await storage.outbox.save([], ROWS[:1])
    assert [line.number for line in await storage.audit(0, 10)] == [4, 5, 6]
    assert await storage.broken_audit() is None
    await home.cut(4)
    assert await storage.broken_audit() == 4, "lines that had not had their time are missed"


async def test_an_audit_trimmed_to_nothing_goes_on_where_it_was(home: Home) -> None:
    storage = await home.open()
    await write(storage)
    newest = (await storage.audit(4, 1))[0]
    await storage.outbox.trim(Milliseconds(0), Milliseconds(999), 10)
    assert list(await storage.audit(0, 10)) == []
    storage = await home.reopen()
    assert await storage.broken_audit() is None
    await storage.outbox.save([], ROWS[:1])
    (line,) = await storage.audit(0, 10)
    assert (line.number, line.row) == (newest.number + 1, ROWS[0])
    assert await storage.broken_audit() is None


async def test_a_line_put_before_the_first_that_is_kept_breaks_the_chain(
    home: Home, storage: Storage
) -> None:
    await write(storage)
    await storage.outbox.trim(Milliseconds(0), Milliseconds(104), 10)
    await home.forge(5, number=2)
    assert await storage.broken_audit() is not None
