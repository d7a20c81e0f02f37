"""What is in memory stays under its budget, whatever the sizes are."""

from __future__ import annotations

import tracemalloc

import pytest

from hub.engine.residence import (
    ABSENT,
    BRIEF_BYTES,
    ENTRY_BYTES,
    GENERATIONS,
    SHARED_BRIEFS,
    Absent,
    Brief,
    LoneBrief,
    RegisterCache,
    TopicCache,
    held_bytes,
)
from hub.engine.topics import Ledger
from hub.model import Actor, Hlc, ItemId, Json, Register, Seq, Slot, TopicName
from hub.protocol.frames import pack, unpack
from hub.state.weights import ITEM

NAME = TopicName("inbox/ann")


def register(value: Json, weight: bytes = b"w" * 20) -> Register:
    return Register(value, Hlc(1), Actor("phone"), Seq(1), weight)


def key(number: int) -> tuple[TopicName, ItemId, Slot]:
    return NAME, ItemId(f"t{number}"), Slot("title")


def test_what_was_put_is_found_until_others_need_the_room() -> None:
    cache = RegisterCache(100_000)
    cache.put(key(0), register(True))
    assert cache.get(key(0)) == register(True)
    for number in range(1, 1000):
        cache.put(key(number), register(True))
    assert cache.get(key(0)) is None
    assert cache.get(key(999)) == register(True)
    assert len(cache) * held_bytes(register(True)) <= 100_000 + 1000


def test_what_is_used_stays_longer_than_what_is_not() -> None:
    cache = RegisterCache(100_000)
    for number in range(1000):
        cache.put(key(number), register(True))
        assert cache.get(key(0)) == register(True)
    assert cache.get(key(1)) is None


def test_that_there_is_no_register_is_remembered_and_forgotten_alike() -> None:
    cache = RegisterCache(10_000)
    cache.put(key(0), ABSENT)
    assert cache.get(key(0)) is ABSENT
    cache.forget(key(0))
    assert cache.get(key(0)) is None


@pytest.mark.parametrize(
    "large",
    [
        register("x" * 60_000, b"w" * 60_000),
        register({"kind": "task", "title": "x", "body": "x" * 60_000}, b""),
        register({"kind": "task", "title": "x", "data": [[]] * 1000}, b""),
        register([1, 0.5, "x" * 2000], b"w" * 2000),
    ],
    ids=["text", "body", "data", "note"],
)
def test_large_registers_take_more_of_the_budget(large: Register) -> None:
    cache = RegisterCache(1_000_000)
    for number in range(500):
        cache.put(key(number), large)
    assert len(cache) * (2000 if len(large.weight) == 2000 else 30_000) <= 1_000_000


def test_a_register_that_grows_counts_as_what_it_is_now() -> None:
    cache = RegisterCache(1_000_000)
    for number in range(100):
        cache.put(key(number), register("x", b"w"))
    for number in range(100):
        cache.put(key(number), register("x" * 60_000, b"w" * 60_000))
    assert len(cache) < 20


def test_topics_that_nobody_uses_leave_and_busy_ones_stay() -> None:
    topics: TopicCache[Ledger] = TopicCache(3)
    busy = Ledger(NAME, "inbox")
    busy.loading = True
    topics.add(NAME, busy)
    for number in range(10):
        name = TopicName(f"inbox/u{number}")
        topics.add(name, Ledger(name, "inbox"))
        assert topics.get(name) is not None
    assert topics.get(NAME) is busy
    assert len(topics) <= 4


def test_the_registers_are_counted_whatever_moves_goes_or_is_replaced() -> None:
    cache = RegisterCache(12 * (ENTRY_BYTES + 2 * held_bytes(register(True))))
    for number in range(9):
        cache.put(key(number), register(True))
        cache.put(key(number), register(False))
        cache.put((NAME, ItemId(f"t{number}"), Slot("body")), ABSENT)
    assert len(cache) == 18
    cache.get(key(0))
    cache.forget(key(0))
    cache.forget(key(0))
    cache.forget(key(8))
    assert len(cache) == 16
    for number in range(100, 200):
        cache.put(key(number), register(True))
    assert 6 <= len(cache) <= 24


