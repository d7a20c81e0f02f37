"""What a native session answers within the callback that brought it: a known device's hello, an open of a
topic at rest. And what must wait although it looks alike."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from hub.engine.native_session import NativeSession
from hub.model import DeviceId, UserId
from hub.protocol import native_device as wire
from hub.state.clock import hlc_of
from tests.kit.engines import Engine, running_engine, task
from tests.kit.peers import LinkedDevice, RecordingPeer

INBOX = "inbox/ann"
DEVICE = "phone-1"


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    async with running_engine() as engine:
        yield engine


async def known(engine: Engine) -> LinkedDevice:
    """A device that the hub has met, in its inbox."""
    device = LinkedDevice(engine, "ann", "phone", device=DEVICE)
    await device.connect()
    await device.open(INBOX)
    return device


def hello(engine: Engine, user: str = "ann", device: str = DEVICE, name: str = "phone") -> bytes:
    return wire.hello(engine.token(user, "user"), device, name, "")


def told(engine: Engine, *messages: bytes) -> tuple[list[wire.HubMessage], RecordingPeer]:
    """What the hub answers to messages in one frame, before the event loop turns."""
    peer = RecordingPeer()
    NativeSession(peer, engine.services, None).receive(b"".join(messages))
    return [each for sent in peer.sent for each in wire.decode(sent)], peer


async def test_a_known_device_is_welcomed_and_shown_its_inbox_at_once(engine: Engine) -> None:
    await known(engine)
    [welcome, opened], peer = told(engine, hello(engine), wire.open_topic(1, INBOX, 0, 0))
    assert isinstance(welcome, wire.Welcome)
    assert welcome.device == DEVICE
    assert isinstance(opened, wire.Opened)
    assert (peer.paused, peer.max_bytes) == (False, engine.services.limits.message)


async def test_content_in_memory_alone_is_not_taken_for_all_there_is(engine: Engine) -> None:
    device = await known(engine)
    await device.act(INBOX, "t1", "item", task())
    answers, _ = told(engine, hello(engine), wire.open_topic(1, INBOX, 0, 0))
    assert [type(each) for each in answers] == [wire.Welcome]


async def test_an_open_right_behind_a_push_waits_for_its_commit(engine: Engine) -> None:
    device = await known(engine)
    replica, link = device.state.replica(INBOX), device.link
    assert link is not None
    assert replica.handle is not None
    push = wire.push_statements(7, replica.handle, [("t1", "item", task(), hlc_of(engine.clock.now()))])
    link.session.receive(push + wire.open_topic(8, INBOX, replica.incarnation, replica.seq))
    assert not link.peer.sent
    await engine.quiet()
    kinds = [type(each) for sent in link.peer.sent for each in wire.decode(sent)]
    assert kinds == [wire.Relay, wire.Ok, wire.Opened]


@pytest.mark.parametrize(
    ("user", "device", "name"),
    [("bea", DEVICE, "phone"), ("ann", DEVICE, "tablet"), ("ann", "phone-2", "phone")],
)
async def test_another_user_another_device_or_another_name_is_looked_up_first(
    engine: Engine, user: str, device: str, name: str
) -> None:
    await known(engine)
    answers, peer = told(engine, hello(engine, user, device, name))
    assert not answers
    assert peer.paused


async def test_a_revoked_device_is_not_let_in_at_once(engine: Engine) -> None:
    await known(engine)
    people = engine.services.people
    await people.revoke(engine.services.authenticator.verify(engine.token("ann", "user")), "ann", DEVICE)
    answers, peer = told(engine, hello(engine))
    assert not answers
    await engine.quiet()
    assert peer.closed is not None
    assert peer.closed[0] == 4403


async def test_a_token_bound_to_another_device_is_not_let_in_at_once(engine: Engine) -> None:
    await known(engine)
    token = engine.services.authenticator.issue(UserId("ann"), ("user",), 60, DeviceId("phone-2"))
    answers, peer = told(engine, wire.hello(token, DEVICE, "phone", ""))
    assert not answers
    await engine.quiet()
    assert peer.closed is not None
    assert peer.closed[0] == 4403
