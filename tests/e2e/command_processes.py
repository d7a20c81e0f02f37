"""Commands of the hub as processes that go on: their lines as they come, in a pipe or a terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import termios
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from tests.e2e.processes import HUB, HubProcess

T = TypeVar("T")

PATIENCE = 20.0
"""Seconds for what takes a moment on an idle machine."""


@dataclass
class Running:
    """A command that runs. ``out`` and ``err`` hold what it wrote until now."""

    process: asyncio.subprocess.Process
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    master: int | None = None
    readers: list[asyncio.Task[None]] = field(default_factory=list)

    async def wrote(self, text: str, times: int = 1) -> None:
        """Until it has written that, on either stream."""
        await self._soon(self._until_written(text.encode(), times), f"to write {text!r}")

    async def _until_written(self, text: bytes, times: int) -> None:
        while (self.out + self.err).count(text) < times:
            self.changed.clear()
            await self.changed.wait()

    def type(self, text: str) -> None:
        """As with a keyboard."""
        assert self.master is not None, "no terminal"
        os.write(self.master, text.encode())

    async def ended(self) -> int:
        """Until it has ended and everything was read: its exit code."""
        code = await self._soon(self.process.wait(), "to end")
        await self._soon(asyncio.gather(*self.readers), "to close its output")
        return code

    async def _soon(self, event: Awaitable[T], what: str) -> T:
        """Fails after a while, with what was waited for and what there is instead."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await event
        except TimeoutError:
            pass
        pytest.fail(f"waited {PATIENCE:g} s for it {what}; it wrote {self.out!r} and {self.err!r}")

    async def interrupt(self) -> int:
        """Ctrl-C, and until it has ended."""
        self.process.send_signal(signal.SIGINT)
        return await self.ended()

    @property
    def lines(self) -> list[str]:
        """Of stdout."""
        return self.out.decode().splitlines()

    async def read(self, stream: asyncio.StreamReader, into: bytearray) -> None:
        try:
            while chunk := await stream.read(65536):
                into += chunk
                self.changed.set()
        except OSError:  # how a pseudo-terminal ends
            self.changed.set()


def environment(hub: HubProcess | None, folder: Path, **more: str) -> Mapping[str, str]:
    """What a command is told of the hub; what it keeps lies in ``folder``."""
    told = {"TONGBU_URL": hub.url} if hub is not None else {}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TONGBU_")}
    return {**kept, **told, "XDG_STATE_HOME": str(folder / "state"), "PYTHONUNBUFFERED": "1", **more}


@asynccontextmanager
async def running(
    *arguments: str, env: Mapping[str, str], terminal: bool = False, stdin: int = asyncio.subprocess.DEVNULL
) -> AsyncIterator[Running]:
    """``hub ARGUMENTS``; killed at the end, should it still run. With ``terminal`` in one of 24 × 100."""
    if terminal:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        # Who leads a session gets the first terminal it opens: nothing of ours has to run after the fork.
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(slave), HUB, *arguments,
            stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        command = Running(process, master=master)
        command.readers.append(asyncio.create_task(command.read(await _reader(master), command.out)))
    else:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            HUB, *arguments, stdin=stdin, stdout=pipe, stderr=pipe, env=env
        )
        command = Running(process)
        assert process.stdout is not None
        assert process.stderr is not None
        command.readers.append(asyncio.create_task(command.read(process.stdout, command.out)))
        command.readers.append(asyncio.create_task(command.read(process.stderr, command.err)))
    try:
        yield command
    finally:
        if process.returncode is None:
            await _end(process)
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*command.readers)


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM, which ``hub task run`` passes on; SIGKILL where that was not enough."""
    process.terminate()
    try:
        async with asyncio.timeout(2):
            await process.wait()
    except TimeoutError:
        process.kill()
        async with asyncio.timeout(PATIENCE):
            await process.wait()


async def _reader(master: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, os.fdopen(os.dup(master), "rb"))
    return reader


async def hub_command(*arguments: str, env: Mapping[str, str], stdin: bytes = b"") -> tuple[int, str, str]:
    """A command that ends by itself: exit code, stdout, stderr."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        HUB, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env=env
    )
    async with asyncio.timeout(PATIENCE * 2):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()
