"""What delivery is told of an item, and how a delivery's end is saved with its receipt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from hub.engine.receipts import MAX_REF
from hub.errors import Internal, Unavailable
from hub.model import (
    HUB,
    AuditRow,
    DeliveryRow,
    DeliveryState,
    Identity,
    ItemId,
    Milliseconds,
    Slot,
    TopicName,
    UserId,
)
from hub.ports import MemberRow
from hub.state.clock import hlc_of
from hub.state.derive import ReadUpto, derive
from tests.kit.clocks import START
from tests.kit.engines import Engine, EverythingTo, notification, running_engine, task

INBOX = TopicName("inbox/ann")
SPACE = TopicName("space/team")
ANN, BOB = UserId("ann"), UserId("bob")
T1 = ItemId("t1")
ROOT = Identity(UserId("root"), frozenset({"admin"}), Milliseconds(2**53))
DAY = 86_400


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(routing=EverythingTo("ops"), retention=float(DAY)) as engine:
        for user in (ANN, BOB):
            await engine.storage.directory.put_member(MemberRow(SPACE, user, "write"))
        yield engine


def at(counter: int) -> int:
    """A stamp of the beginning."""
    return hlc_of(START, counter)


async def finished(engine: Engine, topic: str = INBOX) -> list[DeliveryRow]:
    """The deliveries of a task that just ended."""
    await engine.push(topic, [("t1", "item", task(), 0), ("t1", "status", [1, "succeeded"], at(1))])
    return await engine.deliveries()


def ended(engine: Engine, row: DeliveryRow, state: DeliveryState = "sent", **more: Any) -> DeliveryRow:
    return replace(row, state=state, ended_at=engine.clock.now(), **more)


def audit(subject: str) -> AuditRow:
    return AuditRow(Milliseconds(START), "hub", "deliver", subject, "ops", "example.org", "", 3, "", "", "ok")


async def audited(engine: Engine) -> list[str]:
    return [line.row.subject for line in await engine.storage.audit(0, 100)]


async def receipt(engine: Engine, topic: str = INBOX) -> Any:
    """What stands in ``sent.ops``, live or in history."""
    standing = await engine.items.standing(TopicName(topic), T1, ANN)
    register = standing.registers.get(Slot("sent.ops"))
    return register.value if register else None


# ------------------------------------------------------------------ standing


async def test_an_item_of_an_inbox_is_told_with_its_marks(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0), ("n1", "seen", True, at(1))])
    await engine.push(INBOX, [("*", "read_upto", START, at(2))], "phone")
    standing = await engine.items.standing(INBOX, ItemId("n1"), ANN)
    assert set(standing.registers) == {"item", "seen"}
    assert [(slot, register.hlc) for slot, register in standing.marks.items()] == [("read_upto:phone", at(2))]
    assert standing.personal is None


async def test_an_item_of_a_space_is_told_as_that_member_sees_it(engine: Engine) -> None:
    await engine.push(SPACE, [("n1", "item", notification(), 0)])
    await engine.push(INBOX, [("space/team/n1", "archived", True, at(1)), ("n1", "item", notification(), 0)])
    await engine.push(INBOX, [("space/team/*", "read_upto", START, at(2))], "phone")
    of_ann = await engine.items.standing(SPACE, ItemId("n1"), ANN)
    of_bob = await engine.items.standing(SPACE, ItemId("n1"), BOB)
    shown = [
        derive(each.registers, ReadUpto(each.marks), engine.clock.now(), each.personal)
        for each in (of_ann, of_bob)
    ]
    assert [each and (each.read, each.archived) for each in shown] == [(True, True), (False, False)]
    assert (set(of_ann.personal or ()), of_bob.personal) == ({"archived"}, {})


async def test_an_item_in_history_is_told_and_one_that_never_was_is_empty(engine: Engine) -> None:
    await finished(engine)
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    assert (await engine.items.standing(INBOX, T1, ANN)).registers[Slot("item")]
    gone = await engine.items.standing(INBOX, ItemId("t9"), ANN)
    assert (gone.registers, gone.marks) == ({}, {})


async def test_who_is_no_member_any_more_may_not_read_and_the_others_are_asked_of_the_storage_once(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await engine.push(SPACE, [("n1", "item", notification(), 0)])
    asked: list[TopicName] = []
    members = engine.storage.directory.members

    async def counted(topic: TopicName) -> Any:
        asked.append(topic)
        return await members(topic)

    monkeypatch.setattr(engine.storage.directory, "members", counted)
    assert [await readable(engine, SPACE, each) for each in (ANN, BOB, ANN)] == [True, True, True]
    assert asked == [SPACE]
    await engine.storage.directory.delete_member(SPACE, ANN)
    engine.sessions.access_changed(SPACE, ANN)
    assert [await readable(engine, SPACE, each) for each in (ANN, BOB)] == [False, True]


async def test_a_deleted_user_may_read_neither_their_inbox_nor_what_they_were_a_member_of(
    engine: Engine,
) -> None:
    assert [await readable(engine, topic, ANN) for topic in (INBOX, SPACE)] == [True, True]
    await engine.services.people.delete_user(ROOT, ANN)
    assert [await readable(engine, topic, ANN) for topic in (INBOX, SPACE)] == [False, False]
    await engine.services.people.put_user(ROOT, ANN, None)
    assert [await readable(engine, topic, ANN) for topic in (INBOX, SPACE)] == [True, False]


async def readable(engine: Engine, topic: TopicName, user: UserId) -> bool:
    return (await engine.items.standing(topic, ItemId("n1"), user)).readable


async def test_it_sees_everything_that_was_submitted_before(engine: Engine) -> None:
    await engine.push(SPACE, [("n1", "item", notification(), 0)])
    engine.store.at_commit.close()
    said = [
        engine.push(SPACE, [("n1", "deleted", True, at(1))]),
        engine.push(INBOX, [("space/team/n1", "read", True, at(1))]),
    ]
    asked = asyncio.ensure_future(engine.items.standing(SPACE, ItemId("n1"), ANN))
    await engine.store.at_commit.arrival()
    engine.store.at_commit.open()
    standing = await asked
    await asyncio.gather(*said)
    assert Slot("deleted") in standing.registers
    assert Slot("read") in (standing.personal or {})


async def test_where_the_store_can_not_be_read_it_says_so(engine: Engine) -> None:
    engine.store.at_read.refuse()
    for topic in (INBOX, SPACE):
        with pytest.raises(Unavailable):
            await engine.items.standing(topic, T1, ANN)


# ------------------------------------------------------------------ settle


async def test_row_audit_and_receipt_are_one_transaction(engine: Engine) -> None:
    (row,) = await finished(engine)
    engine.advance(3)
    engine.store.forget()
    await engine.items.settle(ended(engine, row, ref="m-1"), [audit("d1")])
    (batch,) = engine.store.commits
    assert ([each.id for each in batch.settled], len(batch.audits), len(batch.journal)) == ([row.id], 1, 1)
    stored = await engine.outbox.delivery(row.id)
    assert stored is not None
    assert (stored.state, stored.ref, await audited(engine)) == ("sent", "m-1", ["d1"])
    assert await receipt(engine) == {"state": "sent", "at": START + 3000, "ref": "m-1"}


async def test_a_receipt_is_the_hubs_word_and_comes_after_what_stood(engine: Engine) -> None:
    (row,) = await finished(engine)
    await engine.items.settle(ended(engine, row, "dead"))
    await engine.items.settle(ended(engine, row, "sent"))
    register = (await engine.registers(INBOX))[T1][Slot("sent.ops")]
    assert (register.value, register.actor) == ({"state": "sent", "at": START}, HUB)
    assert register.hlc == hlc_of(START) + 1


async def test_readers_are_shown_it_and_the_item_answers_with_it(engine: Engine) -> None:
    (row,) = await finished(engine)
    reader = await engine.join(INBOX)
    await engine.items.settle(ended(engine, row))
    assert [(each.item, each.field) for each in reader.shown()[-1]] == [("t1", "sent.ops")]
    item = await engine.actions.item(engine.identity("ann"), INBOX, "t1")
    assert item["sent"] == {"ops": {"state": "sent", "at": START}}


async def test_who_brought_the_turn_is_shown_the_receipt_that_shares_it(engine: Engine) -> None:
    (row,) = await finished(engine)
    reader = await engine.join(INBOX)
    pushed = engine.push(INBOX, [("t1", "title", "x", at(9))], origin=reader.id)
    await asyncio.gather(pushed, engine.items.settle(ended(engine, row)))
    assert Slot("sent.ops") in reader.registers[T1]


async def test_a_refusing_disk_leaves_nothing_of_it_and_says_so(engine: Engine) -> None:
    (row,) = await finished(engine)
    reader = await engine.join(INBOX)
    engine.store.at_commit.refuse()
    with pytest.raises(Unavailable):
        await engine.items.settle(ended(engine, row), [audit("d1")])
    engine.store.at_commit.accept()
    assert (await receipt(engine), await audited(engine), reader.commits) == (None, [], [])
    stored = await engine.outbox.delivery(row.id)
    assert stored is not None
    assert stored.state == "pending"


async def test_also_where_the_item_is_gone_a_refusing_disk_is_told(engine: Engine) -> None:
    (row,) = await finished(engine)
    gone = replace(ended(engine, row, "dead"), event=replace(row.event, item=ItemId("t9")))
    engine.store.at_commit.refuse()
    with pytest.raises(Unavailable):
        await engine.items.settle(gone, [audit("d1")])
    engine.store.at_commit.accept()
    assert await audited(engine) == []


async def test_a_fault_of_the_hubs_own_is_told_from_a_storage_that_refuses(engine: Engine) -> None:
    (row,) = await finished(engine)
    engine.store.at_commit.refuse(RuntimeError("a bug"))
    with pytest.raises(Internal):
        await engine.items.settle(ended(engine, row))
    engine.store.at_read.refuse(RuntimeError("a bug"))
    for topic in (INBOX, SPACE):
        with pytest.raises(Internal):
            await engine.items.standing(topic, ItemId("t9"), ANN)


async def test_a_delivery_whose_item_is_gone_ends_without_a_receipt(engine: Engine) -> None:
    (row,) = await finished(engine)
    seq = engine.ledger(INBOX).seq
    gone = replace(ended(engine, row, "dead"), event=replace(row.event, item=ItemId("t9")))
    await engine.items.settle(gone, [audit("d1")])
    stored = await engine.outbox.delivery(row.id)
    assert stored is not None
    assert (stored.state, engine.ledger(INBOX).seq, await audited(engine)) == ("dead", seq, ["d1"])
    assert ItemId("t9") not in await engine.registers(INBOX)


async def test_an_item_in_history_gets_its_receipt_there(engine: Engine) -> None:
    (row,) = await finished(engine)
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    seq = engine.ledger(INBOX).seq
    await engine.items.settle(ended(engine, row))
    assert (await receipt(engine))["state"] == "sent"
    assert Slot("sent.ops") in engine.storage.tables.history[INBOX, T1].registers
    assert (engine.ledger(INBOX).seq, await engine.registers(INBOX)) == (seq, {})


async def test_a_receipt_in_the_turn_that_would_retire_its_item_keeps_it(engine: Engine) -> None:
    (row,) = await finished(engine)
    await engine.folding.fold()
    engine.advance(2 * DAY)
    engine.store.at_commit.close()
    other = engine.push("inbox/bob", [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    sweeping = asyncio.ensure_future(engine.sweeper.sweep())
    await asyncio.sleep(0)
    settling = asyncio.ensure_future(engine.items.settle(ended(engine, row)))
    await asyncio.sleep(0)
    engine.store.at_commit.open()
    await asyncio.gather(other, sweeping, settling)
    assert Slot("sent.ops") in (await engine.registers(INBOX))[T1]
    assert engine.storage.tables.history == {}


async def test_a_turn_that_starts_over_saves_the_end_once_with_its_receipt(engine: Engine) -> None:
    async with running_engine(routing=EverythingTo("ops"), open_items=1) as full:
        (row,) = await finished(full)
        full.ledger(INBOX).live, full.ledger(INBOX).view = 1, None  # so that a create is uncertain
        settling = asyncio.ensure_future(full.items.settle(ended(full, row), [audit("d1")]))
        await asyncio.sleep(0)
        await full.push(INBOX, [("t2", "item", task(), 0)])
        await settling
        assert await audited(full) == ["d1"]
        (batch,) = [batch for batch in full.store.commits if batch.settled]
        assert len(batch.journal) == 1
        assert (await receipt(full))["state"] == "sent"


async def test_the_same_end_twice_is_one_receipt(engine: Engine) -> None:
    (row,) = await finished(engine)
    settled = ended(engine, row)
    await engine.items.settle(settled)
    seq = engine.ledger(INBOX).seq
    engine.advance(5)
    await engine.items.settle(settled)
    assert engine.ledger(INBOX).seq == seq
    assert await receipt(engine) == {"state": "sent", "at": START}


async def test_a_vendors_id_is_kept_up_to_a_length(engine: Engine) -> None:
    (row,) = await finished(engine)
    await engine.items.settle(ended(engine, row, ref="x" * 5000))
    assert len((await receipt(engine))["ref"]) == MAX_REF


async def test_another_attempts_end_replaces_the_receipt(engine: Engine) -> None:
    (first,) = await finished(engine)
    await engine.items.settle(ended(engine, first))
    engine.advance(60)
    await engine.push(INBOX, [("t1", "status", [2, "failed"], at(5))])
    second = (await engine.deliveries())[-1]
    await engine.items.settle(ended(engine, second, "suppressed"))
    assert await receipt(engine) == {"state": "suppressed", "at": START + 60_000}


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (["sent", "suppressed"], "sent"),
        (["suppressed", "sent"], "sent"),
        (["dead", "sent"], "sent"),
        (["sent", "dead"], "sent"),
        (["dead", "suppressed"], "dead"),
        (["suppressed", "suppressed"], "suppressed"),
        (["partial", "dead"], "partial"),
    ],
)
async def test_of_a_spaces_members_the_best_end_is_shown(
    engine: Engine, states: list[DeliveryState], shown: str
) -> None:
    rows = await finished(engine, SPACE)
    assert [row.user for row in rows] == [ANN, BOB]
    for row, state in zip(rows, states, strict=True):
        engine.advance(1)
        await engine.items.settle(ended(engine, row, state))
    assert (await receipt(engine, SPACE))["state"] == shown
    assert [row.state for row in await engine.deliveries()] == states


async def test_a_later_event_of_a_space_has_a_receipt_of_its_own(engine: Engine) -> None:
    for row in await finished(engine, SPACE):
        await engine.items.settle(ended(engine, row))
    engine.advance(60)
    await engine.push(SPACE, [("t1", "status", [2, "failed"], at(5))])
    for row in (await engine.deliveries())[2:]:
        await engine.items.settle(ended(engine, row, "dead"))
    assert await receipt(engine, SPACE) == {"state": "dead", "at": START + 60_000}


async def test_who_gave_up_waiting_takes_nobody_with_them(engine: Engine) -> None:
    (row,) = await finished(engine)
    engine.store.at_commit.close()
    settling = asyncio.ensure_future(engine.items.settle(ended(engine, row)))
    await engine.store.at_commit.arrival()
    settling.cancel()
    engine.store.at_commit.open()
    await engine.quiet()
    assert (await receipt(engine))["state"] == "sent"
