"""What is shown and counted: one pure function of an item's registers and now.

- A notification is read by the highest stamp among its own ``read`` and every ``read_upto`` with an order at
  or above its own; at equal stamps its own ``read`` decides. ``read_upto`` covers notifications only.
- A task is read by its own ``read``, unless the attempt it is at ended after that.
- Read implies seen, and so does any stated ``read``, true or false, and any covering ``read_upto``.
- Snoozed until a time means hidden until then. Archived, deleted or hidden counts nowhere.
- A task without ``status`` is ``[1, "queued"]``. For a sealed attempt ``final`` is the status.
  ``progress`` of another attempt counts as 0 and its note as none.
- A task's edits lie over its record. Fields that don't fit the kind are ignored.
- What is personal about a shared item stands in its reader's inbox, everything else in the space.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from hub.model import Counts, ItemId, ItemKind, Json, Milliseconds, Register, Registers, Slot
from hub.state.attempts import FIRST_ATTEMPT, FIRST_STATUS, TERMINAL
from hub.state.clock import milliseconds_of
from hub.state.weights import FINAL, ITEM, SENT_PREFIX

NEVER: Final = -1
"""Before every stamp."""


class ReadUpto:
    """The ``read_upto`` registers of one reader, ready to be asked about many items.

    Args:
        registers: those of the item ``*`` (for a space: of ``space/<name>/*`` in the reader's inbox).
    """

    __slots__ = ("_hlcs", "_orders")

    def __init__(self, registers: Mapping[Slot, Register] | None = None) -> None:
        stated: list[tuple[Any, int]] = [(each.value, each.hlc) for each in (registers or {}).values()]
        stated.sort(reverse=True)
        self._orders: list[int] = []
        self._hlcs: list[int] = []
        latest = NEVER
        for order, hlc in stated:
            latest = max(latest, hlc)
            self._orders.append(-order)
            self._hlcs.append(latest)

    def hlc_over(self, order: int | None) -> int:
        """The latest stamp of those that cover an item of that order; ``NEVER`` where none does.

        An item that the hub has not given an order yet is covered by none.
        """
        if order is None or not self._orders:
            return NEVER
        covering = bisect_right(self._orders, -order)
        return self._hlcs[covering - 1] if covering else NEVER


NOTHING_READ: Final = ReadUpto()


class Derived(NamedTuple):
    """What one item is, now. Times in ms; what only tasks have is at its default for a notification."""

    kind: ItemKind
    title: str
    body: str | None
    order: int | None
    """None until the hub has saved the item."""
    read: bool
    seen: bool
    archived: bool
    pinned: bool
    deleted: bool
    snoozed: Milliseconds | None
    """Until when the item is hidden; None once that is over."""
    attempt: int = FIRST_ATTEMPT
    status: str | None = None
    progress: float = 0
    """0 to 1, of the attempt the task is at."""
    note: str | None = None
    finished_at: Milliseconds | None = None
    """When the attempt ended; None while it has not."""
    due: Milliseconds | None = None
    priority: int | None = None
    assignee: str | None = None

    @property
    def hidden(self) -> bool:
        """Snoozed, for now."""
        return self.snoozed is not None

    @property
    def counted(self) -> bool:
        """Whether the item can count anywhere: not archived, deleted or hidden."""
        return not (self.archived or self.deleted or self.snoozed is not None)


def derive(
    registers: Registers, uptos: ReadUpto, now: int, personal: Registers | None = None
) -> Derived | None:
    """Derive what an item is at ``now`` (ms); None where it has no record (yet).

    Args:
        registers: the item's, from its own ledger.
        uptos: the reader's ``read_upto``s that concern this ledger.
        now: the present time in ms.
        personal: for an item of a space, the registers of ``space/<name>/<id>`` in the reader's inbox.
    """
    item = registers.get(ITEM)
    if item is None:
        return None
    record: Any = item.value
    own = registers if personal is None else personal
    snoozed: Any = _value(own, _SNOOZED)
    if snoozed is not None and snoozed <= now:
        snoozed = None
    if record["kind"] == "task":
        return _task(record, registers, own, snoozed)
    return _notification(record, registers, own, snoozed, uptos)


def flat(
    item: ItemId, registers: Registers, uptos: ReadUpto, now: int, personal: Registers | None = None
) -> dict[str, Json] | None:
    """The answer a program gets: the record with its edits laid over, and the derived state beside it.

    ``{id, kind, title, …, by, at, order, read, seen, archived, snoozed, pinned, deleted, sent}``, for tasks
    also ``{attempt, status, progress, note, due, priority, assignee, final}``. ``sent`` is keyed by channel.
    Arguments as for ``derive``; None where the item has no record.
    """
    state = derive(registers, uptos, now, personal)
    if state is None:
        return None
    record: Any = registers[ITEM].value
    answer: dict[str, Json] = {"id": item, **record}
    if state.kind == "task":
        answer |= _flat_task(state, registers)
    answer |= {
        "read": state.read,
        "seen": state.seen,
        "archived": state.archived,
        "snoozed": state.snoozed,
        "pinned": state.pinned,
        "deleted": state.deleted,
        "sent": {
            where[len(SENT_PREFIX) :]: registers[where].value
            for where in sorted([slot for slot in registers if slot.startswith(SENT_PREFIX)])
        },
    }
    return answer


def count(state: Derived) -> Counts:
    """What one item adds to its ledger's counts."""
    if not state.counted:
        return _COUNTS_NOWHERE
    if state.kind == "task":
        return _COUNTS_NOWHERE if state.status in TERMINAL else _OPEN
    if state.read:
        return _COUNTS_NOWHERE
    return _UNREAD if state.seen else _UNSEEN


def count_all(states: Iterable[Derived]) -> Counts:
    """The counts of a ledger, from all its items."""
    unread = unseen = opened = 0
    for each in map(count, states):
        unread += each.unread
        unseen += each.unseen
        opened += each.open
    return Counts(unread, unseen, opened)


def next_change(state: Derived) -> Milliseconds | None:
    """When the derived state changes by time alone (a snooze ends), in ms; None if never."""
    return state.snoozed


_COUNTS_NOWHERE: Final = Counts(0, 0, 0)
_OPEN: Final = Counts(0, 0, 1)
_UNREAD: Final = Counts(1, 0, 0)
_UNSEEN: Final = Counts(1, 1, 0)

_READ: Final = Slot("read")
_SEEN: Final = Slot("seen")
_ARCHIVED: Final = Slot("archived")
_PINNED: Final = Slot("pinned")
_DELETED: Final = Slot("deleted")
_SNOOZED: Final = Slot("snoozed")
_STATUS: Final = Slot("status")
_PROGRESS: Final = Slot("progress")


def _value(registers: Registers, where: Slot) -> Json:
    register = registers.get(where)
    return None if register is None else register.value


def _notification(
    record: Any, registers: Registers, own: Registers, snoozed: Milliseconds | None, uptos: ReadUpto
) -> Derived:
    order = record.get("order")
    stated = own.get(_READ)
    covered = uptos.hlc_over(order)
    read = covered != NEVER if stated is None or stated.hlc < covered else stated.value is True
    return Derived(
        "notification",
        record["title"],
        record.get("body"),
        order,
        read,
        stated is not None or covered != NEVER or _value(own, _SEEN) is True,
        _value(own, _ARCHIVED) is True,
        _value(own, _PINNED) is True,
        _value(registers, _DELETED) is True,
        snoozed,
    )


def _task(record: Any, registers: Registers, own: Registers, snoozed: Milliseconds | None) -> Derived:
    stated = own.get(_READ)
    attempt, status, ended, finished_at = _attempt(registers)
    progress, note = _progress(registers, attempt)
    edits: Any = {field: registers[field].value for field in _EDITS if field in registers}
    return Derived(
        "task",
        edits.get("title", record["title"]),
        edits.get("body", record.get("body")),
        record.get("order"),
        stated is not None and stated.value is True and stated.hlc >= ended,
        stated is not None or _value(own, _SEEN) is True,
        _value(own, _ARCHIVED) is True,
        _value(own, _PINNED) is True,
        _value(registers, _DELETED) is True,
        snoozed,
        attempt,
        status,
        progress,
        note,
        finished_at,
        edits.get("due"),
        edits.get("priority"),
        edits.get("assignee"),
    )


class _Attempt(NamedTuple):
    attempt: int
    status: str
    ended: int
    """The stamp of the statement that ended it; ``NEVER`` while none has."""
    finished_at: Milliseconds | None


def _attempt(registers: Registers) -> _Attempt:
    stated = registers.get(_STATUS)
    value: Any = _FIRST if stated is None else stated.value
    attempt, status = value
    final: Any = _value(registers, FINAL)
    if final is not None and final["attempt"] >= attempt:
        return _Attempt(final["attempt"], final["status"], final["hlc"], final["at"])
    if stated is not None and status in TERMINAL:
        return _Attempt(attempt, status, stated.hlc, milliseconds_of(stated.hlc))
    return _Attempt(attempt, status, NEVER, None)


def _progress(registers: Registers, attempt: int) -> tuple[float, str | None]:
    value: Any = _value(registers, _PROGRESS)
    if value is None or value[0] != attempt:
        return 0, None
    return value[1], value[2] if len(value) > 2 else None


def _flat_task(state: Derived, registers: Registers) -> dict[str, Json]:
    answer: dict[str, Json] = {"title": state.title}
    if state.body is not None:
        answer["body"] = state.body
    return answer | {
        "due": state.due,
        "priority": state.priority,
        "assignee": state.assignee,
        "attempt": state.attempt,
        "status": state.status,
        "progress": state.progress,
        "note": state.note,
        "final": _value(registers, FINAL),
    }


_FIRST: Final = (FIRST_ATTEMPT, FIRST_STATUS)
_EDITS: Final = tuple(Slot(field) for field in ("title", "body", "due", "priority", "assignee"))
