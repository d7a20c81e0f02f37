"""What goes out, for the OpenAPI document. These only describe: the engine's own dictionaries and records
are encoded as they are, and a test holds the two together.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hub.model import Access, DeliveryState, EventType, ItemKind, OutcomeKind, User
from hub.server.http.bodies import Class, Level, Millis, Order, Status


class Item(Struct, kw_only=True):
    """A notification or task: its record and its derived state."""

    id: str
    kind: ItemKind
    title: str
    body: str | None = None
    level: Level | None = None
    class_: Class | None = msgspec.field(name="class", default=None)
    source: str | None = None
    tags: list[str] | None = None
    link: str | None = None
    data: Any = None
    by: str
    at: Millis
    order: Order
    read: bool | None = None
    seen: bool | None = None
    archived: bool | None = None
    pinned: bool | None = None
    deleted: bool | None = None
    snoozed: Millis | None = None
    due: Millis | None = None
    priority: int | None = None
    assignee: str | None = None
    attempt: int | None = None
    status: Status | None = None
    progress: float | None = None
    note: str | None = None
    final: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None


class Problem(Struct, kw_only=True):
    """What was wrong (RFC 9457). ``code`` is stable; programs decide by it."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    at: Annotated[int, Meta(description="Index of the refused statement.")] | UnsetType = UNSET
    retry_after: Annotated[int, Meta(description="Milliseconds.")] | UnsetType = UNSET
    state_vector: bytes | UnsetType = UNSET


class ItemPage(Struct):
    """A page of items, newest first."""

    items: list[Item]
    next: str | None


class UserPage(Struct):
    """A page of users, by name."""

    items: list[User]
    next: str | None


class DeviceAnswer(Struct):
    """A device, and whether it is connected at this moment."""

    device: str
    user: str
    name: str
    platform: str
    created_at: int
    seen_at: int
    revoked_at: int | None
    named: bool
    connected: bool


class DevicePage(Struct):
    """A page of devices, oldest first."""

    items: list[DeviceAnswer]
    next: str | None


class Member(Struct):
    """One user's access to a space or document."""

    user: str
    access: Access


class MemberPage(Struct):
    """A page of members, by name."""

    items: list[Member]
    next: str | None


class Result(Struct, kw_only=True):
    """What became of one of many: 201 created, 200 there already, else the ``problem``."""

    topic: str
    status: int
    problem: Problem | UnsetType = UNSET


class ManyResults(Struct):
    """The item's id, the same everywhere, and one result a target, in their order, users first."""

    id: str | None
    results: list[Result]


class Renewal(Struct):
    """A new token."""

    token: str
    expires_at: Millis


class Code(Struct):
    """A code to type or scan on another device."""

    code: str
    expires_at: Millis


class Claim(Struct):
    """A new device's token and id."""

    token: str
    user: str
    device: str


class SyncPartAnswer(Struct, kw_only=True):
    """One topic after the push, as the native wire's ``opened``; ``problem``: why the push was refused."""

    topic: str
    incarnation: int
    seq: int
    access: Access | None
    full: bool
    body: Annotated[
        list[Any],
        Meta(description="Statements `[item, field, value, hlc, actor]`, or document updates."),
    ]
    problem: Problem | UnsetType = UNSET


class Event(Struct):
    """A fact that the hub decided, once. ``attempt`` is 0 for a notification; ``user`` is null in a space."""

    id: str
    type: EventType
    topic: str
    user: str | None
    item: str
    attempt: int
    status: Status | None
    at: Millis


class EventPage(Struct):
    """A page of events, oldest first."""

    items: list[Event]
    next: str | None


class Delivery(Struct):
    """One event on its way to one channel. ``ref`` is the vendor's id of the message, ``at`` the event's
    time, ``user`` whose route it went by."""

    id: str
    event: str
    item: str
    channel: str
    state: DeliveryState
    attempts: int
    due: Millis
    error: str | None
    ref: str | None
    user: str
    topic: str
    route: str
    at: Millis
    ended_at: Millis | None


class DeliveryPage(Struct):
    """A page of deliveries, newest first."""

    items: list[Delivery]
    next: str | None


class Channel(Struct):
    """A way out. ``paused``: its configuration is wrong; ``waiting``: the vendor asked for it; ``open``: its
    calls failed one after the other. ``waiting`` counts what is not delivered yet."""

    name: str
    kind: str
    host: str
    state: Literal["ok", "paused", "waiting", "open"]
    reason: str | None
    until: Annotated[int, Meta(description="When it goes on, in milliseconds since 1970.")] | None
    waiting: int


class ChannelPage(Struct):
    """All channels, in the order of the configuration."""

    items: list[Channel]
    next: str | None


class ChannelTest(Struct):
    """How the call of a test message ended."""

    ok: bool
    outcome: OutcomeKind
    error: str | None


class Health(Struct):
    """Whether the process lives."""

    status: Literal["ok"]


class Readiness(Struct):
    """Whether the hub takes writes, and each check by name."""

    ready: bool
    checks: dict[str, Any]


class About(Struct):
    """What answers here."""

    name: str
    version: str
    openapi: str
    connect: str
