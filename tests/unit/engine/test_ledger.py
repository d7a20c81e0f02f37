"""A ledger's rules: what exists once, what stands, what is final, which limits hold, what history keeps."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hub.engine.reading import Catch
from hub.engine.statements import Write
from hub.errors import BadField, BadValue, Exists, Limit, Refusal, Unavailable
from hub.model import HUB, Actor, ItemId, Seq, Slot, Statement, TopicName
from hub.state.clock import hlc_of
from tests.kit.clocks import START
from tests.kit.engines import Engine, notification, running_engine, task

INBOX = "inbox/ann"
NAME = TopicName(INBOX)
DAY = 86_400


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(retention=DAY) as engine:
        yield engine


async def refused(engine: Engine, *said: Any, topic: str = INBOX, actor: str = "phone") -> Refusal:
    with pytest.raises(Refusal) as raised:
        await engine.push(topic, said, actor)
    return raised.value


async def retired(engine: Engine, *items: str) -> None:
    """The items are archived, folded, and in history."""
    await engine.push(INBOX, [(item, "archived", True, 0) for item in items])
    await sweep(engine)
    for item in items:
        assert (NAME, ItemId(item)) in engine.storage.tables.history


async def sweep(engine: Engine) -> None:
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    await engine.quiet()


def at(milliseconds: int) -> int:
    """A stamp so many milliseconds after the clock's start."""
    return hlc_of(START + milliseconds)


# ------------------------------------------------------------------ records


async def test_the_hub_says_who_created_an_item_when_and_in_which_order(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0), ("n2", "item", notification(), 0)], "phone")
    assert await engine.value(INBOX, "n1", "item") == {
        **notification(),
        "by": "phone",
        "at": START,
        "order": START,
    }
    second: Any = await engine.value(INBOX, "n2", "item")
    assert second["order"] == START + 1


async def test_orders_go_on_after_a_restart_even_where_the_clock_was_set_back(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(5)])
    engine.clock.wall -= 3_600_000
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        await later.push(INBOX, [("n5", "item", notification(), 0)])
        record: Any = await later.value(INBOX, "n5", "item")
        assert record["order"] == START + 5


async def test_the_same_record_again_is_a_duplicate_whoever_states_it(engine: Engine) -> None:
    assert await engine.push(INBOX, [("t1", "item", task("a"), 0)], "phone") == 1
    engine.advance(1)
    assert await engine.push(INBOX, [("t1", "item", task("a"), 0)], "laptop") == 1
    assert engine.ledger(INBOX).items == 1


async def test_another_record_under_the_same_id_is_refused(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task("a"), 0)])
    refusal = await refused(engine, ("t2", "item", task("b"), 0), ("t1", "item", task("b"), 0))
    assert (type(refusal), refusal.at) == (Exists, 1)


async def test_an_item_whose_first_copy_is_in_history_exists_still(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task("a"), 0)])
    await retired(engine, "t1")
    seq = engine.ledger(INBOX).seq
    assert await engine.push(INBOX, [("t1", "item", task("a"), 0)]) == seq
    assert isinstance(await refused(engine, ("t1", "item", task("b"), 0)), Exists)
    assert engine.ledger(INBOX).items == 1


# ------------------------------------------------------------------ fields


async def test_a_field_that_does_not_fit_the_items_kind_is_refused(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    for field, value in (("status", [1, "running"]), ("progress", [1, 0.5]), ("title", "x"), ("due", None)):
        assert isinstance(await refused(engine, ("n1", field, value, 0)), BadField)


async def test_what_is_stated_before_the_record_takes_effect_with_it(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(0)), ("t1", "title", "edited", at(0))])
    assert engine.events() == []
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    assert [(event.item, event.status) for event in engine.events()] == [("t1", "succeeded")]
    item = await engine.actions.item(engine.identity("ann"), NAME, "t1")
    assert (item["title"], item["status"]) == ("edited", "succeeded")


