"""A statement on its way into a ledger, and what it may leave to what stands there."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, cast

from hub.engine.tail import ItemSlot
from hub.model import Hlc, ItemId, Json, Register, Slot, Statement
from hub.state.attempts import FIRST_ATTEMPT
from hub.state.weights import field_of

STATUS = Slot("status")
PROGRESS = Slot("progress")
Guard = Callable[[dict[str, Json] | None], None]
"""Looks at an item's record (None: unknown) and raises ``Forbidden`` where the caller may not touch it."""

UNSTAMPED = Hlc(-1)


class Stated(NamedTuple):
    """A statement as it comes in. ``hlc`` ``UNSTAMPED``: stamp it in the join. A status or progress whose
    attempt is None means the current attempt, a progress of None the one that stands."""

    item: ItemId
    field: str
    value: Json
    hlc: Hlc

    @property
    def relative(self) -> bool:
        """Whether the value is one with an attempt and leaves a part of it to what stands."""
        value = self.value
        return isinstance(value, list) and (value[0] is None or value[1] is None)


def current_attempt(status: Register | None, final: Register | None) -> int:
    """The attempt that a statement without one means: the latest that anybody stated or that ended."""
    stated = cast("list[int]", status.value)[0] if status else FIRST_ATTEMPT
    ended = cast("dict[str, int]", final.value)["attempt"] if final else FIRST_ATTEMPT
    return max(stated, ended)


def sealed_attempt(final: Register | None) -> int:
    """The latest that ended; 0 for none."""
    return cast("dict[str, int]", final.value)["attempt"] if final else 0


def standing_progress(progress: Register | None, attempt: Json) -> Json:
    """How far an attempt is."""
    value = cast("list[Json]", progress.value) if progress else [attempt, 0]
    return value[1] if value[0] == attempt else 0


def statement_of(key: ItemSlot, register: Register) -> Statement:
    """A register as the wire shows it."""
    return Statement(key[0], field_of(key[1]), register.value, register.hlc, register.actor)


class Uncertain(Exception):
    """Only the whole ledger tells whether a limit is reached: bring its view into memory and join again."""
