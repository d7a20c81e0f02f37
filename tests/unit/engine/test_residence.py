"""What is in memory stays under its budget, whatever the sizes are."""

from __future__ import annotations

import random
import tracemalloc

import pytest

from hub.engine.residence import (
    ABSENT,
    BRIEF_BYTES,
    ENTRY_BYTES,
    SECOND_CHANCES,
    SHARED_BRIEFS,
    WHOLE,
    Absent,
    Brief,
    Entry,
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


def test_what_was_asked_for_since_the_last_look_outlives_one_round_and_no_more() -> None:
    cache = full_of(20)
    for number in range(0, 20, 2):
        assert cache.get(key(number)) == register(True)
    for number in range(100, 110):
        cache.put(key(number), register(True))
    kept = [number for number in range(20) if key(number)[:2] in cache._entries]
    assert kept == list(range(0, 20, 2))
    for number in range(200, 220):
        cache.put(key(number), register(True))
    assert [number for number in range(20) if key(number)[:2] in cache._entries] == []


def test_an_entry_that_its_holder_asks_for_again_was_used() -> None:
    cache = full_of(20)
    held = cache.entry(*key(0)[:2])
    for number in range(100, 119):
        cache.put(key(number), register(True))
    assert cache.entry(*key(0)[:2]) is held
    assert cache.get(key(1)) is None


def test_the_newest_stays_where_all_others_are_in_use() -> None:
    cache = full_of(5)
    for number in range(5):
        cache.get(key(number))
    newest = cache.entry(*key(100)[:2])
    assert newest.cached
    assert cache.entry(*key(100)[:2]) is newest


def test_an_entry_that_was_forgotten_counts_no_longer_and_serves_its_holder() -> None:
    cache = full_of(3)
    held = cache.entry(*key(0)[:2])
    for number in range(100, 120):
        cache.put(key(number), register(True))
    assert cache.get(key(0)) is None
    before = cache.bytes, len(cache)
    cache.remember(held, Slot("body"), register("x" * 500, b"w" * 500))
    cache.put_all(NAME, {(ItemId("t0"), Slot("title")): register(False)}, {ItemId("t0"): held})
    assert (held[Slot("title")], held[Slot("body")]) == (register(False), register("x" * 500, b"w" * 500))
    assert (cache.bytes, len(cache)) == before
    assert cache.get(key(0)) is None


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


def test_the_topic_that_came_last_stays_where_all_others_are_busy() -> None:
    topics: TopicCache[Ledger] = TopicCache(3)
    for number in range(3):
        busy = Ledger(TopicName(f"inbox/u{number}"), "inbox")
        busy.loading = True
        topics.add(busy.name, busy)
    newest = Ledger(NAME, "inbox")
    topics.add(NAME, newest)
    assert topics.peek(NAME) is newest
    assert len(topics) == 4


def test_a_topic_that_was_asked_for_outlives_one_round_and_a_peek_is_no_use() -> None:
    topics: TopicCache[Ledger] = TopicCache(3)
    for number in range(3):
        name = TopicName(f"inbox/u{number}")
        topics.add(name, Ledger(name, "inbox"))
    topics.peek(TopicName("inbox/u0"))
    topics.get(TopicName("inbox/u1"))
    for number in range(3, 5):
        name = TopicName(f"inbox/u{number}")
        topics.add(name, Ledger(name, "inbox"))
    assert [topic.name for topic in topics.values()] == ["inbox/u1", "inbox/u3", "inbox/u4"]
    for number in range(5, 8):
        name = TopicName(f"inbox/u{number}")
        topics.add(name, Ledger(name, "inbox"))
    assert [topic.name for topic in topics.values()] == ["inbox/u5", "inbox/u6", "inbox/u7"]


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


def test_what_is_forgotten_is_no_longer_known_to_be_whole() -> None:
    cache = RegisterCache(100_000)
    entry = cache.entry(*key(0)[:2])
    cache.remember(entry, WHOLE, ABSENT)
    cache.put(key(0), register(True))
    cache.forget((NAME, ItemId("t0"), Slot("body")))
    assert WHOLE not in entry
    assert (cache.bytes, len(cache)) == (ENTRY_BYTES + held_bytes(register(True)), 1)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_comes_goes_or_is_replaced_all_of_it_is_counted(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A walk that shares few briefs, so that they are renewed on the way."""
    monkeypatch.setattr("hub.engine.residence.SHARED_BRIEFS", 5)
    cache, walk = RegisterCache(30_000), random.Random(seed)
    evicted = renewed = 0
    for _ in range(3000):
        before, briefs = set(cache._entries), cache._briefs
        step(cache, walk)
        evicted += len(before - set(cache._entries))
        renewed += cache._briefs is not briefs
        assert (cache.bytes, len(cache)) == recounted(cache)
        assert sorted(cache._oldest) == sorted(cache._entries)
    assert evicted > 100
    assert renewed > 5


def step(cache: RegisterCache, walk: random.Random) -> None:
    """Something that turns do with the cache, to one of a hundred items."""
    item = ItemId(f"t{walk.randrange(100)}")
    slot = Slot(walk.choice(("title", "body", "read")))
    match walk.randrange(6):
        case 0:
            cache.put((NAME, item, slot), walk.choice((ABSENT, register(True), register("x", b"w" * 90))))
        case 1:
            cache.put_all(NAME, {(item, ITEM): record(f"agent{walk.randrange(9)}")}, {})
        case 2:
            cache.forget((NAME, item, walk.choice((slot, ITEM))))
        case 3:
            cache.get((NAME, item, slot))
        case 4:
            cache.remember(cache.entry(NAME, item), WHOLE, ABSENT)
        case _:
            held = cache.entry(NAME, item)
            for _ in range(20):
                cache.entry(NAME, ItemId(f"u{walk.randrange(1000)}"))
            cache.put_all(NAME, {(item, slot): register(False)}, {item: held})


def recounted(cache: RegisterCache) -> tuple[int, int]:
    """Bytes and registers, counted anew from what is there."""
    for entry in cache._entries.values():
        assert entry.cached
        assert entry.bytes == ENTRY_BYTES + sum(map(held_bytes, entry.values()))
    own = sum(entry.bytes for entry in cache._entries.values())
    return own + cache._shared + cache._shared_before, sum(map(len, cache._entries.values()))


@pytest.mark.parametrize("large", [0, 5000])
def test_after_enough_sweeping_the_budget_is_kept_up_to_one_entry(large: int) -> None:
    """Also where everything was in use when the room ran out."""
    cache = RegisterCache(100_000)
    for number in range(300):
        cache.put(key(number), register("x" * large, b"w" * large))
        for earlier in range(number):
            cache.get(key(earlier))
    for number in range(1000, 1300):
        cache.put(key(number), register("x" * large, b"w" * large))
    assert cache.bytes <= 100_000 + max(map(size_of, cache._entries.values()))


def size_of(entry: Entry) -> int:
    return entry.bytes


def full_of(number: int) -> RegisterCache:
    """A cache without room for more than so many items of one register each."""
    cache = RegisterCache(number * (ENTRY_BYTES + held_bytes(register(True))))
    for each in range(number):
        cache.put(key(each), register(True))
    assert len(cache) == number
    return cache


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


def test_what_a_task_in_work_takes_is_what_is_counted() -> None:
    """Its registers as they were decoded: no text of them is anybody else's."""
    cache = RegisterCache(100_000_000)
    in_work(cache, 0)
    before = cache.bytes
    tracemalloc.start()
    for number in range(1, 5000):
        in_work(cache, number)
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.75 * (cache.bytes - before) <= taken <= 1.1 * (cache.bytes - before)


def in_work(cache: RegisterCache, number: int) -> None:
    """A new task, of which its program and its reader said something."""
    item = ItemId(f"t{number}")
    cache.put((NAME, item, WHOLE), ABSENT)
    saved(cache, number, "agent.api")
    said: dict[str, Json] = {"status": [1, "running"], "progress": [1, number / 5000], "read": True}
    for slot, value in said.items():
        cache.put((NAME, item, Slot(slot)), register(unpack(pack(value)), b"%020d" % number))
    cache.put((NAME, item, Slot("final")), ABSENT)


def test_authors_that_found_no_room_to_share_get_it_once_all_were_looked_at() -> None:
    room = 1500 * (SHARED_BRIEFS + 2)
    cache = RegisterCache(room)
    for number in range(SHARED_BRIEFS + 1):
        saved(cache, number, f"phone{number}")
    assert isinstance(held(cache, SHARED_BRIEFS), LoneBrief)
    crowd(cache, 10 * SHARED_BRIEFS)
    shared = held(cache, SHARED_BRIEFS)
    assert type(shared) is Brief
    assert (cache.bytes, len(cache)) == recounted(cache)
    saved(cache, SHARED_BRIEFS + 1, f"phone{SHARED_BRIEFS}")
    assert held(cache, SHARED_BRIEFS + 1) is shared
    assert cache.entry(NAME, ItemId(f"t{SHARED_BRIEFS + 1}")).bytes == ENTRY_BYTES + BRIEF_BYTES


def crowd(cache: RegisterCache, number: int) -> None:
    """Let everything be looked at, more than once, while the last author's item is in use."""
    for each in range(number):
        held(cache, SHARED_BRIEFS)
        cache.entry(NAME, ItemId(f"visitor-{each}"))


def test_where_all_are_in_use_one_goes_for_one_that_comes() -> None:
    cache = full_of(100)
    for number in range(100, 150):
        for item in list(cache._entries):
            cache.entry(*item)
        cache.put(key(number), register(True))
        assert len(cache._entries) == 100
    assert cache.bytes <= 100 * (ENTRY_BYTES + held_bytes(register(True)))


def test_what_is_larger_than_the_whole_budget_is_not_kept() -> None:
    cache = full_of(100)
    cache.put(key(100), register("x" * 60_000, b"w" * 60_000))
    assert (cache.bytes, len(cache)) == (0, 0)


def test_a_topic_that_was_just_asked_for_stays_however_many_are_in_use() -> None:
    topics: TopicCache[Ledger] = TopicCache(40)
    for number in range(40):
        name = TopicName(f"inbox/u{number}")
        topics.add(name, Ledger(name, "inbox"))
    for number in range(SECOND_CHANCES + 1):
        assert topics.get(TopicName(f"inbox/u{number}")) is not None
    asked = topics.get(TopicName(f"inbox/u{SECOND_CHANCES}"))
    topics.add(NAME, Ledger(NAME, "inbox"))
    assert topics.get(TopicName(f"inbox/u{SECOND_CHANCES}")) is asked
    assert len(topics) == 41
