"""The storage of a hub that forgets: plain dictionaries behind the same ports.

For tests, and for trying things out. What is closed and started again holds what it held, as a folder would.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hub.model import (
    Access,
    Device,
    DeviceId,
    ItemId,
    Key,
    Milliseconds,
    Seq,
    Slot,
    TopicName,
    User,
    UserId,
)
from hub.ports import (
    Archive,
    Batch,
    Clock,
    Devices,
    Directory,
    Fold,
    Found,
    HistoryRow,
    JournalRow,
    MemberRow,
    Outbox,
    RegisterRow,
    SnapshotRow,
    Store,
    StoredDocument,
    SystemClock,
    UpdateRow,
    Wanted,
)
from hub.storage.health import Sizes
from hub.storage.memory_outbox import MemoryOutbox, add_events, record
from hub.storage.tables import Tables
from hub.telemetry.audit import AuditLine, first_broken

_RECORD = Slot("item")
_QUARANTINE_ROWS = 1000


class MemoryStorage:
    """All storage ports over one set of tables. ``store.start()`` opens it for all of them.

    Args:
        clock: stamps what no caller stamps.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self.tables = Tables(clock or SystemClock())
        self.store: Store = MemoryStore(self.tables)
        self.archive: Archive = MemoryArchive(self.tables)
        self.directory: Directory = MemoryDirectory(self.tables)
        self.devices: Devices = MemoryDevices(self.tables)
        self.outbox: Outbox = MemoryOutbox(self.tables)

    @property
    def writable(self) -> bool:
        """Whether the last attempt to write succeeded."""
        return self.tables.writable

    async def probe(self) -> bool:
        """Whether writes succeed."""
        if not self.tables.writable:
            self.tables.writable = not self.tables.refuses
        return self.tables.writable

    async def sizes(self) -> Sizes:
        """How much is held; nothing is on disk."""
        self.tables.check_open()
        return Sizes(database_bytes=0, wal_bytes=0, journal_rows=len(self.tables.journal))

    async def audit(self, after: int, limit: int) -> Sequence[AuditLine]:
        """Lines of the audit with a number above ``after``, oldest first."""
        self.tables.check_open()
        return [line for line in self.tables.audit if line.number > after][:limit]

    async def broken_audit(self) -> int | None:
        """The first audit line that is not as it was written; None where all are."""
        self.tables.check_open()
        return first_broken(self.tables.audit_anchor, self.tables.audit)


