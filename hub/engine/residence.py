"""What is in memory: single registers and idle topics, each under a finite budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Generic, Protocol, TypeVar, cast

from hub.model import Hlc, ItemId, Json, Register, Seq, Slot, TopicName
from hub.protocol.frames import pack
from hub.state.weights import ITEM

CacheKey = tuple[TopicName, ItemId, Slot]

ENTRY_BYTES = 340
"""What is remembered of an item before there is a register in it, measured."""
REGISTER_BYTES = 250
"""A register in it, with its weight, measured; larger values are added."""

BRIEF_BYTES = 100
"""What is remembered of its record: most share theirs with all that the same author creates."""
LONE_BRIEF_BYTES = 600
"""The same where it is shared with no other, measured; the author's name is added."""

SHARED_BRIEFS: Final = 4096
"""So many are kept to be shared; of further authors each record has its own until there is room again."""
GENERATIONS: Final = 4
"""Of the budget at most a quarter is given up at once."""

_MEMORY_PER_PACKED_BYTE = 32
"""Short texts take about so much; a list of empty lists twice that."""


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = auto()


ABSENT: Final = Absent.ABSENT
"""Cached knowledge that the store holds no such register."""


class Brief(Register):
    """Of a record what every statement on its item is checked by: its ``kind``, ``by`` and ``class``.
    One object for all records that are alike in these."""

    __slots__ = ()


class LoneBrief(Brief):
    """One of an author beyond those whose briefs are shared: a single item holds it."""

    __slots__ = ()


Entry = dict[Slot, Register | Absent]
"""What is remembered of one item. Of its record only the ``Brief``."""


class _Generation:
    """Entries that were asked for in one stretch of time; ``bytes`` and ``count`` of what they hold."""

    __slots__ = ("bytes", "count", "entries")

    def __init__(self) -> None:
        self.entries: dict[tuple[TopicName, ItemId], Entry] = {}
        self.bytes = 0
        self.count = 0


class RegisterCache:
    """Registers one by one, least recently used items out, never ledger by ledger.

    Registers of one item lie together, for a statement is joined beside its item's record. Generations
    stand for the order of use: an item that is asked for moves up into the young one, and when that holds its
    share of the budget the oldest is forgotten. A lookup costs a few dict probes and moves no list.
    """

    __slots__ = ("_briefs", "_older", "_renewed", "_share", "_young")

    def __init__(self, budget: int) -> None:
        self._share = budget // GENERATIONS
        self._young = _Generation()
        self._older: tuple[_Generation, ...] = ()
        self._briefs: dict[tuple[Json, Json, Json], Brief] = {}
        self._renewed = False

    def entry(self, topic: TopicName, item: ItemId) -> Entry:
        """The item's, to look into and to add to; who adds says so by ``grew``. It may be forgotten at any
        ``grew``: then it is good for its holder and for nobody else."""
        key = (topic, item)
        entry = self._young.entries.get(key)
        return entry if entry is not None else self._moved_up(key)

    def _moved_up(self, key: tuple[TopicName, ItemId]) -> Entry:
        size = ENTRY_BYTES
        for generation in self._older:
            entry = generation.entries.pop(key, None)
            if entry is not None:
                size += sum(map(held_bytes, entry.values()))
                generation.bytes -= size
                generation.count -= len(entry)
                size += self._share_brief(entry)
                break
        else:
            entry = {}
        self._young.entries[key] = entry
        self.grew(size, len(entry))
        return entry

    def _share_brief(self, entry: Entry) -> int:
        """Hold what is shared now: what was shared earlier may be held by this item alone. Bytes more."""
        brief = entry.get(ITEM) if self._renewed else None
        if not isinstance(brief, Brief):
            return 0
        shared = entry[ITEM] = self.brief(brief)
        return held_bytes(shared) - held_bytes(brief)

    def grew(self, size: int, registers: int) -> None:
        """Entries hold so many bytes and registers more; others may be forgotten for it."""
        young = self._young
        young.bytes += size
        young.count += registers
        if young.bytes > self._share:
            self._older = (young, *self._older[: GENERATIONS - 2])
            self._young = _Generation()
            if len(self._briefs) >= SHARED_BRIEFS:
                self._briefs = {}
                self._renewed = True

    def brief(self, record: Register) -> Brief:
        """What is remembered of a record."""
        saved = cast("dict[str, Json]", record.value)
        marks = saved["kind"], saved["by"], saved.get("class")
        brief = self._briefs.get(marks)
        return brief if brief is not None else self._new_brief(marks, record)

    def _new_brief(self, marks: tuple[Json, Json, Json], record: Register) -> Brief:
        value: Json = {"kind": marks[0], "by": marks[1], "class": marks[2]}
        lone = LoneBrief(value, Hlc(0), record.actor, Seq(0), record.weight)
        if len(self._briefs) >= SHARED_BRIEFS:
            return lone
        brief = self._briefs[marks] = Brief(*lone)
        # Those that come to share it are counted by what each adds.
        self._young.bytes += held_bytes(lone) - held_bytes(brief)
        return brief

    def get(self, key: CacheKey) -> Register | Absent | None:
        """The register, ``ABSENT``, or None where the cache doesn't know."""
        topic, item, slot = key
        place = (topic, item)
        entry = self._young.entries.get(place)
        if entry is None:
            if not any(place in generation.entries for generation in self._older):
                return None
            entry = self._moved_up(place)
        return entry.get(slot)

    def put(self, key: CacheKey, register: Register | Absent) -> None:
        """Remember what the store holds."""
        topic, item, slot = key
        entry = self.entry(topic, item)
        before = entry.get(slot)
        entry[slot] = register
        if before is None:
            self.grew(held_bytes(register), 1)
        else:
            self.grew(held_bytes(register) - held_bytes(before), 0)

    def put_all(
        self,
        topic: TopicName,
        registers: Mapping[tuple[ItemId, Slot], Register],
        entries: Mapping[ItemId, Entry],
    ) -> None:
        """Remember what one turn saved of a topic; ``entries`` are those of its items that it holds."""
        size = added = 0
        for (item, slot), saved in registers.items():
            register = self.brief(saved) if slot == ITEM else saved
            entry = entries.get(item)
            if entry is None:
                entry = self.entry(topic, item)
            before = entry.get(slot)
            if before is None:
                added += 1
            else:
                size -= held_bytes(before)
            entry[slot] = register
            size += held_bytes(register)
        self.grew(size, added)

    def forget(self, key: CacheKey) -> None:
        """The store no longer holds what was remembered."""
        topic, item, slot = key
        for generation in (self._young, *self._older):
            entry = generation.entries.get((topic, item))
            if entry is not None and (gone := entry.pop(slot, None)) is not None:
                generation.bytes -= held_bytes(gone)
                generation.count -= 1

    def __len__(self) -> int:
        return self._young.count + sum(generation.count for generation in self._older)

    @property
    def bytes(self) -> int:
        """All generations, roughly."""
        return self._young.bytes + sum(generation.bytes for generation in self._older)


