"""Tells the hub what the command does, and the command what devices say. Nothing that goes wrong here
touches the command; it becomes a sentence at the end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import tongbu
from hub.cli.task.child import Child
from hub.cli.task.listening import Heard, Listener
from hub.cli.task.order import Order
from hub.cli.task.slots import Slot, slot_folder, slots
from hub.cli.terminal import one_line
from tongbu.store import forget_device

PROGRESS_INTERVAL: Final = 0.5
"""Seconds between statements, at least."""
NOTE_INTERVAL: Final = 2.0
"""Seconds between those of which only the note is new."""
PLATFORM: Final = "command line"


class Report:
    """One run's word to the hub.

    Args:
        order: what was asked.
        listener: what the output says.
        changed: set whenever it may say something new.
    """

    def __init__(self, order: Order, listener: Listener, changed: asyncio.Event) -> None:
        self._order = order
        self._listener = listener
        self._changed = changed
        self._over = asyncio.Event()
        self._end: tuple[bool, str] | None = None
        self._task: tongbu.Task | None = None
        self._has_finished = False
        self._is_forbidden = False
        self.sentence: str | None = None
        """What a person should know at the end."""

    def end(self, succeeded: bool, note: str) -> None:
        """The command has ended so."""
        self._end = (succeeded, note)
        self._over.set()
        self._changed.set()

    async def run(self, child: Child | None) -> None:
        """From the start of the task to its end, and until the hub has it, or ``wait`` is over."""
        try:
            slot = await self._over_a_store(child)
            if self._is_forbidden and slot is not None and self._order.remote.user is not None:
                await self._as_another_device(slot)
        except (tongbu.errors.HubError, OSError) as error:
            self.sentence = f"the hub was not told of the task: {_words(error)}"

    async def _over_a_store(self, child: Child | None) -> Slot | None:
        """Tell everything; the slot that was used. A disk that refuses on the way is done without."""
        try:
            async with _open_slot(self._order) as (hub, slot):
                if slot is not None:
                    slot.mark()
                if await self._tell(hub, child, slot is not None) and slot is not None:
                    slot.unmark()
                return slot
        except tongbu.errors.StoreError:
            if self._has_finished or self._is_ended_elsewhere(child):
                raise
        self._changed.set()
        async with _connector(self._order)(None) as hub:
            await self._tell(hub, child, False)
        return None

    def _is_ended_elsewhere(self, child: Child | None) -> bool:
        return (child is not None and child.is_canceled) or (self._task is not None and self._task.ended)

    async def _as_another_device(self, slot: Slot) -> None:
        """Somebody revoked the device that the slot was: it gets another id, and what it holds is sent.

        The token is good for any device of its user, so this gives nobody a right that was taken away.
        """
        await forget_device(slot.store)
        async with _connector(self._order)(str(slot.store)) as hub:
            self.sentence = None
            if await self._flush(hub, True, []):
                slot.unmark()

    async def _tell(self, hub: tongbu.Hub, child: Child | None, is_kept: bool) -> bool:
        """Whether nothing is left to send."""
        refused: list[tongbu.RefusedStatement] = []
        watching = [asyncio.ensure_future(_collect(hub, refused))]
        try:
            task = self._task = await self._start(hub)
            if child is not None:
                watching.append(asyncio.ensure_future(_obey(task, child)))
            told = await self._progress(task)
            await self._finish(task, child, told)
            self._has_finished = True
            return await self._flush(hub, is_kept, refused)
        finally:
            for watch in watching:
                watch.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def _start(self, hub: tongbu.Hub) -> tongbu.Task:
        order = self._order
        ledger = hub.space(order.space) if order.space is not None else hub.inbox(order.to)
        return await ledger.start(
            order.title, id=order.id, tags=order.tags, source=order.source, link=order.link
        )

    async def _progress(self, task: tongbu.Task) -> Heard:
        """What the output says, now and then, until the end; what of it was told."""
        told, told_note_at, loop = Heard(), 0.0, asyncio.get_running_loop()
        while not self._over.is_set():
            await self._changed.wait()
            self._changed.clear()
            heard = self._listener.heard
            is_due = loop.time() - told_note_at >= NOTE_INTERVAL
            if heard.progress != told.progress or (heard.note != told.note and is_due):
                await task.progress(heard.progress, heard.note or None)
                told, told_note_at = heard, loop.time()
            elif heard != told:
                self._changed.set()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROGRESS_INTERVAL):
                    await self._over.wait()
        return told

    async def _finish(self, task: tongbu.Task, child: Child | None, told: Heard) -> None:
        """State the end, and how far it came, unless a device stated one."""
        assert self._end is not None, "over"
        succeeded, note = self._end
        if child is not None and child.is_canceled:
            return
        if succeeded:
            await task.finish(note or None)
        else:
            if (progress := self._listener.heard.progress) != told.progress:
                await task.progress(progress)
            await task.fail(note)

    async def _flush(self, hub: tongbu.Hub, is_kept: bool, refused: list[tongbu.RefusedStatement]) -> bool:
        order, what = self._order, f"task {self._order.id}"
        rest = "The next `hub task run` will send the rest" if is_kept else "What it lacks is lost"
        try:
            if not await hub.flush(order.wait):
                why = await _why_not(hub, order.wait)
                self.sentence = f"{order.remote.url} has not taken all of {what}: {why.rstrip('.')}. {rest}."
                return False
        except tongbu.errors.HubError as error:
            self._is_forbidden = isinstance(error, tongbu.errors.Forbidden)
            self.sentence = (
                f"{order.remote.url} did not take all of {what}: {_words(error).rstrip('.')}. {rest}."
            )
            return False
        if refused:
            first = refused[0]
            self.sentence = (
                f"the hub refused {first.field} of task {first.item}: {first.message} ({first.code})"
            )
        return True


def end_of(returncode: int, heard: Heard) -> tuple[bool, str]:
    """Whether a command succeeded, and the note it ends with: how it ended, and what it said last.

    Args:
        returncode: as of ``subprocess``, negative for a signal.
        heard: its output.
    """
    if returncode == 0:
        return True, heard.note
    how = f"exit {returncode}" if returncode > 0 else f"killed by {signal_name(-returncode)}"
    return False, f"{how}: {heard.note}" if heard.note else how


def signal_name(number: int) -> str:
    """``SIGTERM`` and so on."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


