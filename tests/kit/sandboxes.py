"""A WeCom robot to send to: the sandbox on a real socket."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from hub.ports import Clock
from hub.sandbox import Call, FaultKind, Sandbox


@dataclass
class RunningSandbox:
    """A sandbox that listens. ``sandbox`` is the thing itself."""

    sandbox: Sandbox
    url: str

    def messages(self) -> Sequence[Call]:
        """What the group has received, in order."""
        return self.sandbox.messages

    def texts(self) -> list[str]:
        """The contents alone."""
        return [call.content for call in self.sandbox.messages]

    def calls(self) -> Sequence[Call]:
        """All calls in order, the refused ones too."""
        return self.sandbox.calls

    def fault(
        self, kind: FaultKind, times: int | None = 1, key: str | None = None, seconds: float = 3.0
    ) -> None:
        """Let the next calls go wrong; None: all until ``sandbox.clear_faults()``."""
        self.sandbox.fault(kind, times, key, seconds)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """Nobody listens there meanwhile, nor can: connections are refused."""
        port = int(self.url.rpartition(":")[2])
        await self.sandbox.stop()
        with socket.socket() as held:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.bind(("127.0.0.1", port))
            yield
        await self.sandbox.start(port=port)


@asynccontextmanager
async def running_sandbox(
    clock: Clock | None = None, key: str | None = None
) -> AsyncIterator[RunningSandbox]:
    """A sandbox on a port of its own; its window and the messages' time by ``clock``."""
    sandbox = Sandbox(clock, key)
    await sandbox.start()
    try:
        yield RunningSandbox(sandbox, sandbox.url)
    finally:
        await sandbox.stop()
