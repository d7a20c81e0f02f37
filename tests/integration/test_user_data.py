"""``hub user export`` and ``hub user erase`` on the data folder of a real hub."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]  # ships no types
import pytest
from pycrdt import Doc, Text

from hub.cli import run
from hub.engine.topics import new_incarnation
from hub.model import Actor, Hlc, ItemId, Milliseconds, Seq, Statement, UserId
from hub.protocol import native_device as wire
from hub.state.join import registered
from hub.storage.erasure import Erasure
from hub.storage.folder import DATABASE_NAME
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.sandboxes import RunningSandbox, running_sandbox

CANARY = "the-canary-sings-of-ann"
NOTE, TASK, SHARED = "note-1", "task-1", "shared-1"
CONFIG = """
[channels.ops]
kind = "wecom_robot"
key = "a-key-that-nobody-may-see"
base_url = "{robot}"
[[routes]]
channels = ["ops"]
delay = {delay}
"""

Output = pytest.CaptureFixture[str]


@pytest.fixture
async def robot() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox() as running:
        yield running


def settings(tmp_path: Path, robot: RunningSandbox, delay: int = 3600) -> Path:
    file = tmp_path / "hub.toml"
    file.write_text(CONFIG.format(robot=robot.url, delay=delay))
    return file


async def posted(hub: RunningHub, path: str, item: dict[str, Any], user: str = "svc") -> None:
    status, answer = await hub.http("POST", path, item, hub.token(user, "publish"))
    assert status == 201, answer


async def lived(hub: RunningHub) -> None:
    """Ann and Bob use the hub: an inbox each, a space and a document together."""
    admin = hub.token("root", "admin")
    await hub.http("PUT", "/v1/users/ann", {"name": f"Ann {CANARY}"}, admin)
    for topic in ("spaces/team", "docs/plan"):
        for user in ("ann", "bob"):
            await hub.http("PUT", f"/v1/{topic}/members/{user}", {"access": "write"}, admin)
    note = {"kind": "notification", "title": f"Note {CANARY}", "body": CANARY * 2000, "id": NOTE}
    await posted(hub, "/v1/users/ann/items", note)
    await posted(hub, "/v1/users/ann/items", {"kind": "task", "title": f"Task {CANARY}", "id": TASK})
    await posted(hub, "/v1/users/bob/items", {"kind": "notification", "title": "For Bob", "id": NOTE})
    phone = hub.device("ann", f"Phone {CANARY}")
    await phone.connect()
    for topic in ("inbox/ann", "space/team", "doc/plan"):
        await phone.open(topic)
    await phone.act("inbox/ann", TASK, "status", [1, "succeeded"])
    await phone.act("space/team", SHARED, "item", {"kind": "task", "title": "Shared by Ann"})
    await phone.act("space/team", SHARED, "assignee", "ann")
    await phone.act("space/team", SHARED, "status", [1, "succeeded"])
    await phone.act("inbox/ann", f"space/team/{SHARED}", "read", True)
    assert isinstance(await phone.push_raw("doc/plan", content("a plan")), wire.Ok)


def content(text: str) -> bytes:
    """Of a document, as one update."""
    doc: Doc[Any] = Doc()
    doc["text"] = Text(text)
    update: bytes = doc.get_update()
    return update


def text_of(updates: list[str]) -> str:
    """Of a document in an export."""
    doc: Doc[Any] = Doc()
    doc["text"] = Text()
    for update in updates:
        doc.apply_update(base64.b64decode(update))
    return str(doc["text"])


def exported(folder: Path, capsys: Output, *options: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["user", "export", "ann", "--data", str(folder), *options]) == 0
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return document


def erased(folder: Path, user: str = "ann") -> int:
    return run(["user", "erase", user, "--data", str(folder), "--yes"])


def bytes_of(folder: Path) -> bytes:
    """What is in the folder's files, one after the other."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_an_export_holds_everything_while_the_hub_runs(
    tmp_path: Path, robot: RunningSandbox, capsys: Output, folded: bool
) -> None:
    """Folded or not makes no difference."""
    folder, file = tmp_path / "data", settings(tmp_path, robot)
    async with running_hub(folder, file=file, storage__fold_interval=3600.0) as hub:
        await lived(hub)
        if folded:
            await hub.app.folding.fold()
        found = await asyncio.to_thread(exported, folder, capsys, "--documents")
        status, listed = await hub.http("GET", "/v1/users/me/items", token=hub.token("ann"))
        (device,) = {row[0] for row in hub.stored()["devices"] if row[1] == "ann"}
    assert status == 200
    assert (found["format"], found["name"]) == ("tongbu.user/1", "ann")
    assert found["user"]["name"] == f"Ann {CANARY}"
    assert [(row["device"], row["name"]) for row in found["devices"]] == [(device, f"Phone {CANARY}")]
    assert {row["topic"] for row in found["memberships"]} == {"space/team", "doc/plan"}
    items = {item["id"]: item for item in found["inbox"]["items"]}
    assert [items[item["id"]]["state"] for item in listed["items"]] == listed["items"]
    assert set(items) == {NOTE, TASK, f"space/team/{SHARED}"}
    assert items[f"space/team/{SHARED}"]["registers"]["read"]["value"] is True
    assert items[TASK]["registers"]["status"]["actor"] == device
    stated = {row["field"]: row for row in found["statements"]}
    assert set(stated) == {"item", "assignee", "status"}
    assert stated["item"]["value"]["title"] == "Shared by Ann"
    assert len(found["statements"]) == 3
    assert {row["item"] for row in found["events"]} == {NOTE, TASK}
    assert sorted((row["item"], row["user"]) for row in found["deliveries"]) == [
        (NOTE, "ann"),
        (SHARED, "ann"),
        (TASK, "ann"),
    ]
    (document,) = found["documents"]
    assert text_of(document["updates"]) == "a plan"
    assert [row["topic"] for row in found["client_ids"]] == ["doc/plan"]


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_an_export_holds_the_notes_of_their_items_though_somebody_else_made_them(
    tmp_path: Path, capsys: Output, folded: bool
) -> None:
    """An admin shared them with Bob, who wrote; Ann has not opened them yet and is no member by name."""
    folder, notes = tmp_path / "data", f"doc/inbox/ann/{TASK}"
    async with running_hub(folder, storage__fold_interval=3600.0) as hub:
        admin = hub.token("root", "admin")
        await hub.http("PUT", "/v1/users/ann", {"name": "Ann"}, admin)
        for name in (f"inbox/ann/{TASK}", f"inbox/anna/{TASK}"):
            assert (await hub.http("PUT", f"/v1/docs/{name}/members/bob", {"access": "write"}, admin))[
                0
            ] == 200
        phone = hub.device("bob")
        await phone.connect()
        for topic in (notes, f"doc/inbox/anna/{TASK}"):
            await phone.open(topic)
            assert isinstance(await phone.push_raw(topic, content("notes")), wire.Ok)
        if folded:
            await hub.app.folding.fold()
        found = await asyncio.to_thread(exported, folder, capsys, "--documents")
        named = await asyncio.to_thread(exported, folder, capsys)
    assert named["documents"] == [{"topic": notes}]
    (document,) = found["documents"]
    assert (document["topic"], text_of(document["updates"])) == (notes, "notes")


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_an_export_holds_the_notes_of_spaces_that_they_write_and_of_no_others(
    tmp_path: Path, capsys: Output, folded: bool
) -> None:
    """Ann writes in one space, reads another, and is in no third; by name she is a member of no document."""
    folder, spaces = tmp_path / "data", ("team", "board", "teams")
    async with running_hub(folder, storage__fold_interval=3600.0) as hub:
        admin = hub.token("root", "admin")
        for user, space, access in (
            *(("bob", space, "write") for space in spaces),
            ("ann", "team", "write"),
            ("ann", "board", "read"),
        ):
            path = f"/v1/spaces/{space}/members/{user}"
            assert (await hub.http("PUT", path, {"access": access}, admin))[0] == 200
        phone = hub.device("bob")
        await phone.connect()
        for space in spaces:
            await phone.open(f"doc/space/{space}/{TASK}")
            pushed = await phone.push_raw(f"doc/space/{space}/{TASK}", content(f"of {space}"))
            assert isinstance(pushed, wire.Ok)
        if folded:
            await hub.app.folding.fold()
        found = await asyncio.to_thread(exported, folder, capsys, "--documents")
    (document,) = found["documents"]
    assert (document["topic"], text_of(document["updates"])) == (f"doc/space/team/{TASK}", "of team")