class MemoryStore:
    """``Store`` in memory. Every call takes effect at once and answers a turn of the loop later."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def start(self) -> Sequence[JournalRow]:
        """See ``Store``."""
        self._tables.open = True
        journal = self._tables.journal
        return [journal[number] for number in sorted(journal)]

    async def read(self, wanted: Wanted) -> Found:
        """See ``Store``."""
        tables = self._tables
        tables.check_open()
        found = Found()
        for topic in wanted.topics & tables.topics.keys():
            found.topics[topic] = tables.topics[topic]
        for key in wanted.registers:
            if (register := tables.registers((key.topic, key.item)).get(key.slot)) is not None:
                found.registers[key] = register
        for item in wanted.items:
            if registers := tables.registers(item):
                found.items[item] = dict(registers)
        for topic in wanted.members:
            found.members[topic] = sorted(tables.members.get(topic, {}))
        for item in wanted.items | {(key.topic, key.item) for key in wanted.registers}:
            if item in tables.history and _RECORD not in tables.registers(item):
                found.history[item] = tables.history[item]
        await asyncio.sleep(0)
        return found

    async def ledger(self, topic: TopicName, above: Seq) -> Sequence[RegisterRow]:
        """See ``Store``."""
        self._tables.check_open()
        rows = [
            RegisterRow(Key(topic, item, slot), register)
            for item, registers in self._tables.items.get(topic, {}).items()
            for slot, register in registers.items()
            if above < 0 or register.seq > above
        ]
        rows.sort(key=lambda row: row.key)
        await asyncio.sleep(0)
        return rows

    async def document(self, topic: TopicName) -> StoredDocument:
        """See ``Store``."""
        tables = self._tables
        tables.check_open()
        snapshot = tables.snapshots.get(topic) or SnapshotRow(topic, Seq(0), b"")
        updates = tables.updates.get(topic, {})
        document = StoredDocument(
            snapshot.seq,
            snapshot.body,
            [updates[seq] for seq in sorted(updates) if seq > snapshot.seq],
            dict(tables.client_ids.get(topic, {})),
        )
        await asyncio.sleep(0)
        return document

    async def commit(self, batch: Batch) -> None:
        """See ``Store``."""
        tables = self._tables
        tables.check_writable()
        tables.journal.update((row.number, row) for row in batch.journal)
        for bound in batch.client_ids:
            tables.client_ids[bound.topic].setdefault(bound.client_id, bound.user)
        for member in batch.members:
            tables.put_member(member)
        add_events(tables, batch.events, batch.deliveries)
        record(tables, batch.settled, batch.audits)
        for row in (*batch.retired, *batch.joined):
            tables.history[row.topic, row.item] = replace(row, registers=dict(row.registers))
        for row in batch.retired:
            tables.items[row.topic].pop(row.item, None)
        for item in batch.revived:
            tables.history.pop(item, None)
        for topic, floor in batch.floors:
            _raise_floor(tables, topic, floor)
        await asyncio.sleep(0)

    async def fold(self, step: Fold) -> None:
        """See ``Store``."""
        tables = self._tables
        tables.check_writable()
        for row in step.registers:
            _join(tables, row)
        for snapshot in step.snapshots:
            _put_snapshot(tables, snapshot)
        for update in step.updates:
            _add_update(tables, update)
        for topic in step.topics:
            tables.topics[topic.topic] = topic
            _raise_floor(tables, topic.topic, topic.floor)
        if step.upto is not None:
            for number in [number for number in tables.journal if number <= step.upto]:
                del tables.journal[number]
        await asyncio.sleep(0)

    async def close(self) -> None:
        """See ``Store``."""
        self._tables.open = False


def _raise_floor(tables: Tables, topic: TopicName, floor: Seq) -> None:
    """A floor never falls, and may come before its topic is folded."""
    tables.floors[topic] = max(tables.floors.get(topic, Seq(0)), floor)
    if topic in tables.topics:
        tables.topics[topic] = tables.topics[topic]._replace(floor=tables.floors[topic])


def _join(tables: Tables, row: RegisterRow) -> None:
    registers = tables.items[row.key.topic].setdefault(row.key.item, {})
    standing = registers.get(row.key.slot)
    if standing is None or row.register.weight > standing.weight:
        registers[row.key.slot] = row.register


def _put_snapshot(tables: Tables, snapshot: SnapshotRow) -> None:
    standing = tables.snapshots.get(snapshot.topic)
    if standing is None or snapshot.seq > standing.seq:
        tables.snapshots[snapshot.topic] = standing = snapshot
    updates = tables.updates[snapshot.topic]
    for seq in [seq for seq in updates if seq <= standing.seq]:
        del updates[seq]


def _add_update(tables: Tables, update: UpdateRow) -> None:
    snapshot = tables.snapshots.get(update.topic)
    if snapshot is None or update.seq > snapshot.seq:
        tables.updates[update.topic].setdefault(update.seq, update)


class MemoryArchive:
    """``Archive`` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def expired(
        self, before: Milliseconds, limit: int, skip: int = 0
    ) -> Sequence[tuple[TopicName, ItemId]]:
        """See ``Archive``."""
        self._tables.check_open()
        ends = sorted(
            (register.hlc, topic, item)
            for topic, items in self._tables.items.items()
            for item, registers in items.items()
            for slot, register in registers.items()
            if register.hlc < before * 1024
            and (slot == "final" or (slot in ("archived", "deleted") and register.value is True))
        )
        items = dict.fromkeys((topic, item) for _, topic, item in ends)
        return list(items)[skip : skip + limit]

    async def history(self, topic: TopicName, below: int, limit: int) -> Sequence[HistoryRow]:
        """See ``Archive``."""
        self._tables.check_open()
        rows = [row for row in self._tables.history.values() if row.topic == topic and row.order < below]
        return sorted(rows, key=lambda row: -row.order)[:limit]

    async def quarantine(self, topic: TopicName, user: UserId, reason: str, body: bytes) -> None:
        """See ``Archive``."""
        self._tables.check_writable()
        self._tables.quarantine.append((topic, user, reason, body))
        del self._tables.quarantine[:-_QUARANTINE_ROWS]