async def test_what_was_stated_before_the_record_and_does_not_fit_is_ignored(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "status", [1, "succeeded"], 0), ("n1", "title", "edited", 0)])
    await engine.push(INBOX, [("n1", "item", notification("original"), 0)])
    assert [event.type for event in engine.events()] == ["notification.raised"]
    item = await engine.actions.item(engine.identity("ann"), NAME, "n1")
    assert (item["title"], "status" in item) == ("original", False)


async def test_what_the_hub_stamps_comes_after_what_stands(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "read", True, at(50_000))])
    await engine.actions.change(engine.identity("ann"), NAME, "t1", {"read": False})
    register = (await engine.registers(INBOX))[ItemId("t1")][Slot("read")]
    assert (register.value, register.hlc) == (False, at(50_000) + 1)


async def test_a_device_that_states_the_beginning_of_time_is_taken_at_its_word(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    caller = engine.identity("ann", device="phone")
    stated = engine.services.check.stated("inbox", [["t1", "read", True, 0]], caller)
    engine.pipeline.submit(Write(engine.ledger(INBOX), stated, Actor("phone"), 0, print, print))
    await engine.quiet()
    assert (await engine.registers(INBOX))[ItemId("t1")][Slot("read")].hlc == 0


# ------------------------------------------------------------------ marks


async def test_every_actor_has_a_mark_of_their_own(engine: Engine) -> None:
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(3)])
    await engine.push(INBOX, [("*", "read_upto", START, at(1))], "phone")
    await engine.push(INBOX, [("*", "read_upto", START + 1, at(1))], "laptop")
    marks = (await engine.registers(INBOX))[ItemId("*")]
    assert {slot: register.value for slot, register in marks.items()} == {
        "read_upto:phone": START,
        "read_upto:laptop": START + 1,
    }


async def test_a_mark_can_not_swallow_what_has_not_arrived(engine: Engine) -> None:
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    refusal = await refused(engine, ("*", "read_upto", START + 1, 0))
    assert (type(refusal), refusal.at) == (BadValue, 0)
    await engine.push(INBOX, [("*", "read_upto", START, 0)])
    await engine.push(INBOX, [("n2", "item", notification(), 0)])
    assert (await engine.actions.counts(engine.identity("ann"), NAME)).unread == 1


async def test_a_mark_in_an_empty_inbox_does_not_cover_the_first_item(engine: Engine) -> None:
    engine.advance(1)
    try:
        await engine.push(INBOX, [("*", "read_upto", engine.clock.wall, 0)])
    except BadValue:
        return
    await engine.push(INBOX, [("n1", "item", notification(), 0)])
    assert (await engine.actions.counts(engine.identity("ann"), NAME)).unread == 1


async def test_marking_up_to_an_order_below_the_own_mark_reads_item_by_item(engine: Engine) -> None:
    caller = engine.identity("ann", device="phone")
    await engine.push(INBOX, [(f"n{number}", "item", notification(), 0) for number in range(4)])
    await engine.actions.read_all(caller, NAME, START + 2)
    await engine.push(INBOX, [("n0", "read", False, at(5)), ("n2", "read", False, at(5))])
    assert (await engine.actions.counts(caller, NAME)).unread == 3
    assert (await engine.actions.read_all(caller, NAME, START + 1)).unread == 2
    marks = (await engine.registers(INBOX))[ItemId("*")]
    assert marks[Slot("read_upto:phone")].value == START + 2


# ------------------------------------------------------------------ attempts


async def test_an_attempt_is_finalized_once_by_its_first_end(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "running"], at(0))])
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(2))], "phone")
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(3))], "laptop")
    await engine.push(INBOX, [("t1", "status", [1, "canceled"], at(1))], "tablet")
    final: Any = await engine.value(INBOX, "t1", "final")
    assert (final["attempt"], final["status"], final["hlc"]) == (1, "failed", at(2))
    assert [(event.attempt, event.status) for event in engine.events()] == [(1, "failed")]
    item = await engine.actions.item(engine.identity("ann"), NAME, "t1")
    assert item["status"] == "failed"


async def test_of_several_ends_in_one_turn_the_earliest_is_the_final_one(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    late = engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(2))], "phone")
    early = engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))], "laptop")
    await asyncio.gather(late, early)
    assert [(event.attempt, event.status) for event in engine.events()] == [(1, "failed")]


