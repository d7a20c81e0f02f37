"""What a command's output says so far: how far it is, and its last line. Fed by threads, read by the loop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from hub.cli.task.notes import note_of
from hub.cli.task.progress import LineReader, percent_of, progress_of


@dataclass(frozen=True, slots=True)
class Heard:
    """Progress never falls within a run: a command that counts anew stays where it was.

    ``note`` is the last line that says more than progress, as ``note_of`` makes it; "" before.
    """

    progress: float = 0.0
    note: str = ""


class Listener:
    """Collects what stdout and stderr say.

    Args:
        changed: called after a chunk that may have said something, in the thread that brought it.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._progress = 0.0
        self._line = ""

    def stream(self) -> Callable[[bytes], None]:
        """A listener to one stream's chunks."""
        reader = LineReader()

        def listen(chunk: bytes) -> None:
            for line in reader.feed(chunk):
                self._hear(line, progress_of(line))
            rest = reader.rest
            self._hear("", percent_of(rest) if rest else None)
            self._changed()

        return listen

    @property
    def heard(self) -> Heard:
        """What was said until now."""
        with self._lock:
            progress, line = self._progress, self._line
        return Heard(progress, note_of(line))

    def _hear(self, line: str, progress: float | None) -> None:
        with self._lock:
            if progress is not None:
                self._progress = max(self._progress, progress)
            if line and (progress is None or any(map(str.isalpha, line))):
                self._line = line
