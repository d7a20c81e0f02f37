"""The command's process and its group: started, told, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from typing import Final

from hub.cli.task.streams import Streams

KILL_AFTER: Final = 10.0
"""Seconds that a canceled command has after SIGTERM, until SIGKILL."""
NOT_FOUND: Final = 127
NOT_EXECUTABLE: Final = 126
"""Exit codes as of shells."""
SIGNALED: Final = 128
"""A shell's exit code of what a signal ended is this and the signal's number."""


class Child:
    """A running command. All of its process group is signaled."""

    def __init__(self, process: subprocess.Popen[bytes], streams: Streams) -> None:
        self._process = process
        self._streams = streams
        self._loop = asyncio.get_running_loop()
        self._killing: asyncio.TimerHandle | None = None
        self._ended = asyncio.ensure_future(asyncio.to_thread(self._wait))
        self.is_canceled = False
        self.is_paused = False

    @classmethod
    def start(cls, command: Sequence[str], streams: Streams) -> Child:
        """Start a command. Raises ``OSError``."""
        return cls(streams.spawn(command), streams)

    async def ended(self) -> int:
        """Until it has ended and its output went through: the exit code as a shell tells it."""
        await asyncio.shield(self._ended)
        if self._killing is not None:
            self._killing.cancel()
        return SIGNALED - self.returncode if self.returncode < 0 else self.returncode

    @property
    def returncode(self) -> int:
        """As of ``subprocess``: negative, where a signal ended it."""
        return self._process.returncode

    def signal(self, number: int) -> None:
        """Signal the group, as long as there is one."""
        if not self._ended.done():
            _signal_group(self._process.pid, number)

    def pause(self) -> None:
        """Stop it where it is."""
        self.is_paused = True
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self.is_paused = False
        self.signal(signal.SIGCONT)

    def cancel(self) -> None:
        """Ask it to end; after a while, end it."""
        if self.is_canceled:
            return
        self.is_canceled = True
        self.signal(signal.SIGTERM)
        self.resume()  # what is stopped doesn't hear SIGTERM
        self._killing = self._loop.call_later(KILL_AFTER, self.signal, signal.SIGKILL)

    def _wait(self) -> None:
        self._process.wait()
        self._streams.ended()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return
