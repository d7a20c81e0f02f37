"""What is personal about a space's items: stated in the reader's own inbox, laid over what the space holds.

An inbox is its own place. Who has no scope ``user`` has no inbox of their own, and sees a space as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hub.engine.shapes import Item
from hub.engine.view import LedgerView
from hub.model import Actor, Counts, Identity, ItemId, Json, Milliseconds, Register, Registers, TopicName
from hub.state.derive import NEVER, Derived, ReadUpto, count_all, derive, flat
from hub.state.fields import PERSONAL_FIELDS
from hub.state.names import ALL, inbox_of, personal_item, personal_name, topic_kind
from hub.state.weights import READ_UPTO, slot


class Place(NamedTuple):
    """Where one reader states what is personal about the items of a ledger: the ledger itself, or their inbox
    where it is the space of that name."""

    topic: TopicName
    space: str | None

    def name(self, item: ItemId) -> ItemId:
        """Under which item it is stated there (``*``: about all)."""
        return item if self.space is None else personal_name(self.space, item)

    def item(self, name: ItemId) -> ItemId | None:
        """About which item something there is; None where it is about no item of the ledger."""
        if self.space is None:
            return None if "/" in name else name
        found = personal_item(name)
        return found.item if found is not None and found.space == self.space else None


def place_of(caller: Identity, topic: TopicName) -> Place:
    """Where the caller states what is personal about the topic's items.

    Raises:
        BadId, UnknownTopic: there can't be such a topic.
    """
    kind, name = topic_kind(topic)
    if kind == "space" and "user" in caller.scopes:
        return Place(inbox_of(caller.user), name)
    return Place(topic, None)


def split_values(topic: TopicName, values: dict[str, Json]) -> tuple[dict[str, Json], dict[str, Json]]:
    """Values by field: what is stated in the topic itself, and what is personal about an item of a space."""
    if topic_kind(topic)[0] != "space":
        return values, {}
    personal = {field: value for field, value in values.items() if field in PERSONAL_FIELDS}
    return {field: value for field, value in values.items() if field not in personal}, personal


class ReaderView:
    """A ledger's view as one reader sees it. Made when it is asked, from views that are resident.

    Args:
        view: the ledger's.
        place: where the reader states what is personal about its items.
        own: the view of that place.
    """

    __slots__ = ("_own", "_place", "_view", "marks")

    def __init__(self, view: LedgerView, place: Place, own: LedgerView) -> None:
        self._view = view
        self._place = place
        self._own = own
        self.marks = ReadUpto(own.item(place.name(ALL)))

    def mark(self, actor: Actor) -> Register | None:
        """The actor's ``read_upto`` that stands."""
        return (self._own.item(self._place.name(ALL)) or {}).get(slot(READ_UPTO, actor))

    def personal(self, item: ItemId) -> Registers | None:
        """What is personal about an item; None where it stands with the item itself."""
        if self._place.space is None:
            return None
        return self._own.item(self._place.name(item)) or {}

    def flat(self, item: ItemId, now: Milliseconds) -> Item:
        """A known item as HTTP and commands answer it."""
        return flat(item, self._view.item(item) or {}, self.marks, now, self.personal(item)) or {}

    def newest_first(self, below: int) -> Iterator[tuple[int, ItemId]]:
        """(order, item) of every known item whose order is below the given one."""
        return self._view.newest_first(below)

    def counts(self, now: Milliseconds) -> Counts:
        """What a badge shows; of an inbox as of the last ``pass_time``."""
        if self._place.space is None:
            return self._view.counts
        return count_all(derived for _, derived in self._derived(now))

    def unread_upto(self, order: int, now: Milliseconds) -> list[ItemId]:
        """Unread notifications with an order up to the given one."""
        return [
            item
            for item, derived in self._derived(now)
            if derived.kind == "notification" and not derived.read and (derived.order or 0) <= order
        ]

    def _derived(self, now: Milliseconds) -> Iterator[tuple[ItemId, Derived]]:
        """Every known item. Only what the reader said something about is derived again."""
        for item, derived in self._view.known():
            personal = self.personal(item)
            if personal or (personal is not None and self.marks.hlc_over(derived.order) != NEVER):
                again = derive(self._view.item(item) or {}, self.marks, now, personal)
                yield item, again or derived
            else:
                yield item, derived
