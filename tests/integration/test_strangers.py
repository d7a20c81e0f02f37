"""What those may do whom the hub doesn't know yet, and what is said to those who can't be served."""

from __future__ import annotations

import asyncio
import contextlib
from urllib.parse import quote

import pytest
import websockets
from websockets.frames import BINARY, CONT, PING, Frame, Opcode

from hub.protocol.native_device import hello
from tests.kit.hubs import RunningHub

PATIENCE = 10.0


@pytest.mark.parametrize("name", ["笔记", "my notes", "", "a//b", "x" * 65])
async def test_a_document_name_that_cannot_be_is_told_in_the_close_frame(hub: RunningHub, name: str) -> None:
    """A browser tells a page nothing of a refused upgrade; y-websocket stops by itself on 44xx."""
    url = f"{hub.yjs_url}/{quote(name)}?token={hub.token('ann')}"
    async with websockets.connect(url, compression=None) as socket:
        await asyncio.wait_for(socket.wait_closed(), PATIENCE)
        assert socket.close_code == 4400
        assert "the name of a topic is 1 to 64 of A-Z" in (socket.close_reason or "")


@pytest.mark.parametrize("opcode", [PING, CONT])
async def test_a_flood_of_empty_frames_before_the_hello_ends_the_connection(
    hub: RunningHub, opcode: Opcode
) -> None:
    async with websockets.connect(hub.native_url, compression=None, ping_interval=None) as socket:
        first = Frame(BINARY, b"", fin=False).serialize(mask=True) if opcode is CONT else b""
        empty = Frame(opcode, b"", fin=opcode is PING).serialize(mask=True)
        with contextlib.suppress(ConnectionError):
            socket.transport.write(first + empty * 1000)
            await asyncio.wait_for(socket.wait_closed(), PATIENCE)
        assert socket.close_code == 4413


async def test_a_hello_may_come_in_fragments_and_after_the_welcome_pings_are_free(
    hub: RunningHub,
) -> None:
    said = hello(hub.token("ann"), None, "laptop", "x")
    async with websockets.connect(hub.native_url, compression=None, ping_interval=None) as socket:
        await socket.send([said[:9], said[9:99], said[99:]])
        welcome = await asyncio.wait_for(socket.recv(), PATIENCE)
        assert isinstance(welcome, bytes)
        for _ in range(1000):
            await socket.ping()
        await asyncio.wait_for(await socket.ping(), PATIENCE)
