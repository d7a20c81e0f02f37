"""What a native session shows, answers and refuses, with devices that follow the protocol to the letter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pycrdt import Doc, Text

from hub.errors import Unavailable
from hub.model import Scope, TopicName
from hub.protocol import native_device as wire
from hub.state.clock import hlc_of
from tests.kit.engines import Engine, notification, running_engine, task
from tests.kit.peers import LinkedDevice
from tests.kit.replicas import shown

INBOX = "inbox/ann"


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as engine:
        yield engine


async def connected(engine: Engine, user: str = "ann", name: str = "device", *scopes: Scope) -> LinkedDevice:
    device = LinkedDevice(engine, user, name, *scopes)
    await device.connect()
    return device


async def two_in_the_inbox(engine: Engine) -> tuple[LinkedDevice, LinkedDevice]:
    one, other = await connected(engine, name="one"), await connected(engine, name="other")
    await one.open(INBOX)
    await other.open(INBOX)
    return one, other


def received(device: LinkedDevice, kind: type) -> list[Any]:
    return [message for message in device.state.received if isinstance(message, kind)]


def agree(*devices: LinkedDevice, topic: str = INBOX) -> None:
    states = [shown(device.state.replica(topic).registers) for device in devices]
    assert all(state == states[0] for state in states)
    assert len({device.state.replica(topic).seq for device in devices}) == 1


# ------------------------------------------------------------------ what is shown


async def test_a_devices_own_push_comes_back_as_ok_alone(engine: Engine) -> None:
    one, other = await two_in_the_inbox(engine)
    await one.act(INBOX, "t1", "item", task())
    one.state.received.clear()
    await one.act(INBOX, "t1", "read", True)
    assert [type(message) for message in one.state.received] == [wire.Ok]
    await other.exchange()
    agree(one, other)


async def test_what_the_hub_adds_is_relayed_to_the_author_before_the_ok(engine: Engine) -> None:
    one, _ = await two_in_the_inbox(engine)
    await one.act(INBOX, "t1", "item", task())
    relay, ok = one.state.received[-2:]
    assert isinstance(relay, wire.Relay)
    assert isinstance(ok, wire.Ok)
    assert relay.body[0][2]["by"] == one.state.device
    assert (relay.seq, ok.value) == (1, 1)


async def test_every_connection_of_a_device_is_shown_what_another_pushed(engine: Engine) -> None:
    one = await connected(engine)
    twin = LinkedDevice(engine, "ann", device=one.state.device)
    await twin.connect()
    await one.open(INBOX)
    await twin.open(INBOX)
    await one.act(INBOX, "t1", "item", task())
    await one.act(INBOX, "t1", "read", True)
    await twin.exchange()
    agree(one, twin)
    assert twin.state.value(INBOX, "t1", "read") is True


async def test_what_a_command_changed_is_relayed_to_its_author_like_to_everybody(engine: Engine) -> None:
    one, other = await two_in_the_inbox(engine)
    await one.ask(lambda ref: wire.command(ref, "start", {"title": "a task", "id": "t1"}))
    await other.exchange()
    agree(one, other)
    assert one.state.value(INBOX, "t1", "status") == [1, "running"]


async def test_opening_again_brings_only_what_is_new(engine: Engine) -> None:
    one, other = await two_in_the_inbox(engine)
    await one.act(INBOX, "t1", "item", task())
    other.cut()
    await one.act(INBOX, "t1", "read", True)
    await other.exchange()
    await other.connect()
    opened = received(other, wire.Opened)[-1]
    assert (opened.full, [row[1] for row in opened.body]) == (False, ["item", "read"])
    await other.open(INBOX)
    opened = received(other, wire.Opened)[-1]
    assert (opened.full, opened.body) == (False, [])
    agree(one, other)


async def test_a_large_body_comes_in_parts_and_is_whole_in_the_end() -> None:
    async with running_engine(message=8192) as engine:
        one, other = await two_in_the_inbox(engine)
        said = [(f"n{number}", "item", notification("x" * 300), 0) for number in range(60)]
        await engine.push(INBOX, said)
        await one.exchange()
        assert len(received(one, wire.Relay)) > 2
        assert len({relay.seq for relay in received(one, wire.Relay)}) == 1
        third = await connected(engine, name="third")
        await third.open(INBOX)
        assert received(third, wire.Opened)[0].more
        await other.exchange()
        agree(one, other, third)
        assert len(third.state.replica(INBOX).registers) == 60


async def test_no_message_of_a_ledger_is_larger_than_its_limit() -> None:
    async with running_engine(message=8192) as engine:
        one = await connected(engine)
        await one.open(INBOX)
        assert one.link is not None
        for number in range(20):
            one.state.act(INBOX, f"t{number}", "item", task("x" * 350))
        sizes: list[int] = []
        answer = one.link.peer.answer

        def measured(message: bytes) -> None:
            sizes.append(len(message))
            answer(message)

        one.link.peer.answer = measured  # type: ignore[method-assign]  # looks at each message
        await one.push()
        assert sizes
        assert max(sizes) <= 8192
        assert len(one.state.replica(INBOX).registers) == 20


# ------------------------------------------------------------------ slow readers


async def test_a_slow_reader_gets_one_catch_up_and_ends_equal(engine: Engine) -> None:
    one, slow = await two_in_the_inbox(engine)
    assert slow.link is not None
    slow.link.peer.full = True
    for number in range(5):
        await one.act(INBOX, f"t{number}", "item", task())
    await slow.exchange()
    assert slow.state.replica(INBOX).seq == 0
    slow.state.received.clear()
    slow.link.drain()
    await slow.exchange()
    assert len(slow.state.received) == 1
    (opened,) = received(slow, wire.Opened)
    assert (opened.ref, opened.full, opened.seq) == (0, False, 5)
    await one.act(INBOX, "t1", "read", True)
    await slow.exchange()
    agree(one, slow)


async def test_the_ok_of_a_slow_reader_claims_nothing_it_was_not_shown(engine: Engine) -> None:
    one, slow = await two_in_the_inbox(engine)
    assert slow.link is not None
    await one.act(INBOX, "t1", "item", task())
    await slow.exchange()
    slow.link.peer.full = True
    await one.act(INBOX, "t1", "title", "missed")
    await slow.act(INBOX, "t1", "read", True)
    assert slow.state.replica(INBOX).seq == 1
    slow.cut()  # in the middle of it, with what it was told so far
    await slow.connect()
    await one.exchange()
    agree(one, slow)


async def test_a_slow_reader_of_whom_one_part_was_dropped_takes_none_of_it() -> None:
    async with running_engine(message=4096) as engine:
        one, slow = await two_in_the_inbox(engine)
        assert slow.link is not None
        peer = slow.link.peer
        relays = 0

        def relay(message: bytes) -> bool:
            nonlocal relays
            relays += 1
            if relays > 1:
                peer.dropped += 1
                return False
            peer.answer(message)
            return True

        peer.relay = relay  # type: ignore[method-assign]  # drops all but the first
        await engine.push(INBOX, [(f"n{number}", "item", notification("x" * 300), 0) for number in range(40)])
        await slow.exchange()
        assert slow.state.replica(INBOX).registers == {}
        del peer.relay
        slow.link.drain()
        await slow.exchange()
        await one.exchange()
        agree(one, slow)


async def test_a_slow_reader_whose_catch_up_can_not_be_read_opens_again(engine: Engine) -> None:
    one, slow = await two_in_the_inbox(engine)
    assert slow.link is not None
    slow.link.peer.full = True
    await one.act(INBOX, "t1", "item", task())
    engine.store.at_load.refuse(Unavailable())
    slow.link.drain()
    await engine.quiet()
    engine.store.at_load.accept()
    await slow.exchange()
    await one.exchange()
    agree(one, slow)


@pytest.mark.parametrize("dropped", [1, 2, 3])
async def test_a_slow_reader_of_a_document_is_made_to_open_it_again(engine: Engine, dropped: int) -> None:
    writer, slow = await connected(engine), await connected(engine)
    await writer.open("doc/notes")
    doc: Doc[Any] = Doc()
    text = doc.get("t", type=Text)

    async def write(word: str) -> None:
        before = doc.get_state()
        text.insert(len(str(text)), word)
        handle = writer.state.replica("doc/notes").handle
        assert handle is not None
        update = doc.get_update(before)
        await writer.ask(lambda ref: wire.push_update(ref, handle, update))

    await write("one ")
    await slow.open("doc/notes")
    assert slow.link is not None
    slow.link.peer.full = True
    for number in range(dropped):
        await write(f"{number} ")
    slow.link.drain()
    await slow.exchange()
    await write("end")
    await slow.exchange()
    copy: Doc[Any] = Doc()
    for update in slow.state.replica("doc/notes").updates:
        copy.apply_update(update)
    assert str(copy.get("t", type=Text)) == str(text)


async def test_closing_while_a_catch_up_is_on_its_way_stays_closed(engine: Engine) -> None:
    one, slow = await two_in_the_inbox(engine)
    assert slow.link is not None
    slow.link.peer.full = True
    await one.act(INBOX, "t1", "item", task())
    engine.store.at_load.close()
    slow.link.drain()
    await engine.store.at_load.arrival()
    slow.say(slow.state.close(INBOX))
    slow.link.carry_up()
    slow.state.received.clear()
    engine.store.at_load.open()
    await one.act(INBOX, "t1", "read", True)
    await slow.exchange()
    assert slow.state.received == []


async def test_the_ok_of_a_topic_that_was_closed_claims_nothing_it_was_not_shown(engine: Engine) -> None:
    one, other = await two_in_the_inbox(engine)
    await one.act(INBOX, "t1", "item", task())
    await other.exchange()
    assert other.link is not None
    engine.store.at_commit.close()
    one.state.act(INBOX, "t1", "title", "missed")
    for message in one.state.push(INBOX):
        one.say(message)
    assert one.link is not None
    one.link.carry_up()
    await engine.store.at_commit.arrival()
    other.state.act(INBOX, "t1", "read", True)
    for message in other.state.push(INBOX):
        other.say(message)
    other.say(wire.close(other.state.replica(INBOX).handle or 0))
    while other.link.carry_up():
        pass
    engine.store.at_commit.open()
    await other.exchange()
    await other.open(INBOX)
    await one.exchange()
    agree(one, other)


# ------------------------------------------------------------------ rights


async def space_with(engine: Engine, **members: Any) -> None:
    admin = engine.identity("root", "admin")
    for user, access in members.items():
        await engine.services.people.put_member(admin, TopicName("space/team"), user, access)
    await engine.quiet()


async def test_another_users_inbox_can_not_be_opened(engine: Engine) -> None:
    bob = await connected(engine, "bob")
    answer = await bob.ask(lambda ref: wire.open_topic(ref, INBOX, 0, 0))
    assert isinstance(answer, wire.No)
    assert answer.code == "forbidden"


async def test_who_may_only_read_may_not_push(engine: Engine) -> None:
    await space_with(engine, ann="write", bob="read")
    bob = await connected(engine, "bob")
    await bob.open("space/team")
    replica = bob.state.replica("space/team")
    assert (replica.access, replica.handle is not None) == ("read", True)
    now = hlc_of(engine.clock.now())
    body: list[Any] = [["t1", "item", task(), now]]
    answer = await bob.ask(lambda ref: wire.push_statements(ref, replica.handle or 0, body))
    assert isinstance(answer, wire.No)
    assert answer.code == "forbidden"


async def test_rights_that_change_are_told_at_once(engine: Engine) -> None:
    await space_with(engine, ann="write", bob="read")
    bob = await connected(engine, "bob")
    await bob.open("space/team")
    for access in ("write", "read"):
        await space_with(engine, bob=access)
        await bob.exchange()
        opened = received(bob, wire.Opened)[-1]
        assert (opened.ref, opened.access, opened.full, opened.body) == (0, access, False, [])
    await engine.services.people.delete_member(
        engine.identity("root", "admin"), TopicName("space/team"), "bob"
    )
    await engine.quiet()
    await bob.exchange()
    assert received(bob, wire.Opened)[-1].access is None
    bob.state.received.clear()
    await engine.push("space/team", [("t1", "item", task(), 0)])
    await bob.exchange()
    assert bob.state.received == []


async def test_a_right_that_is_taken_while_an_open_waits_is_not_given(engine: Engine) -> None:
    await space_with(engine, ann="write", bob="write")
    await engine.push("space/team", [("t1", "item", task(), 0)])
    bob = await connected(engine, "bob")
    engine.store.at_load.close()
    bob.say(bob.state.open("space/team"))
    assert bob.link is not None
    bob.link.carry_up()
    await engine.store.at_load.arrival()
    admin = engine.identity("root", "admin")
    await engine.services.people.delete_member(admin, TopicName("space/team"), "bob")
    engine.store.at_load.open()
    await bob.exchange()
    assert received(bob, wire.Opened) == []
    assert [no.code for no in received(bob, wire.No)] == ["forbidden"]


@pytest.mark.parametrize("access", ["read", None])
async def test_a_right_that_changes_while_a_catch_up_is_on_its_way_stays_changed(
    engine: Engine, access: Any
) -> None:
    await space_with(engine, ann="write", bob="write")
    bob = await connected(engine, "bob")
    await bob.open("space/team")
    assert bob.link is not None
    bob.link.peer.full = True
    await engine.push("space/team", [("t1", "item", task(), 0)])
    engine.store.at_load.close()
    bob.link.drain()
    await engine.store.at_load.arrival()
    admin = engine.identity("root", "admin")
    if access is None:
        await engine.services.people.delete_member(admin, TopicName("space/team"), "bob")
    else:
        await engine.services.people.put_member(admin, TopicName("space/team"), "bob", access)
    await engine.tasks.finish()
    engine.store.at_load.open()
    await engine.quiet()
    await bob.exchange()
    assert bob.state.replica("space/team").access == access
    bob.state.received.clear()
    await engine.push("space/team", [("t2", "item", task(), 0)])
    await bob.exchange()
    assert bool(bob.state.received) == (access is not None)


async def test_a_document_belongs_to_who_wrote_it_first(engine: Engine) -> None:
    ann, bob = await connected(engine), await connected(engine, "bob")
    await ann.open("doc/notes")
    doc: Doc[Any] = Doc()
    doc["t"] = Text("hello")
    handle = ann.state.replica("doc/notes").handle or 0
    answer = await ann.ask(lambda ref: wire.push_update(ref, handle, doc.get_update()))
    assert isinstance(answer, wire.Ok)
    answer = await bob.ask(lambda ref: wire.open_topic(ref, "doc/notes", 0, 0))
    assert isinstance(answer, wire.No)
    assert answer.code == "forbidden"


async def test_a_document_that_lost_its_members_is_nobodys_to_take(engine: Engine) -> None:
    ann, bob = await connected(engine), await connected(engine, "bob")
    await ann.open("doc/notes")
    doc: Doc[Any] = Doc()
    doc["t"] = Text("hello")
    handle = ann.state.replica("doc/notes").handle or 0
    await ann.ask(lambda ref: wire.push_update(ref, handle, doc.get_update()))
    ann.cut()
    admin = engine.identity("root", "admin")
    await engine.services.people.delete_member(admin, TopicName("doc/notes"), "ann")
    answer = await bob.ask(lambda ref: wire.open_topic(ref, "doc/notes", 0, 0))
    assert isinstance(answer, wire.No)
    assert answer.code == "forbidden"


# ------------------------------------------------------------------ limits


async def test_topics_open_at_once_are_limited_also_when_asked_for_all_at_once() -> None:
    async with running_engine(topics=3) as engine:
        ann = await connected(engine)
        refs = [ann.state.ref() for _ in range(10)]
        ann.say(*(wire.open_topic(ref, f"doc/d{ref}", 0, 0) for ref in refs))
        await ann.exchange()
        assert len(received(ann, wire.Opened)) == 3
        assert [no.code for no in received(ann, wire.No)] == ["limit"] * 7
        handle = received(ann, wire.Opened)[0].handle
        ann.say(wire.close(handle))
        await ann.open(INBOX)
        assert ann.state.replica(INBOX).access == "write"


async def test_opening_an_open_topic_again_needs_no_room() -> None:
    async with running_engine(topics=1) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        await ann.open(INBOX)
        assert [type(message) for message in ann.state.received] == [wire.Welcome, wire.Opened, wire.Opened]


async def test_a_push_holds_a_limited_number_of_statements() -> None:
    async with running_engine(statements=3) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        handle = ann.state.replica(INBOX).handle or 0
        body: list[Any] = [[f"t{number}", "item", task(), 0] for number in range(4)]
        answer = await ann.ask(lambda ref: wire.push_statements(ref, handle, body))
        assert isinstance(answer, wire.No)
        assert answer.code == "limit"


async def test_reading_stops_while_too_much_waits_and_goes_on_when_it_was_saved() -> None:
    async with running_engine(waiting_bytes=4096, message=4096) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        assert ann.link is not None
        engine.store.at_commit.close()
        for number in range(40):
            ann.state.act(INBOX, f"t{number}", "item", task("x" * 200))
            for message in ann.state.push(INBOX):
                ann.say(message)
        while ann.link.carry_up():
            pass
        assert ann.link.peer.paused
        assert ann.link.up
        engine.store.at_commit.open()
        await ann.exchange()
        assert not ann.link.peer.paused
        assert len(ann.state.replica(INBOX).registers) == 40


async def test_reading_stops_while_statements_come_too_fast() -> None:
    async with running_engine(statements_per_second=10) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        assert ann.link is not None
        for number in range(25):
            ann.state.act(INBOX, f"t{number}", "item", task())
        await ann.push()
        assert ann.link.peer.paused
        assert ann.state.settled()
        engine.advance(0.25)
        assert ann.link.peer.paused
        engine.advance(3)
        assert not ann.link.peer.paused


async def test_a_connection_that_got_faster_still_waits_for_all_of_it() -> None:
    async with running_engine(statements_per_second=10) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        assert ann.link is not None
        handle = ann.state.replica(INBOX).handle or 0
        for number in range(3):  # what was read before the pause is delivered all the same
            body: list[Any] = [[f"t{number}", "read", True, 0]] * 15
            ann.link.session.receive(wire.push_statements(number + 100, handle, body))
        await ann.exchange()
        for paused in (True, True, True, False):
            assert ann.link.peer.paused or not paused
            engine.advance(1)
        assert not ann.link.peer.paused


async def test_a_connection_that_is_too_fast_and_has_too_much_waiting_is_read_again_after_both() -> None:
    async with running_engine(statements_per_second=10, waiting_bytes=4096, message=8192) as engine:
        ann = await connected(engine)
        await ann.open(INBOX)
        assert ann.link is not None
        engine.advance(10)
        engine.store.at_commit.close()
        handle = ann.state.replica(INBOX).handle or 0
        for number in range(4):
            body: list[Any] = [[f"t{number}", "item", task("x" * 400), 0], ["t", "body", "x" * 3000, 0]]
            body += [[f"t{number}", "read", True, 0]] * 8
            # What was read before the pause is delivered all the same.
            ann.link.session.receive(wire.push_statements(number + 100, handle, body))
        assert ann.link.peer.paused
        engine.store.at_commit.open()
        await ann.exchange()
        assert ann.link.peer.paused
        engine.advance(10)
        await ann.exchange()
        assert not ann.link.peer.paused


# ------------------------------------------------------------------ who asks and does not listen


async def full_device(engine: Engine) -> LinkedDevice:
    """Its inbox holds 64 items of 60 KB."""
    device = await connected(engine)
    await device.open(INBOX)
    for number in range(64):
        device.state.act(INBOX, f"n{number}", "item", task(body="y" * 60_000))
    await device.push()
    return device


def waiting(device: LinkedDevice) -> int:
    assert device.link is not None
    return sum(map(len, device.link.peer.sent))


async def test_a_topic_is_opened_once_at_a_time_on_a_connection(engine: Engine) -> None:
    device = await full_device(engine)
    assert device.link is not None
    device.state.received.clear()
    device.say(*(wire.open_topic(ref, INBOX, 0, 0) for ref in range(1, 101)))
    device.link.carry_up()
    device.link.peer.full = True
    await engine.quiet()
    assert waiting(device) < 5_000_000
    for _ in range(200):
        device.link.drain()
        await engine.quiet()
    assert (
        len(received(device, wire.Opened))
        + sum(
            isinstance(each, wire.Opened)
            for message in device.link.peer.sent
            for each in wire.decode(message)
        )
        == 100
    )


async def test_commands_of_one_frame_that_were_not_begun_wait_for_the_answers_of_the_others(
    engine: Engine,
) -> None:
    device = await full_device(engine)
    assert device.link is not None
    device.say(*(wire.command(ref, "get", {"item": "n1"}) for ref in range(1000, 6000)))
    device.link.carry_up()
    assert device.link.peer.paused
    await engine.quiet()
    assert waiting(device) < 10_000_000
    await device.exchange()
    assert {1000, 5999} <= device.state.answers.keys()


async def test_gaps_are_told_with_what_the_hub_holds_once_the_device_listens(engine: Engine) -> None:
    device = await connected(engine)
    assert device.link is not None
    await device.open("doc/notes")
    handle = device.state.replica("doc/notes").handle or 0
    doc: Doc[Any] = Doc()
    doc["t"] = Text("held by nobody else")
    vector = doc.get_state()
    doc.get("t", type=Text).insert(0, "builds on it: ")
    gap = doc.get_update(vector)
    device.say(*(wire.push_update(ref, handle, gap) for ref in range(1000, 1010)))
    device.link.carry_up()
    device.link.peer.full = True
    await engine.quiet()
    assert not device.link.peer.sent
    device.link.drain()
    await device.exchange()
    told = [(each.ref, each.code, each.state_vector) for each in received(device, wire.No)]
    assert sorted(told) == [(ref, "gap", b"\x00") for ref in range(1000, 1010)]
