"""Bad input over the native wire: each kind gets its documented code, and nothing stored changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pycrdt import Doc, Text

from hub.protocol import native_device as wire
from hub.protocol.frames import pack
from hub.state.clock import hlc_of
from tests.kit.clocks import START, StillClock
from tests.kit.devices import NativeDevice
from tests.kit.hubs import RunningHub, running_hub

INBOX = "inbox/ann"
NOW = hlc_of(START)
NOTE = {"kind": "notification", "title": "a notification"}
TASK = {"kind": "task", "title": "a task"}


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub with some content, that folds nothing by itself."""
    settings: dict[str, Any] = {
        "storage__fold_interval": 3600.0,
        "limits__statements": 5,
        "limits__message": 65_536,
    }
    async with running_hub(tmp_path / "data", StillClock(), **settings) as hub:
        admin, publisher = hub.token("root", "admin"), hub.token("svc", "publish")
        for topic, access in (("team", "read"), ("theirs", None)):
            for user, right in (("ann", access), ("bob", "write")):
                if right is not None:
                    path = f"/v1/spaces/{topic}/members/{user}"
                    assert (await hub.http("PUT", path, {"access": right}, admin))[0] == 200
        for item, record in (("n1", NOTE), ("t1", TASK)):
            body = {**record, "id": item}
            assert (await hub.http("POST", "/v1/users/ann/items", body, publisher))[0] == 201
        async with hub.device("bob") as bob, hub.device("ann", device="anns-device"):
            await bob.open("inbox/bob")
            await bob.open("doc/theirs")
            await bob.push_raw("doc/theirs", written("theirs"))
        yield hub


@pytest.fixture
async def ann(hub: RunningHub) -> AsyncIterator[NativeDevice]:
    """Ann's device with her inbox, a space she may read, and a document of her own open."""
    async with hub.device("ann", device="anns-device") as device:
        for topic in (INBOX, "space/team", "doc/own"):
            await device.open(topic)
        yield device


def written(text: str) -> bytes:
    """A Yjs update that writes a text."""
    doc: Doc[Any] = Doc()
    doc["t"] = Text(text)
    return bytes(doc.get_update())


class Push(NamedTuple):
    code: str
    body: Any
    at: int | None = 0
    topic: str = INBOX


def one(item: Any, field: Any, value: Any, hlc: Any = NOW) -> list[Any]:
    return [[item, field, value, hlc]]


DEEP: Any = 1
for _ in range(17):
    DEEP = [DEEP]

