"""READ FIRST. Every seam of the hub, with its contract. Adapters meet the engine only here.

========== ===================================================== ==========================
port       what it is for                                        adapters
========== ===================================================== ==========================
Store      topics, registers, documents: read, commit, fold      storage.sqlite, .memory
Archive    items that left the live tables, quarantined bytes    storage.sqlite, .memory
Directory  users and members                                     storage.sqlite, .memory
Devices    devices                                               storage.sqlite, .memory
Bus        what one node commits, every node relays              bus.local
Authenticator  token → identity, identity → token                identity.tokens
LinkCodes  short codes that let a new device in                  identity.codes
LiveConnections  what ends at once when rights do                engine's sessions
Routing    event → deliveries                                    delivery.router
Outbox     events, deliveries, audit: read, lease, record        storage.sqlite, .memory
Items      what delivery asks of the engine                      engine.receipts
Channel    one way out of the hub                                channels.wecom_robot, .webhook
Clock      time                                                  SystemClock (here)
Timers     calls in the future                                   server.wheel
Peer       one connected socket as the engine sees it            server.connection
========== ===================================================== ==========================
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol

from hub.model import (
    Access,
    AuditRow,
    Delivery,
    DeliveryRow,
    DeliveryState,
    Device,
    DeviceId,
    Event,
    EventType,
    Identity,
    Incarnation,
    ItemId,
    Json,
    Key,
    Message,
    Milliseconds,
    Outcome,
    Register,
    Registers,
    Scope,
    Seq,
    TopicName,
    User,
    UserId,
)

# --------------------------------------------------------------------------- Store


class TopicRow(NamedTuple):
    """One topic as folded. ``floor``: a device from below it gets a full snapshot.

    ``items`` counts every item ever created (live and in history), ``live`` is an upper bound of
    those that count against ``limits.open_items``, ``unknown`` one of the registers kept for items not known
    yet, ``order`` the last ``order`` given out. All 0 for documents.
    """

    topic: TopicName
    incarnation: Incarnation
    seq: Seq
    floor: Seq = Seq(0)
    items: int = 0
    live: int = 0
    unknown: int = 0
    order: int = 0


class JournalRow(NamedTuple):
    """One topic's part of one turn. ``number`` grows by one a row over the whole hub.

    ``body`` is a msgpack list: statements ``[item, field, value, hlc, actor]`` or document updates (bytes).
    """

    number: int
    topic: TopicName
    incarnation: Incarnation
    seq: Seq
    body: bytes


@dataclass(frozen=True, slots=True)
class ClientIdRow:
    """A Yjs client id of a document belongs to the user who first named it."""

    topic: TopicName
    client_id: int
    user: UserId


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One whole item that left the live registers. ``order`` is its record's order, ``moved_at`` in ms."""

    topic: TopicName
    item: ItemId
    order: int
    moved_at: Milliseconds
    registers: Registers


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One user's access to a space or document."""

    topic: TopicName
    user: UserId
    access: Access


@dataclass(slots=True)
class Batch:
    """Everything one turn saves: one transaction.

    ``retired`` upserts into history and removes the item's live registers; ``floors`` raises
    ``topics.floor``; ``revived`` removes from history (the registers themselves are in the journal).
    ``joined`` upserts a history row in place. ``events`` whose key is taken bring no ``deliveries``.
    ``settled`` are deliveries that ended, each recorded only where it has not ended before; ``audits`` are
    appended.
    """

    journal: list[JournalRow] = field(default_factory=list)
    client_ids: list[ClientIdRow] = field(default_factory=list)
    members: list[MemberRow] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    settled: list[DeliveryRow] = field(default_factory=list)
    audits: list[AuditRow] = field(default_factory=list)
    retired: list[HistoryRow] = field(default_factory=list)
    floors: list[tuple[TopicName, Seq]] = field(default_factory=list)
    joined: list[HistoryRow] = field(default_factory=list)
    revived: list[tuple[TopicName, ItemId]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(
            self.journal
            or self.client_ids
            or self.members
            or self.events
            or self.deliveries
            or self.settled
            or self.audits
            or self.retired
            or self.floors
            or self.joined
            or self.revived
        )


@dataclass(slots=True)
class Wanted:
    """What one turn must know before it joins."""

    topics: set[TopicName] = field(default_factory=set)
    registers: set[Key] = field(default_factory=set)
    items: set[tuple[TopicName, ItemId]] = field(default_factory=set)
    members: set[TopicName] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.topics or self.registers or self.items or self.members)


