"""The outbox of one ledger: statements that the hub has not answered. In memory; the store keeps a copy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.model import Actor, Hlc, ItemId, Registers, Seq, Slot, Statement
from hub.protocol.frames import pack
from hub.state.attempts import TERMINAL
from hub.state.join import LedgerRegisters, join_into
from hub.state.weights import ITEM, slot, weight
from tongbu.store import Batch

_STATUS = Slot("status")


class Entry:
    """One statement that waits. ``kept`` once it is on disk, ``away`` while the hub has it before it."""

    __slots__ = ("away", "doubted", "kept", "number", "statement")

    def __init__(self, number: int, statement: Statement) -> None:
        self.number = number
        self.statement = statement
        self.kept = False
        self.away = False
        self.doubted = False
        """Its stamp was refused as ahead once."""

    @property
    def slot(self) -> Slot:
        """The register it is for."""
        return slot(self.statement.field, self.statement.actor)


class Outbox:
    """Entries in order, and by item."""

    __slots__ = ("_by_item", "_entries", "_topic")

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._entries: dict[int, Entry] = {}
        self._by_item: dict[ItemId, dict[int, Entry]] = {}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def oldest(self) -> int | None:
        """The number of the first entry."""
        return next(iter(self._entries), None)

    def holds(self, item: ItemId) -> bool:
        """Whether anything waits for an item."""
        return item in self._by_item

    def of(self, item: ItemId) -> list[Entry]:
        """What waits for an item, in order."""
        return list(self._by_item.get(item, {}).values())

    def add(self, entry: Entry) -> None:
        """At the end."""
        self._entries[entry.number] = entry
        self._by_item.setdefault(entry.statement.item, {})[entry.number] = entry

    def drop(self, entry: Entry, batch: Batch) -> None:
        """It was answered, or another stands for it."""
        if self._entries.pop(entry.number, None) is None:
            return
        of_item = self._by_item[entry.statement.item]
        del of_item[entry.number]
        if not of_item:
            del self._by_item[entry.statement.item]
        batch.put("drop_statement", entry.number)

    def enter(self, number: int, statement: Statement, batch: Batch) -> Entry:
        """Another statement. Unsent ones that it makes pointless are dropped.

        So what waits for an item stays as small as the item, however long the hub is away.
        """
        entry = Entry(number, statement)
        for other in self.of(statement.item):
            if _stands_for(entry, other):
                self.drop(other, batch)
        self.add(entry)
        batch.put("put_statement", *self._row(entry))
        return entry

    def restamp(self, hlcs: Iterable[Hlc], batch: Batch) -> set[ItemId]:
        """Give the entries, in order, these stamps; the items of those that changed."""
        changed: set[ItemId] = set()
        for entry, hlc in zip(self, hlcs, strict=True):
            if entry.statement.hlc != hlc:
                entry.statement = entry.statement._replace(hlc=hlc)
                batch.put("put_statement", *self._row(entry))
                changed.add(entry.statement.item)
        return changed

    def sign(self, actor: Actor) -> set[ItemId]:
        """The hub issued the device's id: it is the actor of all entries; their items."""
        for entry in self:
            entry.statement = entry.statement._replace(actor=actor)
        return set(self._by_item)

    def lay_over(self, item: ItemId, standing: Registers) -> Registers:
        """Registers with what waits laid over by the same weights; ``standing`` itself where nothing does."""
        waiting = self._by_item.get(item)
        if not waiting:
            return standing
        over: LedgerRegisters = {item: dict(standing)}
        for entry in waiting.values():
            join_into(over, entry.statement, Seq(0))
        return over[item]

    def _row(self, entry: Entry) -> tuple[object, ...]:
        item, field, value, hlc, _ = entry.statement
        return entry.number, self._topic, item, field, pack(value), hlc


def _stands_for(later: Entry, earlier: Entry) -> bool:
    """Whether the earlier of two, not sent yet, can't make any difference once the later is said.

    Ends are facts of their own: the hub decides an event by each.
    """
    if earlier.away or earlier.slot != later.slot or later.slot == ITEM:
        return False
    if later.slot == _STATUS and _is_fact(earlier.statement, later.statement):
        return False
    return weight(later.statement) > weight(earlier.statement)


def _is_fact(earlier: Statement, later: Statement) -> bool:
    one, other = earlier.value, later.value
    assert isinstance(one, list)
    assert isinstance(other, list)
    return one[0] != other[0] or one[1] in TERMINAL