async def test_event_and_final_are_in_the_commit_of_the_change_that_caused_them(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    engine.store.forget()
    await engine.push(INBOX, [("t1", "status", [1, "failed"], 0)])
    (batch,) = engine.store.commits
    (event,) = batch.events
    final: Any = await engine.value(INBOX, "t1", "final")
    assert (event.type, event.topic, event.item, event.attempt) == ("task.finalized", INBOX, "t1", 1)
    assert final == {
        "attempt": 1,
        "status": "failed",
        "at": event.at,
        "event": event.id,
        "hlc": hlc_of(engine.clock.now()),
    }
    assert (await engine.registers(INBOX))[ItemId("t1")][Slot("final")].actor == HUB


async def test_each_attempt_is_finalized_anew(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    for attempt in (1, 2, 3):
        await engine.push(INBOX, [("t1", "status", [attempt, "succeeded"], at(attempt))])
    assert [(event.attempt, event.status) for event in engine.events()] == [
        (1, "succeeded"),
        (2, "succeeded"),
        (3, "succeeded"),
    ]


async def test_an_attempt_that_a_later_one_outranks_already_is_not_finalized(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [2, "running"], at(0))])
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(5))])
    assert engine.events() == []
    assert await engine.value(INBOX, "t1", "final") is None


async def test_a_notification_is_raised_once(engine: Engine) -> None:
    for actor in ("a", "b"):
        await engine.push(INBOX, [("n1", "item", notification(), 0)], actor)
    assert [(event.type, event.item, event.attempt, event.status) for event in engine.events()] == [
        ("notification.raised", "n1", 0, None)
    ]


async def test_queued_after_the_end_opens_the_next_attempt_and_its_author_is_told(engine: Engine) -> None:
    reader = await engine.join(INBOX)
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))])
    await engine.push(INBOX, [("t1", "status", [1, "queued"], at(2))], origin=reader.id)
    assert await engine.value(INBOX, "t1", "status") == [2, "queued"]
    assert reader.registers[ItemId("t1")][Slot("status")].value == [2, "queued"]
    assert reader.commits[-1].origin == reader.id


async def test_queued_from_before_the_end_opens_nothing(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(2))])
    await engine.push(INBOX, [("t1", "status", [1, "queued"], at(1))])
    assert await engine.value(INBOX, "t1", "status") == [1, "failed"]


async def test_an_end_and_a_reopening_in_one_push_do_what_they_do_in_two(engine: Engine) -> None:
    said = [("status", [1, "failed"], at(1)), ("status", [1, "queued"], at(2))]
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t2", "item", task(), 0)])
    await engine.push(INBOX, [("t1", *each) for each in said])
    for each in said:
        await engine.push(INBOX, [("t2", *each)])
    assert await engine.value(INBOX, "t1", "status") == [2, "queued"]
    assert await engine.value(INBOX, "t2", "status") == [2, "queued"]


async def test_a_program_reopens_what_a_device_with_a_fast_clock_ended(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(30_000))])
    item = await engine.actions.change(engine.identity("ann"), NAME, "t1", {"status": "queued"})
    assert (item["attempt"], item["status"]) == (2, "queued")


async def test_progress_without_an_attempt_means_the_current_one(engine: Engine) -> None:
    caller = engine.identity("ann")
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [3, "running"], at(0))])
    item = await engine.actions.change(caller, NAME, "t1", {"progress": 0.25})
    assert (item["attempt"], item["progress"]) == (3, 0.25)
    item = await engine.actions.change(caller, NAME, "t1", {"note": "half way"})
    assert (item["progress"], item["note"]) == (0.25, "half way")


# ------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    ("field", "value"), [("archived", True), ("deleted", True), ("status", [1, "canceled"])]
)
async def test_open_items_are_limited_exactly_and_closing_one_makes_room(field: str, value: Any) -> None:
    async with running_engine(open_items=3) as engine:
        said = [(f"t{number}", "item", task(), 0) for number in range(3)]
        await engine.push(INBOX, said)
        refusal = await refused(engine, ("t9", "item", task(), 0))
        assert (type(refusal), refusal.at) == (Limit, 0)
        assert await engine.push(INBOX, said) == 1  # what exists already needs no room
        await engine.push(INBOX, [("t0", field, value, 0)])
        await engine.push(INBOX, [("t3", "item", task(), 0)])
        await refused(engine, ("t4", "item", task(), 0))