@dataclass(slots=True)
class Found:
    """The answer to ``Wanted``. What is absent does not exist in the store.

    ``items`` holds all live registers of each wanted item. ``history`` holds every wanted item, and every
    item of a wanted register, that lies in history. ``members`` holds every wanted topic, () for none.
    """

    topics: dict[TopicName, TopicRow] = field(default_factory=dict)
    registers: dict[Key, Register] = field(default_factory=dict)
    items: dict[tuple[TopicName, ItemId], Registers] = field(default_factory=dict)
    history: dict[tuple[TopicName, ItemId], HistoryRow] = field(default_factory=dict)
    members: dict[TopicName, Sequence[UserId]] = field(default_factory=dict)


class RegisterRow(NamedTuple):
    """One register to fold."""

    key: Key
    register: Register


class UpdateRow(NamedTuple):
    """The updates one turn brought to a document. ``body`` as in the journal."""

    topic: TopicName
    seq: Seq
    body: bytes


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A document's whole state (one Yjs v1 update) as of ``seq``."""

    topic: TopicName
    seq: Seq
    body: bytes


@dataclass(slots=True)
class Fold:
    """One bounded step of a folding pass, in key order.

    ``upto`` is set on a pass's last steps only: journal rows up to that number have all been folded.
    """

    registers: Sequence[RegisterRow] = ()
    updates: Sequence[UpdateRow] = ()
    snapshots: Sequence[SnapshotRow] = ()
    topics: Sequence[TopicRow] = ()
    upto: int | None = None


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as folded: its snapshot (b"" if none), then ``updates`` above ``snapshot_seq`` in order."""

    snapshot_seq: Seq
    snapshot: bytes
    updates: Sequence[UpdateRow]
    client_ids: Mapping[int, UserId]


class Store(Protocol):
    """Holds topics. One process uses it; calls may overlap, commits take effect in call order.

    Reads see every commit of ``fold`` that returned before they began (the journal itself is only read by
    ``start``: what isn't folded yet is the caller's tail). Every method raises ``errors.Unavailable`` when
    the storage refuses (full disk, I/O error), having changed nothing.
    """

    async def start(self) -> Sequence[JournalRow]:
        """Open, lock, migrate. Returns the journal, oldest first. Raises ``errors.StartError``."""
        ...

    async def read(self, wanted: Wanted) -> Found:
        """All of ``wanted`` from one consistent snapshot, in one call."""
        ...

    async def ledger(self, topic: TopicName, above: Seq) -> Sequence[RegisterRow]:
        """The folded registers of a ledger whose seq is greater than ``above`` (-1: all), by (item, slot)."""
        ...

    async def document(self, topic: TopicName) -> StoredDocument:
        """A document as folded. Empty where there is none."""
        ...

    async def commit(self, batch: Batch) -> None:
        """Save a turn in one transaction. When it returns, the bytes are on disk (fdatasync)."""
        ...

    async def fold(self, step: Fold) -> None:
        """Apply one step in one transaction; idempotent.

        A register is replaced only by a heavier weight. An update with seq ≤ its document's snapshot is
        skipped; a snapshot removes the updates it covers and an older snapshot never replaces a newer one.
        A topic row is upserted (``floor`` never falls). ``upto`` deletes journal rows ≤ upto, from the
        oldest on, in as many transactions as it takes: what a crash leaves of them folds again, harmlessly.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun and release the folder. Idempotent."""
        ...


class Archive(Protocol):
    """What left the live tables. Same errors as ``Store``."""

    async def expired(
        self, before: Milliseconds, limit: int, skip: int = 0
    ) -> Sequence[tuple[TopicName, ItemId]]:
        """Items with a folded ``archived`` or ``deleted`` true, or a ``final``, stated before that time
        (by hlc), oldest first, at most ``limit`` after the first ``skip``. Candidates: the caller decides,
        and passes over those it left where they are, lest they hide the rest."""
        ...

    async def history(self, topic: TopicName, below: int, limit: int) -> Sequence[HistoryRow]:
        """Items in history with ``order`` < ``below``, newest first, at most ``limit``."""
        ...

    async def quarantine(self, topic: TopicName, user: UserId, reason: str, body: bytes) -> None:
        """Keep refused bytes for inspection; the newest 1,000 are kept."""
        ...


class Directory(Protocol):
    """Users and members. Same errors as ``Store``."""

    async def user(self, user: UserId) -> User | None:
        """None if unknown."""
        ...

    async def users(self, after: str, limit: int) -> Sequence[User]:
        """By name, those greater than ``after``."""
        ...

    async def put_user(self, user: User) -> bool:
        """True if created; an existing one keeps ``created_at`` and takes the new ``name``."""
        ...

    async def delete_user(self, user: UserId, at: Milliseconds) -> bool:
        """Removes the user, their memberships, revokes their devices, and voids the tokens issued before
        ``at``. The inbox stays. False if unknown.
        """
        ...

    async def void_before(self, user: UserId) -> Milliseconds:
        """Tokens of the user issued before that time are void; 0 if none are. Never falls, and outlives the
        user: it stands when they exist again."""
        ...

    async def members(self, topic: TopicName) -> Mapping[UserId, Access]:
        """Empty where the topic has none."""
        ...

    async def put_member(self, member: MemberRow) -> bool:
        """True if created, False if changed or the same. Creates the user where needed."""
        ...

    async def delete_member(self, topic: TopicName, user: UserId) -> bool:
        """False if there was none."""
        ...


class Devices(Protocol):
    """Devices. Same errors as ``Store``."""

    async def device(self, device: DeviceId) -> Device | None:
        """None if unknown."""
        ...

    async def devices(self, user: UserId) -> Sequence[Device]:
        """All of a user's, revoked ones included, oldest first."""
        ...

    async def put_devices(self, devices: Iterable[Device]) -> None:
        """Insert, or update name, platform and ``seen_at``. Creates the users where needed.
        Never changes the owner or a name given by ``rename``, never lifts a revocation."""
        ...

    async def rename(self, device: DeviceId, name: str) -> bool:
        """A person's name for it, which stands from now on. False if unknown."""
        ...

    async def revoke(self, device: DeviceId, at: Milliseconds) -> bool:
        """False if unknown or already revoked."""
        ...


