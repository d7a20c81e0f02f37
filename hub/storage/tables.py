"""The tables of the memory storage: what is kept, and what every adapter over it asks of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from hub.errors import Unavailable
from hub.model import (
    Access,
    DeliveryRow,
    Device,
    DeviceId,
    Event,
    ItemId,
    Milliseconds,
    Registers,
    Seq,
    TopicName,
    User,
    UserId,
)
from hub.ports import Clock, HistoryRow, JournalRow, MemberRow, SnapshotRow, TopicRow, UpdateRow
from hub.telemetry.audit import GENESIS, Anchor, AuditLine

Item = tuple[TopicName, ItemId]


@dataclass(slots=True)
class Tables:
    """Everything that is kept. ``refuses`` makes every write fail as a full disk does."""

    clock: Clock
    open: bool = False
    refuses: bool = False
    writable: bool = True
    journal: dict[int, JournalRow] = field(default_factory=dict)
    topics: dict[TopicName, TopicRow] = field(default_factory=dict)
    floors: dict[TopicName, Seq] = field(default_factory=dict)
    items: dict[TopicName, dict[ItemId, Registers]] = field(default_factory=lambda: defaultdict(dict))
    updates: dict[TopicName, dict[Seq, UpdateRow]] = field(default_factory=lambda: defaultdict(dict))
    snapshots: dict[TopicName, SnapshotRow] = field(default_factory=dict)
    client_ids: dict[TopicName, dict[int, UserId]] = field(default_factory=lambda: defaultdict(dict))
    users: dict[UserId, User] = field(default_factory=dict)
    void_tokens: dict[UserId, Milliseconds] = field(default_factory=dict)
    members: dict[TopicName, dict[UserId, Access]] = field(default_factory=lambda: defaultdict(dict))
    devices: dict[DeviceId, Device] = field(default_factory=dict)
    events: dict[tuple[TopicName, ItemId, int, str], Event] = field(default_factory=dict)
    event_ids: dict[str, Event] = field(default_factory=dict)
    last_event: int = 0
    deliveries: dict[int, DeliveryRow] = field(default_factory=dict)
    delivery_ids: dict[str, int] = field(default_factory=dict)
    delivery_keys: set[tuple[str, str, UserId]] = field(default_factory=set)
    last_delivery: int = 0
    audit: list[AuditLine] = field(default_factory=list)
    audit_anchor: Anchor = GENESIS
    history: dict[Item, HistoryRow] = field(default_factory=dict)
    quarantine: list[tuple[TopicName, UserId, str, bytes]] = field(default_factory=list)

    def check_open(self) -> None:
        """Raise ``Unavailable`` before ``start`` and after ``close``."""
        if not self.open:
            raise Unavailable("The store is not open.")

    def check_writable(self) -> None:
        """Raise ``Unavailable`` where a write would fail."""
        self.check_open()
        self.writable = not self.refuses
        if self.refuses:
            raise Unavailable

    def create_user(self, user: UserId, created_at: Milliseconds) -> None:
        """A user who is known already stays as they are."""
        self.users.setdefault(user, User(user, user, created_at))

    def put_member(self, member: MemberRow) -> bool:
        """Give access, creating the user where needed; True if new."""
        self.create_user(member.user, self.clock.now())
        members = self.members[member.topic]
        created = member.user not in members
        members[member.user] = member.access
        return created

    def registers(self, item: Item) -> Registers:
        """The live registers of an item; an own, empty dict where there are none."""
        topic, name = item
        return self.items.get(topic, {}).get(name, {})
