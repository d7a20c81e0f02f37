"""The Hocuspocus wire over real sockets: paths, tokens, limits of strangers, one message a frame."""

from __future__ import annotations

from pathlib import Path

import pytest
import websockets
from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection

from hub.protocol import hocuspocus, yjs
from tests.kit.clocks import StillClock
from tests.kit.hubs import RunningHub, running_hub

PLAN = hocuspocus.address("plan")


def url(hub: RunningHub, rest: str = "") -> str:
    return f"ws://127.0.0.1:{hub.port}/hocuspocus{rest}"


async def told(socket: ClientConnection, kind: type, address: bytes = PLAN) -> object:
    """The next message of a kind."""
    while True:
        written, message = hocuspocus.split(await socket.recv(decode=False))
        decoded = hocuspocus.decode(message)
        if written == address and isinstance(decoded, kind):
            return decoded


def written(text: str) -> bytes:
    doc: Doc[Text] = Doc()
    doc["t"] = Text(text)
    return doc.get_update()


@pytest.mark.parametrize("rest", ["", "/"])
async def test_the_token_may_come_in_the_message_the_header_or_the_address(
    hub: RunningHub, rest: str
) -> None:
    token = hub.token("ann")
    bearer = {"Authorization": f"Bearer {token}"}
    for address, headers, said in (
        (url(hub, rest), {}, token),
        (url(hub, rest), bearer, ""),
        (url(hub, f"{rest}?token={token}"), {}, ""),
    ):
        async with websockets.connect(address, additional_headers=headers, compression=None) as socket:
            await socket.send(PLAN + hocuspocus.token(said))
            assert await told(socket, hocuspocus.Authenticated) == hocuspocus.Authenticated("read-write")


async def test_only_its_own_path_is_served(hub: RunningHub) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url(hub, "/plan"))
    assert refused.value.response.status_code == 404


async def test_a_long_state_vector_right_behind_the_token_is_taken(hub: RunningHub) -> None:
    vector = yjs.encode_state_vector({number: 1 for number in range(2**40, 2**40 + 2_000)})
    async with websockets.connect(url(hub), compression=None) as socket:
        await socket.send(PLAN + hocuspocus.token(hub.token("ann")))
        await socket.send(PLAN + yjs.sync_step1(vector))
        await told(socket, yjs.SyncUpdate)


async def test_a_stranger_may_say_4_kib_and_stay_five_seconds(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data", StillClock()) as hub:
        async with websockets.connect(url(hub), compression=None) as talker:
            await talker.send(PLAN + yjs.update(written("x" * 5_000)))
            await talker.wait_closed()
            assert talker.close_code == 4413
        async with websockets.connect(url(hub), compression=None) as silent:
            await silent.send(PLAN + hocuspocus.token("wrong"))
            assert isinstance(await told(silent, hocuspocus.PermissionDenied), hocuspocus.PermissionDenied)
            hub.pass_time(6)
            await silent.wait_closed()
            assert silent.close_code == 4401


async def test_one_message_a_frame_also_where_many_leave_at_once(hub: RunningHub) -> None:
    token = hocuspocus.token(hub.token("ann"))
    async with websockets.connect(url(hub), compression=None) as socket:
        addresses = [hocuspocus.address(f"d{number}") for number in range(50)]
        for address in addresses:
            await socket.send(address + token)
            await socket.send(address + yjs.update(written("x")))
        saved: set[bytes] = set()
        while len(saved) < len(addresses):
            written_to, message = hocuspocus.split(await socket.recv(decode=False))
            if hocuspocus.decode(message) == hocuspocus.SyncStatus(True):
                saved.add(written_to)


async def test_what_is_malformed_closes_with_4400(hub: RunningHub) -> None:
    for frame in (b"", b"\x0b", PLAN, PLAN + b"\x0b", b"\xff" * 9):
        async with websockets.connect(url(hub), compression=None) as socket:
            await socket.send(frame)
            await socket.wait_closed()
            assert socket.close_code == 4400, frame


async def test_a_y_websocket_reader_is_shown_what_comes_over_this_wire(hub: RunningHub) -> None:
    token = hub.token("ann")
    async with (
        websockets.connect(f"{hub.yjs_url}/plan?token={token}", compression=None) as web,
        websockets.connect(url(hub), compression=None) as socket,
    ):
        assert isinstance(yjs.decode(await web.recv(decode=False)), yjs.SyncStep1)
        await socket.send(PLAN + hocuspocus.token(token))
        await told(socket, hocuspocus.Authenticated)
        update = written("两边")
        await socket.send(PLAN + yjs.update(update))
        assert yjs.decode(await web.recv(decode=False)) == yjs.SyncUpdate(update, step2=False)
        back = yjs.awareness([yjs.AwarenessEntry(3, 1, b"{}")])
        await web.send(back)
        seen = await told(socket, yjs.AwarenessUpdate)
        assert isinstance(seen, yjs.AwarenessUpdate)
        assert seen.raw == back