# --------------------------------------------------------------------------- the rest


class Commit(NamedTuple):
    """One topic's saved batch on its way to the readers. ``body`` as in the journal.

    ``origin`` is the local session that alone brought it (0: several, or none): it is sent only ``altered``,
    the part of the body that the hub changed or added (b"" for nothing).
    """

    topic: TopicName
    incarnation: Incarnation
    seq: Seq
    body: bytes
    origin: int = 0
    altered: bytes = b""


class Bus(Protocol):
    """Carries what was committed to every node's readers, this one's included.

    Per topic in order of seq. The local bus delivers synchronously within ``publish``.
    """

    def publish(self, commits: Sequence[Commit]) -> None:
        """Hand on what was committed. Never raises."""
        ...

    def subscribe(self, receive: Callable[[Sequence[Commit]], None]) -> None:
        """Call ``receive`` for every ``publish`` from now on."""
        ...


class Authenticator(Protocol):
    """Tokens. No I/O, bounded time."""

    def verify(self, token: str) -> Identity:
        """Raises ``errors.BadToken`` (malformed, wrong signature, expired, unknown scope, bad name)."""
        ...

    def issue(
        self,
        user: UserId,
        scopes: Iterable[Scope],
        ttl: int,
        device: DeviceId | None = None,
    ) -> str:
        """A token valid for ``ttl`` seconds."""
        ...