def test_items_without_any_register_take_of_the_budget_too() -> None:
    cache = RegisterCache(100_000)
    for number in range(1000):
        cache.entry(NAME, ItemId(f"t{number}"))
    assert cache.bytes <= 100_000 + ENTRY_BYTES
    assert cache.entry(NAME, ItemId("t999")) is cache.entry(NAME, ItemId("t999"))


def record(by: str, title: str = "x") -> Register:
    return register({"kind": "task", "by": by, "title": title, "order": 7}, b"")


def test_of_a_saved_record_only_what_rights_and_checks_look_at_is_remembered() -> None:
    cache = RegisterCache(100_000)
    item = ItemId("t1")
    cache.put_all(NAME, {(item, Slot("item")): record("phone", "x" * 500)}, {})
    remembered = cache.get((NAME, item, Slot("item")))
    assert isinstance(remembered, Brief)
    assert remembered.value == {"kind": "task", "by": "phone", "class": None}
    assert cache.bytes < 1000


def test_records_of_one_author_share_what_is_remembered_of_them() -> None:
    cache = RegisterCache(100_000)
    assert cache.brief(record("phone", "a")) is cache.brief(record("phone", "b"))
    assert cache.brief(record("laptop")).value != cache.brief(record("phone")).value


def saved(cache: RegisterCache, number: int, by: str) -> None:
    """An item of that author is remembered, as it was decoded: no text of it is anybody else's."""
    value = unpack(pack({"kind": "task", "by": by, "class": "core", "title": "x"}))
    standing = Register(value, Hlc(1), Actor("".join(list(by))), Seq(1), b"")
    cache.put_all(NAME, {(ItemId(f"t{number}"), ITEM): standing}, {})


def held(cache: RegisterCache, number: int) -> Register | Absent | None:
    return cache.get((NAME, ItemId(f"t{number}"), ITEM))


def test_what_many_authors_records_share_is_bounded() -> None:
    cache = RegisterCache(100_000_000)
    first = cache.brief(record("phone0"))
    for number in range(1, SHARED_BRIEFS):
        cache.brief(record(f"phone{number}"))
    assert cache.brief(record("phone0")) is first
    more = cache.brief(record("more"))
    assert cache.brief(record("more")) is not more
    assert cache.brief(record("more")) == more


def test_where_every_record_has_another_author_all_that_is_held_is_counted() -> None:
    cache = RegisterCache(100_000_000)
    saved(cache, 0, "first")
    before = cache.bytes
    tracemalloc.start()
    for number in range(1, 3 * SHARED_BRIEFS):
        saved(cache, number, f"agent-{number}.api")
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.75 * (cache.bytes - before) <= taken <= 1.1 * (cache.bytes - before)


def test_authors_that_found_no_room_to_share_get_it_with_the_next_generation() -> None:
    share = 1500 * (SHARED_BRIEFS + 2)
    cache = RegisterCache(GENERATIONS * share)
    for number in range(SHARED_BRIEFS + 1):
        saved(cache, number, f"phone{number}")
    assert isinstance(held(cache, SHARED_BRIEFS), LoneBrief)
    cache.grew(share, 0)
    before = cache.bytes
    shared = held(cache, SHARED_BRIEFS)
    assert type(shared) is Brief
    assert cache.bytes == before
    saved(cache, SHARED_BRIEFS + 1, f"phone{SHARED_BRIEFS}")
    assert held(cache, SHARED_BRIEFS + 1) is shared
    assert cache.bytes == before + ENTRY_BYTES + BRIEF_BYTES


def test_at_most_a_share_of_the_budget_is_given_up_at_once() -> None:
    cache = RegisterCache(100_000)
    most = 0
    for number in range(1000):
        cache.entry(NAME, ItemId(f"t{number}"))
        most = max(most, cache.bytes)
        assert cache.bytes >= min(most, 100_000 - 2 * (100_000 // GENERATIONS))
