"""Who is let in over the native wire, for how long, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection

from hub.protocol import native_device as wire
from hub.protocol.frames import pack
from tests.kit.clocks import StillClock
from tests.kit.devices import NativeDevice
from tests.kit.hubs import RunningHub, running_hub

INBOX = "inbox/ann"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[RunningHub]:
    """A hub whose time moves when told."""
    async with running_hub(tmp_path / "data", StillClock()) as hub:
        yield hub


async def raw(hub: RunningHub, *messages: bytes | str, query: str = "") -> tuple[list[Any], int]:
    """Say something as the first thing on a new connection: what came, and the close code."""
    async with websockets.connect(hub.native_url + query, compression=None) as socket:
        with contextlib.suppress(websockets.ConnectionClosed):
            for message in messages:
                await socket.send(message)
        return await heard(socket)


async def heard(socket: ClientConnection) -> tuple[list[Any], int]:
    """Everything until the hub closes, and its close code."""
    received: list[Any] = []
    with contextlib.suppress(websockets.ConnectionClosed):
        async with asyncio.timeout(5):
            async for message in socket:
                assert isinstance(message, bytes)
                received += wire.decode(message)
    return received, socket.close_code or 0


# ------------------------------------------------------------------ hello


async def test_the_list_of_devices_tells_which_are_connected_now(hub: RunningHub) -> None:
    async with hub.device("ann", "laptop") as laptop, hub.device("ann", "phone") as phone:
        _, link = await hub.http("POST", "/v1/devices/link", token=laptop.token)
        _, watch = await hub.http("POST", "/v1/devices/claim", {"code": link["code"], "name": "Watch"})
        _, page = await hub.http("GET", "/v1/users/me/devices", token=laptop.token)
        here = {each["device"]: each["connected"] for each in page["items"]}
        assert here == {laptop.state.device: True, phone.state.device: True, watch["device"]: False}


async def test_hello_is_answered_with_who_one_is_and_what_holds_here(hub: RunningHub) -> None:
    async with hub.device("ann", "laptop") as device:
        (welcome,) = device.state.received
        assert isinstance(welcome, wire.Welcome)
        assert (welcome.user, welcome.now, welcome.beat) == ("ann", hub.clock.now(), 20_000)
        assert welcome.limits == hub.app.config.limits_on_wire()
        assert all(type(limit) is int for limit in welcome.limits.values())
        status, devices = await hub.http("GET", "/v1/users/me/devices", token=device.token)
        assert status == 200
        assert [(each["device"], each["name"]) for each in devices["items"]] == [(welcome.device, "laptop")]


async def test_a_device_keeps_its_id(hub: RunningHub) -> None:
    device = hub.device("ann")
    await device.connect()
    issued = device.state.device
    await device.disconnect()
    await device.connect()
    assert device.state.device == issued


async def test_a_token_may_come_with_the_upgrade_as_header_or_in_the_url(hub: RunningHub) -> None:
    token = hub.token("ann")
    async with NativeDevice(f"{hub.native_url}?token={token}", None, wall=hub.clock.now) as device:
        assert device.state.user == "ann"
    device = NativeDevice(hub.native_url, None, wall=hub.clock.now)
    await device.connect(headers={"Authorization": f"Bearer {token}"})
    assert device.state.user == "ann"
    await device.disconnect()


async def test_the_token_of_hello_counts_more_than_that_of_the_upgrade(hub: RunningHub) -> None:
    url = f"{hub.native_url}?token={hub.token('bob')}"
    async with NativeDevice(url, hub.token("ann"), wall=hub.clock.now) as device:
        assert device.state.user == "ann"


async def test_a_bound_token_brings_its_device(hub: RunningHub) -> None:
    async with hub.device("ann", token=hub.token("ann", device="phone-1")) as device:
        assert device.state.device == "phone-1"


async def test_without_a_valid_token_nobody_gets_in(hub: RunningHub) -> None:
    forged = hub.token("ann")[:-4] + "AAAA"
    for token in (None, "", "x", "a.b.c", forged):
        received, code = await raw(hub, wire.hello(token, None, "x", "x"))
        assert code == 4401
        assert [(type(message), message.code) for message in received] == [(wire.Fatal, "token")]


async def test_an_expired_token_gets_nobody_in(hub: RunningHub) -> None:
    token = hub.token("ann", ttl=10)
    hub.pass_time(11)
    received, code = await raw(hub, wire.hello(token, None, "x", "x"))
    assert (code, received[0].code) == (4401, "token")


async def test_another_users_device_is_refused(hub: RunningHub) -> None:
    async with hub.device("ann") as device:
        hello = wire.hello(hub.token("bob"), device.state.device, "x", "x")
        received, code = await raw(hub, hello)
    assert (code, received[0].code) == (4403, "forbidden")


async def test_a_device_other_than_the_tokens_is_refused(hub: RunningHub) -> None:
    received, code = await raw(hub, wire.hello(hub.token("ann", device="one"), "other", "x", "x"))
    assert (code, received[0].code) == (4403, "forbidden")


async def test_the_names_of_actors_that_are_no_devices_are_refused(hub: RunningHub) -> None:
    for device in ("hub", "ann.api"):
        _, code = await raw(hub, wire.hello(hub.token("ann"), device, "x", "x"))
        assert code == 4403


NO_HELLOS: list[bytes | str] = [
    b"",
    b"\xc1",
    b"\x00",
    b"\x90",
    pack([99]),
    pack([0]),
    pack([0, {}]),
    pack([0, {"v": 2, "token": "x"}]),
    pack([0, {"v": 1, "token": 1}]),
    pack([0, {"v": 1, "device": {"id": 1}}]),
    wire.open_topic(1, INBOX, 0, 0),
    wire.command(1, "counts", {}),
    "hello",
]
OUTSIDE_THE_ALPHABET = [
    {"id": "a/b"},
    {"id": ""},
    {"id": "x" * 65},
    {"name": "x" * 101},
    {"platform": "x" * 101},
]


async def test_whatever_is_not_a_hello_ends_the_connection(hub: RunningHub) -> None:
    for first in NO_HELLOS:
        received, code = await raw(hub, first)
        assert (first, code) == (first, 4400)
        assert [(type(message), message.code) for message in received] == [(wire.Fatal, "malformed")]


async def test_ids_and_names_of_devices_outside_their_alphabet_end_it_too(hub: RunningHub) -> None:
    for device in OUTSIDE_THE_ALPHABET:
        _, code = await raw(hub, pack([0, {"v": 1, "token": hub.token("ann"), "device": device}]))
        assert (device, code) == (device, 4400)


async def test_another_version_is_told_which_one_is_spoken(hub: RunningHub) -> None:
    received, code = await raw(hub, wire.hello(hub.token("ann"), None, "x", "x", version=2))
    assert code == 4400
    assert "version 1" in received[0].message


async def test_hello_is_said_once(hub: RunningHub) -> None:
    async with hub.device("ann") as device:
        await device.send(device.state.hello(device.token))
        assert await device.ended() == 4400


async def test_a_stranger_may_send_four_kibibytes(hub: RunningHub) -> None:
    received, code = await raw(hub, b"\x91" * 4097)
    assert (code, received[0].code) == (4413, "too_big")


async def test_a_stranger_may_send_no_more_in_many_messages(hub: RunningHub) -> None:
    hello = wire.hello(hub.token("ann"), None, "x", "x")
    flood = wire.open_topic(1, INBOX, 0, 0) * 300
    _, code = await raw(hub, hello + flood)
    assert code == 4413


async def test_what_comes_with_the_hello_is_answered_after_the_welcome(hub: RunningHub) -> None:
    hello = wire.hello(hub.token("ann"), None, "x", "x")
    async with websockets.connect(hub.native_url, compression=None) as socket:
        await socket.send(hello + wire.open_topic(1, INBOX, 0, 0))
        await socket.send(wire.command(2, "counts", {}))
        received: list[wire.HubMessage] = []
        while len(received) < 3:
            answer = await socket.recv()
            assert isinstance(answer, bytes)
            received += wire.decode(answer)
    assert [type(message) for message in received] == [wire.Welcome, wire.Opened, wire.Ok]


async def test_a_stranger_who_says_nothing_is_closed_after_five_seconds(hub: RunningHub) -> None:
    async with websockets.connect(hub.native_url, compression=None) as socket:
        hub.pass_time(4.5)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await socket.recv()
        hub.pass_time(1)
        _, code = await heard(socket)
    assert code == 4401


async def test_connections_of_a_user_are_limited(tmp_path: Path) -> None:
    async with running_hub(tmp_path, limits__connections_per_user=2) as hub:
        first = hub.device("ann")
        await first.connect()
        await hub.device("ann").connect()
        _, code = await raw(hub, wire.hello(hub.token("ann"), None, "x", "x"))
        assert code == 4529
        await hub.device("bob").connect()
        await first.disconnect()
        await hub.device("ann").connect()


# ------------------------------------------------------------------ while connected


async def test_a_token_that_expires_ends_the_connection(hub: RunningHub) -> None:
    device = hub.device("ann", token=hub.token("ann", ttl=60))
    await device.connect()
    hub.pass_time(59)
    assert isinstance(await device.command("counts"), wire.Ok)
    hub.pass_time(2)
    assert await device.ended() == 4401
    assert device.state.fatal is not None
    assert device.state.fatal.code == "token"


async def test_a_renewed_token_moves_the_end(hub: RunningHub) -> None:
    device = hub.device("ann", token=hub.token("ann", ttl=60))
    await device.connect()
    hub.pass_time(30)
    ref = device.state.ref()
    await device.send(wire.renew(ref, hub.token("ann", ttl=100)))
    answer = await device.answer(ref)
    assert isinstance(answer, wire.Ok)
    assert answer.value == {"expires_at": hub.clock.now() // 1000 * 1000 + 100_000}
    for _ in range(6):
        hub.pass_time(15)  # longer silences end a connection
        assert isinstance(await device.command("counts"), wire.Ok)
    hub.pass_time(11)
    assert await device.ended() == 4401


async def test_a_token_over_http_renews_a_connection(hub: RunningHub) -> None:
    device = hub.device("ann", token=hub.token("ann", ttl=60))
    await device.connect()
    status, renewed = await hub.http("POST", "/v1/token/renew", token=device.token)
    assert status == 200
    ref = device.state.ref()
    await device.send(wire.renew(ref, renewed["token"]))
    assert isinstance(await device.answer(ref), wire.Ok)


async def test_a_token_of_somebody_else_does_not_renew(hub: RunningHub) -> None:
    for user, bound in (("bob", None), ("ann", "another-device")):
        device = hub.device("ann")
        await device.connect()
        await device.send(wire.renew(1, hub.token(user, device=bound)))
        assert await device.ended() == 4403


async def test_a_bad_token_does_not_renew(hub: RunningHub) -> None:
    device = hub.device("ann")
    await device.connect()
    await device.send(wire.renew(1, "nonsense"))
    assert await device.ended() == 4401


async def test_a_renewed_token_with_fewer_scopes_closes_what_it_may_not_open(hub: RunningHub) -> None:
    device = hub.device("ann")
    await device.connect()
    await device.open(INBOX)
    replica = device.state.replica(INBOX)
    await device.send(wire.renew(device.state.ref(), hub.token("ann", "publish")))
    await device.until(lambda: replica.access is None)
    assert (await device.open_refused(INBOX)).code == "forbidden"


async def test_a_revoked_device_is_closed_at_once_and_stays_out(hub: RunningHub) -> None:
    device, other = hub.device("ann"), hub.device("ann")
    await device.connect()
    await other.connect()
    path = f"/v1/users/me/devices/{device.state.device}"
    status, _ = await hub.http("DELETE", path, token=hub.token("ann"))
    assert status == 204
    assert await device.ended() == 4403
    await device.connect(wait=False)
    assert await device.ended() == 4403
    assert isinstance(await other.command("counts"), wire.Ok)


async def test_a_beat_is_heard_when_nothing_else_was_sent(hub: RunningHub) -> None:
    device = hub.device("ann")
    await device.connect()
    hub.pass_time(21)
    await device.until(lambda: any(isinstance(each, wire.Beat) for each in device.state.received))


# ------------------------------------------------------------------ the hub leaves


async def test_who_is_connected_is_told_when_to_come_back_before_the_hub_leaves(hub: RunningHub) -> None:
    devices = [hub.device("ann") for _ in range(8)]
    for device in devices:
        await device.connect()
    stopping = asyncio.create_task(hub.stop())
    assert {await device.ended() for device in devices} == {4503}
    await stopping
    told = [device.state.going_away for device in devices]
    assert all(each is not None and each.retry_after > 0 and each.reason for each in told)
    assert len({each.retry_after for each in told if each is not None}) > 1


async def test_what_was_acknowledged_before_the_hub_left_is_there_when_it_is_back(tmp_path: Path) -> None:
    acknowledged: set[str] = set()
    async with running_hub(tmp_path) as hub:
        device = hub.device("ann")
        await device.connect()
        await device.open(INBOX)
        for number in range(50):
            device.state.act(INBOX, f"t{number}", "item", {"kind": "task", "title": "a task"})
            await device.push()
        await hub.stop()
        await device.ended()
        waiting = {statement.item for statement in device.state.replica(INBOX).outbox}
        acknowledged = {f"t{number}" for number in range(50)} - waiting
    async with running_hub(tmp_path) as hub:
        again = hub.device("ann")
        await again.connect()
        await again.open(INBOX)
        assert acknowledged <= set(again.state.replica(INBOX).registers)
