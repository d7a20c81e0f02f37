"""What is stated first on an item that was just created asks the store for nothing; and nothing that the
store or history holds is taken for absent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest

from hub.engine.residence import WHOLE
from hub.model import ItemId, Json, Slot, TopicName
from hub.protocol import native_device as wire
from hub.state.clock import hlc_of
from hub.state.weights import ITEM
from tests.kit.clocks import START
from tests.kit.engines import Engine, running_engine, task
from tests.kit.peers import LinkedDevice

INBOX = TopicName("inbox/ann")
T1 = ItemId("t1")
DAY = 86_400.0


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine(retention=DAY) as engine:
        yield engine


async def connected(engine: Engine) -> LinkedDevice:
    device = LinkedDevice(engine, "bot", "program", "user", "publish")
    await device.connect()
    return device


async def asked(program: LinkedDevice, name: str, **params: Json) -> dict[str, Any]:
    """A command on an item of the inbox; the item as it answers."""
    answer = await program.ask(partial(command, name, {"topic": INBOX, **params}))
    assert isinstance(answer, wire.Ok), answer
    assert isinstance(answer.value, dict)
    return answer.value


def command(name: str, params: dict[str, Json], ref: int) -> bytes:
    return wire.command(ref, name, params)


async def created(engine: Engine) -> LinkedDevice:
    """The program that created the task; from then on reads are watched."""
    program = await connected(engine)
    await asked(program, "create", id="t1", **task())
    engine.store.forget()
    return program


def at(milliseconds: int) -> int:
    """A stamp so many milliseconds after the clock's start."""
    return hlc_of(START + milliseconds)


def is_whole(engine: Engine) -> bool:
    """Whether it is remembered that the store holds nothing of the item."""
    return WHOLE in engine.memory.cache.entry(INBOX, T1)


# ------------------------------------------------------------------ nothing is read


STATED = [("progress", [1, 0.5]), ("status", [1, "running"]), ("status", [1, "succeeded"]), ("read", True)]


@pytest.mark.parametrize(("field", "value"), STATED)
async def test_what_is_pushed_on_a_new_item_reads_nothing(engine: Engine, field: str, value: Any) -> None:
    await created(engine)
    await engine.push(INBOX, [("t1", field, value, at(1))])
    assert engine.store.reads == []
    assert await engine.value(INBOX, "t1", field) == value


@pytest.mark.parametrize(("field", "value"), STATED)
async def test_once_the_item_was_folded_no_more_than_its_record_is_read(
    engine: Engine, field: str, value: Any
) -> None:
    """An event shows the record as it was saved, of which memory keeps no more than the brief."""
    await created(engine)
    await engine.folding.fold()
    await engine.push(INBOX, [("t1", field, value, at(1))])
    read = {key.slot for wanted in engine.store.reads for key in wanted.registers}
    assert read == ({ITEM} if field == "status" else set())
    assert await engine.value(INBOX, "t1", field) == value


async def test_a_push_by_another_author_and_a_command_read_nothing_either(engine: Engine) -> None:
    program = await created(engine)
    await engine.push(INBOX, [("t1", "note", [1, 0.5, "half"], at(1))], "laptop")
    await engine.push(INBOX, [("t1", "read", True, at(2))], "phone")
    asked_for: dict[str, Json] = {"topic": INBOX, "item": "t1", "progress": 0.25, "attempt": 1}
    assert isinstance(
        await program.ask(partial(command, "progress", {**asked_for, "answer": "seq"})), wire.Ok
    )
    assert engine.store.reads == []


async def test_an_item_that_is_created_over_http_is_as_new(engine: Engine) -> None:
    ann = engine.identity("ann")
    await engine.actions.create(ann, INBOX, "t1", task())
    engine.store.forget()
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], at(1))])
    assert engine.store.reads == []
    assert (await engine.actions.item(ann, INBOX, "t1"))["progress"] == 0.5


async def test_it_is_as_new_after_a_commit_that_failed(engine: Engine) -> None:
    program = await connected(engine)
    engine.store.at_commit.refuse()
    refused = await program.ask(partial(command, "create", {"topic": INBOX, "id": "t1", **task()}))
    assert isinstance(refused, wire.No)
    engine.store.at_commit.accept()
    engine.store.forget()
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], at(1))])
    assert engine.store.reads == []
    assert (await engine.registers(INBOX))[T1].keys() == {"progress"}
    item = await asked(program, "create", id="t1", **task())
    assert (item["title"], item["progress"]) == ("a task", 0.5)


