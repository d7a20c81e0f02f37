"""Where what was stated waits for the hub: a few stores of this machine, each used by one run at a time.

::

    ~/.local/state/tongbu/<hash of hub and user>/slot-0.db        and slot-0.unsent while it may hold more

So a machine is as many devices as commands ever ran at once, and what a run could not send, because the hub
was away or the run was killed, the next one sends: it takes such a slot first. ``XDG_STATE_HOME`` is honoured
(XDG Base Directory Specification).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

SLOTS: Final = 64
"""Runs at once that keep what they state; more keep it in memory alone."""


class Slot:
    """One store."""

    def __init__(self, folder: Path, number: int) -> None:
        self.store = folder / f"slot-{number}.db"
        self._mark = folder / f"slot-{number}.unsent"

    @property
    def is_marked(self) -> bool:
        """Whether something may wait in it."""
        return self._mark.exists()

    def mark(self) -> None:
        """Something may wait in it from now on. Where the disk refuses, it is merely found later."""
        with contextlib.suppress(OSError):
            self._mark.touch(mode=0o600)

    def unmark(self) -> None:
        """All of it was sent."""
        with contextlib.suppress(OSError):
            self._mark.unlink(missing_ok=True)


def slot_folder(url: str, user: str | None) -> Path:
    """The folder of the slots for a hub and a user, made where it is missing.

    Raises:
        OSError: it can't be made, or nothing says where: the process has no home.
    """
    name = hashlib.sha256(f"{url}\n{user or ''}".encode()).hexdigest()[:16]
    folder = _state_home() / "tongbu" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def slots(folder: Path) -> Sequence[Slot]:
    """All of them, those where something may wait first."""
    found = [Slot(folder, number) for number in range(SLOTS)]
    return sorted(found, key=lambda slot: not slot.is_marked)


def _state_home() -> Path:
    given = os.environ.get("XDG_STATE_HOME", "")
    if os.path.isabs(given):
        return Path(given)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError as error:
        raise FileNotFoundError(str(error)) from None