def held_bytes(register: Register | Absent) -> int:
    """What a register takes in memory with its key, about."""
    if register is ABSENT:
        return REGISTER_BYTES
    value = register.value
    if isinstance(value, list):
        # Without a note most of the weight is no text that the value would hold once more.
        return REGISTER_BYTES + (2 if len(value) == 2 else 4) * len(register.weight)
    if isinstance(value, str):
        return REGISTER_BYTES + 4 * len(register.weight)
    if isinstance(value, dict):
        return (
            _brief_bytes(register) if isinstance(register, Brief) else REGISTER_BYTES + _record_bytes(value)
        )
    return REGISTER_BYTES


def _brief_bytes(brief: Brief) -> int:
    return LONE_BRIEF_BYTES + 2 * len(brief.actor) if type(brief) is LoneBrief else BRIEF_BYTES


def _record_bytes(record: dict[str, Json]) -> int:
    size = 1024
    for part in record.values():
        if isinstance(part, str):
            size += 2 * len(part)
        elif isinstance(part, list | dict):
            size += _MEMORY_PER_PACKED_BYTE * len(pack(part))
    return size


class _Idle(Protocol):
    @property
    def busy(self) -> bool:
        """Whether somebody reads it or something waits for it."""
        ...


T = TypeVar("T", bound=_Idle)


class TopicCache(Generic[T]):
    """Topics by name; those that nobody uses leave, least recently used first, beyond ``capacity``."""

    __slots__ = ("_capacity", "_topics")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._topics: OrderedDict[TopicName, T] = OrderedDict()

    def get(self, name: TopicName) -> T | None:
        """The topic, where it is resident."""
        topic = self._topics.get(name)
        if topic is not None:
            self._topics.move_to_end(name)
        return topic

    def peek(self, name: TopicName) -> T | None:
        """As ``get``, without counting as a use."""
        return self._topics.get(name)

    def add(self, name: TopicName, topic: T) -> None:
        """Make it resident; may evict others."""
        self._topics[name] = topic
        for _ in range(min(8, len(self._topics) - self._capacity)):
            self._evict_oldest()

    def _evict_oldest(self) -> None:
        name, topic = self._topics.popitem(last=False)
        if topic.busy:
            self._topics[name] = topic

    def __len__(self) -> int:
        return len(self._topics)

    def values(self) -> list[T]:
        """All that are resident."""
        return list(self._topics.values())
