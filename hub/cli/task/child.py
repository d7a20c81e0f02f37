"""The command's process and its group: started, told, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from hub.cli.task.streams import Streams

KILL_AFTER: Final = 10.0
"""Seconds that a canceled command has after SIGTERM, until SIGKILL."""
LOOK_INTERVAL: Final = 0.05
"""Seconds between looks at whether a canceled command's group is gone: nobody but a parent is told."""
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
        self._killed = threading.Event()
        self._ended = asyncio.ensure_future(asyncio.to_thread(self._wait))
        self.is_canceled = False
        self.is_paused = False

    @classmethod
    def start(cls, command: Sequence[str], streams: Streams) -> Child:
        """Start a command. Raises ``OSError``."""
        return cls(streams.spawn(command), streams)

    async def ended(self) -> int:
        """Until it has ended and its output went through: the exit code as a shell tells it.

        Of a canceled command all of its group has ended, too; what another one left behind stays.
        """
        await asyncio.shield(self._ended)
        if self._killing is not None:
            self._killing.cancel()
        return SIGNALED - self.returncode if self.returncode < 0 else self.returncode

    @property
    def pid(self) -> int:
        """Of the command and of its group."""
        return self._process.pid

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
        self._killing = self._loop.call_later(KILL_AFTER, self._kill)

    def _kill(self) -> None:
        self.signal(signal.SIGKILL)
        self._killed.set()

    def _wait(self) -> None:
        self._process.wait()
        self._outlast_group()
        self._streams.ended()
        self._outlast_group()  # canceled while what it left behind was still heard

    def _outlast_group(self) -> None:
        while self.is_canceled and _is_running(self._process.pid):
            if self._killed.wait(LOOK_INTERVAL):
                return


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def _is_running(group: int) -> bool:
    """Whether a process of the group could still do something; one that nobody has buried yet could not."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    states = list(_states(group))
    return not states or any(state not in ("Z", "X") for state in states)


def _states(group: int) -> Iterator[str]:
    """The group's processes, a letter each as of proc(5); none where the system has no such folder."""
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _parent, its_group = file.read_text("utf-8", "replace").rpartition(")")[2].split()[:3]
        except (OSError, ValueError):
            continue
        if its_group == str(group):
            yield state