async def test_an_export_joins_what_is_not_folded_yet_with_what_is(
    tmp_path: Path, robot: RunningSandbox, capsys: Output
) -> None:
    folder, file = tmp_path / "data", settings(tmp_path, robot)
    async with running_hub(folder, file=file, storage__fold_interval=3600.0) as hub:
        await lived(hub)
        ann, path = hub.token("ann"), f"/v1/users/me/items/{NOTE}"
        assert (await hub.http("PATCH", path, {"read": True}, ann))[0] == 200
        await hub.app.folding.fold()
        assert (await hub.http("PATCH", path, {"read": False, "pinned": True}, ann))[0] == 200
        patch = {"assignee": "bob"}
        assert (await hub.http("PATCH", f"/v1/spaces/team/items/{SHARED}", patch, hub.token("bob")))[0] == 200
        found = await asyncio.to_thread(exported, folder, capsys)
        _, listed = await hub.http("GET", "/v1/users/me/items", token=ann)
    items = {item["id"]: item["state"] for item in found["inbox"]["items"]}
    assert [items[item["id"]] for item in listed["items"]] == listed["items"]
    assert (items[NOTE]["read"], items[NOTE]["pinned"]) == (False, True)
    assert {row["field"] for row in found["statements"]} == {"item", "status"}