class MemoryDirectory:
    """``Directory`` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def user(self, user: UserId) -> User | None:
        """See ``Directory``."""
        self._tables.check_open()
        return self._tables.users.get(user)

    async def users(self, after: str, limit: int) -> Sequence[User]:
        """See ``Directory``."""
        self._tables.check_open()
        names = sorted(name for name in self._tables.users if name > after)
        return [self._tables.users[name] for name in names[:limit]]

    async def put_user(self, user: User) -> bool:
        """See ``Directory``."""
        self._tables.check_writable()
        known = self._tables.users.get(user.user)
        self._tables.users[user.user] = replace(known, name=user.name) if known else user
        return known is None

    async def delete_user(self, user: UserId, at: Milliseconds) -> bool:
        """See ``Directory``."""
        tables = self._tables
        tables.check_writable()
        if tables.users.pop(user, None) is None:
            return False
        for members in tables.members.values():
            members.pop(user, None)
        tables.void_tokens[user] = max(at, tables.void_tokens.get(user, at))
        for device in [device for device in tables.devices.values() if device.user == user]:
            if device.revoked_at is None:
                tables.devices[device.device] = replace(device, revoked_at=at)
        return True

    async def void_before(self, user: UserId) -> Milliseconds:
        """See ``Directory``."""
        self._tables.check_open()
        return self._tables.void_tokens.get(user, Milliseconds(0))

    async def members(self, topic: TopicName) -> Mapping[UserId, Access]:
        """See ``Directory``."""
        self._tables.check_open()
        return dict(self._tables.members.get(topic, {}))

    async def put_member(self, member: MemberRow) -> bool:
        """See ``Directory``."""
        self._tables.check_writable()
        return self._tables.put_member(member)

    async def delete_member(self, topic: TopicName, user: UserId) -> bool:
        """See ``Directory``."""
        self._tables.check_writable()
        return self._tables.members[topic].pop(user, None) is not None


class MemoryDevices:
    """``Devices`` in memory."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    async def device(self, device: DeviceId) -> Device | None:
        """See ``Devices``."""
        self._tables.check_open()
        return self._tables.devices.get(device)

    async def devices(self, user: UserId) -> Sequence[Device]:
        """See ``Devices``."""
        self._tables.check_open()
        devices = [device for device in self._tables.devices.values() if device.user == user]
        return sorted(devices, key=lambda device: (device.created_at, device.device))

    async def put_devices(self, devices: Iterable[Device]) -> None:
        """See ``Devices``."""
        self._tables.check_writable()
        for device in devices:
            self._tables.create_user(device.user, device.created_at)
            known = self._tables.devices.setdefault(device.device, device)
            if known.user == device.user:
                name = known.name if known.named else device.name
                self._tables.devices[device.device] = replace(
                    known, name=name, platform=device.platform, seen_at=device.seen_at
                )

    async def rename(self, device: DeviceId, name: str) -> bool:
        """See ``Devices``."""
        self._tables.check_writable()
        known = self._tables.devices.get(device)
        if known is None:
            return False
        self._tables.devices[device] = replace(known, name=name, named=True)
        return True

    async def revoke(self, device: DeviceId, at: Milliseconds) -> bool:
        """See ``Devices``."""
        self._tables.check_writable()
        known = self._tables.devices.get(device)
        if known is None or known.revoked_at is not None:
            return False
        self._tables.devices[device] = replace(known, revoked_at=at)
        return True