# ------------------------------------------------------------------ nothing is lost


async def test_what_waited_for_the_item_takes_effect_with_it(engine: Engine) -> None:
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], at(9)), ("t1", "title", "edited", at(9))])
    program = await connected(engine)
    item = await asked(program, "create", id="t1", **task())
    assert (item["title"], item["progress"]) == ("edited", 0.5)
    assert not is_whole(engine)


async def test_what_waited_for_the_item_in_the_store_alone_stands_against_what_is_older(
    engine: Engine,
) -> None:
    await engine.push(INBOX, [("t1", "progress", [1, 0.5], at(9))])
    await engine.folding.fold()
    await engine.crash()
    async with running_engine(engine.storage, engine.clock) as later:
        await created(later)
        assert not is_whole(later)
        await later.push(INBOX, [("t1", "progress", [1, 0.25], at(1)), ("t1", "title", "new", at(1))])
        assert await later.value(INBOX, "t1", "progress") == [1, 0.5]
        assert {key.slot for wanted in later.store.reads for key in wanted.registers} == {"progress", "title"}


async def test_what_arrives_in_the_turn_that_creates_the_item_stands(engine: Engine) -> None:
    program = await connected(engine)
    engine.store.at_commit.close()
    blocking = engine.push("inbox/bob", [("t9", "title", "x", 0)])
    await engine.store.at_commit.arrival()
    early = engine.push(INBOX, [("t1", "progress", [1, 0.5], at(9))])
    program.say(command("create", {"topic": INBOX, "id": "t1", **task()}, program.state.ref()))
    assert program.link is not None
    program.link.carry_up()
    engine.store.at_commit.open()
    await blocking
    await early
    await engine.quiet()
    await engine.push(INBOX, [("t1", "progress", [1, 0.25], at(1))])
    assert (await engine.registers(INBOX))[T1].keys() == {"item", "progress"}
    assert await engine.value(INBOX, "t1", "progress") == [1, 0.5]


async def test_after_it_was_retired_a_statement_on_it_finds_its_history(engine: Engine) -> None:
    await created(engine)
    assert is_whole(engine)
    await retired(engine)
    assert not is_whole(engine)
    seq = engine.ledger(INBOX).seq
    engine.store.forget()
    assert await engine.push(INBOX, [("t1", "title", "new", at(9))]) == seq
    [wanted] = engine.store.reads
    assert {key.slot for key in wanted.registers} >= {"item", "title"}
    assert await engine.registers(INBOX) == {}
    assert (await engine.actions.item(engine.identity("ann"), INBOX, "t1"))["title"] == "new"


async def test_an_item_in_history_is_not_as_new_to_who_creates_it_again(engine: Engine) -> None:
    await created(engine)
    await retired(engine)
    item, new = await engine.actions.create(engine.identity("ann"), INBOX, "t1", task())
    assert (item["archived"], new) == (True, False)
    assert not is_whole(engine)


async def test_an_item_that_lives_again_is_read_as_it_was_saved(engine: Engine) -> None:
    await created(engine)
    await engine.push(INBOX, [("t1", "title", "edited", at(9))])
    await retired(engine)
    await engine.push(INBOX, [("t1", "archived", False, hlc_of(engine.clock.now()))])
    assert not is_whole(engine)
    await engine.push(INBOX, [("t1", "title", "older", at(1))])
    assert await engine.value(INBOX, "t1", "title") == "edited"


async def retired(engine: Engine) -> None:
    """The item is archived, folded, and in history."""
    await engine.push(INBOX, [("t1", "archived", True, hlc_of(engine.clock.now()))])
    await engine.folding.fold()
    engine.advance(2 * DAY)
    await engine.sweeper.sweep()
    await engine.quiet()
    assert (INBOX, T1) in engine.storage.tables.history


async def test_an_item_that_was_forgotten_is_read_again(engine: Engine) -> None:
    await created(engine)
    await engine.push(INBOX, [("t1", "title", "edited", at(9))])
    await engine.folding.fold()
    for slot in (Slot("item"), Slot("title")):
        engine.memory.cache.forget((INBOX, T1, slot))
    engine.store.forget()
    await engine.push(INBOX, [("t1", "title", "older", at(1))])
    assert len(engine.store.reads) == 1
    assert await engine.value(INBOX, "t1", "title") == "edited"
