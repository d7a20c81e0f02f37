"""Tasks as the program that does them holds them."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Protocol

from hub.state.attempts import TERMINAL
from hub.state.values import MAX_NOTE

_OTHER_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a task stands, as far as this program knows.

    ``by_others``: whoever stated the status is somebody else. ``final`` is the status under which the hub
    sealed ``final_attempt`` (None and 0: none yet).
    """

    attempt: int
    status: str
    progress: float
    note: str | None
    by_others: bool
    final_attempt: int = 0
    final: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the attempt has ended."""
        return self.status in TERMINAL


class Place(Protocol):
    """Where a task lives: a replicated ledger, or somebody else's inbox."""

    def standing(self, task: str) -> Standing | None:
        """None where nothing is known of it."""
        ...

    def is_refused(self, task: str) -> bool:
        """Whether nothing is known of it and nothing waits: the hub did not take it."""
        ...

    async def state_status(self, task: str, attempt: int, status: str, note: str | None) -> None:
        """Raises ``HubError``."""
        ...

    async def state_progress(self, task: str, attempt: int, progress: float, note: str | None) -> None:
        """Raises ``HubError``."""
        ...

    async def watch(self, task: str, holds: Callable[[], bool]) -> None:
        """Until it holds, looked at whenever the task may have changed. Raises ``HubError``."""
        ...


class Task:
    """One attempt of a task.

    Every method returns once the statement is kept on this disk; the hub is told when it can be.

    Methods raise ``BadValue`` for what no task can be, and ``StoreError`` where nothing can be kept.
    """

    def __init__(self, place: Place, id: str, attempt: int) -> None:
        self._place = place
        self._id = id
        self._attempt = attempt
        self._progress = 0.0
        self._status = "running"
        self._seen = (attempt, "running")
        """The last status this program stated or was told."""

    @property
    def id(self) -> str:
        """The item's id."""
        return self._id

    @property
    def attempt(self) -> int:
        """The attempt this program does, from 1."""
        return self._attempt

    @property
    def status(self) -> str:
        """As it stands: own word and others'."""
        standing = self._place.standing(self._id)
        return self._status if standing is None else standing.status

    @property
    def progress_value(self) -> float:
        """0 to 1."""
        standing = self._place.standing(self._id)
        return self._progress if standing is None else standing.progress

    @property
    def event_status(self) -> str | None:
        """The status under which the hub sealed this attempt: that of the event; None until it has."""
        standing = self._place.standing(self._id)
        if standing is None or standing.final_attempt != self._attempt:
            return None
        return standing.final

    @property
    def ended(self) -> bool:
        """Whether the attempt has ended, whoever ended it."""
        standing = self._place.standing(self._id)
        if standing is None:
            return self._status in TERMINAL
        return standing.ended or standing.attempt > self._attempt

    async def progress(self, value: float, note: str | None = None) -> None:
        """State how far the task is, 0 to 1. What is lower than before changes nothing."""
        await self._place.state_progress(self._id, self._attempt, value, note)
        self._progress = max(self._progress, value)

    async def finish(self, note: str | None = None) -> None:
        """It succeeded. ``note``: what to tell, such as the result; at most 2,000 characters."""
        await self._state("succeeded", note)

    async def fail(self, note: str | None = None) -> None:
        """It failed. ``note``: why."""
        await self._state("failed", note)

    async def cancel(self, note: str | None = None) -> None:
        """It was given up."""
        await self._state("canceled", note)

    async def pause(self) -> None:
        """It waits."""
        await self._state("paused")

    async def resume(self) -> None:
        """It goes on."""
        await self._state("running")

    async def _state(self, status: str, note: str | None = None) -> None:
        await self._place.state_status(self._id, self._attempt, status, note)
        self._status = status
        self._seen = (self._attempt, status)

    async def statuses(self) -> AsyncIterator[str]:
        """Changes of status made by others, such as ``canceled`` or ``paused`` from a phone.

        Ends with the attempt, whoever ended it, and where the hub refused the task. Of changes that follow
        each other faster than they are read, the latest is told. Raises why the connection ended for good.
        """
        while True:
            standing = self._place.standing(self._id)
            if standing is not None:
                now = standing.attempt, standing.status
                if standing.by_others and now != self._seen:
                    self._seen = now
                    yield standing.status
                if standing.ended or standing.attempt > self._attempt:
                    return
            elif self._place.is_refused(self._id):
                return
            await self._place.watch(self._id, partial(self._moved, standing))

    def _moved(self, before: Standing | None) -> bool:
        return self._place.standing(self._id) != before or self._place.is_refused(self._id)


class TaskContext:
    """``async with inbox.task(…) as task``.

    Started at entering. At the end it fails on an exception (note ``ValueError: …``), is canceled by
    ``CancelledError`` and ``KeyboardInterrupt``, and succeeds otherwise; one that has ended stays as it is.
    """

    def __init__(self, start: Callable[[], Awaitable[Task]]) -> None:
        self._start = start
        self._task: Task | None = None

    async def __aenter__(self) -> Task:
        self._task = await self._start()
        return self._task

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        task = self._task
        if task is None or task.ended:
            return
        if error is None or (isinstance(error, SystemExit) and not error.code):
            await task.finish()
        elif isinstance(error, asyncio.CancelledError | KeyboardInterrupt):
            await task.cancel()
        else:
            await task.fail(note_of(error))


def note_of(error: BaseException) -> str:
    """What a failed task says of an exception: its type and message, as a note may hold it."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _OTHER_CONTROL.sub(" ", text).encode(errors="replace").decode()[:MAX_NOTE]
