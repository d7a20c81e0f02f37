"""``Store.fold``: the journal moves into the tables, however often and in whatever order it is tried."""

from __future__ import annotations

import asyncio
from itertools import permutations

import pytest

from hub.model import Seq
from hub.ports import Batch, Fold, StoredDocument, Wanted
from tests.contracts.conftest import Home, Storage
from tests.contracts.records import (
    DOCUMENT,
    INBOX,
    journal_row,
    key,
    register,
    register_row,
    registers_fold,
    seqs,
    snapshot_row,
    topic_row,
    update_row,
)


async def document(storage: Storage) -> StoredDocument:
    return await storage.store.document(DOCUMENT)


@pytest.mark.parametrize("order", list(permutations([b"\x01", b"\x02", b"\x02\x00"])))
async def test_the_heaviest_statement_stands_whatever_the_order(
    storage: Storage, order: tuple[bytes, ...]
) -> None:
    for weight in (*order, *order):
        await storage.store.fold(registers_fold(register_row("a", "read", weight.hex(), weight)))
    found = await storage.store.read(Wanted(registers={key("a", "read")}))
    assert found.registers == {key("a", "read"): register("0200", b"\x02\x00")}


async def test_weights_compare_as_unsigned_bytes(storage: Storage) -> None:
    await storage.store.fold(registers_fold(register_row("a", "read", "light", b"\x7f\xff")))
    await storage.store.fold(registers_fold(register_row("a", "read", "heavy", b"\x80")))
    await storage.store.fold(registers_fold(register_row("a", "read", "light", b"\x7f\xff\xff")))
    [row] = await storage.store.ledger(INBOX, Seq(-1))
    assert row.register.value == "heavy"


async def test_an_equal_weight_replaces_nothing_not_even_the_seq(storage: Storage) -> None:
    await storage.store.fold(registers_fold(register_row("a", "read", seq=3)))
    await storage.store.fold(registers_fold(register_row("a", "read", seq=8)))
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == [register_row("a", "read", seq=3)]


async def test_the_first_record_of_an_item_stands(storage: Storage) -> None:
    await storage.store.fold(registers_fold(register_row("a", "item", {"title": "first"}, b"")))
    await storage.store.fold(registers_fold(register_row("a", "item", {"title": "second"}, b"", seq=2)))
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == [
        register_row("a", "item", {"title": "first"}, b"")
    ]


async def test_a_register_that_is_replaced_is_found_above_the_new_seq_only(storage: Storage) -> None:
    await storage.store.fold(registers_fold(register_row("a", "read", False, b"\x01", seq=2)))
    newer = register_row("a", "read", True, b"\x02", seq=6)
    await storage.store.fold(registers_fold(newer))
    assert list(await storage.store.ledger(INBOX, Seq(5))) == [newer]


async def test_a_pass_that_is_complete_takes_its_rows_from_the_journal(home: Home) -> None:
    storage = await home.open()
    rows = [journal_row(number) for number in range(1, 9)]
    await storage.store.commit(Batch(journal=rows))
    await storage.store.fold(Fold(upto=5))
    await storage.store.fold(Fold(upto=5))
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == rows[5:]


async def test_a_journal_longer_than_one_trimming_is_dropped_whole(home: Home) -> None:
    storage = await home.open()
    await storage.store.commit(Batch(journal=[journal_row(number) for number in range(1, 10_001)]))
    await storage.store.fold(Fold(upto=9_999))
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == [journal_row(10_000)]


async def test_the_journal_may_be_dropped_in_several_calls(home: Home) -> None:
    storage = await home.open()
    await storage.store.commit(Batch(journal=[journal_row(number) for number in range(1, 1_202)]))
    for upto in (500, 1_000, 1_200):
        await storage.store.fold(Fold(upto=upto))
        storage = await home.reopen()
        await storage.store.close()
        left = list(await storage.store.start())
        assert left == [journal_row(number) for number in range(upto + 1, 1_202)]


async def test_a_journal_with_gaps_in_its_numbers_is_dropped_up_to_the_number(home: Home) -> None:
    """Numbers between two rows are those of commits that failed."""
    storage = await home.open()
    numbers = [3, 4, 2_000, 2_001, 9_000, 30_000]
    await storage.store.commit(Batch(journal=[journal_row(number) for number in numbers]))
    for upto, left in ((2, numbers), (1_500, numbers[2:]), (9_500, numbers[5:]), (9_500, numbers[5:])):
        await storage.store.fold(Fold(upto=upto))
        storage = await home.reopen()
        await storage.store.close()
        assert list(await storage.store.start()) == [journal_row(number) for number in left]


async def test_numbers_may_begin_again_once_the_journal_is_empty(home: Home) -> None:
    storage = await home.open()
    await storage.store.commit(Batch(journal=[journal_row(number) for number in range(1, 9)]))
    await storage.store.fold(Fold(upto=8))
    storage = await home.reopen()
    await storage.store.commit(Batch(journal=[journal_row(1), journal_row(2)]))
    await storage.store.fold(Fold(upto=1))
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == [journal_row(2)]


