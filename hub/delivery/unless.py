"""Whether somebody was faster than the message: what a route's ``unless`` asks, at the first lease. Pure.

Only what was stated after the event counts, by its stamp. A stamp of the event's own millisecond counts as
after it, as everywhere in ``hub.state.derive`` where an end and a reading bear the same stamp: what devices
show as read is read. A task is looked at as it was when the attempt of the event ended, so that one which was
reopened and ended again meanwhile, unread by then, was read none the less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from hub.config.outward import Unless
from hub.model import HUB, Event, Hlc, Milliseconds, Register, Registers, Seq
from hub.ports import Standing
from hub.state.clock import hlc_of
from hub.state.derive import Derived, ReadUpto, derive
from hub.state.weights import FINAL, ITEM, slot

STATUS: Final = slot("status", HUB)


def holding(words: Iterable[Unless], event: Event, standing: Standing, now: Milliseconds) -> Unless | None:
    """The first of the words that holds by what the reader stated since the event; None if none does.

    ``read`` implies ``seen``; ``snoozed`` holds until the snooze is over. An item that is gone holds none.
    """
    since = hlc_of(event.at)
    personal = None if standing.personal is None else _stated_since(since, standing.personal)
    state = derive(
        as_ended(event, _stated_since(since, standing.registers)),
        ReadUpto(_stated_since(since, standing.marks)),
        now,
        personal,
    )
    return None if state is None else next((word for word in words if _HOLDS[word](state)), None)


def as_ended(event: Event, registers: Registers) -> Registers:
    """The registers of a task with the event's attempt as the one it is at; those of a notification."""
    if event.type != "task.finalized":
        return registers
    status = Register([event.attempt, event.status], hlc_of(event.at), HUB, Seq(0), b"")
    return {**{where: each for where, each in registers.items() if where != FINAL}, STATUS: status}


def _stated_since(moment: Hlc, registers: Registers) -> Registers:
    """The record, and what was stated at that moment or after it."""
    return {where: each for where, each in registers.items() if where == ITEM or each.hlc >= moment}


_HOLDS: Final[Mapping[Unless, Callable[[Derived], bool]]] = {
    "seen": lambda state: state.seen,
    "read": lambda state: state.read,
    "archived": lambda state: state.archived,
    "snoozed": lambda state: state.hidden,
    "deleted": lambda state: state.deleted,
}
