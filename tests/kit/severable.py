"""A way to the hub that can be cut: a TCP relay on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.kit.hubs import RunningHub


class Way:
    """Relays bytes both ways. ``open`` False: nobody gets through. ``held``: what the hub says stays here."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.open = True
        self.connections = 0

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Everything that is connected drops off."""
        for writer in list(self._writers):
            writer.transport.abort()

    def close(self) -> None:
        """Cut, and let nobody through."""
        self.open = False
        self.cut()

    def hold(self) -> None:
        """What the hub says does not arrive any more."""
        self._flowing.clear()

    def let_flow(self) -> None:
        self._flowing.set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.transport.abort()
            return
        self.connections += 1
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, back}
        up = asyncio.create_task(self._pump(reader, back, None))
        down = asyncio.create_task(self._pump(there, writer, self._flowing))
        self._pumps |= {up, down}
        await asyncio.wait((up, down))
        self._pumps -= {up, down}
        self._writers -= {writer, back}

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, flowing: asyncio.Event | None
    ) -> None:
        try:
            while data := await reader.read(65_536):
                if flowing is not None:
                    await flowing.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.transport.abort()


@asynccontextmanager
async def severable(hub: RunningHub) -> AsyncIterator[Way]:
    """A way to the hub, closed at the end."""
    way = Way(hub.port)
    await way.start()
    try:
        yield way
    finally:
        await way.stop()
