"""What ``hub task run`` was asked to do."""

from __future__ import annotations

from dataclasses import dataclass

from hub.cli.remote import Remote
from hub.model import Json


@dataclass(frozen=True, slots=True)
class Order:
    """One command, and how it is told.

    Attributes:
        remote: the hub, and who speaks.
        command: what to run.
        title: of the task.
        id: of the task.
        to: whose inbox; None: the own, or ``space``.
        space: a space instead.
        wait: seconds for a hub that is away, once the command has ended.
        listen: whether its output is told as progress and notes.
    """

    remote: Remote
    command: tuple[str, ...]
    title: str
    id: str
    tags: tuple[str, ...] = ()
    source: str | None = None
    link: str | None = None
    to: str | None = None
    space: str | None = None
    wait: float = 30.0
    listen: bool = True

    @property
    def record(self) -> dict[str, Json]:
        """The task's record, to be checked."""
        words: dict[str, Json] = {"source": self.source, "link": self.link, "tags": list(self.tags) or None}
        return {"kind": "task", "title": self.title, **words}
