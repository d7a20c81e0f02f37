"""When an item is closed, and since when: what leaves the hub's live registers, and so every device."""

from __future__ import annotations

from typing import Any, cast

from hub.model import Milliseconds, Register, Registers, Slot
from hub.state.clock import milliseconds_of
from hub.state.weights import FINAL, ITEM

_STATUS = Slot("status")
_CLOSING = (Slot("archived"), Slot("deleted"))


def closed_at(registers: Registers) -> Milliseconds | None:
    """Since when an item is archived, deleted or final (ms), None while it lives.

    Final means that no later attempt than the sealed one was stated. An item without a record lives: its
    record may still come.
    """
    record = registers.get(ITEM)
    if record is None:
        return None
    times = [milliseconds_of(r.hlc) for slot in _CLOSING if (r := registers.get(slot)) and r.value is True]
    final = registers.get(FINAL)
    if final is not None and not _reopened(registers.get(_STATUS), final):
        times.append(Milliseconds(cast("dict[str, Any]", final.value)["at"]))
    return min(times) if times else None


def _reopened(status: Register | None, final: Register) -> bool:
    sealed: int = cast("dict[str, Any]", final.value)["attempt"]
    return status is not None and cast("list[Any]", status.value)[0] > sealed
