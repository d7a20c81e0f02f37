"""What is in memory: single registers and idle topics, each under a finite budget."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from enum import Enum, auto
from typing import Final, Generic, Protocol, TypeVar

from hub.model import ItemId, Json, Register, Slot, TopicName
from hub.protocol.frames import pack

CacheKey = tuple[TopicName, ItemId, Slot]

REGISTER_BYTES = 420
"""A cached register with its key and one string, measured; larger values are added."""


_MEMORY_PER_PACKED_BYTE = 32
"""Short texts take about so much; a list of empty lists twice that."""


class Absent(Enum):
    """The type of ``ABSENT``."""

    ABSENT = auto()


ABSENT: Final = Absent.ABSENT
"""Cached knowledge that the store holds no such register."""


class RegisterCache:
    """Registers one by one, least recently used out, never ledger by ledger.

    Two generations stand for the order of use: a hit in the old one moves up, and when the young one holds
    half the budget the old one is forgotten. A lookup costs one or two dict probes and moves no list.
    """

    __slots__ = ("_budget", "_bytes", "_old", "_old_bytes", "_young")

    def __init__(self, budget: int) -> None:
        self._budget = budget // 2
        self._young: dict[CacheKey, Register | Absent] = {}
        self._old: dict[CacheKey, Register | Absent] = {}
        self._bytes = 0
        self._old_bytes = 0

    def get(self, key: CacheKey) -> Register | Absent | None:
        """The register, ``ABSENT``, or None where the cache doesn't know."""
        found = self._young.get(key)
        if found is None and (found := self._old.get(key)) is not None:
            del self._old[key]
            self.put(key, found)
        return found

    def put(self, key: CacheKey, register: Register | Absent) -> None:
        """Remember what the store holds."""
        before = self._young.get(key)
        self._bytes += held_bytes(register) - (held_bytes(before) if before is not None else 0)
        self._young[key] = register
        self._keep_within_budget()

    def _keep_within_budget(self) -> None:
        if self._bytes > self._budget:
            self._old, self._young = self._young, {}
            self._old_bytes, self._bytes = self._bytes, 0

    def put_all(self, topic: TopicName, registers: Mapping[tuple[ItemId, Slot], Register]) -> None:
        """Remember what one turn saved of a topic."""
        young, grown = self._young, 0
        for (item, slot), register in registers.items():
            key = (topic, item, slot)
            before = young.get(key)
            grown += held_bytes(register) - (held_bytes(before) if before is not None else 0)
            young[key] = register
        self._bytes += grown
        self._keep_within_budget()

    def forget(self, key: CacheKey) -> None:
        """The store no longer holds what was remembered."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

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
