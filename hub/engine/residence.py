"""What is in memory: single registers and idle topics, each under a finite budget."""

from __future__ import annotations

from collections import deque
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
ABSENT_BYTES = 40
"""A place in the entry."""

BRIEF_BYTES = 100
"""What is remembered of its record: most share theirs with all that the same author creates."""
LONE_BRIEF_BYTES = 600
"""The same where it is shared with no other, measured; the author's name is added."""

SHARED_BRIEFS: Final = 4096
"""So many are kept to be shared; of further authors each record has its own until there is room again."""
SECOND_CHANCES: Final = 16
"""So many are given, at most, before one goes for another that comes."""

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


WHOLE: Final = Slot("")
"""Stands in an entry beside which the store holds nothing of its item: what the entry lacks is absent."""


class Entry(dict[Slot, "Register | Absent"]):
    """What is remembered of one item. Of its record only the ``Brief``.

    ``bytes``: of all of it; ``used``: since the cache last looked at it; ``cached``: not forgotten yet.
    """

    __slots__ = ("bytes", "cached", "used")

    def __init__(self) -> None:
        super().__init__()
        self.bytes = ENTRY_BYTES
        self.cached = True
        self.used = False


class RegisterCache:
    """Registers one by one, items that nobody asked for lately out, never ledger by ledger.

    Registers of one item lie together, for a statement is joined beside its item's record. Over the budget
    the oldest item goes, unless it was asked for since it was last looked at: then it stays as if it had just
    come (second chance). So finding an item moves nothing, and at no moment much is given up.
    """

    __slots__ = (
        "_briefs",
        "_budget",
        "_entries",
        "_oldest",
        "_registers",
        "_renewed",
        "_shared",
        "_shared_before",
        "_swept",
        "bytes",
    )

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._entries: dict[tuple[TopicName, ItemId], Entry] = {}
        self._oldest: deque[tuple[TopicName, ItemId]] = deque()
        self._swept = 0
        self._briefs: dict[tuple[Json, Json, Json], Brief] = {}
        self._renewed = False
        self._shared = self._shared_before = 0
        self.bytes = 0
        """All of it, roughly."""
        self._registers = 0

    def entry(self, topic: TopicName, item: ItemId) -> Entry:
        """The item's, to look into and to add to; who adds says so by ``grew``. It may be forgotten at any
        ``grew``: then it is good for its holder and for nobody else."""
        key = (topic, item)
        entry = self._entries.get(key)
        if entry is not None:
            entry.used = True
            return entry
        self.bytes += ENTRY_BYTES
        if self.bytes > self._budget:
            self._sweep()
        entry = self._entries[key] = Entry()
        self._oldest.append(key)
        return entry

    def grew(self, entry: Entry, size: int, registers: int) -> None:
        """An entry holds so many bytes and registers more; others may be forgotten for it."""
        if not entry.cached:
            return
        entry.bytes += size
        self.bytes += size
        self._registers += registers
        if self.bytes > self._budget:
            self._sweep()

    def _sweep(self) -> None:
        chances = SECOND_CHANCES
        while self.bytes > self._budget and self._oldest:
            key = self._oldest.popleft()
            entry = self._entries[key]
            if entry.used and chances:
                chances -= 1
                entry.used = False
                self._share_brief(entry)
                self._oldest.append(key)
            else:
                del self._entries[key]
                entry.cached = False
                self.bytes -= entry.bytes
                self._registers -= len(entry)
            self._swept += 1
        if self._swept > len(self._entries) and len(self._briefs) >= SHARED_BRIEFS:
            self._renew_briefs()

    def _renew_briefs(self) -> None:
        """Share those of other authors. Who holds one of before counts for it until all were looked at."""
        self._briefs = {}
        self._renewed = True
        self._swept = 0
        self.bytes -= self._shared_before
        self._shared, self._shared_before = 0, self._shared

    def _share_brief(self, entry: Entry) -> None:
        """Hold what is shared now: what was shared earlier may be held by this item alone."""
        brief = entry.get(ITEM) if self._renewed else None
        if isinstance(brief, Brief):
            shared = entry[ITEM] = self.brief(brief)
            more = held_bytes(shared) - held_bytes(brief)
            entry.bytes += more
            self.bytes += more

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
        own = held_bytes(lone) - held_bytes(brief)
        self._shared += own
        self.bytes += own
        return brief

    def get(self, key: CacheKey) -> Register | Absent | None:
        """The register, ``ABSENT``, or None where the cache doesn't know."""
        entry = self._entries.get(key[:2])
        if entry is None:
            return None
        entry.used = True
        return entry.get(key[2])

    def put(self, key: CacheKey, register: Register | Absent) -> None:
        """Remember what the store holds."""
        topic, item, slot = key
        self.remember(self.entry(topic, item), slot, register)

    def remember(self, entry: Entry, slot: Slot, register: Register | Absent) -> None:
        """As ``put``, into an entry; of a record its ``Brief``."""
        if slot == ITEM and register is not ABSENT:
            register = self.brief(register)
        before = entry.get(slot)
        entry[slot] = register
        if before is None:
            self.grew(entry, held_bytes(register), 1)
        elif more := held_bytes(register) - held_bytes(before):
            self.grew(entry, more, 0)

    def put_all(
        self,
        topic: TopicName,
        registers: Mapping[tuple[ItemId, Slot], Register],
        entries: Mapping[ItemId, Entry],
    ) -> None:
        """Remember what one turn saved of a topic; ``entries`` are those of its items that it holds."""
        for (item, slot), saved in registers.items():
            entry = entries.get(item)
            self.remember(entry if entry is not None else self.entry(topic, item), slot, saved)

    def forget(self, key: CacheKey) -> None:
        """The store no longer holds what was remembered."""
        entry = self._entries.get(key[:2])
        if entry is not None:
            self._drop(entry, key[2])
            self._drop(entry, WHOLE)

    def _drop(self, entry: Entry, slot: Slot) -> None:
        if (gone := entry.pop(slot, None)) is not None:
            self.grew(entry, -held_bytes(gone), -1)

    def __len__(self) -> int:
        return self._registers