async def _obey(task: tongbu.Task, child: Child) -> None:
    """What devices say of the task the command does."""
    with contextlib.suppress(tongbu.errors.HubError):
        async for status in task.statuses():
            match status:
                case "canceled":
                    child.cancel()
                case "paused":
                    child.pause()
                case "running":
                    child.resume()


async def _collect(hub: tongbu.Hub, refused: list[tongbu.RefusedStatement]) -> None:
    with contextlib.suppress(tongbu.errors.HubError):
        async for statement in hub.refusals():
            if len(refused) < 100:
                refused.append(statement)


@asynccontextmanager
async def _open_slot(order: Order) -> AsyncIterator[tuple[tongbu.Hub, Slot | None]]:
    """A connection over the first store that is free; None where it is in memory alone."""
    async with contextlib.AsyncExitStack() as stack:
        yield await _enter(order, stack)


async def _enter(order: Order, stack: contextlib.AsyncExitStack) -> tuple[tongbu.Hub, Slot | None]:
    connect = _connector(order)
    with contextlib.suppress(OSError):
        for slot in slots(slot_folder(order.remote.url, order.remote.user)):
            with contextlib.suppress(tongbu.errors.StoreInUse, tongbu.errors.StoreUnusable):
                return await stack.enter_async_context(connect(str(slot.store))), slot
    return await stack.enter_async_context(connect(None)), None


def _connector(
    order: Order,
) -> Callable[[str | None], contextlib.AbstractAsyncContextManager[tongbu.Hub]]:
    async def token() -> str:
        return order.remote.token()

    def connect(store: str | None) -> contextlib.AbstractAsyncContextManager[tongbu.Hub]:
        return tongbu.connect(
            order.remote.url, token=token, store=store, device_name=_device_name(), platform=PLATFORM
        )

    return connect


def _device_name() -> str:
    return f"{socket.gethostname()[:40]} (hub task run)"


async def _why_not(hub: tongbu.Hub, waited: float) -> str:
    """Why what was said is not answered yet."""
    try:
        await hub.connected(0)
    except tongbu.errors.HubError as error:
        return one_line(error.message)
    return f"it has not answered within {waited:g} s"


def _words(error: BaseException) -> str:
    return error.message if isinstance(error, tongbu.errors.HubError) else str(error) or type(error).__name__