async def test_a_crash_between_the_steps_of_a_pass_is_healed_by_folding_again(home: Home) -> None:
    storage = await home.open()
    await storage.store.commit(Batch(journal=[journal_row(1), journal_row(2, DOCUMENT)]))
    steps = [
        registers_fold(register_row("a", "item", {}, b""), register_row("a", "read")),
        Fold(updates=[update_row(1), update_row(2)]),
        Fold(snapshots=[snapshot_row(1)]),
        Fold(topics=[topic_row(), topic_row(DOCUMENT, seq=2)]),
        Fold(upto=2),
    ]
    for done in range(len(steps)):
        for step in steps[:done]:
            await storage.store.fold(step)
        storage = await home.reopen()
    for step in steps:
        await storage.store.fold(step)
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == list(steps[0].registers)
    assert await document(storage) == StoredDocument(Seq(1), b"snapshot", [update_row(2)], {})
    found = await storage.store.read(Wanted(topics={INBOX, DOCUMENT}))
    assert found.topics == {INBOX: topic_row(), DOCUMENT: topic_row(DOCUMENT, seq=2)}
    storage = await home.reopen()
    await storage.store.close()
    assert list(await storage.store.start()) == []


async def test_what_was_folded_is_there_after_a_restart(home: Home) -> None:
    storage = await home.open()
    await storage.store.fold(
        Fold(
            registers=[register_row("a", "read")],
            updates=[update_row(4)],
            snapshots=[snapshot_row(3)],
            topics=[topic_row()],
        )
    )
    storage = await home.reopen()
    assert list(await storage.store.ledger(INBOX, Seq(-1))) == [register_row("a", "read")]
    assert await document(storage) == StoredDocument(Seq(3), b"snapshot", [update_row(4)], {})
    assert (await storage.store.read(Wanted(topics={INBOX}))).topics == {INBOX: topic_row()}


async def test_a_document_nobody_wrote_is_empty(storage: Storage) -> None:
    assert await document(storage) == StoredDocument(Seq(0), b"", [], {})


async def test_updates_come_back_in_order_of_seq_and_once(storage: Storage) -> None:
    for seq in (3, 1, 2, 3):
        await storage.store.fold(Fold(updates=[update_row(seq, b"u%d" % seq)]))
    assert list((await document(storage)).updates) == [update_row(n, b"u%d" % n) for n in (1, 2, 3)]


async def test_a_snapshot_removes_the_updates_it_covers_and_no_others(storage: Storage) -> None:
    other = update_row(1, topic=INBOX)
    await storage.store.fold(Fold(updates=[update_row(n) for n in (1, 2, 3)] + [other]))
    await storage.store.fold(Fold(snapshots=[snapshot_row(2)]))
    assert await document(storage) == StoredDocument(Seq(2), b"snapshot", [update_row(3)], {})
    assert list((await storage.store.document(INBOX)).updates) == [other]


async def test_an_update_covered_by_the_snapshot_is_skipped(storage: Storage) -> None:
    await storage.store.fold(Fold(snapshots=[snapshot_row(2)]))
    await storage.store.fold(Fold(updates=[update_row(n) for n in (1, 2, 3)]))
    assert seqs((await document(storage)).updates) == [3]


async def test_an_older_snapshot_never_replaces_a_newer_one(storage: Storage) -> None:
    for seq in (5, 4, 5):
        await storage.store.fold(Fold(snapshots=[snapshot_row(seq, b"as of %d" % seq)]))
    stored = await document(storage)
    assert (stored.snapshot_seq, stored.snapshot) == (5, b"as of 5")


async def test_one_step_may_bring_updates_and_the_snapshot_that_covers_them(storage: Storage) -> None:
    await storage.store.fold(Fold(updates=[update_row(n) for n in range(1, 6)], snapshots=[snapshot_row(4)]))
    assert await document(storage) == StoredDocument(Seq(4), b"snapshot", [update_row(5)], {})


async def test_large_documents_come_back_whole(home: Home) -> None:
    storage = await home.open()
    body = bytes(range(256)) * 40_000
    await storage.store.fold(Fold(snapshots=[snapshot_row(1, body)], updates=[update_row(2, body[:99_999])]))
    storage = await home.reopen()
    assert await document(storage) == StoredDocument(Seq(1), body, [update_row(2, body[:99_999])], {})


async def test_a_read_sees_all_of_a_step_or_nothing(storage: Storage) -> None:
    """Two registers always folded together are never seen apart."""
    pair = Wanted(registers={key("a", "read"), key("z", "read")})

    async def fold() -> None:
        for n in range(1, 60):
            weight = n.to_bytes(2, "big")
            await storage.store.fold(
                registers_fold(register_row("a", "read", n, weight), register_row("z", "read", n, weight))
            )

    folding = asyncio.create_task(fold())
    seen = 0
    while not folding.done():
        found = (await storage.store.read(pair)).registers
        values = {register.value for register in found.values()}
        assert len(values) <= 1
        assert len(found) in (0, 2)
        seen += bool(found)
    await folding
    assert seen


async def test_a_read_sees_every_fold_that_returned_before_it_began(storage: Storage) -> None:
    for n in range(50):
        await storage.store.fold(registers_fold(register_row(f"i{n}", "read", seq=n)))
        [row] = (
            await storage.store.ledger(INBOX, Seq(n - 1)) if n else await storage.store.ledger(INBOX, Seq(-1))
        )
        assert row == register_row(f"i{n}", "read", seq=n)
