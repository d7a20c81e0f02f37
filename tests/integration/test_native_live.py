"""Devices of a user side by side on real sockets: what one does the others see, whatever comes between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from hub.protocol import native_device as wire
from hub.protocol.frames import pack
from tests.kit.devices import NativeDevice
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.replicas import shown

INBOX = "inbox/ann"
TASK: Any = {"kind": "task", "title": "a task"}


async def opened(hub: RunningHub, *topics: str, user: str = "ann") -> NativeDevice:
    device = hub.device(user)
    await device.connect()
    for topic in topics:
        await device.open(topic)
    return device


async def agree(*devices: NativeDevice, topic: str = INBOX) -> None:
    seq = max(device.state.replica(topic).seq for device in devices)
    for device in devices:
        await device.caught_up(topic, seq)
    states = [shown(device.state.replica(topic).registers) for device in devices]
    assert all(state == states[0] for state in states)


def ok(answer: wire.Ok | wire.No) -> Any:
    assert isinstance(answer, wire.Ok), answer
    return answer.value


# ------------------------------------------------------------------ topics


async def test_a_program_raises_a_device_acts_and_another_sees_it(hub: RunningHub) -> None:
    phone, laptop = await opened(hub, INBOX), await opened(hub, INBOX)
    publisher = hub.token("svc", "publish")
    body = {"kind": "notification", "title": "Hello", "id": "n1"}
    assert (await hub.http("POST", "/v1/users/ann/items", body, publisher))[0] == 201
    await phone.caught_up(INBOX, 1)
    await phone.act(INBOX, "n1", "read", True)
    await agree(phone, laptop)
    assert laptop.state.value(INBOX, "n1", "read") is True


async def test_what_was_done_offline_arrives_and_the_last_intent_wins(hub: RunningHub) -> None:
    phone, laptop = await opened(hub, INBOX), await opened(hub, INBOX)
    await phone.act(INBOX, "t1", "item", TASK)
    await agree(phone, laptop)
    await laptop.vanish()
    monday = laptop.state.clock.tick()
    await phone.act(INBOX, "t1", "title", "of Tuesday", monday + 1)
    laptop.state.act(INBOX, "t1", "title", "of Monday", monday)
    laptop.state.act(INBOX, "t1", "priority", 3)
    await laptop.connect()
    await laptop.until(lambda: laptop.state.replica(INBOX).handle is not None)
    await laptop.settle()
    await agree(phone, laptop)
    assert phone.state.value(INBOX, "t1", "title") == "of Tuesday"
    assert phone.state.value(INBOX, "t1", "priority") == 3


async def test_a_closed_topic_is_silent_until_it_is_opened_again(hub: RunningHub) -> None:
    phone, laptop = await opened(hub, INBOX), await opened(hub, INBOX)
    await laptop.send(laptop.state.close(INBOX))
    await laptop.command("counts")
    laptop.state.received.clear()
    await phone.act(INBOX, "t1", "item", TASK)
    await laptop.command("counts")
    assert [type(message) for message in laptop.state.received] == [wire.Ok]
    await laptop.open(INBOX)
    await agree(phone, laptop)


async def test_handles_name_a_topic_for_all_its_readers_and_are_not_used_again(hub: RunningHub) -> None:
    phone, laptop = await opened(hub, INBOX, "doc/a"), await opened(hub, INBOX)
    assert phone.state.replica(INBOX).handle == laptop.state.replica(INBOX).handle
    assert phone.state.replica(INBOX).handle != phone.state.replica("doc/a").handle


async def test_large_bodies_come_in_parts_over_the_socket_too(tmp_path: Path) -> None:
    async with running_hub(tmp_path, limits__message=8192, connection__waiting_bytes=65_536) as hub:
        phone, laptop = await opened(hub, INBOX), await opened(hub, INBOX)
        for number in range(60):
            phone.state.act(INBOX, f"t{number}", "item", {"kind": "task", "title": "x" * 400})
        phone.state.limits["statements"] = 12
        await phone.settle()
        third = await opened(hub, INBOX)
        assert any(isinstance(message, wire.Opened) and message.more for message in third.state.received)
        await agree(phone, laptop, third)
        assert len(third.state.replica(INBOX).registers) == 60


# ------------------------------------------------------------------ presence


async def test_presence_is_told_to_those_who_are_there_and_who_come(hub: RunningHub) -> None:
    await hub.http("PUT", "/v1/spaces/team/members/ann", {"access": "write"}, hub.token("root", "admin"))
    await hub.http("PUT", "/v1/spaces/team/members/bob", {"access": "read"}, hub.token("root", "admin"))
    ann, bob = await opened(hub, "space/team"), await opened(hub, "space/team", user="bob")
    handle = ann.state.replica("space/team").handle or 0
    await ann.send(wire.presence(handle, {"cursor": 1}))
    there = bob.state.replica("space/team").presence
    await bob.until(lambda: bool(there))
    assert list(there.values()) == [{"device": ann.state.device, "user": "ann", "state": {"cursor": 1}}]
    later = await opened(hub, "space/team", user="bob")
    await later.until(lambda: bool(later.state.replica("space/team").presence))
    assert later.state.replica("space/team").presence == there
    assert ann.state.replica("space/team").presence == {}


@pytest.mark.parametrize("how", ["nil", "close", "disconnect", "vanish"])
async def test_presence_is_gone_with_who_said_it(hub: RunningHub, how: str) -> None:
    one, other = await opened(hub, INBOX), await opened(hub, INBOX)
    handle = one.state.replica(INBOX).handle or 0
    await one.send(wire.presence(handle, "here"))
    there = other.state.replica(INBOX).presence
    await other.until(lambda: bool(there))
    if how == "nil":
        await one.send(wire.presence(handle, None))
    elif how == "close":
        await one.send(wire.close(handle))
    elif how == "disconnect":
        await one.disconnect()
    else:
        await one.vanish()
    await other.until(lambda: not there)


# ------------------------------------------------------------------ commands


async def test_a_program_without_state_works_by_commands(hub: RunningHub) -> None:
    watching, program = await opened(hub, INBOX), await opened(hub)
    item = ok(await program.command("start", id="t1", title="build"))
    assert (item["status"], item["attempt"], item["by"]) == ("running", 1, program.state.device)
    item = ok(await program.command("progress", item="t1", progress=0.5, note="half"))
    assert (item["progress"], item["note"]) == (0.5, "half")
    item = ok(await program.command("end", item="t1", status="succeeded"))
    assert (item["status"], item["final"]["status"]) == ("succeeded", "succeeded")
    item = ok(await program.command("mark", item="t1", pinned=True, title="built"))
    assert (item["pinned"], item["title"]) == (True, "built")
    assert ok(await program.command("get", item="t1")) == item
    assert ok(await program.command("counts")) == {"unread": 0, "unseen": 0, "open": 0}
    assert ok(await program.command("create", kind="task", title="next", id="t2"))["status"] == "queued"
    assert ok(await program.command("counts"))["open"] == 1
    await watching.until(lambda: watching.state.value(INBOX, "t2", "item") is not None)
    assert watching.state.value(INBOX, "t1", "title") == "built"


async def test_mark_all_read_reads_what_there_is_and_nothing_later(hub: RunningHub) -> None:
    device, publisher = await opened(hub), hub.token("svc", "publish")
    for number in range(3):
        body = {"kind": "notification", "title": "Hello", "id": f"n{number}"}
        await hub.http("POST", "/v1/users/ann/items", body, publisher)
    assert ok(await device.command("read_all")) == {"unread": 0, "unseen": 0, "open": 0}
    await hub.http("POST", "/v1/users/ann/items", {"kind": "notification", "title": "x"}, publisher)
    assert ok(await device.command("counts")) == {"unread": 1, "unseen": 1, "open": 0}


async def test_a_command_keeps_the_time_of_its_action(hub: RunningHub) -> None:
    device = await opened(hub, INBOX)
    await device.act(INBOX, "t1", "item", TASK)
    late = device.state.clock.tick()
    early = device.state.clock.last - 100_000
    ok(await device.command("mark", item="t1", title="late", hlc=late))
    item = ok(await device.command("mark", item="t1", title="early", hlc=early))
    assert item["title"] == "late"


async def test_a_publisher_on_a_socket_creates_in_other_inboxes_and_opens_none(hub: RunningHub) -> None:
    async with hub.device("svc", "program", "publish") as program:
        item = ok(await program.command("start", topic="inbox/ann", id="t1", title="build"))
        assert item["by"] == program.state.device
        assert ok(await program.command("end", topic="inbox/ann", item="t1", status="failed"))["final"]
        answer = await program.command("mark", topic="inbox/ann", item="t1", read=True)
        assert isinstance(answer, wire.No)
        assert answer.code == "forbidden"
        assert (await program.open_refused("inbox/ann")).code == "forbidden"
        assert (await program.open_refused("inbox/svc")).code == "forbidden"


# ------------------------------------------------------------------ rights


async def test_rights_change_while_connected(hub: RunningHub) -> None:
    admin, path = hub.token("root", "admin"), "/v1/spaces/team/members/bob"
    await hub.http("PUT", path, {"access": "read"}, admin)
    bob = await opened(hub, "space/team", user="bob")
    replica = bob.state.replica("space/team")
    assert replica.access == "read"
    await hub.http("PUT", path, {"access": "write"}, admin)
    await bob.until(lambda: replica.access == "write")
    await bob.act("space/team", "t1", "item", TASK)
    await hub.http("DELETE", path, None, admin)
    await bob.until(lambda: replica.access is None)
    assert (await bob.open_refused("space/team")).code in ("forbidden", "unknown_topic")
    await hub.http("PUT", path, {"access": "read"}, admin)
    await bob.open("space/team")
    assert set(replica.registers) == {"t1"}


# ------------------------------------------------------------------ documents


async def write(device: NativeDevice, doc: Doc[Any], text: str) -> None:
    before = doc.get_state()
    shared = doc.get("t", type=Text)
    shared.insert(0, text)
    ok(await device.push_raw("doc/notes", doc.get_update(before)))


def read(device: NativeDevice) -> str:
    doc: Doc[Any] = Doc()
    for update in device.state.replica("doc/notes").updates:
        doc.apply_update(update)
    return str(doc.get("t", type=Text))


async def test_a_document_is_shared_and_belongs_to_who_began_it(hub: RunningHub) -> None:
    one, other = await opened(hub, "doc/notes"), await opened(hub, "doc/notes")
    doc: Doc[Any] = Doc()
    await write(one, doc, "hello ")
    await write(one, doc, "well, ")
    await other.caught_up("doc/notes", 2)
    assert read(other) == "well, hello "
    assert (await opened(hub)).state.device
    bob = await opened(hub, user="bob")
    assert (await bob.open_refused("doc/notes")).code == "forbidden"
    path = "/v1/docs/notes/members/bob"
    assert (await hub.http("PUT", path, {"access": "read"}, hub.token("root", "admin")))[0] == 200
    await bob.open("doc/notes")
    assert read(bob) == "well, hello "


async def test_a_device_that_says_what_it_holds_is_sent_the_rest(hub: RunningHub) -> None:
    one, other = await opened(hub, "doc/notes"), await opened(hub)
    doc: Doc[Any] = Doc()
    await write(one, doc, "hello")
    copy: Doc[Any] = Doc()
    copy.apply_update(doc.get_update())
    await write(one, doc, "x" * 5000)
    replica = other.state.replica("doc/notes")
    incarnation = one.state.replica("doc/notes").incarnation
    ref = other.state.ref()
    other.state._opens[ref] = replica
    await other.send(wire.open_topic(ref, "doc/notes", incarnation, 1, copy.get_state()))
    await other.until(lambda: replica.seq == 2)
    (update,) = replica.updates
    copy.apply_update(update)
    assert str(copy.get("t", type=Text)) == str(doc.get("t", type=Text))
    assert len(update) < 5100


# ------------------------------------------------------------------ slow readers


async def test_a_slow_reader_of_a_ledger_ends_equal(tmp_path: Path) -> None:
    async with running_hub(tmp_path, connection__buffer=65_536) as hub:
        busy, slow = await opened(hub, INBOX), await opened(hub, INBOX)
        slow.stop_reading()
        await flood(hub, busy)
        slow.go_on_reading()
        await slow.caught_up(INBOX, busy.state.replica(INBOX).seq)
        await agree(busy, slow)
        caught_up = [each for each in slow.state.received if isinstance(each, wire.Opened) and each.ref == 0]
        assert len(caught_up) == 1
        assert not caught_up[0].full
        await busy.act(INBOX, "last", "item", TASK)
        await agree(busy, slow)


async def test_a_slow_reader_that_reconnects_in_the_middle_ends_equal(tmp_path: Path) -> None:
    async with running_hub(tmp_path, connection__buffer=65_536) as hub:
        busy, slow = await opened(hub, INBOX), await opened(hub, INBOX)
        slow.stop_reading()
        await flood(hub, busy)
        for _ in range(5):  # these are answered, never dropped
            slow.state.act(INBOX, "t0", "priority", 1)
            await slow.push()
        slow.go_on_reading()
        await slow.until(lambda: bool(slow.state.answers))
        await slow.vanish()
        await slow.connect()
        await slow.until(lambda: slow.state.replica(INBOX).handle is not None)
        await slow.settle()
        await agree(busy, slow)


async def test_a_slow_reader_of_a_document_is_told_to_open_it_again(tmp_path: Path) -> None:
    async with running_hub(tmp_path, connection__buffer=65_536) as hub:
        busy, slow = await opened(hub, "doc/notes"), await opened(hub, "doc/notes")
        doc: Doc[Any] = Doc()
        slow.stop_reading()
        while not hub.app.metrics.relays_dropped:
            await write(busy, doc, "x" * 100_000)
        slow.go_on_reading()
        await slow.until(lambda: slow.state.replica("doc/notes").jumps > 0)
        await write(busy, doc, "end")
        await slow.caught_up("doc/notes", busy.state.replica("doc/notes").seq)
        assert read(slow) == str(doc.get("t", type=Text))


async def flood(hub: RunningHub, device: NativeDevice) -> None:
    """State until the hub had to drop a relay, and a little more."""
    number = 0
    while not hub.app.metrics.relays_dropped or number % 50:
        item = f"t{number % 20}"
        if number < 20:
            device.state.act(INBOX, item, "item", TASK)
        device.state.act(INBOX, item, "body", f"{number} " + "x" * 50_000)
        await device.settle()
        number += 1
        assert number < 5000, "the hub never dropped a relay"


# ------------------------------------------------------------------ back-pressure


async def test_too_much_at_once_is_read_later_and_nothing_is_lost(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "limits__message": 65_536,
        "connection__waiting_bytes": 65_536,
        "connection__statements_per_second": 2000,
    }
    async with running_hub(tmp_path, **settings) as hub:
        device = await opened(hub, INBOX)
        for number in range(300):
            device.state.act(INBOX, f"t{number}", "item", {"kind": "task", "title": "x" * 400})
            await device.push()
        for number in range(2200):
            device.state.act(INBOX, f"t{number % 300}", "priority", number % 10)
        await device.settle()
        other = await opened(hub, INBOX)
        await agree(device, other)


# ------------------------------------------------------------------ restarts


async def test_after_a_restart_a_device_gets_what_it_lacks_and_no_more(tmp_path: Path) -> None:
    async with running_hub(tmp_path) as hub:
        phone, laptop = await opened(hub, INBOX), await opened(hub, INBOX)
        await phone.act(INBOX, "t1", "item", TASK)
        await laptop.caught_up(INBOX, 1)
        await laptop.disconnect()
        await phone.act(INBOX, "t1", "title", "edited")
        phone.state.act(INBOX, "t1", "priority", 1)
        seen = phone.state
    async with running_hub(tmp_path) as hub:
        laptop.url = phone.url = hub.native_url
        phone.state = seen
        for device in (phone, laptop):
            device.state.received.clear()
            await device.connect()
            replica = device.state.replica(INBOX)
            await device.until(lambda replica=replica: replica.handle is not None)  # type: ignore[misc]  # bound now
        openings = [each for each in laptop.state.received if isinstance(each, wire.Opened)]
        assert [(each.full, [row[1] for row in each.body]) for each in openings] == [(False, ["title"])]
        await phone.settle()
        await agree(phone, laptop)
        assert laptop.state.value(INBOX, "t1", "priority") == 1
        hub.devices += [phone, laptop]


async def test_another_incarnation_or_a_seq_the_hub_never_had_gets_everything(hub: RunningHub) -> None:
    device = await opened(hub, INBOX)
    await device.act(INBOX, "t1", "item", TASK)
    replica = device.state.replica(INBOX)
    incarnation = replica.incarnation
    for claimed in ((incarnation + 1, 1), (incarnation, 99), (0, 0)):
        replica.incarnation, replica.seq = claimed
        replica.registers = {}
        await device.open(INBOX)
        assert (replica.incarnation, replica.seq) == (incarnation, 1)
        assert set(replica.registers) == {"t1"}
    assert replica.fulls == 4


async def test_a_full_answer_keeps_the_outbox(hub: RunningHub) -> None:
    device = await opened(hub, INBOX)
    await device.act(INBOX, "t1", "item", TASK)
    await device.vanish()
    device.state.act(INBOX, "t1", "title", "offline")
    device.state.replica(INBOX).incarnation = 7
    await device.connect()
    await device.until(lambda: device.state.replica(INBOX).handle is not None)
    assert device.state.value(INBOX, "t1", "title") == "offline"
    await device.settle()
    other = await opened(hub, INBOX)
    await agree(device, other)
    assert other.state.value(INBOX, "t1", "title") == "offline"


async def test_many_messages_may_share_a_websocket_message(hub: RunningHub) -> None:
    device = await opened(hub, INBOX)
    handle = device.state.replica(INBOX).handle or 0
    messages = [pack([3, 1000 + n, handle, [[f"t{n}", "item", TASK, 0]]]) for n in range(200)]
    await device.send(*messages)
    answers = await asyncio.gather(*(device.answer(1000 + n) for n in range(200)))
    assert all(isinstance(answer, wire.Ok) for answer in answers)
    assert device.state.replica(INBOX).seq == max(ok(answer) for answer in answers)
