"""The words of Tongbu as types: what every layer passes to the next.

Nothing here does anything. Ids are ``NewType``s so that a user is never taken for a device;
times are integer milliseconds, stamps are hybrid logical clocks (see ``hub.state.clock``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, NewType

UserId = NewType("UserId", str)
DeviceId = NewType("DeviceId", str)
Actor = NewType("Actor", str)
"""Who made a statement: a device id, ``<sub>.api``, ``<channel kind>:<id>`` or ``hub``."""
TopicName = NewType("TopicName", str)
"""``inbox/<user>``, ``space/<name>`` (ledgers) or ``doc/<name>`` (a document)."""
ItemId = NewType("ItemId", str)
"""An item's id; in an inbox also ``*``, ``space/<name>/<id>`` or ``space/<name>/*``."""
Slot = NewType("Slot", str)
"""Where a statement stands within its item: the field, or ``read_upto:<actor>``."""
Hlc = NewType("Hlc", int)
Seq = NewType("Seq", int)
Incarnation = NewType("Incarnation", int)
Milliseconds = NewType("Milliseconds", int)

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

Access = Literal["read", "write"]
TopicKind = Literal["inbox", "space", "doc"]
ItemKind = Literal["notification", "task"]
Scope = Literal["user", "publish", "admin"]

HUB: Actor = Actor("hub")
ERASED: Actor = Actor("erased")
"""Stands where a user was named whose data was erased."""


made: Final = tuple.__new__
"""``made(Register, (value, …))`` is ``Register(value, …)`` without the Python function that a NamedTuple has
for a constructor: for what is made for each statement, or for each topic of a turn."""


class Statement(NamedTuple):
    """One actor's word on one field of one item, stamped with its time."""

    item: ItemId
    field: str
    value: Json
    hlc: Hlc
    actor: Actor


class Register(NamedTuple):
    """The statement that stands in a slot, the seq it was saved under, and its weight.

    ``weight`` is bytes whose order is the order of DESIGN's weights: joining is ``>``.
    """

    value: Json
    hlc: Hlc
    actor: Actor
    seq: Seq
    weight: bytes


Registers = dict[Slot, Register]
"""All registers of one item, by slot; the item's record stands in the slot ``item``."""


class Key(NamedTuple):
    """Names one register of the whole hub."""

    topic: TopicName
    item: ItemId
    slot: Slot


@dataclass(frozen=True, slots=True)
class Counts:
    """What a badge shows. ``unread`` and ``unseen`` count notifications, ``open`` counts tasks that have
    not ended; what is archived, deleted or snoozed counts nowhere (see ``hub.state.derive``)."""

    unread: int
    unseen: int
    open: int


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for. ``device`` where the token is bound to one; ``issued_at`` is 0 where the token
    doesn't tell.
    """

    user: UserId
    scopes: frozenset[str]
    expires_at: Milliseconds
    device: DeviceId | None = None
    issued_at: Milliseconds = Milliseconds(0)

    @property
    def api_actor(self) -> Actor:
        """The actor of statements made without a device."""
        return Actor(f"{self.user}.api")


@dataclass(frozen=True, slots=True)
class User:
    """A person or service. ``created_at`` in ms."""

    user: UserId
    name: str
    created_at: Milliseconds


@dataclass(frozen=True, slots=True)
class Device:
    """One installation of a client, owned by one user. Times in ms; ``revoked_at`` once revoked; ``named``
    once a person gave it its name: then what it calls itself changes nothing."""

    device: DeviceId
    user: UserId
    name: str
    platform: str
    created_at: Milliseconds
    seen_at: Milliseconds
    revoked_at: Milliseconds | None = None
    named: bool = False


EventType = Literal["notification.raised", "task.finalized"]


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that the hub decided. (topic, item, attempt, type) happens once; ``attempt`` is 0 for a
    notification. ``number`` is its place in the order of all events, given by the storage (0: not saved yet).
    """

    id: str
    type: EventType
    topic: TopicName
    item: ItemId
    attempt: int
    status: str | None
    at: Milliseconds
    number: int = 0

    @property
    def user(self) -> UserId | None:
        """Whose inbox it happened in; None in a space."""
        kind, _, name = self.topic.partition("/")
        return UserId(name) if kind == "inbox" else None


