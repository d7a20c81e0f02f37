"""``Store``: what every adapter promises of commits and reads."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import Unavailable
from hub.model import Incarnation, ItemId, Seq, TopicName, UserId
from hub.ports import Batch, ClientIdRow, Fold, Found, HistoryRow, MemberRow, TopicRow, Wanted
from tests.contracts.conftest import NOW, Home, Storage
from tests.contracts.records import (
    DOCUMENT,
    INBOX,
    OTHER,
    journal_row,
    key,
    register,
    register_row,
    registers_fold,
    topic_row,
)


def history_row(item: str, order: int = 1) -> HistoryRow:
    registers = {key(item, "item").slot: register({"kind": "task", "title": "洗碗"}, b"")}
    return HistoryRow(INBOX, ItemId(item), order, NOW, registers)


async def read_item(storage: Storage, item: str) -> tuple[bool, bool]:
    """Whether the item is live, and whether it is in history."""
    name = (INBOX, ItemId(item))
    found = await storage.store.read(Wanted(items={name}))
    return name in found.items, name in found.history


async def read_topic(storage: Storage) -> TopicRow | None:
    return (await storage.store.read(Wanted(topics={INBOX}))).topics.get(INBOX)


async def test_a_new_store_has_an_empty_journal(home: Home) -> None:
    storage = await home.open()
    await storage.store.close()
    assert list(await storage.store.start()) == []


async def test_what_was_committed_comes_back_oldest_first_after_a_restart(home: Home) -> None:
    storage = await home.open()
    rows = [journal_row(number, OTHER if number % 2 else INBOX) for number in range(1, 12)]
    await storage.store.commit(Batch(journal=rows[:7]))
    await storage.store.commit(Batch(journal=rows[7:]))
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == rows


async def test_an_empty_batch_is_no_error(storage: Storage) -> None:
    await storage.store.commit(Batch())


async def test_the_journal_alone_makes_nothing_readable(storage: Storage) -> None:
    await storage.store.commit(Batch(journal=[journal_row(1)]))
    assert await read_topic(storage) is None
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == []


async def test_commits_that_overlap_take_effect_in_the_order_of_calls(home: Home) -> None:
    storage = await home.open()
    batches = [
        Batch(
            journal=[journal_row(n)], members=[MemberRow(DOCUMENT, UserId("ada"), ("read", "write")[n % 2])]
        )
        for n in range(1, 42)
    ]
    await asyncio.gather(*[storage.store.commit(batch) for batch in batches])
    assert await storage.directory.members(DOCUMENT) == {"ada": "write"}
    storage = await home.reopen()
    await storage.store.close()
    assert [row.number for row in await storage.store.start()] == list(range(1, 42))


async def test_reads_answer_what_exists_and_leave_out_what_does_not(storage: Storage) -> None:
    await storage.store.fold(
        Fold(
            registers=[register_row("a", "item", {"title": "a"}, b""), register_row("a", "read")],
            topics=[topic_row()],
        )
    )
    a, unknown = (INBOX, ItemId("a")), (INBOX, ItemId("unknown"))
    found = await storage.store.read(
        Wanted(
            topics={INBOX, OTHER},
            registers={key("a", "read"), key("a", "seen"), key("a", "read", OTHER)},
            items={a, unknown},
        )
    )
    assert found.topics == {INBOX: topic_row()}
    assert found.registers == {key("a", "read"): register()}
    assert found.items == {a: {"item": register({"title": "a"}, b""), "read": register()}}
    assert found.history == {}


@pytest.mark.parametrize("count", [1, 31, 32, 33, 100])
async def test_many_keys_at_once_find_what_each_would_find_alone(storage: Storage, count: int) -> None:
    topics = [TopicName(f"inbox/u{number}") for number in range(count)]
    rows = [
        row._replace(key=row.key._replace(topic=topic))
        for topic in topics
        for row in (register_row("a", "item", {"title": topic}, b""), register_row("a", "read", seq=2))
    ]
    half = set(topics[::2])
    await storage.store.fold(
        Fold(
            registers=[row for row in rows if row.key.topic in half],
            topics=[topic_row(topic) for topic in topics if topic in half],
        )
    )
    found = await storage.store.read(
        Wanted(
            topics=set(topics),
            registers={key("a", "read", topic) for topic in topics},
            items={(topic, ItemId("a")) for topic in topics},
        )
    )
    assert found.topics == {topic: topic_row(topic) for topic in half}
    assert found.registers == {key("a", "read", topic): register(seq=2) for topic in half}
    assert found.items == {
        (topic, ItemId("a")): {"item": register({"title": topic}, b""), "read": register(seq=2)}
        for topic in half
    }


async def test_wanting_nothing_finds_nothing(storage: Storage) -> None:
    assert await storage.store.read(Wanted()) == Found()


@pytest.mark.parametrize(
    "value",
    [
        None, True, False, 0, -1, 2**53, 0.25, "", "已读 👋", [1, "succeeded"], [], {},
        {"title": "t", "tags": ["a", "b"], "data": {"deep": [{"x": None}]}},
    ],
)  # fmt: skip
async def test_every_kind_of_value_comes_back_as_it_was(storage: Storage, value: object) -> None:
    row = register_row("a", "title", value)  # type: ignore[arg-type]  # parametrize knows no Json
    await storage.store.fold(registers_fold(row))
    found = await storage.store.read(Wanted(registers={row.key}))
    back = found.registers[row.key].value
    assert back == value
    assert type(back) is type(value)


async def test_a_ledger_is_read_whole_or_above_a_seq_in_key_order(storage: Storage) -> None:
    rows = [
        register_row(item, slot, seq=seq)
        for item, slot, seq in [("b", "read", 1), ("a", "seen", 9), ("a", "read", 5), ("*", "read_upto:x", 7)]
    ]
    await storage.store.fold(registers_fold(*rows))
    in_order = sorted(rows, key=lambda row: row.key)
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == in_order
    assert list(await storage.store.ledger(INBOX, Seq(0))) == in_order
    assert list(await storage.store.ledger(INBOX, Seq(5))) == [r for r in in_order if r.register.seq > 5]
    assert list(await storage.store.ledger(INBOX, Seq(9))) == []
    assert list(await storage.store.ledger(OTHER, Seq(-1))) == []


async def test_an_item_that_retires_leaves_the_registers_whole_and_lies_in_history(storage: Storage) -> None:
    await storage.store.fold(
        registers_fold(
            register_row("a", "item", {}, b""), register_row("a", "read"), register_row("b", "read")
        )
    )
    await storage.store.commit(Batch(retired=[history_row("a")]))
    found = await storage.store.read(
        Wanted(registers={key("a", "read"), key("b", "read")}, items={(INBOX, ItemId("a"))})
    )
    assert found.registers == {key("b", "read"): register()}
    assert found.items == {}
    assert found.history == {(INBOX, ItemId("a")): history_row("a")}


async def test_history_is_found_by_a_register_of_its_item_alone(storage: Storage) -> None:
    await storage.store.commit(Batch(retired=[history_row("a")]))
    found = await storage.store.read(Wanted(registers={key("a", "pinned")}))
    assert found.history == {(INBOX, ItemId("a")): history_row("a")}


async def test_an_item_whose_record_is_live_is_not_looked_for_in_history(storage: Storage) -> None:
    await storage.store.commit(Batch(retired=[history_row("a"), history_row("b")]))
    await storage.store.fold(registers_fold(register_row("a", "item", {}, b""), register_row("b", "read")))
    assert await read_item(storage, "a") == (True, False)
    assert await read_item(storage, "b") == (True, True), "a late statement is not its item's record"
    by_register = await storage.store.read(Wanted(registers={key("a", "read")}))
    assert by_register.history == {}


async def test_an_item_joined_in_history_is_replaced_there(storage: Storage) -> None:
    await storage.store.commit(Batch(retired=[history_row("a", order=1)]))
    await storage.store.commit(Batch(joined=[history_row("a", order=2)]))
    found = await storage.store.read(Wanted(items={(INBOX, ItemId("a"))}))
    assert found.history[(INBOX, ItemId("a"))].order == 2


async def test_an_item_that_lives_again_leaves_history(storage: Storage) -> None:
    await storage.store.commit(Batch(retired=[history_row("a")]))
    await storage.store.commit(Batch(journal=[journal_row(1)], revived=[(INBOX, ItemId("a"))]))
    assert await read_item(storage, "a") == (False, False)


async def test_a_floor_rises_and_never_falls(storage: Storage) -> None:
    await storage.store.fold(Fold(topics=[topic_row(floor=3)]))
    for floor, expected in ((5, 5), (4, 5)):
        await storage.store.commit(Batch(floors=[(INBOX, Seq(floor))]))
        assert await read_topic(storage) == topic_row(floor=expected)
    await storage.store.fold(Fold(topics=[topic_row(seq=9, floor=0)]))
    assert await read_topic(storage) == topic_row(seq=9, floor=5)


async def test_a_floor_may_come_before_its_topic_is_folded(storage: Storage) -> None:
    await storage.store.commit(Batch(floors=[(INBOX, Seq(4))]))
    assert await read_topic(storage) is None
    await storage.store.fold(Fold(topics=[topic_row(seq=6, floor=0)]))
    assert await read_topic(storage) == topic_row(seq=6, floor=4)


async def test_a_topic_takes_a_new_incarnation(storage: Storage) -> None:
    await storage.store.fold(Fold(topics=[topic_row(seq=6)]))
    rebuilt = TopicRow(INBOX, Incarnation(78), Seq(1))
    await storage.store.fold(Fold(topics=[rebuilt]))
    assert await read_topic(storage) == rebuilt


async def test_who_first_names_a_client_id_keeps_it(storage: Storage) -> None:
    big = 2**53 - 1
    rows = [ClientIdRow(DOCUMENT, 7, UserId("ada")), ClientIdRow(DOCUMENT, big, UserId("bob"))]
    await storage.store.commit(Batch(client_ids=rows))
    await storage.store.commit(Batch(client_ids=[ClientIdRow(DOCUMENT, 7, UserId("bob"))]))
    assert (await storage.store.document(DOCUMENT)).client_ids == {7: "ada", big: "bob"}


async def test_a_member_given_by_a_commit_is_a_user(storage: Storage) -> None:
    await storage.store.commit(Batch(members=[MemberRow(DOCUMENT, UserId("ada"), "write")]))
    assert await storage.directory.members(DOCUMENT) == {"ada": "write"}
    assert await storage.directory.user(UserId("ada")) is not None


async def test_the_members_of_a_topic_come_by_name_and_none_where_it_has_none(storage: Storage) -> None:
    members = [MemberRow(DOCUMENT, UserId(name), "read") for name in ("mei", "ada", "Zoe", "李雷", "bob")]
    await storage.store.commit(Batch(members=members))
    found = await storage.store.read(Wanted(members={DOCUMENT, OTHER}))
    assert {topic: list(users) for topic, users in found.members.items()} == {
        DOCUMENT: ["Zoe", "ada", "bob", "mei", "李雷"],
        OTHER: [],
    }


async def test_a_store_that_is_not_open_refuses_every_call(home: Home) -> None:
    storage = await home.open()
    await storage.store.close()
    await storage.store.close()
    for call in (
        storage.store.commit(Batch(journal=[journal_row(1)])),
        storage.store.fold(Fold(upto=1)),
        storage.store.read(Wanted(topics={INBOX})),
        storage.store.ledger(INBOX, Seq(-1)),
        storage.store.document(DOCUMENT),
        storage.directory.user(UserId("ada")),
    ):
        with pytest.raises(Unavailable):
            await call


async def test_a_full_disk_changes_nothing_and_passes(home: Home) -> None:
    storage = await home.open()
    await storage.store.commit(Batch(journal=[journal_row(1)]))
    await home.refuse()
    large = Batch(
        journal=[journal_row(2, body=bytes(1_000_000))],
        members=[MemberRow(DOCUMENT, UserId("ada"), "write")],
    )
    for _ in range(3):
        with pytest.raises(Unavailable):
            await storage.store.commit(large)
        assert not storage.writable
    assert await storage.directory.members(DOCUMENT) == {}, "reads go on, and see nothing of it"
    await home.recover()
    assert await storage.probe()
    assert storage.writable
    await storage.store.commit(Batch(journal=[journal_row(2)]))
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == [journal_row(1), journal_row(2)]


async def test_a_fold_refused_by_a_full_disk_can_be_repeated(home: Home) -> None:
    storage = await home.open()
    step = Fold(
        registers=[register_row(f"i{n:04}", "title", "x" * 4000) for n in range(200)], topics=[topic_row()]
    )
    await home.refuse()
    with pytest.raises(Unavailable):
        await storage.store.fold(step)
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == []
    await home.recover()
    await storage.store.fold(step)
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == list(step.registers)


async def test_sizes_tell_how_many_turns_wait_to_be_folded(storage: Storage) -> None:
    assert (await storage.sizes()).journal_rows == 0
    await storage.store.commit(Batch(journal=[journal_row(number) for number in range(5, 12)]))
    assert (await storage.sizes()).journal_rows == 7
    await storage.store.fold(Fold(upto=9))
    assert (await storage.sizes()).journal_rows == 2
