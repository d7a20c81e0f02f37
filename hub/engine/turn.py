"""One turn: what it found, what it joined, what it saves. Nothing here does I/O."""

from __future__ import annotations

from dataclasses import dataclass

from hub.engine.documents import DocumentPart
from hub.engine.ledger import LedgerPart
from hub.engine.residence import ABSENT, WHOLE, Absent, CacheKey, Entry, RegisterCache
from hub.engine.tail import Tail
from hub.engine.topics import DocumentTopic, Ledger
from hub.model import ItemId, Key, Milliseconds, Register, Registers, Slot, TopicName
from hub.ports import Batch, Found, HistoryRow, Wanted
from hub.state.weights import ITEM


@dataclass(frozen=True, slots=True)
class LedgerLimits:
    """How much one ledger takes."""

    open_items: int
    items: int
    unknown: int


class Memory:
    """The tail and the register cache together: what is known without asking the store."""

    __slots__ = ("cache", "tail")

    def __init__(self, tail: Tail, cache: RegisterCache) -> None:
        self.tail = tail
        self.cache = cache

    def find(self, key: CacheKey) -> Register | Absent | None:
        """The register that stands, ``ABSENT``, or None where memory doesn't know.

        What is committed is put into both, so what the cache holds is never older than the tail's.
        """
        found = self.cache.get(key)
        return found if found is not None else self.tail.find(*key)


class Turn:
    """The context of one turn's joins."""

    __slots__ = (
        "batch",
        "documents",
        "duplicate_statements",
        "duplicate_updates",
        "entries",
        "found",
        "held",
        "ledgers",
        "limits",
        "memory",
        "now",
        "records",
        "saved",
        "wanted",
    )

    def __init__(self, memory: Memory, limits: LedgerLimits, now: Milliseconds) -> None:
        self.memory = memory
        self.limits = limits
        self.now = now
        self.wanted = Wanted()
        self.found = Found()
        self.entries: dict[TopicName, dict[ItemId, Entry]] = {}
        self.held: dict[tuple[TopicName, ItemId], Registers] = {}
        self.records: dict[tuple[TopicName, ItemId], Register | None] = {}
        self.batch = Batch()
        self.duplicate_statements = 0
        self.duplicate_updates = 0
        self.ledgers: dict[TopicName, LedgerPart] = {}
        self.saved = False
        self.documents: dict[TopicName, DocumentPart] = {}

    def end(self) -> None:
        """Let go of the parts, which know their turn: such a circle would keep all that the turn made until
        the cycle collector comes by, an eighth of what a statement costs."""
        self.ledgers.clear()

    def known(self, topic: TopicName) -> dict[ItemId, Entry]:
        """What is remembered of the items that the turn looked at so far. It stays with the turn, whatever a
        pass or the cache drops meanwhile, and becomes what the commit makes of it."""
        entries = self.entries.get(topic)
        if entries is None:
            entries = self.entries[topic] = {}
        return entries

    def want(self, topic: TopicName, item: ItemId, slot: Slot) -> None:
        """Ask for one register."""
        entries = self.known(topic)
        entry = entries.get(item)
        if entry is None:
            entry = entries[item] = self.memory.cache.entry(topic, item)
        if slot not in entry:
            self.seek(topic, item, slot, entry)

    def seek(self, topic: TopicName, item: ItemId, slot: Slot, entry: Entry) -> None:
        """Find a register that its entry lacks in the tail, or ask the store for it, unless there is none."""
        found = ABSENT if WHOLE in entry else self.memory.tail.find(topic, item, slot)
        if found is None:
            self.wanted.registers.add(Key(topic, item, slot))
        else:
            self.memory.cache.remember(entry, slot, found)

    def want_record(self, topic: TopicName, item: ItemId) -> None:
        """Ask for an item's record as it was saved; the cache holds no more than its ``Brief``."""
        if (topic, item) in self.records or self.known(topic)[item].get(ITEM) is ABSENT:
            return
        found = self.records[(topic, item)] = self.memory.tail.find(topic, item, ITEM)
        if found is None:
            self.wanted.registers.add(Key(topic, item, ITEM))

    def learn(self, found: Found) -> None:
        """Take what the store answered."""
        self.found = found
        for key in self.wanted.registers:
            register: Register | Absent = found.registers.get(key, ABSENT)
            # Of an item in history only that is remembered which lives again.
            if register is not ABSENT or (key.topic, key.item) not in found.history:
                self.memory.cache.remember(self.entries[key.topic][key.item], key.slot, register)
            if key.slot == ITEM and register is not ABSENT and key[:2] in self.records:
                self.records[key[:2]] = register
        for item, registers in found.items.items():
            held = self.held.get(item)
            self.held[item] = {**registers, **held} if held else registers
        for item in self.wanted.items:
            if not self.held[item] and item not in found.history:
                self._know_as_new(*item)

    def _know_as_new(self, topic: TopicName, item: ItemId) -> None:
        """Nothing is saved of an item: what is stated of it from now on is all there is."""
        entries = self.known(topic)
        entry = entries.get(item)
        if entry is None:
            entry = entries[item] = self.memory.cache.entry(topic, item)
        self.memory.cache.remember(entry, WHOLE, ABSENT)

    def want_item(self, topic: TopicName, item: ItemId) -> None:
        """Ask for all registers of one item. What the tail holds now is kept, to be laid over what the store
        holds: a pass may end meanwhile."""
        self.wanted.items.add((topic, item))
        self.held[(topic, item)] = self.memory.tail.item(topic, item)

    def standing(self, topic: TopicName, item: ItemId, slot: Slot) -> Register | None:
        """The register that stood before this turn. It was asked for, or is in memory."""
        entry = self.known(topic).get(item)
        known = entry.get(slot) if entry is not None else None
        if known is None and (whole := self.held.get((topic, item))) is not None:
            return whole.get(slot)
        if known is None:
            known = self.memory.find((topic, item, slot))
        return known if known is not ABSENT else None

    def record(self, topic: TopicName, item: ItemId) -> Register:
        """The record of a known item, as saved before this turn; it was asked for, or the whole item was."""
        found = self.records.get((topic, item))
        return found if found is not None else self.registers(topic, item)[ITEM]

    def registers(self, topic: TopicName, item: ItemId) -> Registers:
        """All registers of an item that stood before this turn; it was asked for as a whole."""
        whole = self.held.get((topic, item))
        return dict(whole) if whole is not None else self.memory.tail.item(topic, item)

    def history(self, topic: TopicName, item: ItemId) -> HistoryRow | None:
        """The item, where it lies in history."""
        return self.found.history.get((topic, item))

    def part(self, ledger: Ledger) -> LedgerPart:
        """The ledger's overlay in this turn."""
        part = self.ledgers.get(ledger.name)
        if part is None:
            part = self.ledgers[ledger.name] = LedgerPart(ledger, self)
        return part

    def document(self, topic: DocumentTopic) -> DocumentPart:
        """What this turn applied to the document."""
        part = self.documents.get(topic.name)
        if part is None:
            part = self.documents[topic.name] = DocumentPart(topic)
        return part
