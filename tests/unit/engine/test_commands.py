"""Native commands: what is begun at once, what it answers and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest

from hub.model import Json, Scope
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
