"""The tokens of a deleted user, at every door of a whole hub, and after a restart."""

from __future__ import annotations

import asyncio
from pathlib import Path

import websockets

from hub.protocol import native_device
from tests.kit.hubs import RunningHub, running_hub

PATIENCE = 10.0
NOTE = {"kind": "notification", "title": "Hello"}


async def delete(hub: RunningHub, user: str = "ann") -> None:
    assert (await hub.http("DELETE", f"/v1/users/{user}", token=hub.token("root", "admin")))[0] == 204


async def http_status(hub: RunningHub, token: str) -> int:
    return (await hub.http("GET", "/v1/users/me/counts", token=token))[0]


async def native_close(hub: RunningHub, token: str) -> tuple[int | None, str]:
    """How a hello with that token ends: close code, code of the fatal message."""
    device = hub.device("ann")
    device.token = token
    await device.connect(wait=False)
    code = await device.ended()
    assert device.state.fatal is not None
    return code, device.state.fatal.code


async def yjs_close(hub: RunningHub, token: str) -> int | None:
    async with websockets.connect(f"{hub.yjs_url}/plan?token={token}") as socket:
        async with asyncio.timeout(PATIENCE):
            await socket.wait_closed()
    return socket.close_code


async def test_every_door_refuses_an_old_token_and_takes_a_new_one_also_after_a_restart(
    tmp_path: Path,
) -> None:
    async with running_hub(tmp_path) as hub:
        old = hub.token("ann", "user", "publish")
        assert await http_status(hub, old) == 200
        await delete(hub)
        status, problem = await hub.http("POST", "/v1/token/renew", token=old)
        assert (status, problem["code"]) == (401, "unauthorized")
        assert await native_close(hub, old) == (4401, "token")
        assert await yjs_close(hub, old) == 4401
        assert (await hub.http("GET", "/v1/users/ann", token=hub.token("root", "admin")))[0] == 404
        await hub.http("POST", "/v1/users/ann/items", NOTE, hub.token("ci", "publish"))
        assert (await hub.http("GET", "/v1/users/ann", token=hub.token("root", "admin")))[0] == 200
        assert await http_status(hub, old) == 401
    async with running_hub(tmp_path) as hub:
        assert await http_status(hub, old) == 401
        assert await native_close(hub, old) == (4401, "token")
        new = hub.token("ann")
        assert await http_status(hub, new) == 200
        await hub.device("ann").connect()
        assert await http_status(hub, old) == 401


async def test_a_live_connection_does_not_take_a_void_token_in_place_of_its_own(hub: RunningHub) -> None:
    old = hub.token("ann")
    assert await http_status(hub, old) == 200
    await delete(hub)
    device = hub.device("ann")
    await device.connect()
    good = device.state.ref()
    await device.send(native_device.renew(good, hub.token("ann")))
    await device.until(lambda: good in device.state.answers)
    await device.send(native_device.renew(device.state.ref(), old))
    assert await device.ended() == 4401