async def test_an_export_tells_what_went_out_and_what_lies_in_history(
    tmp_path: Path, robot: RunningSandbox, capsys: Output
) -> None:
    folder, file = tmp_path / "data", settings(tmp_path, robot, delay=0)
    async with running_hub(folder, file=file) as hub:
        await lived(hub)
        laptop = hub.device("ann")
        await laptop.connect()
        await laptop.open("inbox/ann")
        await laptop.until(lambda: laptop.state.value("inbox/ann", TASK, "sent.ops") is not None)
        await hub.app.folding.fold()
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        rows = connection.execute(
            "SELECT slot, value, hlc, actor, weight, seq FROM registers WHERE item = ?", (NOTE,)
        )
        registers = {
            slot: [msgpack.unpackb(value), hlc, actor, seq, weight]
            for slot, value, hlc, actor, weight, seq in rows
        }
        connection.execute("DELETE FROM registers WHERE item = ? AND topic = 'inbox/ann'", (NOTE,))
        connection.execute(
            "INSERT INTO history VALUES ('inbox/ann', ?, 1, 2, ?)", (NOTE, msgpack.packb(registers))
        )
        connection.commit()
    found = exported(folder, capsys)
    (item,) = [item for item in found["inbox"]["items"] if item["id"] == NOTE]
    assert item["moved_to_history_at"] == 2
    sent = [row for row in found["deliveries"] if row["item"] == TASK]
    assert sent[0]["state"] == "sent"
    assert CANARY in sent[0]["bodies"][0]
    assert "documents" in found
    assert "updates" not in found["documents"][0]
    assert "a-key-that-nobody-may-see" not in json.dumps(found)


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_an_erased_user_leaves_no_byte_and_nobody_else_loses_one(
    tmp_path: Path, robot: RunningSandbox, capsys: Output, folded: bool
) -> None:
    folder, file = tmp_path / "data", settings(tmp_path, robot)
    async with running_hub(folder, file=file, storage__fold_interval=3600.0) as hub:
        await lived(hub)
        bob = hub.device("bob")
        await bob.connect()
        inbox, space = await bob.open("inbox/bob"), await bob.open("space/team")
        before = (inbox.incarnation, space.incarnation)
        ann_token = hub.token("ann")
        if folded:
            await hub.app.folding.fold()
        (device,) = {row[0] for row in hub.stored()["devices"] if row[1] == "ann"}
    assert CANARY.encode() in bytes_of(folder)
    assert erased(folder) == 0
    told = capsys.readouterr().err
    assert "1  user" in told
    assert "3  statements in spaces, now by erased" in told
    left = bytes_of(folder)
    for trace in (CANARY, device, "inbox/ann", f"space/team/{SHARED}"):
        assert trace.encode() not in left, trace
    assert not (folder / f"{DATABASE_NAME}-wal").exists()

    async with running_hub(folder, file=file) as hub:
        admin = hub.token("root", "admin")
        path = f"/v1/spaces/team/items/{SHARED}"
        status, shared = await hub.http("GET", path, token=hub.token("bob"))
        assert (status, shared["title"]) == (200, "Shared by Ann")
        assert (shared["by"], shared["assignee"]) == ("erased", "erased")
        assert (shared["status"], shared["final"]["status"]) == ("succeeded", "succeeded")
        bob.url = hub.native_url
        await bob.connect()
        await bob.until(lambda: inbox.handle is not None and space.handle is not None)
        assert inbox.incarnation == before[0]
        assert space.incarnation != before[1]
        assert device not in {each.actor for item in space.registers.values() for each in item.values()}
        events = (await hub.http("GET", "/v1/events", token=admin))[1]["items"]
        assert {event["topic"] for event in events} == {"inbox/bob", "space/team"}
        deliveries = (await hub.http("GET", "/v1/deliveries", token=admin))[1]["items"]
        assert {row["user"] for row in deliveries} == {"bob"}
        assert (await hub.http("GET", "/v1/users/me/items", token=ann_token))[0] == 401
        assert hub.stored()["client_ids"][0][2] == "erased"
        await bob.disconnect()


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_what_is_erased_is_erased_wherever_it_stood(
    tmp_path: Path, robot: RunningSandbox, folded: bool
) -> None:
    """In the journal or in the tables; who comes again under the name finds an empty inbox."""
    folder, file = tmp_path / "data", settings(tmp_path, robot)
    async with running_hub(folder, file=file, storage__fold_interval=3600.0) as hub:
        await lived(hub)
        if folded:
            await hub.app.folding.fold()
        ann = hub.device("ann")
        await ann.connect()
        incarnation = (await ann.open("inbox/ann")).incarnation
        await ann.disconnect()
    assert erased(folder) == 0
    assert CANARY.encode() not in bytes_of(folder)
    async with running_hub(folder, file=file) as hub:
        new = hub.device("ann")
        assert (await hub.http("GET", "/v1/users/ann", token=hub.token("root", "admin")))[0] == 404
        await posted(hub, "/v1/users/ann/items", {"kind": "task", "title": "New"})
        await new.connect()
        replica = await new.open("inbox/ann")
        assert replica.incarnation != incarnation
        assert len(replica.registers) == 1
        assert (await hub.http("GET", "/v1/spaces/team/items", token=hub.token("ann")))[0] in (403, 404)
        await new.disconnect()
        stored = hub.stored()
    assert {row[1] for row in stored["members"]} == {"bob"}
    assert {row[1] for row in stored["devices"]} == {"ann"}