PUSHES = [
    Push("bad_value", "text", None),
    Push("bad_value", {}, None),
    Push("bad_value", 7, None),
    Push("bad_value", None, None),
    Push("bad_value", b"bytes", None),
    Push("bad_value", ["text"]),
    Push("bad_value", [["n1", "read", True]]),
    Push("bad_value", [["n1", "read", True, NOW, "phone"]]),
    Push("bad_value", [["n1", "read", True, NOW], []], 1),
    Push("limit", one("n1", "read", True) * 6, None),
    Push("bad_id", one("a/b", "read", True)),
    Push("bad_id", one("", "read", True)),
    Push("bad_id", one("-x", "read", True)),
    Push("bad_id", one("x" * 65, "read", True)),
    Push("bad_id", one("ä", "read", True)),
    Push("bad_id", one(7, "read", True)),
    Push("bad_id", one("space/team", "read", True)),
    Push("bad_field", one("n1", "color", "red")),
    Push("bad_field", one("n1", 7, "red")),
    Push("bad_field", one("n1", "title", "x")),
    Push("bad_field", one("n1", "status", [1, "running"])),
    Push("bad_field", one("n1", "read_upto", 0)),
    Push("bad_field", one("*", "read", True)),
    Push("bad_field", one("*", "item", NOTE)),
    Push("bad_field", one("space/team/x", "title", "x")),
    Push("bad_value", one("n1", "read", 1)),
    Push("bad_value", one("n1", "read", None)),
    Push("bad_value", one("n1", "snoozed", -1)),
    Push("bad_value", one("n1", "snoozed", 1.5)),
    Push("bad_value", one("n1", "snoozed", True)),
    Push("bad_value", one("t1", "title", "")),
    Push("bad_value", one("t1", "title", "x" * 501)),
    Push("bad_value", one("t1", "priority", 10)),
    Push("bad_value", one("t1", "assignee", "no name")),
    Push("bad_value", one("t1", "status", [1, "done"])),
    Push("bad_value", one("t1", "status", [0, "running"])),
    Push("bad_value", one("t1", "status", [2**31, "running"])),
    Push("bad_value", one("t1", "status", "running")),
    Push("bad_value", one("t1", "status", [None, "running"])),
    Push("bad_value", one("t1", "progress", [1, 1.1])),
    Push("bad_value", one("t1", "progress", [1, float("nan")])),
    Push("bad_value", one("t1", "progress", [1, None])),
    Push("bad_value", one("t1", "progress", [1, 0.5, "x" * 2001])),
    Push("bad_value", one("*", "read_upto", -1)),
    Push("bad_value", one("*", "read_upto", START + 1_000)),
    Push("bad_value", one("n1", "read", True, -1)),
    Push("bad_value", one("n1", "read", True, 2**53)),
    Push("bad_value", one("n1", "read", True, 1.5)),
    Push("bad_value", one("n1", "read", True, None)),
    Push("clock_ahead", one("n1", "read", True, hlc_of(START + 61_000))),
    Push("bad_value", one("t2", "item", "text")),
    Push("bad_value", one("t2", "item", {"kind": "task"})),
    Push("bad_value", one("t2", "item", {"kind": "job", "title": "x"})),
    Push("bad_field", one("t2", "item", {**TASK, "color": "red"})),
    Push("bad_field", one("t2", "item", {**TASK, "by": "ann"})),
    Push("bad_field", one("t2", "item", {**TASK, "order": 1})),
    Push("bad_value", one("t2", "item", {**TASK, "link": "javascript:alert(1)"})),
    Push("bad_value", one("t2", "item", {**TASK, "tags": ["x"] * 33})),
    Push("bad_value", one("t2", "item", {**TASK, "data": DEEP})),
    Push("bad_value", one("t2", "item", {**TASK, "data": b"bytes"})),
    Push("bad_value", one("t2", "item", {**TASK, "data": float("inf")})),
    Push("exists", one("t1", "item", {"kind": "task", "title": "another"})),
    Push("exists", one("n1", "item", TASK)),
    Push("forbidden", one("n2", "item", NOTE)),
    Push("forbidden", one("t1", "final", {"attempt": 1})),
    Push("forbidden", one("t1", "sent.ops", {"state": "sent"})),
    Push("forbidden", one("t1", "title", "x"), None, "space/team"),
    # The good ones before it are not taken either.
    Push("bad_id", [["n1", "read", True, NOW], ["t3", "item", TASK, NOW], ["a/b", "read", True, NOW]], 2),
    Push("exists", [["t1", "status", [1, "failed"], NOW], ["t1", "item", {**TASK, "title": "x"}, NOW]], 1),
    Push("bad_value", [["t", "item", TASK, 0]], None, "doc/own"),
    Push("bad_value", "text", None, "doc/own"),
    Push("refused", b"", None, "doc/own"),
    Push("refused", b"\xff" * 20, None, "doc/own"),
    Push("refused", written("x") + b"\x00", None, "doc/own"),
]


async def test_a_push_that_breaks_a_rule_is_refused_and_changes_nothing(
    hub: RunningHub, ann: NativeDevice
) -> None:
    before = hub.stored()
    for push in PUSHES:
        answer = await ann.push_raw(push.topic, push.body)
        assert isinstance(answer, wire.No), push
        assert (push.body, answer.code, answer.at) == (push.body, push.code, push.at)
    assert hub.stored() == before
    assert isinstance(await ann.command("counts"), wire.Ok)


OPENS = [
    ("inbox/bob", "forbidden"),
    ("space/theirs", "forbidden"),
    ("doc/theirs", "forbidden"),
    ("space/none", "unknown_topic"),
    ("list/x", "unknown_topic"),
    ("", "unknown_topic"),
    ("inbox/", "bad_id"),
    ("inbox/a b", "bad_id"),
    ("space/a/b", "bad_id"),
    ("doc//", "bad_id"),
    ("doc/" + "x" * 65, "bad_id"),
]


