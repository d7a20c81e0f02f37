"""``hub.cli.task.running.SignalRelay``: every signal reaches the command, one that came before it, too."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import cast

from hub.cli.task.child import Child
from hub.cli.task.running import SignalRelay
from hub.cli.task.streams import Streams


class Silent:
    """Takes the place of the streams: no terminal."""

    def resized(self) -> None:
        return


class Told:
    """Takes the place of the command: notes what it is told."""

    def __init__(self, paused: bool = False) -> None:
        self.signals: list[int] = []
        self.is_paused = paused

    def signal(self, number: int) -> None:
        self.signals.append(number)


async def heard(number: int) -> None:
    """Signal ourselves, and let the loop hear it: it does so by its next turns."""
    os.kill(os.getpid(), number)
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_signal_that_comes_before_the_command_runs_is_passed_on_once_it_does() -> None:
    relay, told = SignalRelay(asyncio.get_running_loop(), cast(Streams, Silent())), Told()
    await heard(signal.SIGUSR1)
    relay.connect(cast(Child, told))
    assert told.signals == [signal.SIGUSR1]
    await heard(signal.SIGTERM)
    assert told.signals == [signal.SIGUSR1, signal.SIGTERM]


async def test_going_on_does_not_wake_a_command_that_a_device_paused() -> None:
    relay, told = SignalRelay(asyncio.get_running_loop(), cast(Streams, Silent())), Told(paused=True)
    relay.connect(cast(Child, told))
    await heard(signal.SIGCONT)
    assert told.signals == []
    told.is_paused = False
    await heard(signal.SIGCONT)
    assert told.signals == [signal.SIGCONT]
