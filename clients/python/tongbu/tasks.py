"""Tasks as the program that does them holds them."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Task:
    """One attempt of a task. Every method returns once the statement is kept on this disk."""

    @property
    def id(self) -> str:
        """The item's id."""
        raise NotImplementedError

    @property
    def attempt(self) -> int:
        """The attempt this program does, from 1."""
        raise NotImplementedError

    @property
    def status(self) -> str:
        """As it stands: own word and others'."""
        raise NotImplementedError

    @property
    def progress_value(self) -> float:
        """0 to 1."""
        raise NotImplementedError

    @property
    def event_status(self) -> str | None:
        """The status under which the hub sealed this attempt; None until it has."""
        raise NotImplementedError

    async def progress(self, value: float, note: str | None = None) -> None:
        """State how far the task is, 0 to 1."""
        raise NotImplementedError

    async def finish(self, note: str | None = None) -> None:
        """It succeeded."""
        raise NotImplementedError

    async def fail(self, note: str | None = None) -> None:
        """It failed."""
        raise NotImplementedError

    async def cancel(self, note: str | None = None) -> None:
        """It was given up."""
        raise NotImplementedError

    async def pause(self) -> None:
        """It waits."""
        raise NotImplementedError

    async def resume(self) -> None:
        """It goes on."""
        raise NotImplementedError

    def statuses(self) -> AsyncIterator[str]:
        """Changes of status made by others, such as ``canceled`` or ``paused`` from a phone. Ends with the
        attempt, whoever ended it."""
        raise NotImplementedError


class TaskContext:
    """``async with inbox.task(…) as task``: started at entering; fails on an exception (note ``ValueError: …``),
    is canceled by ``CancelledError`` and ``KeyboardInterrupt``, and succeeds otherwise."""

    async def __aenter__(self) -> Task:
        raise NotImplementedError

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        raise NotImplementedError
