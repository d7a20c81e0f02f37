"""Connections for their own sake: held without a word, or opened and closed as fast as the server lets in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from bench.load.documents import ASKS_FOR_ALL
from bench.load.socket import LoadSocket
from bench.load.statements import NativeDevice
from bench.load.window import Tally

_OPENING: Final = 32
"""Of those that stay, at a time."""


@dataclass(frozen=True, slots=True)
class ConnectionPlan:
    """``tokens``: users and theirs, for the hub; none: a y-websocket or echo server, at ``path``.

    ``hold``: how many connections stay open; ``opening``: how many are opened at a time in a window.
    """

    port: int
    tokens: Sequence[tuple[str, str]]
    path: str
    hold: int
    opening: int


class FirstMessage(LoadSocket):
    """Ready with the first message that comes after its own: a y-websocket's or an echo server's answer."""

    __slots__ = ()

    def received(self, message: bytes) -> None:
        """The server spoke."""
        if not self.ready.done():
            self.ready.set_result(None)


class ConnectionLoad:
    """Implements ``Load``: a unit of work is a connection, opened until its content was there, and closed."""

    def __init__(self, plan: ConnectionPlan) -> None:
        self.tally = Tally()
        self._plan = plan
        self._opened = 0
        self._held: list[LoadSocket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def prepare(self) -> None:
        """Open those that stay."""
        for first in range(0, self._plan.hold, _OPENING):
            opening = min(_OPENING, self._plan.hold - first)
            self._held += await asyncio.gather(*(self._open() for _ in range(opening)))

    def begin(self, rate: float | None) -> None:
        """Open and close, so many at a time."""
        assert rate is None, "connections come as fast as the server takes them"
        for _ in range(self._plan.opening):
            task = asyncio.ensure_future(self._come_and_go())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _come_and_go(self) -> None:
        tally = self.tally
        while tally.running:
            tally.outstanding += 1
            began = perf_counter()
            socket = await self._open()
            tally.answers.append(perf_counter() - began)
            socket.transport.abort()
            tally.done += 1
            tally.outstanding -= 1

    async def _open(self) -> LoadSocket:
        plan, number = self._plan, self._opened
        self._opened += 1
        if plan.tokens:
            user, token = plan.tokens[number % len(plan.tokens)]
            device = NativeDevice(user, f"{user}.0")
            await device.enter(plan.port, token)
            return device
        socket = FirstMessage()
        await socket.connect(plan.port, plan.path.format(number))
        socket.send(ASKS_FOR_ALL)
        await socket.ready
        return socket
