"""The memory tail: what is committed to the journal and not yet folded into the tables.

Two generations. Commits go into the active one; a folding pass seals it, works on it while a new active one
gathers, and drops it when all of it is in the tables. Who looks something up asks the active generation, then
the sealed one, then the tables: so whatever moment a lookup meets, it finds the newest.
"""

from __future__ import annotations

from hub.model import ItemId, Register, Registers, Seq, Slot, TopicName
from hub.ports import TopicRow, UpdateRow

ItemSlot = tuple[ItemId, Slot]
Overlay = dict[ItemSlot, Register]
"""What one turn joined into one ledger; what a ledger has in the tail."""

FEW = 32
"""Registers of a ledger are gone through for an item's; of more it is remembered which are whose."""

STATEMENT_BYTES = 400
"""What one register costs in memory beside its journal bytes, measured with ``sys.getsizeof``."""


class Generation:
    """Commits between two seals.

    ``statements`` counts what a pass has to move: registers, each once however often it was stated on, and
    updates. ``bytes`` is what these take in memory and all journal rows on disk, roughly. ``first`` and
    ``upto``: the numbers of its journal rows.
    """

    __slots__ = ("_slots", "bytes", "documents", "first", "ledgers", "statements", "topics", "upto")

    def __init__(self) -> None:
        self.ledgers: dict[TopicName, Overlay] = {}
        self._slots: dict[TopicName, dict[ItemId, list[Slot]]] = {}
        self.documents: dict[TopicName, list[UpdateRow]] = {}
        self.topics: dict[TopicName, TopicRow] = {}
        self.statements = 0
        self.bytes = 0
        self.first = 0
        self.upto = 0

    def __bool__(self) -> bool:
        return bool(self.topics)

    def item(self, topic: TopicName, item: ItemId) -> Registers:
        """All registers of one item."""
        ledger = self.ledgers.get(topic)
        if ledger is None:
            return {}
        if len(ledger) <= FEW:
            return {slot: register for (name, slot), register in ledger.items() if name == item}
        return {slot: ledger[item, slot] for slot in self._slots_of(topic, ledger).get(item, ())}

    def _slots_of(self, topic: TopicName, ledger: Overlay) -> dict[ItemId, list[Slot]]:
        slots = self._slots.get(topic)
        if slots is None:
            slots = self._slots[topic] = {}
            for item, slot in ledger:
                slots.setdefault(item, []).append(slot)
        return slots

    def lay_over(self, topic: TopicName, overlay: Overlay) -> int:
        """What a turn joined; how many registers more there are. The first overlay of a topic is taken over:
        what comes later is laid over it."""
        ledger = self.ledgers.get(topic)
        if ledger is None:
            self.ledgers[topic] = overlay
            return len(overlay)
        before = len(ledger)
        if (slots := self._slots.get(topic)) is not None:
            for item, slot in overlay.keys() - ledger.keys():
                slots.setdefault(item, []).append(slot)
        ledger.update(overlay)
        return len(ledger) - before


class Tail:
    """Owns both generations."""

    __slots__ = ("_active", "_sealed")

    def __init__(self) -> None:
        self._active = Generation()
        self._sealed: Generation | None = None

    @property
    def active(self) -> Generation:
        """What gathers now."""
        return self._active

    @property
    def sealed(self) -> bool:
        """Whether a pass is under way, or broke off."""
        return self._sealed is not None

    @property
    def bytes(self) -> int:
        """Both generations, roughly."""
        return self._active.bytes + (self._sealed.bytes if self._sealed else 0)

    def find(self, topic: TopicName, item: ItemId, slot: Slot) -> Register | None:
        """The register that stands in the tail."""
        found = _find(self._active, topic, item, slot)
        if found is None and self._sealed is not None:
            found = _find(self._sealed, topic, item, slot)
        return found

    def topic(self, topic: TopicName) -> TopicRow | None:
        """The topic's row, where the tail knows a newer one than the tables."""
        found = self._active.topics.get(topic)
        if found is None and self._sealed is not None:
            found = self._sealed.topics.get(topic)
        return found

    def ledgers(self, topic: TopicName) -> list[Overlay]:
        """The topic's registers in each generation, older first: lay the later over the earlier."""
        generations = (self._sealed, self._active) if self._sealed else (self._active,)
        return [g.ledgers[topic] for g in generations if topic in g.ledgers]

    def item(self, topic: TopicName, item: ItemId) -> Registers:
        """All registers of one item that stand in the tail."""
        found = self._sealed.item(topic, item) if self._sealed else {}
        found.update(self._active.item(topic, item))
        return found

    def updates(self, topic: TopicName, above: Seq) -> list[UpdateRow]:
        """The document updates above a seq, in order."""
        generations = (self._sealed, self._active) if self._sealed else (self._active,)
        return [row for g in generations for row in g.documents.get(topic, ()) if row.seq > above]

    def add_ledger(self, row: TopicRow, overlay: Overlay, number: int, size: int) -> None:
        """A committed journal row of a ledger, ``size`` bytes long. The overlay is the tail's from now on."""
        active = self._active
        added = active.lay_over(row.topic, overlay)
        active.topics[row.topic] = row
        active.statements += added
        active.bytes += size + STATEMENT_BYTES * added
        active.first = active.first or number
        active.upto = number

    def add_document(self, row: TopicRow, update: UpdateRow, number: int) -> None:
        """One committed journal row of a document."""
        active = self._active
        active.documents.setdefault(row.topic, []).append(update)
        active.topics[row.topic] = row
        active.statements += 1
        active.bytes += len(update.body) + STATEMENT_BYTES
        active.first = active.first or number
        active.upto = number

    def seal(self) -> Generation:
        """Begin a pass: what gathered so far no longer changes."""
        if self._sealed is None:
            self._sealed, self._active = self._active, Generation()
        return self._sealed

    def drop(self) -> None:
        """End a pass: the sealed generation is in the tables."""
        self._sealed = None


def _find(generation: Generation, topic: TopicName, item: ItemId, slot: Slot) -> Register | None:
    ledger = generation.ledgers.get(topic)
    return ledger.get((item, slot)) if ledger is not None else None
