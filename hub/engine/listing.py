"""Pages of items, newest first: the live ones from the view, then those in history."""

from __future__ import annotations

from collections.abc import Iterator

from hub.engine.personal import ReaderView
from hub.engine.shapes import Item, ItemFilter, Page
from hub.engine.stated import Guard
from hub.engine.topics import Ledger
from hub.errors import BadValue, Refusal
from hub.model import Json, Milliseconds
from hub.ports import Archive, Clock
from hub.state.derive import flat

_END = 2**53
_IN_HISTORY = "h"


class Listing:
    """Makes pages. A cursor is the order of the last item shown; ``h`` before it: among those in history."""

    __slots__ = ("_archive", "_clock")

    def __init__(self, archive: Archive, clock: Clock) -> None:
        self._archive = archive
        self._clock = clock

    async def page(
        self,
        ledger: Ledger,
        view: ReaderView,
        which: ItemFilter,
        limit: int,
        cursor: str | None,
        guard: Guard,
    ) -> Page:
        """Up to ``limit`` items below the cursor, as the view shows them. Raises ``BadValue``."""
        in_history, below = _below(cursor)
        now = self._clock.now()
        found: list[Item] = []
        if not in_history and which.history != "only":
            for item in self._live(view, which, below, now, guard):
                found.append(item)
                if len(found) == limit:
                    return Page(found, str(item["order"]))
        if not which.history:
            return Page(found, None)
        first = below if in_history else _END
        return await self._from_history(ledger, view, which, limit, first, found, guard)

    def _live(
        self, view: ReaderView, which: ItemFilter, below: int, now: Milliseconds, guard: Guard
    ) -> Iterator[Item]:
        for _, name in view.newest_first(below):
            item = view.flat(name, now)
            if _shown(item, which) and _allowed(item, guard):
                yield item

    async def _from_history(
        self,
        ledger: Ledger,
        view: ReaderView,
        which: ItemFilter,
        limit: int,
        below: int,
        found: list[Item],
        guard: Guard,
    ) -> Page:
        now = self._clock.now()
        while True:
            rows = await self._archive.history(ledger.name, below, limit)
            for row in rows:
                below = row.order
                item = flat(row.item, row.registers, view.marks, now, view.personal(row.item))
                if item is not None and _shown(item, which) and _allowed(item, guard):
                    found.append(item)
                    if len(found) == limit:
                        return Page(found, f"{_IN_HISTORY}{below}")
            if len(rows) < limit:
                return Page(found, None)


def _below(cursor: str | None) -> tuple[bool, int]:
    if cursor is None:
        return False, _END
    in_history = cursor.startswith(_IN_HISTORY)
    digits = cursor.removeprefix(_IN_HISTORY)
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 16):
        raise BadValue("the cursor is not one that a page gave")
    return in_history, int(digits)


def _shown(item: Item, which: ItemFilter) -> bool:
    if item["deleted"] or (which.kind is not None and item["kind"] != which.kind):
        return False
    if which.unread is not None and item["read"] is which.unread:
        return False
    if which.status is not None and item.get("status") != which.status:
        return False
    return which.since is None or _number(item["at"]) >= which.since


def _allowed(item: Item, guard: Guard) -> bool:
    try:
        guard(item)
    except Refusal:
        return False
    return True


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0
