"""Test devices on real sockets."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import websockets
from websockets.asyncio.client import ClientConnection

from hub.model import Json, Statement
from hub.protocol import native_device as wire
from hub.protocol.frames import pack
from hub.protocol.native import SUBPROTOCOL
from tests.kit.replicas import DeviceState, Replica

PATIENCE = 10.0
"""Seconds a test waits for what must come."""


def wall_clock() -> int:
    """The machine's time in ms."""
    return time.time_ns() // 1_000_000


class NativeDevice:
    """A ``DeviceState`` over one WebSocket at a time. It reads by itself; ``settle`` waits for it.

    Args:
        url: ``ws://…/v1/connect``.
        token: of the user it belongs to.
        name: what it calls itself.
        device: the id the hub issued earlier.
        wall: its own wall clock in ms.
    """

    def __init__(
        self,
        url: str,
        token: str | None,
        name: str = "device",
        device: str | None = None,
        wall: Callable[[], int] = wall_clock,
    ) -> None:
        self.url = url
        self.token = token
        self.state = DeviceState(name, wall, device)
        self.closed: tuple[int, str] | None = None
        self._socket: ClientConnection | None = None
        self._reader: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()

    # ------------------------------------------------------------------ the socket

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.disconnect()

    async def connect(self, *, wait: bool = True, headers: dict[str, str] | None = None) -> None:
        """Connect and say hello; with ``wait`` until welcomed. Opens again what was open before."""
        self.closed = None
        self.state.going_away = self.state.fatal = None
        self._socket = await websockets.connect(
            self.url,
            subprotocols=[websockets.Subprotocol(SUBPROTOCOL)],
            additional_headers=headers,
            max_size=None,
            compression=None,
        )
        self._reader = asyncio.create_task(self._read(self._socket))
        await self.send(self.state.hello(self.token))
        if wait:
            await self.until(lambda: self.state.welcomed)

    async def disconnect(self) -> None:
        """Close the socket in an orderly way."""
        if self._socket is not None:
            await self._socket.close()
        await self._over()

    async def vanish(self) -> None:
        """Drop off the network."""
        if self._socket is not None:
            self._socket.transport.abort()
        await self._over()

    async def _over(self) -> None:
        if self._reader is not None:
            await self._reader
        self._socket = self._reader = None

    async def send(self, *messages: bytes) -> None:
        """Send messages in one WebSocket message."""
        assert self._socket is not None, "not connected"
        await self._socket.send(b"".join(messages))

    async def send_text(self, text: str) -> None:
        """Send what this protocol does not know."""
        assert self._socket is not None, "not connected"
        await self._socket.send(text)

    def stop_reading(self) -> None:
        """Let what the hub sends pile up, in the kernel and then at the hub."""
        assert self._socket is not None, "not connected"
        self._socket.transport.pause_reading()

    def go_on_reading(self) -> None:
        """Read again."""
        assert self._socket is not None, "not connected"
        self._socket.transport.resume_reading()

    async def _read(self, socket: ClientConnection) -> None:
        try:
            while True:
                message = await socket.recv()
                assert isinstance(message, bytes), "the hub sends binary messages"
                for answer in self.state.receive(message):
                    await socket.send(answer)
                await self._tell()
        except websockets.ConnectionClosed as closed:
            received = closed.rcvd
            self.closed = (received.code, received.reason) if received else (1006, "")
        finally:
            self.state.lost()
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    # ------------------------------------------------------------------ waiting

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds, looked at after each message. Fails at once where the connection ends before."""
        async with self._changed, asyncio.timeout(PATIENCE):
            await self._changed.wait_for(lambda: holds() or self._is_over())
        if not holds():
            await self._over()
            raise AssertionError(f"the connection ended: {self.closed}, {self.state.fatal}")

    def _is_over(self) -> bool:
        return self._reader is None or self._reader.done() or self.closed is not None

    async def ended(self) -> int:
        """Until the hub has closed the connection; its close code."""
        assert self._reader is not None
        async with asyncio.timeout(PATIENCE):
            await asyncio.wait((self._reader,))
        await self._over()
        assert self.closed is not None
        return self.closed[0]

    async def answer(self, ref: int) -> wire.Ok | wire.No:
        """The answer to a request."""
        await self.until(lambda: ref in self.state.answers)
        return self.state.answers[ref]

    async def settle(self) -> None:
        """Push what waits, and wait until everything is answered."""
        await self.push()
        await self.until(self.state.settled)

    async def caught_up(self, topic: str, seq: int) -> None:
        """Until the device is at that seq of the topic."""
        await self.until(
            lambda: self.state.replica(topic).seq >= seq and self.state.replica(topic).parts is None
        )

    # ------------------------------------------------------------------ doing

    async def open(self, topic: str) -> Replica:
        """Open a topic; fails where it is refused."""
        message = self.state.open(topic)
        await self.send(message)
        replica = self.state.replica(topic)
        await self.until(lambda: replica.handle is not None and not replica.opening and replica.parts is None)
        return replica

    async def open_refused(self, topic: str) -> wire.No:
        """Open a topic that can't be opened; why."""
        ref = self.state.ref()
        await self.send(wire.open_topic(ref, topic, 0, 0))
        answer = await self.answer(ref)
        assert isinstance(answer, wire.No)
        return answer

    async def act(self, topic: str, item: str, field: str, value: Json, hlc: int | None = None) -> Statement:
        """An action, pushed and answered."""
        statement = self.state.act(topic, item, field, value, hlc)
        await self.settle()
        return statement

    async def push(self) -> None:
        """Push every outbox."""
        messages = [message for topic in list(self.state.topics) for message in self.state.push(topic)]
        for message in messages:
            await self.send(message)

    async def push_raw(self, topic: str, body: object) -> wire.Ok | wire.No:
        """Push a body as it is, past the outbox; the answer."""
        replica = self.state.replica(topic)
        assert replica.handle is not None
        ref = self.state.ref()
        self.state.pushed[ref] = replica, []
        await self.send(pack((3, ref, replica.handle, body)))
        return await self.answer(ref)

    async def command(self, name: str, **params: Json) -> wire.Ok | wire.No:
        """Run a command; the answer."""
        ref = self.state.ref()
        await self.send(wire.command(ref, name, params))
        return await self.answer(ref)