async def test_closed_items_leave_room_for_as_many_in_one_push() -> None:
    async with running_engine(open_items=5) as engine:
        await engine.push(INBOX, [(f"t{number}", "item", task(), 0) for number in range(4)])
        await engine.push(INBOX, [(f"t{number}", "deleted", True, 0) for number in range(4)])
        await engine.push(INBOX, [(f"u{number}", "item", task(), 0) for number in range(5)])
        await refused(engine, ("t9", "item", task(), 0))


async def test_items_that_live_again_count_again() -> None:
    async with running_engine(open_items=4, view_memory=1024) as engine:
        caller = engine.identity("ann")
        items = [f"t{number}" for number in range(4)]
        await engine.push(INBOX, [(item, "item", task(), 0) for item in items])
        await engine.push(INBOX, [(item, "archived", True, at(1)) for item in items])
        await engine.actions.counts(caller, NAME)
        engine.ledger(INBOX).live = 0
        engine.ledger(INBOX).view = None  # as after its view made room for others
        await engine.push(INBOX, [(item, "archived", False, at(2)) for item in items])
        await refused(engine, ("t9", "item", task(), 0))


async def test_items_in_all_are_limited_those_in_history_too() -> None:
    async with running_engine(items=2, retention=DAY) as engine:
        await engine.push(INBOX, [("t1", "item", task(), 0), ("t2", "item", task(), 0)])
        await retired(engine, "t1")
        assert isinstance(await refused(engine, ("t3", "item", task(), 0)), Limit)


async def test_statements_on_unknown_items_are_limited_and_known_ones_make_room() -> None:
    async with running_engine(unknown=3) as engine:
        await engine.push(INBOX, [(f"x{number}", "title", "a", 0) for number in range(3)])
        refusal = await refused(engine, ("y", "title", "a", 0))
        assert (type(refusal), refusal.at) == (Limit, 0)
        await engine.push(INBOX, [("x0", "title", "b", at(1))])  # on a register that is kept already
        await engine.push(INBOX, [("x0", "item", task(), 0)])
        await engine.push(INBOX, [("y", "title", "a", 0)])
        await refused(engine, ("z", "title", "a", 0))


async def test_counters_are_right_after_a_restart_from_the_journal() -> None:
    async with running_engine(items=4, open_items=3) as engine:
        await engine.push(INBOX, [("t1", "item", task(), 0), ("t2", "item", task(), 0)])
        await engine.folding.fold()
        await engine.push(INBOX, [("t3", "item", task(), 0)])
        await engine.crash()
        async with running_engine(engine.storage, engine.clock, items=4, open_items=3) as later:
            await refused(later, ("t4", "item", task(), 0))
            await later.push(INBOX, [("t1", "archived", True, 0)])
            await later.push(INBOX, [("t4", "item", task(), 0)])
            assert later.ledger(INBOX).items == 4


# ------------------------------------------------------------------ personal statements


async def test_what_is_personal_about_shared_items_is_stated_in_the_readers_inbox(engine: Engine) -> None:
    said = [
        ("space/team/t1", "read", True, 0),
        ("space/team/t1", "snoozed", START + 1, 0),
        ("space/team/*", "read_upto", START, 0),
    ]
    await engine.push(INBOX, said)
    ledger = engine.ledger(INBOX)
    assert (ledger.items, ledger.live, ledger.unknown) == (0, 0, 0)
    registers = await engine.registers(INBOX)
    assert set(registers) == {"space/team/t1", "space/team/*"}
    counts = await engine.actions.counts(engine.identity("ann"), NAME)
    assert (counts.unread, counts.unseen, counts.open) == (0, 0, 0)


# ------------------------------------------------------------------ history