async def test_a_hub_that_runs_is_left_alone(hub: RunningHub, capsys: Output) -> None:
    await posted(hub, "/v1/users/ann/items", {"kind": "task", "title": "T", "id": TASK})
    assert await asyncio.to_thread(erased, hub.folder) == 2
    assert "in use by another hub" in capsys.readouterr().err
    assert (await hub.http("GET", f"/v1/users/me/items/{TASK}", token=hub.token("ann")))[0] == 200


@pytest.fixture
async def left(tmp_path: Path, robot: RunningSandbox) -> Path:
    """The data folder of a hub that was stopped."""
    folder = tmp_path / "data"
    async with running_hub(folder, file=settings(tmp_path, robot), storage__fold_interval=3600.0) as hub:
        await lived(hub)
    return folder


def erasure(folder: Path) -> Erasure:
    return Erasure(folder, lambda: None, new_incarnation)


def rows(folder: Path) -> dict[str, list[Any]]:
    """Every row of every table, but for the mark of an interrupted erasure."""
    with closing(sqlite3.connect(folder / DATABASE_NAME)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in names}


async def test_an_erasure_that_ends_before_its_commit_changed_nothing(left: Path) -> None:
    before = rows(left)
    begun = erasure(left)
    assert begun.begin(UserId("ann"), Milliseconds(1))["user"] == 1
    begun.close()
    assert rows(left) == before


async def test_an_erasure_that_ends_after_its_commit_is_finished_by_the_next(
    left: Path, capsys: Output
) -> None:
    begun = erasure(left)
    begun.begin(UserId("ann"), Milliseconds(1))
    begun.commit()
    begun.close()
    with closing(erasure(left)) as again:
        assert again.to_scrub()
    assert erased(left) == 0
    assert "interrupted" in capsys.readouterr().err
    assert CANARY.encode() not in bytes_of(left)
    assert erased(left) == 1
    assert "Nothing is kept of ann" in capsys.readouterr().err


async def test_killed_at_any_moment_it_did_all_or_nothing(left: Path) -> None:
    """The process is killed while it asks, with everything erased within its transaction."""
    before = rows(left)
    command = [sys.executable, "-m", "hub", "user", "erase", "ann", "--data", str(left)]
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    async with asyncio.timeout(20):
        assert b"Erase ann" in await process.stderr.readuntil(b"]")
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    assert rows(left) == before


