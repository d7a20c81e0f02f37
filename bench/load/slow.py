"""Readers that take a little, rarely: what is sent to them piles up."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from bench.load.past import PastDevice
from bench.load.statements import NativeDevice, StatementLoad, StatementPlan

_RECEIVE_BUFFER: Final = 4096
_PAUSE_SECONDS: Final = 0.25


class SlowDevice(NativeDevice):
    """Once its inbox is open, it reads one portion every quarter of a second. May be closed for that."""

    __slots__ = ("_slow",)

    def __init__(self, user: str, name: str) -> None:
        super().__init__(user, name)
        self._slow = False

    def opened(self) -> None:
        """From now on slowly."""
        super().opened()
        self._slow = True
        own: socket.socket = self.transport.get_extra_info("socket")
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)

    def data_received(self, data: bytes) -> None:
        """A portion; what it says is of no interest."""
        if not self._slow:
            super().data_received(data)
            return
        self.transport.pause_reading()
        asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._read_on)

    def _read_on(self) -> None:
        if not self.closed and not self.transport.is_closing():
            self.transport.resume_reading()


def load_of(plan: StatementPlan) -> StatementLoad:
    """A load of statements, with what the plan wants in each inbox before and beside it."""
    held: list[NativeDevice] = []

    async def fill(user: str, token: str) -> None:
        if plan.past:
            past = PastDevice(user, f"{user}.past", plan.past)
            await past.enter(plan.port, token)
            past.transport.abort()
        for number in range(plan.slow):
            device = SlowDevice(user, f"{user}.slow{number}")
            await device.enter(plan.port, token)
            held.append(device)

    return StatementLoad(plan, fill)