DeliveryState = Literal["pending", "leased", "sent", "partial", "suppressed", "dead"]
ENDED: frozenset[DeliveryState] = frozenset({"sent", "partial", "suppressed", "dead"})


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one channel, as the turn that made the event saves it.

    ``user`` is for whom: the inbox's, or one member of the space. ``due`` in ms.
    """

    id: str
    event: str
    item: ItemId
    channel: str
    route: str
    due: Milliseconds
    user: UserId
    topic: TopicName


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """A delivery as it stands in the storage: everything that its next step depends on.

    Attributes:
        event: the event itself.
        since: from when ``max_age`` counts, ms: the event, or the replay.
        attempts: calls begun, in all.
        retries: those of ``delivery.retries`` used up.
        bodies: the message, rendered at the first lease and frozen; one call each, in order. () before.
        rendered_by: the kind of channel that rendered them, or those before a replay; "" before.
        part: how many bodies are known taken.
        unsure: whether the call of the present part may have been taken already: it was repeated after
            a timeout, or the hub ended during it.
        forced: replayed by an operator: ``unless`` is not asked again.
        error: why it waits or ended, for an operator; never holds a secret or the message.
        ref: the vendor's id of the message, where it gives one.
        ended_at: ms; None while it is on its way.
    """

    id: str
    event: Event
    channel: str
    route: str
    user: UserId
    state: DeliveryState
    due: Milliseconds
    since: Milliseconds
    attempts: int = 0
    retries: int = 0
    bodies: tuple[bytes, ...] = ()
    rendered_by: str = ""
    part: int = 0
    unsure: bool = False
    forced: bool = False
    leased_until: Milliseconds | None = None
    error: str | None = None
    ref: str | None = None
    ended_at: Milliseconds | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel renders: one event in words, masked already.

    ``text`` is the task's last note or else the item's body; ``custom`` is what the route's template made,
    and stands for title and text where it is given. ``language`` is that of the words a channel adds.
    """

    event: Event
    user: UserId
    kind: ItemKind
    title: str
    text: str
    link: str | None
    level: str
    source: str | None
    tags: tuple[str, ...]
    language: Literal["zh", "en"]
    custom: str | None = None
    data: Json = None


OutcomeKind = Literal[
    "ok",
    "partial",
    "retry",
    "rate_limited",
    "quota",
    "refresh_token",
    "bad_message",
    "bad_recipient",
    "bad_config",
]
Arrival = Literal["never", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one call to a vendor ended, judged by its body.

    Attributes:
        kind: the class; see DESIGN's table of outcomes.
        arrival: with ``retry``: it ``never`` left (DNS, connect), was ``refused`` for now by an answer (5xx,
            -1), or is ``unknown`` (a timeout or a cut answer after the request went out).
        until: with ``rate_limited`` and ``quota``: seconds from now until the vendor takes calls again.
        error: what an operator reads: the vendor's code and words, without secrets or the message.
        code: the vendor's own code or the HTTP status, for the audit.
        ref: the vendor's id of the message.
    """

    kind: OutcomeKind
    arrival: Arrival = "refused"
    until: float = 0.0
    error: str | None = None
    code: str = ""
    ref: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One call that left the hub, or one act of an operator: never what the message said.

    ``recipient`` and ``body`` are SHA-256 in hex, ``masked`` counts what was masked by kind. ``at`` in ms.
    """

    at: Milliseconds
    actor: str
    action: str
    subject: str
    channel: str
    host: str
    recipient: str
    size: int
    body: str
    masked: str
    outcome: str