async def test_no_is_an_answer(left: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(left)
    monkeypatch.setattr("typer.confirm", lambda *_words, **_options: False)
    assert run(["user", "erase", "ann", "--data", str(left)]) == 1
    assert "Nothing was erased" in capsys.readouterr().err
    assert rows(left) == before


async def test_an_erasure_touches_nothing_of_anybody_else(left: Path) -> None:
    before = rows(left)
    assert erased(left) == 0
    after = rows(left)
    for table, those in before.items():
        kept = [row for row in those if row in after[table]]
        gone = [row for row in those if row not in after[table]]
        assert all(b"ann" in repr(row).encode() or "space/team" in row for row in gone), table
        assert [row for row in after[table] if row in those] == kept
    assert after["audit"] == before["audit"]


async def test_what_history_holds_of_the_inbox_goes_too(left: Path) -> None:
    with closing(sqlite3.connect(left / DATABASE_NAME)) as connection:
        registers = msgpack.packb({"item": [{"by": "svc.api", "title": CANARY}, 1, "svc.api", 1, b""]})
        for topic in ("inbox/ann", "inbox/bob"):
            connection.execute("INSERT INTO history VALUES (?, 'gone', 1, 2, ?)", (topic, registers))
        connection.commit()
    assert erased(left) == 0
    assert [row[0] for row in rows(left)["history"]] == ["inbox/bob"]


async def test_what_history_holds_of_a_space_loses_the_name_too(left: Path) -> None:
    registers = {
        "item": [{"by": "ann.api", "title": "Old"}, 1, "ann.api", 1, b""],
        "read": [True, 2, "x", 1, b"w"],
    }
    with closing(sqlite3.connect(left / DATABASE_NAME)) as connection:
        row = ("space/old", "gone", 1, 2, msgpack.packb(registers))
        connection.execute("INSERT INTO history VALUES (?, ?, ?, ?, ?)", row)
        connection.commit()
    assert erased(left) == 0
    (row,) = rows(left)["history"]
    found = msgpack.unpackb(row[4])
    assert found["item"][:3] == [{"by": "erased", "title": "Old"}, 1, "erased"]
    assert found["read"] == registers["read"]


async def test_a_statement_that_lost_to_one_not_folded_yet_does_not_come_back(left: Path) -> None:
    """The actor is a part of the weight: ``erased`` outweighs ``bob``, ``ann`` does not."""
    item, stamp = ItemId("both"), Hlc(2**40)
    anns, bobs = (Statement(item, "title", f"by {who}", stamp, Actor(who)) for who in ("ann.api", "bob"))
    stands = registered(anns, Seq(1))
    with closing(sqlite3.connect(left / DATABASE_NAME)) as connection:
        columns = (
            "space/team",
            item,
            "title",
            msgpack.packb(stands.value),
            stamp,
            "ann.api",
            stands.weight,
            1,
        )
        connection.execute("INSERT INTO registers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", columns)
        number = connection.execute("SELECT max(number) FROM journal").fetchone()[0] or 0
        body = msgpack.packb([bobs])
        connection.execute("INSERT INTO journal VALUES (?, 'space/team', 1, 99, ?)", (number + 1, body))
        connection.commit()
    assert erased(left) == 0
    (row,) = [row for row in rows(left)["registers"] if row[1] == item]
    assert (msgpack.unpackb(row[3]), row[5]) == ("by bob", "bob")
    (incarnation,) = {row[2] for row in rows(left)["journal"] if row[1] == "space/team"}
    assert incarnation != 1


async def test_an_export_into_a_file_is_private_and_whole(left: Path, tmp_path: Path, capsys: Output) -> None:
    target = tmp_path / "ann.json"
    assert run(["user", "export", "ann", "--data", str(left), "--output", str(target)]) == 0
    assert capsys.readouterr().out == ""
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert json.loads(target.read_text())["name"] == "ann"
    assert run(["user", "export", "ann", "--data", str(left), "-o", str(tmp_path / "no" / "ann.json")]) == 1
    assert [name for name in os.listdir(tmp_path) if "ann.json" in name] == ["ann.json"]


async def test_of_somebody_unknown_there_is_nothing(left: Path, capsys: Output) -> None:
    for arguments in (["export", "eve"], ["erase", "eve", "--yes"]):
        assert run(["user", *arguments, "--data", str(left)]) == 1
        assert "Nothing is kept of eve" in capsys.readouterr().err
