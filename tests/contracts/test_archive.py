"""``Archive``: what left the live tables, and what may leave."""

from __future__ import annotations

from hub.model import ItemId, Json, Milliseconds, TopicName, UserId
from hub.ports import Batch, Fold, HistoryRow, RegisterRow
from tests.contracts.conftest import NOW, Home, Storage
from tests.contracts.records import DOCUMENT, INBOX, OTHER, key, register, register_row

DAY = 24 * 3600 * 1000
LATER = Milliseconds(10 * DAY)


def stated(item: str, slot: str, value: Json, at: int, topic: TopicName = INBOX) -> RegisterRow:
    return RegisterRow(key(item, slot, topic), register(value, b"w", hlc=at * 1024 + 7))


def history_row(item: str, order: int, topic: TopicName = INBOX) -> HistoryRow:
    registers = {
        key(item, "item").slot: register(
            {"kind": "notification", "title": item, "data": {"a": [1, None]}}, b""
        ),
        key(item, "snoozed").slot: register(None, b"\x00\xff", hlc=2**52),
    }
    return HistoryRow(topic, ItemId(item), order, NOW, registers)


async def fold(storage: Storage, *rows: RegisterRow) -> None:
    await storage.store.fold(Fold(registers=sorted(rows, key=lambda row: row.key)))


async def test_archived_deleted_and_final_items_are_candidates_oldest_first(storage: Storage) -> None:
    await fold(
        storage,
        stated("archived", "archived", True, 3 * DAY),
        stated("deleted", "deleted", True, 1 * DAY),
        stated("final", "final", {"attempt": 1}, 2 * DAY, OTHER),
        stated("read", "read", True, 1 * DAY),
        stated("fresh", "archived", True, 11 * DAY),
    )
    assert list(await storage.archive.expired(LATER, 10)) == [
        (INBOX, "deleted"),
        (OTHER, "final"),
        (INBOX, "archived"),
    ]


async def test_what_is_archived_no_longer_is_no_candidate(storage: Storage) -> None:
    await fold(storage, stated("a", "archived", True, DAY), stated("b", "deleted", False, DAY))
    undone = register_row("a", "archived", False, b"x", hlc=2 * DAY * 1024)
    await storage.store.fold(Fold(registers=[undone]))
    assert list(await storage.archive.expired(LATER, 10)) == []


async def test_the_time_itself_has_not_expired_yet(storage: Storage) -> None:
    exact = RegisterRow(key("a", "deleted"), register(True, hlc=LATER * 1024))
    just = RegisterRow(key("b", "deleted"), register(True, hlc=LATER * 1024 - 1))
    await fold(storage, exact, just)
    assert list(await storage.archive.expired(LATER, 10)) == [(INBOX, "b")]


async def test_an_item_that_ended_twice_comes_once_and_the_limit_counts_items(storage: Storage) -> None:
    await fold(
        storage,
        *[stated(item, slot, True, DAY) for item in "abc" for slot in ("archived", "deleted", "final")],
    )
    assert [item for _, item in await storage.archive.expired(LATER, 2)] == ["a", "b"]
    assert [item for _, item in await storage.archive.expired(LATER, 9)] == ["a", "b", "c"]


async def test_candidates_that_stay_can_be_passed_over(storage: Storage) -> None:
    await fold(storage, *[stated(item, "archived", True, DAY) for item in "abcde"])
    assert [item for _, item in await storage.archive.expired(LATER, 2, skip=3)] == ["d", "e"]
    assert list(await storage.archive.expired(LATER, 2, skip=5)) == []


async def test_what_retired_is_no_candidate_any_more(storage: Storage) -> None:
    await fold(storage, stated("a", "archived", True, DAY), stated("b", "archived", True, DAY))
    await storage.store.commit(Batch(retired=[history_row("a", 1)]))
    assert list(await storage.archive.expired(LATER, 10)) == [(INBOX, "b")]


async def test_history_is_paged_newest_first_within_a_topic(home: Home) -> None:
    storage = await home.open()
    rows = {order: history_row(f"i{order}", order) for order in (5, 1, 3, 2, 4)}
    await storage.store.commit(Batch(retired=[*rows.values(), history_row("x", 3, OTHER)]))
    storage = await home.reopen()
    newest = 2**53
    assert list(await storage.archive.history(INBOX, newest, 2)) == [rows[5], rows[4]]
    assert list(await storage.archive.history(INBOX, 4, 10)) == [rows[3], rows[2], rows[1]]
    assert list(await storage.archive.history(INBOX, 1, 10)) == []


async def test_history_keeps_its_own_copy_of_the_registers(storage: Storage) -> None:
    row = history_row("a", 1)
    await storage.store.commit(Batch(retired=[row]))
    row.registers.clear()
    assert list(await storage.archive.history(INBOX, 2, 1)) == [history_row("a", 1)]


async def test_the_newest_thousand_refused_updates_are_kept(home: Home, storage: Storage) -> None:
    for number in range(1003):
        await storage.archive.quarantine(DOCUMENT, UserId("eve"), "panic", b"%d" % number)
    assert await home.quarantined() == [b"%d" % number for number in range(3, 1003)]
