"""Runs a command and reports it: signals, streams, the process, the hub."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Callable
from typing import Final

from hub.cli.task.child import NOT_EXECUTABLE, NOT_FOUND, SIGNALED, Child
from hub.cli.task.listening import Listener
from hub.cli.task.order import Order
from hub.cli.task.reporting import Report, end_of
from hub.cli.task.streams import Streams
from hub.cli.terminal import tell

PASSED_ON: Final = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
"""Signals that are the command's."""
CANCELED: Final = SIGNALED + signal.SIGTERM
"""The exit code where a device canceled the task."""


async def run_command(order: Order) -> int:
    """Run the command as a task. The exit code: the command's own, 128 + n where signal n ended it, 143 where
    a device canceled it, 127 or 126 where there is none or it can't be run."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()

    def tell_loop() -> None:
        loop.call_soon_threadsafe(changed.set)

    listener = Listener(tell_loop)
    report = Report(order, listener, changed)
    listen = (listener.stream(), listener.stream()) if order.listen else (_ignore, _ignore)
    relay = SignalRelay(loop, streams := Streams(listen))
    try:
        child = Child.start(order.command, streams)
    except (OSError, ValueError) as error:
        return await _not_started(order, report, error)
    relay.connect(child)
    reporting = asyncio.ensure_future(report.run(child))
    code = await child.ended()
    _listen_to_impatience(loop, reporting)
    report.end(*end_of(child.returncode, listener.heard))
    await _told(report, reporting)
    return CANCELED if child.is_canceled else code


async def _not_started(order: Order, report: Report, error: OSError | ValueError) -> int:
    """A command that can't be run is a task that failed: who waits for it shall know."""
    number = getattr(error, "errno", None)
    is_missing = number in (errno.ENOENT, errno.ENOTDIR)
    reason = "not found" if is_missing else os.strerror(number).lower() if number else "not a command"
    sentence = f"{order.command[0]}: {reason}"
    tell(sentence)
    report.end(False, sentence[:200])
    await _told(report, asyncio.ensure_future(report.run(None)))
    return NOT_FOUND if is_missing else NOT_EXECUTABLE


async def _told(report: Report, reporting: asyncio.Future[None]) -> None:
    """Wait for the hub, until it has everything or the user has no patience."""
    try:
        await reporting
    except asyncio.CancelledError:
        tell("not waiting for the hub; the next `hub task run` will send the rest.")
    if report.sentence is not None:
        tell(report.sentence)


class SignalRelay:
    """Passes signals on to the command. Those that come before it runs are passed on once it does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, streams: Streams) -> None:
        self._child: Child | None = None
        self._early: list[int] = []
        for number in PASSED_ON:
            loop.add_signal_handler(number, self._pass_on, number)
        loop.add_signal_handler(signal.SIGWINCH, streams.resized)
        loop.add_signal_handler(signal.SIGTSTP, self._stop)
        loop.add_signal_handler(signal.SIGCONT, self._go_on)

    def connect(self, child: Child) -> None:
        """The command runs."""
        self._child = child
        for number in self._early:
            child.signal(number)

    def _pass_on(self, number: int) -> None:
        if self._child is None:
            self._early.append(number)
        else:
            self._child.signal(number)

    def _stop(self) -> None:
        """Ctrl-Z stops the command and us."""
        self._pass_on(signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)

    def _go_on(self) -> None:
        if self._child is not None and not self._child.is_paused:
            self._child.signal(signal.SIGCONT)


def _listen_to_impatience(loop: asyncio.AbstractEventLoop, reporting: asyncio.Future[None]) -> None:
    """The command has ended: what is left is to wait for the hub, and that may be cut short."""
    stop: Callable[[], object] = reporting.cancel
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)


def _ignore(_chunk: bytes) -> None:
    return
