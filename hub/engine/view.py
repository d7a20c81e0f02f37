"""A whole ledger in memory, derived: for lists, counts and streams. Kept in step with each commit.

Built only when somebody asks for a list or counts, dropped when nobody did for a while. Devices never need
it: they derive for themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import cast

from hub.engine.residence import held_bytes
from hub.engine.retention import closed_at
from hub.engine.tail import Overlay
from hub.model import Counts, ItemId, Milliseconds, Registers, Slot
from hub.state.derive import Derived, ReadUpto, count, derive, next_change
from hub.state.names import ALL
from hub.state.weights import ITEM

_SNOOZED = Slot("snoozed")
VIEW_BYTES = 2_000
"""What an empty view takes."""


class LedgerView:
    """Items by id with what is derived of them, and the counts as their sum.

    ``unknown`` counts the registers of items without a record, ``live`` the items that are not closed,
    ``bytes`` what the view takes in memory, about.
    """

    __slots__ = ("_derived", "_dues", "_items", "_totals", "_uptos", "bytes", "live", "unknown")

    def __init__(self, registers: Overlay, now: Milliseconds) -> None:
        self._items: dict[ItemId, Registers] = {}
        self._derived: dict[ItemId, Derived] = {}
        self._dues: list[tuple[int, ItemId]] = []
        self._totals = [0, 0, 0]
        self._uptos = ReadUpto()
        self.live = 0
        self.unknown = 0
        self.bytes = VIEW_BYTES
        self.apply(registers, now)

    @property
    def counts(self) -> Counts:
        """As of the last ``apply`` or ``pass_time``."""
        return Counts(*self._totals)

    @property
    def next_due(self) -> int | None:
        """When the next snooze ends (ms), None if nothing is snoozed."""
        return self._dues[0][0] if self._dues else None

    def item(self, item: ItemId) -> Registers | None:
        """All registers of one item."""
        return self._items.get(item)

    def known(self) -> Iterable[tuple[ItemId, Derived]]:
        """Every known item with what is derived of it."""
        return self._derived.items()

    def newest_first(self, below: int) -> Iterator[tuple[int, ItemId]]:
        """(order, item) of every known item whose order is below the given one."""
        ordered = ((derived.order or 0, item) for item, derived in self._derived.items())
        return iter(sorted((pair for pair in ordered if pair[0] < below), reverse=True))

    def changed_since(self, seq: int) -> list[ItemId]:
        """Items with a register above a seq: known ones, ``*``, and what is personal about spaces' items."""
        return [
            item
            for item, registers in self._items.items()
            if (item in self._derived or item == ALL or "/" in item)
            and any(register.seq > seq for register in registers.values())
        ]

    def apply(self, registers: Overlay, now: Milliseconds) -> set[ItemId]:
        """Take a commit's registers; the known items whose derived state may have changed."""
        touched = {item for item, _ in registers}
        self._presence(touched, -1)
        for (item, slot), register in registers.items():
            standing = self._items.setdefault(item, {})
            before = standing.get(slot)
            self.bytes += held_bytes(register) - (held_bytes(before) if before is not None else 0)
            standing[slot] = register
            if slot == _SNOOZED and "/" in item:
                until = cast("int | None", register.value)
                if until is not None and until > now:
                    heappush(self._dues, (until, item))
        self._presence(touched, +1)
        if ALL in touched:
            self._uptos = ReadUpto(self._items[ALL])
            touched.update(self._derived)
        return self._rederive(touched, now)

    def forget(self, items: Iterable[ItemId]) -> None:
        """Items that moved to history."""
        for item in items:
            self._presence([item], -1)
            self._sum(item, -1)
            self.bytes -= sum(map(held_bytes, self._items.pop(item, {}).values()))
            self._derived.pop(item, None)

    def pass_time(self, now: Milliseconds) -> set[ItemId]:
        """Snoozes that ended by now; the items that came back, personal ones of spaces among them."""
        due: set[ItemId] = set()
        while self._dues and self._dues[0][0] <= now:
            due.add(heappop(self._dues)[1])
        return self._rederive(due & self._derived.keys(), now) | {item for item in due if "/" in item}

    def _rederive(self, items: Iterable[ItemId], now: Milliseconds) -> set[ItemId]:
        known: set[ItemId] = set()
        for item in items:
            derived = derive(self._items[item], self._uptos, now)
            if derived is None:
                continue
            self._sum(item, -1)
            before, self._derived[item] = self._derived.get(item), derived
            self._sum(item, +1)
            known.add(item)
            due = next_change(derived)
            if due is not None and (before is None or due != next_change(before)):
                heappush(self._dues, (due, item))
        return known

    def _sum(self, item: ItemId, sign: int) -> None:
        derived = self._derived.get(item)
        if derived is None:
            return
        counts = count(derived)
        self._totals[0] += sign * counts.unread
        self._totals[1] += sign * counts.unseen
        self._totals[2] += sign * counts.open

    def _presence(self, items: Iterable[ItemId], sign: int) -> None:
        for item in items:
            registers = self._items.get(item)
            if not registers or item == ALL or "/" in item:
                continue
            if ITEM not in registers:
                self.unknown += sign * len(registers)
            elif closed_at(registers) is None:
                self.live += sign
