"""The pipeline keeps the order of things: join, commit, relay, ok. Nothing is said that is not saved."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.engine.reading import Catch, UseView
from hub.errors import BadValue, Internal, Refusal, Unavailable
from hub.model import Key
from hub.protocol.body import decode_statements
from tests.kit.engines import Engine, Said, notification, running_engine, task

INBOX = "inbox/ann"


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as engine:
        yield engine


async def refusal_of(future: asyncio.Future[Any]) -> Refusal:
    with pytest.raises(Refusal) as raised:
        await future
    return raised.value


# ------------------------------------------------------------------ saved before it is told


async def test_nothing_is_relayed_or_acknowledged_before_the_commit_returns(engine: Engine) -> None:
    reader = await engine.join(INBOX)
    engine.store.at_commit.close()
    pushed = engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    assert (reader.commits, pushed.done()) == ([], False)
    engine.store.at_commit.open()
    assert await pushed == 1
    assert [commit.seq for commit in reader.commits] == [1]


async def test_readers_are_shown_a_batch_before_its_author_gets_ok(engine: Engine) -> None:
    await engine.join(INBOX)
    engine.log.clear()
    await engine.push(INBOX, [("n1", "item", notification(), 0)], name="push")
    assert engine.log == [("relay", "1"), ("ok", "push")]


async def test_a_failing_commit_acknowledges_nothing_and_shows_nothing(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    reader = await engine.join(INBOX)
    before, seq = await engine.registers(INBOX), engine.ledger(INBOX).seq
    row = engine.ledger(INBOX).row()
    engine.store.at_commit.refuse()
    said = [("t1", "status", [1, "succeeded"], 0), ("t2", "item", task(), 0), ("x", "title", "y", 0)]
    assert isinstance(await refusal_of(engine.push(INBOX, said)), Unavailable)
    assert (reader.commits, engine.ledger(INBOX).seq, engine.events()) == ([], seq, [])
    assert await engine.registers(INBOX) == before
    assert engine.ledger(INBOX).row() == row


async def test_after_a_failed_commit_the_same_push_is_taken_as_if_for_the_first_time(engine: Engine) -> None:
    reader = await engine.join(INBOX)
    engine.store.at_commit.refuse()
    said = [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], 0)]
    await refusal_of(engine.push(INBOX, said))
    engine.store.at_commit.accept()
    assert await engine.push(INBOX, said) == 1
    assert {each.field for each in reader.shown()[0]} == {"item", "status", "final"}
    assert [event.type for event in engine.events()] == ["task.finalized"]


async def test_while_a_commit_fails_other_topics_of_the_turn_that_change_nothing_are_answered(
    engine: Engine,
) -> None:
    said = [("n1", "item", notification(), 0)]
    await engine.push("inbox/bob", said)
    engine.store.at_commit.refuse()
    failing, known = engine.push(INBOX, said), engine.push("inbox/bob", said)
    assert isinstance(await refusal_of(failing), Unavailable)
    assert await known == 1


@pytest.mark.parametrize("gate", ["at_read", "at_commit"])
async def test_a_store_that_breaks_in_an_unknown_way_acknowledges_nothing(engine: Engine, gate: str) -> None:
    getattr(engine.store, gate).refuse(RuntimeError("a bug in the store"))
    pushed = engine.push(INBOX, [("n1", "item", notification(), 0)])
    assert isinstance(await refusal_of(pushed), Internal)
    getattr(engine.store, gate).accept()
    assert await engine.registers(INBOX) == {}
    assert await engine.push(INBOX, [("n1", "item", notification(), 0)]) == 1


async def test_what_can_not_be_read_is_answered_unavailable(engine: Engine) -> None:
    engine.store.at_read.refuse()
    pushed, joined = engine.push(INBOX, [("n1", "item", notification(), 0)]), engine.join(INBOX)
    assert isinstance(await refusal_of(pushed), Unavailable)
    with pytest.raises(Unavailable):
        await joined
    engine.store.at_read.accept()
    assert await engine.push(INBOX, [("n1", "item", notification(), 0)]) == 1


# ------------------------------------------------------------------ no gap and no double


async def test_who_joins_during_a_commit_sees_it_exactly_once(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    engine.store.at_commit.close()
    first = engine.push(INBOX, [("n2", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    joined = engine.join(INBOX)
    second = engine.push(INBOX, [("n3", "item", notification(), 0)])
    engine.store.at_commit.open()
    await asyncio.gather(first, second)
    reader = await joined
    await engine.quiet()
    assert set(reader.registers) == {"n1", "n2", "n3"}
    assert reader.seq == 3


async def test_who_joins_while_a_commit_fails_is_not_shown_what_was_dropped(engine: Engine) -> None:
    engine.store.at_commit.close()
    lost = engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    joined = engine.join(INBOX)
    engine.store.at_commit.refuse()
    engine.store.at_commit.open()
    await refusal_of(lost)
    reader = await joined
    assert (reader.registers, reader.seq) == ({}, 0)


async def test_a_reader_between_many_turns_misses_and_repeats_nothing(engine: Engine) -> None:
    pushed, joined = [], []
    for number in range(60):
        pushed.append(engine.push(INBOX, [(f"n{number}", "item", notification(), 0)]))
        if number % 5 == 0:
            joined.append(engine.join(INBOX))
        if number % 3 == 0:
            await asyncio.sleep(0)
    await asyncio.gather(*pushed)
    for reader in await asyncio.gather(*joined):
        assert len(reader.registers) == 60


# ------------------------------------------------------------------ duplicates


async def test_a_duplicate_is_acknowledged_after_the_commit_in_flight(engine: Engine) -> None:
    said = [("n1", "item", notification(), 0)]
    engine.store.at_commit.close()
    first = engine.push(INBOX, said, name="first")
    await engine.store.at_commit.arrival()
    again = engine.push(INBOX, said, name="again")
    for _ in range(20):
        await asyncio.sleep(0)
    assert not again.done()
    engine.store.at_commit.open()
    assert (await first, await again) == (1, 1)
    assert engine.log == [("ok", "first"), ("ok", "again")]


async def test_a_duplicate_is_neither_stored_nor_relayed(engine: Engine) -> None:
    said = [("t1", "item", task(), 0), ("t1", "read", True, 0)]
    await engine.push(INBOX, said)
    reader = await engine.join(INBOX)
    engine.store.forget()
    assert await engine.push(INBOX, said) == 1
    assert (engine.store.commits, reader.commits) == ([], [])


async def test_a_duplicate_in_the_turn_of_a_commit_that_fails_is_not_acknowledged(engine: Engine) -> None:
    said = [("n1", "item", notification(), 0)]
    await engine.push("inbox/bob", said)  # so that the next turn does not begin before both are queued
    engine.store.at_commit.refuse()
    first, again = engine.push(INBOX, said), engine.push(INBOX, said)
    assert isinstance(await refusal_of(first), Unavailable)
    assert isinstance(await refusal_of(again), Unavailable)


async def test_of_a_push_that_wins_in_part_only_that_part_is_relayed(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "new", 2000 << 20)])
    reader = await engine.join(INBOX)
    await engine.push(INBOX, [("t1", "title", "old", 1000 << 20), ("t1", "read", True, 0)])
    assert [[(s.field, s.value) for s in body] for body in reader.shown()] == [[("read", True)]]


# ------------------------------------------------------------------ one turn, several pushes


async def test_a_turn_takes_everything_that_waits_in_one_commit(engine: Engine) -> None:
    engine.store.at_commit.close()
    first = engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    rest = [
        engine.push(f"inbox/u{index % 3}", [(f"i{index}", "item", notification(), 0)]) for index in range(9)
    ]
    engine.store.at_commit.open()
    await asyncio.gather(first, *rest)
    assert [len(batch.journal) for batch in engine.store.commits] == [1, 3]


async def test_two_connections_that_change_a_topic_in_one_turn_are_both_shown_all_of_it(
    engine: Engine,
) -> None:
    one, other = await engine.join(INBOX), await engine.join(INBOX)
    first = engine.push(INBOX, [("n1", "item", notification(), 0)], "a", one.id)
    second = engine.push(INBOX, [("n2", "item", notification(), 0)], "b", other.id)
    assert (await first, await second) == (1, 1)
    assert set(one.registers) == set(other.registers) == {"n1", "n2"}
    assert one.commits[0].origin == 0


async def test_what_one_connection_brought_is_marked_so_that_it_is_not_sent_back(engine: Engine) -> None:
    reader = await engine.join(INBOX)
    said = [("t1", "item", task(), 0), ("t1", "title", "x", 0)]
    await engine.push(INBOX, said, origin=reader.id)
    commit = reader.commits[0]
    assert commit.origin == reader.id
    assert [each.field for each in decode_statements(commit.altered)] == ["item"]
    await engine.push(INBOX, [("t1", "read", True, 0)], origin=reader.id)
    assert reader.commits[1].altered == b""


async def test_a_push_is_taken_whole_or_not_at_all(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    reader = await engine.join(INBOX)
    row = engine.ledger(INBOX).row()
    said = [("t2", "item", task(), 0), ("x9", "title", "unknown", 0), ("n1", "title", "no such field", 0)]
    assert (await refusal_of(engine.push(INBOX, said))).at == 2
    assert engine.ledger(INBOX).row() == row
    assert reader.commits == []
    assert set(await engine.registers(INBOX)) == {"n1"}


async def test_a_refused_push_takes_nothing_back_of_others_in_its_turn(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0), ("t1", "item", task(), 0)])
    good = engine.push(INBOX, [("t1", "title", "good", 1000 << 20)])
    bad = engine.push(INBOX, [("t1", "title", "bad", 1001 << 20), ("n1", "due", None, 0)])
    after = engine.push(INBOX, [("t1", "priority", 3, 0)])
    assert await good == await after == 2
    assert (await refusal_of(bad)).at == 1
    assert await engine.value(INBOX, "t1", "title") == "good"


async def test_pushes_of_a_topic_are_answered_in_the_order_they_came(engine: Engine) -> None:
    pushed = []
    for number in range(30):
        bad = number % 7 == 3
        said: Said = ("*", "read_upto", 2**52, 0) if bad else (f"n{number}", "item", notification(), 0)
        pushed.append(engine.push(INBOX, [said], name=str(number)))
        if number % 4 == 0:
            await asyncio.sleep(0)
    results = await asyncio.gather(*pushed, return_exceptions=True)
    assert [name for _, name in engine.log] == [str(number) for number in range(30)]
    assert all(isinstance(results[number], BadValue) for number in range(3, 30, 7))


# ------------------------------------------------------------------ topics that load


async def test_a_topic_that_loads_keeps_its_queue_in_order_and_holds_nobody_else_up(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    incarnation = engine.ledger(INBOX).incarnation
    engine.log.clear()
    engine.store.at_load.close()
    joined = engine.join(INBOX, incarnation, 0)
    await engine.store.at_load.arrival()
    waiting = [engine.push(INBOX, [(f"n{n}", "item", notification(), 0)], name=str(n)) for n in (2, 3)]
    engine.store.at_load.open()
    reader = await joined
    await asyncio.gather(*waiting)
    assert [entry for entry in engine.log if entry[0] != "relay"] == [
        ("opened", INBOX),
        ("ok", "2"),
        ("ok", "3"),
    ]
    assert set(reader.registers) == {"n1", "n2", "n3"}


async def test_what_came_before_a_topic_had_to_load_stays_before_what_came_since(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.folding.fold()
    incarnation = engine.ledger(INBOX).incarnation
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        later.store.at_read.close()
        joined = later.join(INBOX, incarnation, 0)
        await later.store.at_read.arrival()
        pushed = later.push(INBOX, [("n2", "item", notification(), 0)], name="push")
        later.store.at_read.open()
        await asyncio.gather(joined, pushed)
        assert later.log[0] == ("opened", INBOX)
        assert later.log[-1] == ("ok", "push")


async def test_other_topics_go_on_while_one_loads(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.push("inbox/bob", [("n1", "item", notification(), 0)])
    engine.store.at_load.close()
    joined = engine.join(INBOX)
    await engine.store.at_load.arrival()
    assert await engine.push("inbox/bob", [("n1", "read", True, 0)]) == 2
    assert not joined.done()
    engine.store.at_load.open()
    await joined


async def test_a_load_that_fails_fails_what_waits_and_nothing_later(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    engine.store.at_load.close()
    joined = engine.join(INBOX)
    await engine.store.at_load.arrival()
    waiting = engine.push(INBOX, [("n2", "item", notification(), 0)])
    engine.store.at_load.refuse()
    engine.store.at_load.open()
    with pytest.raises(Unavailable):
        await joined
    await refusal_of(waiting)
    await engine.quiet()  # the failed load is not waited for any more
    engine.store.at_load.accept()
    assert await engine.push(INBOX, [("n2", "item", notification(), 0)]) == 2


# ------------------------------------------------------------------ what is read


async def test_a_write_to_an_inbox_nobody_has_open_reads_the_registers_it_states_and_no_more(
    engine: Engine,
) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(50)])
    await engine.folding.fold()
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        await later.push(INBOX, [("n7", "read", True, 0)])
        assert [wanted.topics for wanted in later.store.reads] == [{INBOX}]
        assert later.store.reads[0].registers == {Key(INBOX, "n7", "read"), Key(INBOX, "n7", "item")}  # type: ignore[arg-type]  # plain text
        assert later.store.reads[0].items == set()
        assert (later.store.ledger_reads, later.ledger(INBOX).view) == ([], None)


async def test_a_status_reads_besides_itself_only_its_item_and_its_final(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "status", [1, "running"], 0)])
    slots = {key.slot for key in engine.store.reads[0].registers}
    assert slots == {"status", "final", "item"}


async def test_what_the_tail_or_the_cache_holds_is_not_read_again(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "read", True, 0)])
    engine.store.forget()
    await engine.push(INBOX, [("t1", "read", False, engine.clock.now() + 1 << 10)])
    assert engine.store.reads == []
    await engine.folding.fold()
    engine.store.forget()
    await engine.push(INBOX, [("t1", "read", True, engine.clock.now() + 2 << 10)])
    assert engine.store.reads == []


async def test_that_a_register_does_not_exist_is_remembered_too(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "a", 1000 << 20)])
    await engine.push(INBOX, [("t1", "status", [1, "running"], 1000 << 20)])
    engine.store.forget()
    await engine.push(INBOX, [("t1", "status", [1, "paused"], 1001 << 20)])
    assert engine.store.reads == []


async def test_a_reconnect_that_is_in_sync_reads_only_the_topics_row(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.folding.fold()
    incarnation = engine.ledger(INBOX).incarnation
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        reader = await later.join(INBOX, incarnation, 1)
        assert (reader.seq, reader.registers) == (1, {})
        assert [(wanted.topics, wanted.registers, wanted.items) for wanted in later.store.reads] == [
            ({INBOX}, set(), set())
        ]
        assert later.store.ledger_reads == []
        await later.join(INBOX, incarnation, 1)
        assert len(later.store.reads) == 1


# ------------------------------------------------------------------ draining


async def test_drained_means_that_nothing_is_in_flight(engine: Engine) -> None:
    engine.store.at_commit.close()
    pushed = engine.push(INBOX, [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    drained = asyncio.ensure_future(engine.pipeline.drained())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not drained.done()
    engine.store.at_commit.open()
    await drained
    assert pushed.done()


async def test_a_full_tail_makes_turns_wait_until_it_was_folded() -> None:
    async with running_engine(tail_bytes=1500) as engine:
        while engine.tail.bytes <= 1500:
            await engine.push(INBOX, [(f"n{engine.tail.bytes}", "item", notification(), 0)])
        waiting = engine.push(INBOX, [("n1", "item", notification(), 0)])
        for _ in range(10):
            await asyncio.sleep(0)
        assert not waiting.done()
        await engine.folding.fold()
        await waiting


async def test_works_other_than_pushes_are_queued_with_them(engine: Engine) -> None:
    ledger = engine.ledger(INBOX)
    seen: list[str] = []
    first = engine.push(INBOX, [("n1", "item", notification(), 0)])
    engine.pipeline.submit(
        UseView(ledger, lambda each: seen.append(f"view {each.view and each.view.counts.unread}"), print)
    )
    engine.pipeline.submit(
        Catch(ledger, ledger.incarnation, ledger.seq, lambda *_: seen.append("open"), print)
    )
    await first
    await engine.quiet()
    assert seen == ["view 1", "open"]


# ------------------------------------------------------------------ nothing stays behind


async def test_a_turn_leaves_nothing_to_the_cycle_collector(engine: Engine) -> None:
    """An eighth of a statement's cost was finding out what turns had left."""
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    gc.collect()
    gc.disable()
    try:
        for step in range(20):
            await engine.push(INBOX, [("t1", "progress", [1, step / 100], 0)])
        assert gc.collect() < 20
    finally:
        gc.enable()