async def test_a_topic_that_is_not_ones_own_or_does_not_exist_is_not_opened(
    hub: RunningHub, ann: NativeDevice
) -> None:
    before = hub.stored()
    for topic, code in OPENS:
        assert (topic, (await ann.open_refused(topic)).code) == (topic, code)
    assert hub.stored() == before


async def test_a_state_vector_that_is_none_is_a_bad_value(hub: RunningHub, ann: NativeDevice) -> None:
    await ann.push_raw("doc/own", written("mine"))
    for vector in (b"", b"\xff", b"\x01\x01", b"\x02\x01\x01\x01\x01"):
        ref = ann.state.ref()
        replica = ann.state.replica("doc/own")
        await ann.send(wire.open_topic(ref, "doc/own", replica.incarnation, 0, vector))
        answer = await ann.answer(ref)
        assert isinstance(answer, wire.No)
        assert (vector, answer.code) == (vector, "bad_value")


async def test_an_update_with_a_gap_is_told_what_the_hub_holds(hub: RunningHub, ann: NativeDevice) -> None:
    doc: Doc[Any] = Doc()
    text = doc.get("t", type=Text)
    text += "first"
    state = doc.get_state()
    text += " second"
    before = hub.stored()
    answer = await ann.push_raw("doc/own", doc.get_update(state))
    assert isinstance(answer, wire.No)
    assert (answer.code, answer.state_vector is not None) == ("gap", True)
    assert hub.stored() == before


COMMANDS: list[tuple[str, dict[str, Any], str]] = [
    ("dance", {}, "bad_field"),
    ("counts", {"color": 1}, "bad_field"),
    ("get", {}, "bad_field"),
    ("get", {"item": 7}, "bad_value"),
    ("get", {"item": "unknown"}, "not_found"),
    ("get", {"item": "a/b"}, "not_found"),
    ("get", {"item": "t1", "topic": 7}, "bad_value"),
    ("get", {"item": "t1", "topic": "doc/own"}, "unknown_topic"),
    ("get", {"item": "t1", "topic": "inbox/bob"}, "forbidden"),
    ("mark", {"item": "unknown", "read": True}, "not_found"),
    ("mark", {"item": "t1", "color": 1}, "bad_field"),
    ("mark", {"item": "t1", "read": 1}, "bad_value"),
    ("mark", {"item": "n1", "title": "x"}, "bad_field"),
    ("mark", {"item": "t1", "read": True, "hlc": "now"}, "bad_value"),
    ("mark", {"item": "t1", "read": True, "hlc": hlc_of(START + 61_000)}, "clock_ahead"),
    ("mark", {"item": "t1", "read": True, "topic": "inbox/bob"}, "forbidden"),
    ("progress", {"item": "t1", "progress": 2}, "bad_value"),
    ("progress", {"item": "n1", "progress": 0.5}, "bad_field"),
    ("progress", {"item": "t1", "progress": 0.5, "status": "failed"}, "bad_field"),
    ("end", {"item": "t1"}, "bad_field"),
    ("end", {"item": "t1", "status": "running"}, "bad_value"),
    ("end", {"item": "t1", "status": ["failed"]}, "bad_value"),
    ("end", {"item": "t1", "status": "failed", "attempt": "first"}, "bad_value"),
    ("end", {"item": "t1", "status": "failed", "note": 7}, "bad_value"),
    ("progress", {"item": "t1", "progress": "half"}, "bad_value"),
    ("progress", {"item": "t1", "progress": 0.5, "attempt": [1]}, "bad_value"),
    ("mark", {"item": "t1", "snoozed": "later"}, "bad_value"),
    ("create", {"kind": "notification", "title": "x"}, "forbidden"),
    ("create", {"kind": "task"}, "bad_value"),
    ("create", {"kind": "task", "title": "x", "id": "a/b"}, "bad_id"),
    ("create", {"kind": "task", "title": "x", "id": "t1"}, "exists"),
    ("create", {"kind": "task", "title": "x", "topic": "space/team"}, "forbidden"),
    ("create", {"kind": "task", "title": "x", "topic": "inbox/bob"}, "forbidden"),
    ("start", {"id": "t4"}, "bad_value"),
    ("read_all", {"upto": "all"}, "bad_value"),
    ("read_all", {"upto": -1}, "bad_value"),
    ("read_all", {"topic": "space/theirs"}, "forbidden"),
]


