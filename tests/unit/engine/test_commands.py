"""Native commands: what is begun at once, what it answers and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from hub.model import ItemId, Json, Scope, Slot, TopicName, UserId
from hub.ports import MemberRow
from hub.protocol import native_device as wire
from tests.kit.engines import Engine, notification, running_engine, task
from tests.kit.peers import LinkedDevice

INBOX = "inbox/ann"


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as engine:
        yield engine


async def connected(engine: Engine, user: str = "ann", name: str = "device", *scopes: Scope) -> LinkedDevice:
    device = LinkedDevice(engine, user, name, *scopes)
    await device.connect()
    return device


def command(name: str, params: dict[str, Json], ref: int) -> bytes:
    return wire.command(ref, name, params)


async def test_a_command_that_writes_into_an_inbox_waits_in_no_task(engine: Engine) -> None:
    program = await connected(engine, "bot", "program", "user", "publish")
    await program.ask(lambda ref: wire.command(ref, "create", {"id": "t1", "topic": INBOX, **task()}))
    tasks = asyncio.all_tasks()
    asked: dict[str, Json] = {"item": "t1", "topic": INBOX, "progress": 0.5}
    ref = program.state.ref()
    program.say(wire.command(ref, "progress", asked))
    assert program.link is not None
    assert program.link.carry_up()
    assert asyncio.all_tasks() == tasks
    await program.exchange()
    ok = program.state.answers[ref]
    assert isinstance(ok, wire.Ok)
    assert isinstance(ok.value, dict)
    assert (ok.value["id"], ok.value["progress"], ok.value["attempt"]) == ("t1", 0.5, 1)


async def test_a_program_is_answered_as_the_inboxs_owner_reads_it(engine: Engine) -> None:
    owner, program = await connected(engine), await connected(engine, "bot", "program", "user", "publish")
    created = {"id": "n1", "topic": INBOX, **notification()}
    await program.ask(lambda ref: wire.command(ref, "create", created))
    await owner.ask(lambda ref: wire.command(ref, "read_all", {}))
    again = await program.ask(lambda ref: wire.command(ref, "create", created))
    assert isinstance(again, wire.Ok)
    assert isinstance(again.value, dict)
    assert again.value["read"] is True


async def test_a_command_is_refused_without_a_task_as_with_one(engine: Engine) -> None:
    device = await connected(engine)
    await device.ask(lambda ref: wire.command(ref, "create", {"id": "t1", **task()}))
    refused: list[tuple[str, dict[str, Json], str]] = [
        ("progress", {"item": "t1"}, "bad_field"),
        ("mark", {"item": "t1"}, "bad_value"),
        ("mark", {"item": "t2", "read": True}, "not_found"),
        ("mark", {"item": "t1", "topic": "inbox/bob", "read": True}, "forbidden"),
        ("create", {"id": "t1", **task("another")}, "exists"),
        ("create", {"id": "n1", **notification()}, "forbidden"),
        ("mark", {"item": "t1", "topic": "inbox", "read": True}, "bad_id"),
        ("mark", {"item": "t1", "topic": "doc/board", "read": True}, "unknown_topic"),
        ("nothing", {}, "bad_field"),
    ]
    for name, params, code in refused:
        no = await device.ask(partial(command, name, params))
        assert isinstance(no, wire.No)
        assert no.code == code, (name, params)


async def test_a_write_that_asks_for_no_item_is_answered_with_its_seq(
    engine: Engine,
) -> None:
    program = await connected(engine, "bot", "program", "user", "publish")
    values: list[Json] = []
    asked: list[tuple[str, dict[str, Json]]] = [
        ("create", {"id": "n1", **notification()}),  # ann is not known yet
        ("create", {"id": "n2", **notification()}),
        ("start", {"id": "t1", "title": "a task"}),
        ("progress", {"item": "t1", "progress": 0.5}),
        ("progress", {"item": "t1", "progress": 0.25, "attempt": 1}),  # loses
        ("end", {"item": "t1", "status": "failed"}),
    ]
    for name, params in asked:
        ok = await program.ask(partial(command, name, {**params, "topic": INBOX, "answer": "seq"}))
        assert isinstance(ok, wire.Ok), ok
        values.append(ok.value)
    assert values == [1, 2, 3, 4, 4, 5]
    assert await engine.value(INBOX, "t1", "progress") == [1, 0.5]


async def test_of_an_item_in_a_space_the_seq_is_that_of_the_topic_it_was_saved_in(engine: Engine) -> None:
    await engine.storage.directory.put_member(MemberRow(TopicName("space/team"), UserId("ann"), "write"))
    device = await connected(engine)
    space: dict[str, Json] = {"topic": "space/team", "answer": "seq"}
    asked: list[tuple[str, dict[str, Json], int]] = [
        ("create", {"id": "t1", **task()}, 1),
        ("progress", {"item": "t1", "progress": 0.5}, 2),
        ("mark", {"item": "t1", "read": True}, 1),
        ("mark", {"item": "t1", "pinned": True}, 2),
        ("mark", {"item": "t1", "title": "another", "pinned": False}, 3),
    ]
    for name, params, seq in asked:
        ok = await device.ask(partial(command, name, {**params, **space}))
        assert isinstance(ok, wire.Ok), ok
        assert ok.value == seq, (name, params)


async def test_what_asks_for_no_item_is_checked_like_what_does(engine: Engine) -> None:
    owner, program = await connected(engine), await connected(engine, "bot", "program", "publish")
    await owner.ask(partial(command, "create", {"id": "t1", **task()}))
    refused: list[tuple[str, dict[str, Json], str]] = [
        ("progress", {"item": "t1", "progress": 0.5}, "forbidden"),  # somebody else created it
        ("progress", {"item": "t2", "progress": 0.5}, "forbidden"),
        ("mark", {"item": "t1", "read": True}, "forbidden"),
        ("create", {"id": "t1", **task("another")}, "exists"),
        ("progress", {"item": "t1", "progress": 0.5, "answer": "all"}, "bad_value"),
        ("progress", {"item": "t1", "progress": 0.5, "answer": None}, "bad_value"),
        ("progress", {"item": "t1", "progress": 0.5, "answer": []}, "bad_value"),
        ("get", {"item": "t1", "answer": "seq"}, "bad_field"),
    ]
    for name, params, code in refused:
        no = await program.ask(partial(command, name, {"topic": INBOX, "answer": "seq", **params}))
        assert isinstance(no, wire.No), (name, params)
        assert no.code == code, (name, params)
    no = await owner.ask(partial(command, "progress", {"item": "t2", "progress": 0.5, "answer": "seq"}))
    assert isinstance(no, wire.No)
    assert no.code == "not_found"


async def test_a_write_that_asks_for_no_item_reads_only_what_it_joins_or_looks_at(engine: Engine) -> None:
    program = await connected(engine, "bot", "program", "publish")
    await program.ask(partial(command, "create", {"id": "t1", "topic": INBOX, **task()}))
    await engine.folding.fold()
    engine.memory.cache.forget((TopicName(INBOX), ItemId("t1"), Slot("item")))
    engine.store.forget()
    asked: dict[str, Json] = {"item": "t1", "topic": INBOX, "progress": 0.5, "answer": "seq"}
    await program.ask(partial(command, "progress", {**asked, "attempt": 1}))
    [wanted] = engine.store.reads
    assert {key.slot for key in wanted.registers} == {"item", "progress"}
    assert not wanted.items
    engine.store.forget()
    await program.ask(partial(command, "progress", asked))  # of whichever attempt is the current one
    [wanted] = engine.store.reads
    assert not wanted.registers
    assert wanted.items == {(INBOX, "t1")}
