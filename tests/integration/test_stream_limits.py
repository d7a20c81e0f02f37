"""Streams count as connections."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from tests.kit.hubs import RunningHub, running_hub

PATIENCE = 10.0


async def follow(stack: AsyncExitStack, hub: RunningHub, user: str) -> aiohttp.ClientResponse:
    session = await stack.enter_async_context(aiohttp.ClientSession(hub.url))
    headers = {"Authorization": f"Bearer {hub.token(user)}"}
    async with asyncio.timeout(PATIENCE):
        return await stack.enter_async_context(session.get("/v1/users/me/stream", headers=headers))


async def test_a_user_may_have_only_so_many_streams_and_sockets_together(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "data", limits__connections_per_user=2) as hub,
        AsyncExitStack() as streams,
    ):
        assert (await follow(streams, hub, "ann")).status == 200
        device = hub.device("ann", "laptop")
        await device.connect()
        refused = await follow(streams, hub, "ann")
        assert (refused.status, (await refused.json(content_type=None))["code"]) == (429, "limit")
        assert int(refused.headers["Retry-After"]) > 0
        assert (await follow(streams, hub, "bob")).status == 200
        await device.disconnect()
        assert (await follow(streams, hub, "ann")).status == 200


async def test_an_address_may_have_only_so_many_streams(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data", limits__connections_per_address=2) as hub:
        async with AsyncExitStack() as streams:
            statuses = [(await follow(streams, hub, user)).status for user in ("ann", "bob", "eve")]
            assert statuses == [200, 200, 429]
        assert (await hub.http("GET", "/healthz"))[0] == 200