async def test_a_late_statement_on_an_item_in_history_is_joined_there(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "old", at(1))])
    await retired(engine, "t1")
    reader = await engine.join(INBOX)
    seq = engine.ledger(INBOX).seq
    assert await engine.push(INBOX, [("t1", "title", "new", at(2)), ("t1", "priority", 4, at(2))]) == seq
    assert reader.commits == []
    item = await engine.actions.item(engine.identity("ann"), NAME, "t1")
    assert (item["title"], item["priority"]) == ("new", 4)
    assert await engine.registers(INBOX) == {}


async def test_what_was_in_memory_of_an_item_does_not_stand_in_for_its_history(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "old", at(1))])
    await retired(engine, "t1")
    seq = engine.ledger(INBOX).seq
    assert await engine.push(INBOX, [("t1", "title", "new", at(2))]) == seq
    assert await engine.registers(INBOX) == {}


async def test_a_statement_that_loses_in_history_changes_nothing(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "new", at(2))])
    await retired(engine, "t1")
    engine.store.forget()
    await engine.push(INBOX, [("t1", "title", "old", at(1))])
    assert engine.store.commits == []


async def test_a_change_to_an_item_in_history_is_answered_as_it_stands_after(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task("old"), 0)])
    await retired(engine, "t1")
    item = await engine.actions.change(engine.identity("ann"), NAME, "t1", {"title": "new", "read": True})
    assert (item["title"], item["read"], item["archived"]) == ("new", True, True)


async def test_an_item_that_lives_again_comes_back_whole(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "title", "edited", at(1))])
    before = (await engine.registers(INBOX))[ItemId("t1")]
    await retired(engine, "t1")
    reader = await engine.join(INBOX)
    assert reader.registers == {}
    later = hlc_of(engine.clock.now())
    await engine.push(INBOX, [("t1", "archived", False, later)], origin=reader.id)
    came = reader.registers[ItemId("t1")]
    assert set(came) == {*before, "archived"}
    assert came[Slot("item")].value == before[Slot("item")].value
    assert (NAME, ItemId("t1")) not in engine.storage.tables.history
    assert set((await engine.registers(INBOX))[ItemId("t1")]) == set(came)
    assert engine.ledger(INBOX).items == 1


async def test_an_item_that_came_back_is_not_counted_twice_after_a_restart(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await retired(engine, "t1")
    await engine.push(INBOX, [("t1", "archived", False, 0)])
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        await later.push(INBOX, [("t1", "read", True, 0)])
        assert later.ledger(INBOX).items == 1


async def test_an_attempt_that_is_reopened_brings_its_item_back(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "status", [1, "failed"], at(1))])
    await sweep(engine)
    assert await engine.registers(INBOX) == {}
    await engine.push(INBOX, [("t1", "status", [1, "queued"], at(2))])
    item = (await engine.registers(INBOX))[ItemId("t1")]
    assert (item[Slot("status")].value, item[Slot("final")].hlc) == ([2, "queued"], at(1) + 1)


async def test_an_attempt_that_ends_in_history_is_finalized_all_the_same(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await retired(engine, "t1")
    await engine.push(INBOX, [("t1", "status", [1, "failed"], at(1))])
    assert [(event.item, event.attempt) for event in engine.events()] == [("t1", 1)]
    item = await engine.actions.item(engine.identity("ann"), NAME, "t1")
    assert item["status"] == "failed"
    await engine.push(INBOX, [("t1", "status", [1, "succeeded"], at(1) - 1)])
    assert len(engine.events()) == 1


async def test_what_is_stated_on_an_item_in_the_turn_that_retires_it_keeps_it(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "archived", True, 0)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    engine.store.at_commit.close()
    other = engine.push("inbox/bob", [("n1", "item", notification(), 0)])
    await engine.store.at_commit.arrival()
    sweeping = asyncio.ensure_future(engine.sweeper.sweep())
    await asyncio.sleep(0)
    pushed = engine.push(INBOX, [("t1", "title", "edited", 0)])
    engine.store.at_commit.open()
    await asyncio.gather(other, pushed, sweeping)
    assert set((await engine.registers(INBOX))[ItemId("t1")]) == {"item", "archived", "title"}
    assert engine.storage.tables.history == {}


async def test_what_is_not_folded_yet_is_not_moved(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0), ("t1", "archived", True, 0)])
    await engine.folding.fold()
    await engine.push(INBOX, [("t1", "title", "edited", 0)])
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    assert engine.storage.tables.history == {}
    await sweep(engine)
    assert (NAME, ItemId("t1")) in engine.storage.tables.history
    assert await engine.registers(INBOX) == {}