class LinkCodes(Protocol):
    """Short-lived, one-time codes with which a user lets a new device in. No I/O."""

    def create(self, user: UserId, scopes: Iterable[Scope]) -> tuple[str, Milliseconds]:
        """The code and when it expires. Raises ``errors.Limit`` when too many are open."""
        ...

    def claim(self, code: str) -> tuple[UserId, frozenset[Scope]]:
        """Use a code up: for whom, with which scopes. Raises ``errors.NotFound`` (unknown, expired, used)
        and ``errors.Limit`` when too many wrong ones came lately."""
        ...

    def forget(self, user: UserId) -> None:
        """None of the user's codes can be used from now on."""
        ...


class LiveConnections(Protocol):
    """What is connected right now. Synchronous; never raises; what isn't connected is none of its
    business.
    """

    def connected(self, user: UserId) -> frozenset[DeviceId]:
        """The user's devices that have a connection or stream open."""
        ...

    def device_revoked(self, device: DeviceId) -> None:
        """Close the device's connections and streams (4403)."""
        ...

    def user_deleted(self, user: UserId) -> None:
        """Close all of the user's connections and streams (4403)."""
        ...

    def access_changed(self, topic: TopicName, user: UserId) -> None:
        """The user's membership of a space or document was granted, changed or taken: look again."""
        ...


# --------------------------------------------------------------------------- delivery


