"""Signals that end a run: they unwind it, so that what it started is stopped and what it wrote is removed."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_BY_SIGNAL: Final = 128
"""Added to the signal's number it is the exit status, as shells tell it."""


class Interruption:
    """The first signal counts; those that follow find the run unwinding already."""

    def __init__(self) -> None:
        self._holding = False
        self._came: int | None = None

    def watch(self) -> None:
        """From now on a signal raises ``SystemExit`` in the main thread."""
        for number in _SIGNALS:
            signal.signal(number, self._take)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes within is raised at the end: a process that is being started is not known yet,
        and would be left behind."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
            if self._came is not None:
                self._end(self._came)

    def _take(self, number: int, _: object) -> None:
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        if self._holding:
            self._came = number
        else:
            self._end(number)

    def _end(self, number: int) -> None:
        print("bench: ended; servers and loads are stopped", file=sys.stderr, flush=True)
        raise SystemExit(_BY_SIGNAL + number)


INTERRUPTION: Final = Interruption()
"""Of this process."""