def held_bytes(register: Register | Absent) -> int:
    """What a register takes in memory with its key, about."""
    if register is ABSENT:
        return ABSENT_BYTES
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
    used: bool

    @property
    def busy(self) -> bool:
        """Whether somebody reads it or something waits for it."""
        ...


T = TypeVar("T", bound=_Idle)


class TopicCache(Generic[T]):
    """Topics by name; beyond ``capacity`` the oldest leaves that nobody uses and that nobody asked for since
    it was last looked at."""

    __slots__ = ("_capacity", "_oldest", "_topics")

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._topics: dict[TopicName, T] = {}
        self._oldest: deque[TopicName] = deque()

    def get(self, name: TopicName) -> T | None:
        """The topic, where it is resident."""
        topic = self._topics.get(name)
        if topic is not None:
            topic.used = True
        return topic

    def peek(self, name: TopicName) -> T | None:
        """As ``get``, without counting as a use."""
        return self._topics.get(name)

    def add(self, name: TopicName, topic: T) -> None:
        """Make it resident; may evict others."""
        self._topics[name] = topic
        self._oldest.append(name)
        # Whoever asked for the newest, or for one just before it, is about to use it: were it to leave, two
        # topics would bear one name. So the capacity is exceeded rather than that one that is in use leaves.
        for _ in range(min(SECOND_CHANCES, len(self._oldest) - 1)):
            if len(self._topics) <= self._capacity:
                break
            self._look_at_oldest()

    def _look_at_oldest(self) -> None:
        name = self._oldest.popleft()
        topic = self._topics[name]
        if topic.busy or topic.used:
            topic.used = False
            self._oldest.append(name)
        else:
            del self._topics[name]

    def __len__(self) -> int:
        return len(self._topics)

    def values(self) -> list[T]:
        """All that are resident."""
        return list(self._topics.values())