class Routing(Protocol):
    """Decides which channels an event goes to. Pure: called inside the turn."""

    def deliveries(
        self, event: Event, record: Mapping[str, Json], users: Sequence[UserId]
    ) -> Sequence[Delivery]:
        """One for each channel that the event goes to, for each of ``users`` whose route says so.

        Args:
            event: what happened.
            record: the item's, as saved.
            users: for whom: the inbox's user, or all members of the space.
        """
        ...


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """Which deliveries to list; None: whatever it is."""

    state: DeliveryState | None = None
    channel: str | None = None
    event: str | None = None
    item: ItemId | None = None
    topic: TopicName | None = None


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events to list; None: whatever it is."""

    type: EventType | None = None
    topic: TopicName | None = None
    item: ItemId | None = None


class Outbox(Protocol):
    """Events, their deliveries, and the audit. Turns add to them through ``Store.commit``.

    Same errors as ``Store``. What is written is on disk when the call returns. Only the dispatcher moves a
    delivery on; ``replay`` is the operator's. Numbers of events and deliveries grow, may skip, and those of
    events are never given out again.
    """

    async def take_over(self, now: Milliseconds) -> int:
        """At start: every lease is one of a process that is gone (the folder was locked). Such deliveries
        become pending, due ``now`` and ``unsure``. How many."""
        ...

    async def due(self, channel: str, now: Milliseconds, limit: int) -> Sequence[DeliveryRow]:
        """Pending deliveries of a channel with ``due`` ≤ now, by (due, order of creation)."""
        ...

    async def next_due(self, channel: str) -> Milliseconds | None:
        """The earliest ``due`` of the channel's pending deliveries."""
        ...

    async def not_yet_due(
        self, channel: str, now: Milliseconds, after: tuple[Milliseconds, int] | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """Pending deliveries of a channel with ``due`` > now, by (due, number), each with its number; those
        that come after such a pair, where that is given."""
        ...

    async def save(self, rows: Sequence[DeliveryRow], audits: Sequence[AuditRow] = ()) -> None:
        """Record how deliveries stand that have not ended, in one transaction with the audit. One that has
        ended meanwhile, or is unknown, stays as it is; the audit is appended all the same. ``since`` and
        ``forced`` are not recorded: only ``shift`` and ``replay`` change them. (``Batch.settled`` likewise.)
        """
        ...

    async def twin(self, row: DeliveryRow) -> str | None:
        """The id of another delivery of the same event by the same channel, with the same bodies, that was
        sent, is leased, or whose ``unsure`` or ``part`` says that the vendor may have it, as a whole or in
        part, unless that one is suppressed itself: to several members of a space one message may go. The
        oldest of several; None for a row without bodies."""
        ...

    async def replay(
        self, delivery: str, now: Milliseconds, audits: Sequence[AuditRow] = ()
    ) -> DeliveryRow | None:
        """Make a delivery pending and due now at the latest, in one transaction with the audit. The row as it
        stands then; None if unknown, and nothing is appended.

        One that is pending keeps everything else. One that is dead, suppressed or partial begins anew:
        ``forced``, no retry used, its age counted from now, ``bodies`` () so that it is rendered again, of
        which what lies before ``part`` stays taken; ``unsure`` and ``rendered_by`` stay. One that is
        sent or leased stays as it is.
        """
        ...

    async def shift(self, milliseconds: int) -> None:
        """The wall clock jumped by so much: ``due`` and ``since`` of all that has not ended move with it."""
        ...

    async def delivery(self, delivery: str) -> DeliveryRow | None:
        """None if unknown."""
        ...

    async def deliveries(
        self, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        """Those that fit all of ``which``, newest first, each with its number; those below ``before``, where
        that is given."""
        ...

    async def events(self, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        """Those that fit all of ``which`` and have a number above ``after``, in order."""
        ...

    async def event(self, event: str) -> Event | None:
        """None if unknown."""
        ...

    async def waiting(self) -> Mapping[str, int]:
        """How many deliveries are pending or leased, by channel; also of channels no longer configured."""
        ...

    async def last_event(self) -> int:
        """The number of the newest event that is kept, 0 for none."""
        ...

    async def trim(self, before: Milliseconds, audits_before: Milliseconds, limit: int) -> int:
        """Drop, the oldest first, at most ``limit`` events from before ``before`` of which no delivery is on
        its way, with their deliveries; and at most ``limit`` audit lines from the front, up to the first that
        is not from before ``audits_before``. How many rows went; 0 once nothing is left to drop."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """An item as it stands: its registers, the ``read_upto``s that concern it, and for an item of a space
    what its reader stated about it (None in an inbox). ``readable``: whether the user may read it now: is a
    member of the space, or has not been deleted."""

    registers: Registers
    marks: Registers
    personal: Registers | None
    readable: bool = True


class Items(Protocol):
    """What delivery asks of the engine. It raises ``errors.Unavailable`` where the storage refuses, and
    ``errors.Internal`` where the hub itself fails on this item, which says nothing about others."""

    async def standing(self, topic: TopicName, item: ItemId, user: UserId) -> Standing:
        """The item as that user sees it, from history too; empty where it is gone. Sees everything that was
        submitted before."""
        ...

    async def settle(self, row: DeliveryRow, audits: Sequence[AuditRow] = ()) -> None:
        """Save that a delivery ended, its receipt ``sent.<channel>`` on the item, and the audit, in one
        transaction. Where it raises, nothing was saved."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelTraits:
    """What a way out can do.

    Attributes:
        kind: of the configuration.
        idempotent: whether the vendor takes the same message once, however often it is sent.
        parallel: calls in flight at once, at most.
        burst, per_minute: how many calls at once after a rest, and how many a minute from then on; 0 for no
            limit. burst + per_minute keeps within the vendor's window.
        allow_core: whether items of class ``core`` may leave by it.
        mask: whether personal data is masked.
        language: of the words the hub adds.
        host: where calls go, for the audit.
        recipient: who gets the message, for the audit (hashed there).
    """

    kind: str
    idempotent: bool
    parallel: int
    burst: int
    per_minute: int
    allow_core: bool
    mask: bool
    language: Literal["zh", "en"]
    host: str
    recipient: str = field(repr=False)


class Channel(Protocol):
    """One configured way out. ``render`` and ``repeated`` are pure; ``send`` does one call."""

    name: str
    traits: ChannelTraits

    def render(self, message: Message) -> tuple[bytes, ...]:
        """The bodies to send, in order, each within the vendor's limits, with room left for ``repeated``.

        Raises ``errors.Refusal`` where the message can't be said by this channel.
        """
        ...

    def repeated(self, body: bytes, mark: str) -> bytes:
        """A body that may have been taken already, to be sent once more: with the short id ``mark`` for a
        reader to see, or as it is where the vendor knows repetitions by itself."""
        ...

    async def send(self, body: bytes, key: str) -> Outcome:
        """One call, within ``delivery.call_timeout``. ``key`` is the same for every call of one body. Never
        raises; never puts a secret or the message into the outcome."""
        ...

    async def close(self) -> None:
        """Release what it holds. Idempotent."""
        ...


# --------------------------------------------------------------------------- time and sockets


class Clock(Protocol):
    """Time. Nothing else in the engine asks the system for it."""

    def now(self) -> Milliseconds:
        """Wall clock, ms since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...


class Timer(Protocol):
    """One scheduled call."""

    def cancel(self) -> None:
        """It will not be made. Idempotent."""
        ...


class Timers(Protocol):
    """Calls in the future, cheap enough for one a connection. Coarse: up to a second late."""

    def schedule(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call once, ``delay`` seconds from now."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> Milliseconds:
        """Wall clock, ms since 1970."""
        return time.time_ns() // 1_000_000  # type: ignore[return-value]  # asked for every statement: NewType's call would double it

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()


class Peer(Protocol):
    """One connected socket as the engine sees it. Synchronous; never raises; a closed peer ignores calls.

    Everything queued during one callback of the event loop leaves in one write. How messages share
    WebSocket frames is the peer's business (native: concatenated; Yjs: one frame a message).
    """

    def answer(self, message: bytes) -> None:
        """Queue an answer. Never dropped."""
        ...

    def relay(self, message: bytes) -> bool:
        """Queue a relay. False: more than ``connection.buffer`` bytes wait, the message was dropped and
        ``PeerHandler.drained`` will be called once the socket has drained."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Send what is queued, then a close frame. ``PeerHandler.lost`` follows."""
        ...

    def room(self) -> bool:
        """Whether no more than ``connection.buffer`` bytes wait, so that a large answer may be made. False:
        ``PeerHandler.drained`` will be called once the socket has drained."""
        ...

    @property
    def reading(self) -> bool:
        """Whether nothing forbids to read the socket. It is not read while more answers wait than
        ``connection.buffer``; then what is read already must not be begun either."""
        ...

    def pause(self) -> None:
        """Stop reading the socket (back-pressure). What was read already waits, too. Idempotent."""
        ...

    def resume(self) -> None:
        """Read again. ``PeerHandler.resumed`` follows, in a callback of its own. Idempotent."""
        ...

    def limit_messages(self, max_bytes: int) -> None:
        """The largest message taken from now on; larger ones end the connection (4413). A connection starts
        with ``server.hello_bytes``: raise it once the peer is known."""
        ...


class PeerHandler(Protocol):
    """What the reactor calls: one dialect's session on one peer. Synchronous; must not block."""

    idle_message: bytes
    """The application frame to send when nothing else was sent for ``connection.beat``; b"" for none yet."""

    concatenates: bool
    """Whether messages sent in one turn may share a WebSocket frame (native: yes; Yjs: no). Read once, when
    ``PeerHandlers.accept`` returns."""

    def receive(self, message: bytes) -> None:
        """One complete binary message. May raise ``errors.Fatal``: the reactor sends ``fatal_message`` and
        closes with its code. Any other exception is logged and closes with 4500."""
        ...

    def fatal_message(self, error: Exception) -> bytes:
        """The last message to send before closing for that error; b"" for none."""
        ...

    def drained(self) -> None:
        """The socket drained after a relay was dropped, or there was no room."""
        ...

    def resumed(self) -> None:
        """The peer is read again: go on with what was received and not begun. ``receive`` is called after."""
        ...

    def lost(self) -> None:
        """The connection is gone. Called exactly once, last."""
        ...


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A WebSocket upgrade request. ``path`` is percent-decoded, ``address`` the client's (proxies resolved),
    ``token`` from ``Authorization: Bearer`` or ``?token=``."""

    path: str
    address: str
    token: str | None


class PeerHandlers(Protocol):
    """Picks the dialect of an upgrade."""

    def subprotocol(self, path: str, offered: Sequence[str]) -> str | None:
        """The subprotocol to select, or None."""
        ...

    def accept(self, peer: Peer, upgrade: Upgrade) -> PeerHandler:
        """Called once the handshake is done. Raises ``errors.UnknownTopic`` where no dialect lives at the
        path (the reactor asks ``serves`` first)."""
        ...

    def serves(self, path: str) -> bool:
        """Whether a dialect lives at the path; otherwise the upgrade is answered 404."""
        ...
