"""The words of Tongbu as types: what every layer passes to the next.

Nothing here does anything. Ids are ``NewType``s so that a user is never taken for a device;
times are integer milliseconds, stamps are hybrid logical clocks (see ``hub.state.clock``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, NewType

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
    """One installation of a client, owned by one user. Times in ms; ``revoked_at`` once revoked."""

    device: DeviceId
    user: UserId
    name: str
    platform: str
    created_at: Milliseconds
    seen_at: Milliseconds
    revoked_at: Milliseconds | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A fact that the hub decided. (topic, item, attempt, type) happens once."""

    id: str
    type: Literal["notification.raised", "task.finalized"]
    topic: TopicName
    item: ItemId
    attempt: int
    status: str | None
    at: Milliseconds


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one channel. ``due`` in ms."""

    id: str
    event: str
    item: ItemId
    channel: str
    route: str
    due: Milliseconds
