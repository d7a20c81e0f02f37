"""A ledger derived: items, counts, and who follows them. What changes costs what it touches, however many
items there are; only "all read" looks at every notification.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

from hub.model import Counts, ItemId, Registers
from hub.state.derive import Derived, ReadUpto, count, derive, flat, next_change
from hub.state.names import ALL, is_item_id, personal_item, personal_name
from tongbu.followers import Follower, Followers
from tongbu.items import Change, Item
from tongbu.ledger_topic import LedgerTopic

MAX_CHANGES = 1_000
"""Items that may wait for one follower; more become one ``reset``."""


class View:
    """One ledger as its user sees it.

    Args:
        topic: the ledger.
        own: the user's inbox, where what is personal about a space's items stands; None for the inbox itself.
        now: the hub's time in ms.
    """

    def __init__(self, topic: LedgerTopic, own: LedgerTopic | None, now: Callable[[], int]) -> None:
        self._topic = topic
        self._own = own
        self._space = topic.name.partition("/")[2]
        self._now = now
        self._derived: dict[ItemId, Derived] = {}
        self._items: dict[ItemId, Item] = {}
        self._dues: list[tuple[int, ItemId]] = []
        self._totals = [0, 0, 0]
        self._uptos = ReadUpto()
        self._followers: Followers[Change] = Followers(MAX_CHANGES)
        topic.watches.append(self._changed)
        if own is not None:
            own.watches.append(self._personal_changed)
        self._rebuild()

    # ------------------------------------------------------------------ looking

    def items(self) -> list[Item]:
        """All that are not deleted, newest first; those that the hub has not saved come before."""
        self.pass_time()
        shown = [(item, state) for item, state in self._derived.items() if not state.deleted]
        shown.sort(key=lambda pair: (pair[1].order is None, pair[1].order or 0, pair[0]), reverse=True)
        return [self._item(item) for item, _ in shown]

    def item(self, item: ItemId) -> Item | None:
        """One, deleted or not."""
        self.pass_time()
        return self._item(item) if item in self._derived else None

    def counts(self) -> Counts:
        """Unread, unseen, open."""
        self.pass_time()
        return Counts(*self._totals)

    def latest_order(self) -> int:
        """The highest order of what is here."""
        return max((state.order or 0 for state in self._derived.values()), default=0)

    def unread(self, upto: int) -> list[ItemId]:
        """Notifications up to an order that are not read, and those that have none yet."""
        return [
            item
            for item, state in self._derived.items()
            if state.kind == "notification" and not state.read and (state.order or 0) <= upto
        ]

    def uptos(self) -> Registers:
        """The ``read_upto`` registers that concern this ledger."""
        topic, name = (
            (self._topic, ALL) if self._own is None else (self._own, personal_name(self._space, ALL))
        )
        return topic.registers(name)

    @property
    def next_due(self) -> int | None:
        """When the next snooze ends, in ms; None if nothing is snoozed."""
        return self._dues[0][0] if self._dues else None

    # ------------------------------------------------------------------ following

    def follow(self) -> Follower[Change]:
        """Another follower, from now on."""
        return self._followers.follow(lambda: Change("reset"), self._change)

    def stop(self, error: Exception | None) -> None:
        """Nothing changes any more."""
        self._followers.stop(error)

    def _change(self, item: str) -> Change:
        shown = self.item(ItemId(item))
        return Change("gone" if shown is None or shown.deleted else "item", item, shown)

    def pass_time(self) -> None:
        """Snoozes that are over."""
        now = self._now()
        due: set[ItemId] = set()
        while self._dues and self._dues[0][0] <= now:
            due.add(heappop(self._dues)[1])
        if due:
            self._derive(due)

    # ------------------------------------------------------------------ keeping in step

    def _changed(self, items: set[ItemId] | None) -> None:
        if items is None:
            self._rebuild()
        else:
            self._touch(items, ALL if self._own is None else None)

    def _personal_changed(self, items: set[ItemId] | None) -> None:
        if items is None:
            self._rebuild()
            return
        named = (personal_item(item) for item in items)
        mine = {each.item for each in named if each is not None and each.space == self._space}
        if mine:
            self._touch(mine, ALL)

    def _touch(self, items: set[ItemId], everything: ItemId | None) -> None:
        self._derive({item for item in items if is_item_id(item)})
        if everything in items:
            self._uptos = ReadUpto(self.uptos())
            covered = [item for item, state in self._derived.items() if state.kind == "notification"]
            self._derive(covered, changed_only=True)

    def _rebuild(self) -> None:
        self._derived.clear()
        self._items.clear()
        self._dues.clear()
        self._totals = [0, 0, 0]
        self._uptos = ReadUpto(self.uptos())
        for item in self._topic.names():
            if is_item_id(item):
                self._derive_one(item)
        self._followers.lag()

    def _derive(self, items: Iterable[ItemId], changed_only: bool = False) -> None:
        for item in items:
            before = self._derived.get(item)
            after = self._derive_one(item)
            if changed_only and after == before:
                continue
            if before is not None or after is not None:
                self._followers.tell(item)

    def _derive_one(self, item: ItemId) -> Derived | None:
        self._items.pop(item, None)
        before = self._derived.pop(item, None)
        if before is not None:
            self._sum(before, -1)
        after = derive(self._topic.registers(item), self._uptos, self._now(), self._personal(item))
        if after is None:
            return None
        self._derived[item] = after
        self._sum(after, +1)
        due = next_change(after)
        if due is not None and (before is None or next_change(before) != due):
            heappush(self._dues, (due, item))
        return after

    def _personal(self, item: ItemId) -> Registers | None:
        return None if self._own is None else self._own.registers(personal_name(self._space, item))

    def _item(self, item: ItemId) -> Item:
        made = self._items.get(item)
        if made is None:
            registers = self._topic.registers(item)
            shown = flat(item, registers, self._uptos, self._now(), self._personal(item))
            assert shown is not None
            made = self._items[item] = Item.of(shown)
        return made

    def _sum(self, state: Derived, sign: int) -> None:
        counts = count(state)
        self._totals[0] += sign * counts.unread
        self._totals[1] += sign * counts.unseen
        self._totals[2] += sign * counts.open
