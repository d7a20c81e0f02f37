"""What is in memory: single registers and idle topics, each under a finite budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Generic, Protocol, TypeVar

from hub.model import ItemId, Json, Register, Slot, TopicName
from hub.protocol.frames import pack

CacheKey = tuple[TopicName, ItemId, Slot]

ENTRY_BYTES = 340
"""What is remembered of an item before there is a register in it, measured."""
REGISTER_BYTES = 250
"""A register in it, with its weight, measured; larger values are added."""

_MEMORY_PER_PACKED_BYTE = 32
"""Short texts take about so much; a list of empty lists twice that."""


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = auto()


ABSENT: Final = Absent.ABSENT
"""Cached knowledge that the store holds no such register."""


Entry = dict[Slot, Register | Absent]
"""What is remembered of one item."""


class RegisterCache:
    """Registers one by one, least recently used items out, never ledger by ledger.

    Registers of one item lie together, for a statement is joined beside its item's record. Two generations
    stand for the order of use: an item that is asked for moves up from the old one, and when the young one
    holds half the budget the old one is forgotten. A lookup costs one or two dict probes and moves no list.
    """

    __slots__ = ("_budget", "_bytes", "_count", "_old", "_old_bytes", "_old_count", "_young")

    def __init__(self, budget: int) -> None:
        self._budget = budget // 2
        self._young: dict[tuple[TopicName, ItemId], Entry] = {}
        self._old: dict[tuple[TopicName, ItemId], Entry] = {}
        self._bytes = self._old_bytes = 0
        self._count = self._old_count = 0

    def entry(self, topic: TopicName, item: ItemId) -> Entry:
        """The item's, to look into and to add to; who adds says so by ``grew``. It may be forgotten at any
        ``grew``: then it is good for its holder and for nobody else."""
        key = (topic, item)
        entry = self._young.get(key)
        if entry is None:
            entry = self._old.pop(key, None)
            if entry is None:
                entry = {}
            self._young[key] = entry
            self._old_count -= len(entry)
            self.grew(ENTRY_BYTES + sum(map(held_bytes, entry.values())), len(entry))
        return entry

    def grew(self, size: int, registers: int) -> None:
        """Entries hold so many bytes and registers more; others may be forgotten for it."""
        self._bytes += size
        self._count += registers
        if self._bytes > self._budget:
            self._old, self._young = self._young, {}
            self._old_bytes, self._bytes = self._bytes, 0
            self._old_count, self._count = self._count, 0

    def get(self, key: CacheKey) -> Register | Absent | None:
        """The register, ``ABSENT``, or None where the cache doesn't know."""
        topic, item, slot = key
        entry = self._young.get((topic, item))
        if entry is None:
            if (topic, item) not in self._old:
                return None
            entry = self.entry(topic, item)
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
        for (item, slot), register in registers.items():
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
        entry = self._young.get((topic, item))
        if entry is not None and entry.pop(slot, None) is not None:
            self._count -= 1
        entry = self._old.get((topic, item))
        if entry is not None and entry.pop(slot, None) is not None:
            self._old_count -= 1

    def __len__(self) -> int:
        return self._count + self._old_count

    @property
    def bytes(self) -> int:
        """Both generations, roughly."""
        return self._bytes + self._old_bytes


def held_bytes(register: Register | Absent) -> int:
    """What a register takes in memory with its key, about."""
    if register is ABSENT:
        return REGISTER_BYTES
    value = register.value
    kind = type(value)
    if kind is list or kind is str:
        return REGISTER_BYTES + 4 * len(register.weight)
    return REGISTER_BYTES + (_record_bytes(value) if isinstance(value, dict) else 0)


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