async def test_a_command_that_breaks_a_rule_is_refused_and_changes_nothing(
    hub: RunningHub, ann: NativeDevice
) -> None:
    before = hub.stored()
    for name, params, code in COMMANDS:
        answer = await ann.command(name, **params)
        assert isinstance(answer, wire.No), (name, params)
        assert (name, params, answer.code) == (name, params, code)
        assert answer.message
    assert hub.stored() == before


async def test_a_handle_that_is_not_open_takes_no_push_and_ignores_the_rest(
    hub: RunningHub, ann: NativeDevice
) -> None:
    handle = ann.state.replica(INBOX).handle or 0
    async with hub.device("ann") as other:
        for unknown in (handle, 0, 2**53 - 1):  # one that is open elsewhere, and some that are nowhere
            await other.send(wire.close(unknown), wire.presence(unknown, {"x": 1}))
            ref = other.state.ref()
            await other.send(wire.push_statements(ref, unknown, [("n1", "read", True, NOW)]))
            answer = await other.answer(ref)
            assert isinstance(answer, wire.No)
            assert answer.code == "unknown_handle"


async def test_a_presence_that_is_too_big_is_refused(ann: NativeDevice) -> None:
    await ann.send(wire.presence(ann.state.replica(INBOX).handle or 0, "x" * 5000))
    answer = await ann.answer(0)
    assert isinstance(answer, wire.No)
    assert answer.code == "too_big"


GOOD = wire.push_statements(1, 0, [("n1", "read", True, NOW)])
MALFORMED: list[bytes | str] = [
    "text",
    b"",
    b"\xc1",
    b"\x93\x03\x01",
    pack({"a": 1}),
    pack([]),
    pack(["3", 1, 1, []]),
    pack([7, 1]),
    pack([-1]),
    pack([True]),
    pack([3, 1, 1]),
    pack([3, 1, 1, [], 1]),
    pack([3, -1, 1, []]),
    pack([3, 2**53, 1, []]),
    pack([3, 1.0, 1, []]),
    pack([2, 1, 7, 0, 0]),
    pack([2, 1, INBOX, 0]),
    pack([2, 1, INBOX, -1, 0]),
    pack([2, 1, INBOX, 0, 0, "vector"]),
    pack([4]),
    pack([4, "1"]),
    pack([5, 1]),
    pack([6, 1, "counts"]),
    pack([6, 1, 7, {}]),
    pack([6, 1, "counts", []]),
    pack([1, 1]),
    pack([1, 1, 7]),
    b"\x94\x03\x01\x01" + b"\x91" * 200 + b"\x90",
    b"\x94\x03\x01\x01\xd4\x00\x00",
    b"\x94\x03\x01\x01\x81\x01\x01",
    b"\x94\x03\x01\x01\xa2\xff\xff",
]


async def test_what_can_not_be_decoded_ends_the_connection_and_takes_no_effect(hub: RunningHub) -> None:
    before = hub.stored()
    for bad in MALFORMED:
        device = hub.device("ann", device="anns-device")
        await device.connect()
        replica = await device.open(INBOX)
        good = wire.push_statements(1, replica.handle or 0, [("n1", "read", True, NOW)])
        if isinstance(bad, str):
            await device.send_text(bad)
        else:
            await device.send(good, bad) if bad else await device.send(bad)
        assert (bad, await device.ended()) == (bad, 4400)
        assert device.state.fatal is not None
        assert device.state.fatal.code == "malformed"
    assert hub.stored() == before


async def test_a_message_above_the_limit_ends_the_connection(hub: RunningHub) -> None:
    before = hub.stored()
    device = hub.device("ann", device="anns-device")
    await device.connect()
    await device.send(b"\x93" * 65_537)
    assert await device.ended() == 4413
    assert device.state.fatal is not None
    assert device.state.fatal.code == "too_big"
    assert hub.stored() == before