async def opened(engine: Engine, seq: int) -> tuple[bool, set[str]]:
    """What an open with that seq is answered: full, and which items."""
    ledger = engine.ledger(INBOX)
    future: asyncio.Future[tuple[bool, set[str]]] = asyncio.get_running_loop().create_future()

    def done(full: bool, statements: list[Statement]) -> None:
        future.set_result((full, {each.item for each in statements}))

    engine.pipeline.submit(Catch(ledger, ledger.incarnation, Seq(seq), done, future.set_exception))
    return await future


async def test_who_comes_from_below_the_floor_gets_everything_anew(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await engine.push(INBOX, [("t2", "item", task(), 0)])
    await retired(engine, "t1")
    assert engine.ledger(INBOX).floor == 3
    assert await opened(engine, 2) == (True, {"t2"})
    assert await opened(engine, 3) == (False, set())


async def test_who_claims_a_seq_the_hub_never_had_gets_everything_anew(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    assert await opened(engine, 2) == (True, {"t1"})


async def test_who_claims_the_seq_of_the_commit_in_flight_gets_everything_anew(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    claimed = asyncio.ensure_future(opened(engine, 2))
    pushed = engine.push(INBOX, [("t2", "item", task(), 0)])
    await pushed
    assert await claimed == (True, {"t1", "t2"})


async def test_the_floor_outlives_a_restart(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await retired(engine, "t1")
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        await later.registers(INBOX)
        assert later.ledger(INBOX).floor == 2


async def test_who_opens_in_the_turn_that_raises_the_floor_misses_nothing(engine: Engine) -> None:
    await engine.push(INBOX, [("t0", "item", task(), 0)])
    await engine.push(INBOX, [("t1", "item", task(), 0)])
    await engine.push(INBOX, [("t2", "item", task(), 0), ("t1", "archived", True, 0)])
    await engine.push(INBOX, [("t3", "item", task(), 0)])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    engine.store.at_load.close()
    opening = asyncio.ensure_future(opened(engine, 2))
    await engine.store.at_load.arrival()
    sweeping = asyncio.ensure_future(engine.sweeper.sweep())
    await asyncio.sleep(0)
    engine.store.at_load.open()
    full, items = await opening
    await sweeping
    assert engine.ledger(INBOX).floor == 3
    assert items >= ({"t0", "t2", "t3"} if full else {"t2", "t3"})


async def test_a_failing_commit_leaves_history_as_it_was(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "item", task("old"), 0), ("t2", "item", task(), 0)])
    await retired(engine, "t1", "t2")
    engine.store.at_commit.refuse()
    later = hlc_of(engine.clock.now())
    refusal = await refused(engine, ("t1", "title", "new", later), ("t2", "archived", False, later))
    assert isinstance(refusal, Unavailable)
    engine.store.at_commit.accept()
    item = await engine.actions.item(engine.identity("ann"), NAME, "t1")
    assert (item["title"], await engine.registers(INBOX)) == ("old", {})
    await engine.push(INBOX, [("t2", "archived", False, later)])
    assert set(await engine.registers(INBOX)) == {"t2"}


async def test_items_that_stay_do_not_hide_the_rest_from_the_sweep(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.engine.sweeping.SWEEP_ITEMS", 2)
    reopened = [f"t{number}" for number in range(3)]
    for item in reopened:
        await engine.push(INBOX, [(item, "item", task(), 0), (item, "status", [1, "failed"], at(1))])
        await engine.push(INBOX, [(item, "status", [1, "queued"], at(2))])
    await engine.push(INBOX, [("u", "item", task(), 0), ("u", "archived", True, at(3))])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    for _ in range(4):
        await engine.sweeper.sweep()
        await engine.quiet()
    assert set(await engine.registers(INBOX)) == set(reopened)
