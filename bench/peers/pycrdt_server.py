"""pycrdt-websocket on ``websockets.asyncio`` and uvloop: ``python pycrdt_server.py PORT``."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from pycrdt.websocket import WebsocketServer  # type: ignore[import-not-found]  # in the peers' environment
from websockets.asyncio.server import ServerConnection, serve


class Channel:
    """A connection as pycrdt-websocket wants one."""

    def __init__(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.path = connection.request.path
        self._connection = connection

    async def send(self, message: bytes) -> None:
        await self._connection.send(message)

    async def recv(self) -> bytes:
        message = await self._connection.recv()
        assert isinstance(message, bytes)
        return message

    def __aiter__(self) -> Channel:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except Exception:
            raise StopAsyncIteration from None


async def main() -> None:
    async with WebsocketServer() as documents:

        async def join(connection: ServerConnection) -> None:
            await documents.serve(Channel(connection))

        async with serve(join, "127.0.0.1", int(sys.argv[1]), compression=None) as server:
            await server.serve_forever()


asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
asyncio.run(main())
