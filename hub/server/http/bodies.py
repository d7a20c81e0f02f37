"""What comes in: bodies and queries. They refuse unknown keys and values of the wrong type.

Lengths and ranges are the engine's, told here so that the OpenAPI document holds them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hub.engine.devices import MAX_LABEL
from hub.engine.people import MAX_NAME as MAX_USER_NAME
from hub.model import Access, DeliveryState, EventType, ItemKind
from hub.state.records import MAX_LINK, MAX_SOURCE, MAX_TAG, MAX_TAGS
from hub.state.values import MAX_BODY, MAX_INTEGER, MAX_NOTE, MAX_PRIORITY, MAX_TITLE

MAX_TARGETS: Final = 1000
"""Inboxes and spaces of one ``POST /v1/items``."""
MAX_PAGE: Final = 1000
"""A larger ``limit`` is taken for this."""

Level = Literal["debug", "info", "success", "warning", "error", "critical"]
Class = Literal["general", "important", "core"]
Status = Literal[
    "queued", "running", "paused", "input_required", "succeeded", "failed", "canceled", "expired"
]

NAME: Final = r"^(?!\.{1,2}$)[A-Za-z0-9_.~@-]{1,64}$"
DOCUMENT_NAME: Final = r"^(?=.{1,64}$)(?!(.*/)?\.{1,2}(/|$))[A-Za-z0-9_.~@-]+(/[A-Za-z0-9_.~@-]+)*$"
ITEM_ID: Final = r"^[A-Za-z0-9][A-Za-z0-9_.~-]{0,63}$"
TOPIC: Final = r"^((inbox|space)/[A-Za-z0-9_.~@-]{1,64}|doc/[A-Za-z0-9_.~@/-]{1,64})$"
"""Alphabets as the OpenAPI document tells them; the engine checks, and refuses with ``bad_id``."""

Stamp = Annotated[
    int, Meta(ge=0, le=MAX_INTEGER, description="Hybrid logical clock: milliseconds × 1024 + counter.")
]
Millis = Annotated[int, Meta(ge=0, le=MAX_INTEGER, description="Milliseconds since 1970.")]
Order = Annotated[int, Meta(ge=0, le=MAX_INTEGER)]
Title = Annotated[str, Meta(min_length=1, max_length=MAX_TITLE)]
Text = Annotated[str, Meta(max_length=MAX_BODY)]
Tag = Annotated[str, Meta(min_length=1, max_length=MAX_TAG)]
Link = Annotated[str, Meta(min_length=1, max_length=MAX_LINK, extra_json_schema={"pattern": "^https?://"})]
Push = Annotated[
    list[Any] | bytes,
    Meta(description="A ledger's statements `[[item, field, value, hlc], …]`, or one document update."),
]
Name = Annotated[str, Meta(extra_json_schema={"pattern": NAME})]
ItemName = Annotated[
    str, Meta(description="A ULID where none is given.", extra_json_schema={"pattern": ITEM_ID})
]
Topic = Annotated[str, Meta(extra_json_schema={"pattern": TOPIC})]
Names = Annotated[list[Name], Meta(max_length=MAX_TARGETS)]
Cursor = Annotated[str, Meta(min_length=1, max_length=256, description="`next` of the page before.")]
Wish = Annotated[int, Meta(ge=1, description=f"Length of a page; larger ones are taken for {MAX_PAGE}.")]
Since = Annotated[
    str,
    Meta(
        min_length=1,
        description="Only what was created since: milliseconds since 1970, or ISO 8601 (UTC by default).",
    ),
]
OfKind = Annotated[ItemKind, Meta(description="Only items of this kind.")]
OfStatus = Annotated[Status, Meta(description="Only tasks of this status.")]
Unread = Annotated[bool, Meta(description="True: only what is not read; false: only what is.")]
OfHistory = Annotated[
    bool | Literal["only"],
    Meta(description="True: also items in the history, after the others; `only`: these alone."),
]
OfType = Annotated[EventType, Meta(description="Only events of this type.")]
OfUser = Annotated[
    str,
    Meta(description="Only events of this user's inbox; `me` is yours.", extra_json_schema={"pattern": NAME}),
]
OfTopic = Annotated[
    str, Meta(description="Only those of this inbox or space.", extra_json_schema={"pattern": TOPIC})
]
OfItem = Annotated[
    str, Meta(description="Only those of items with this id.", extra_json_schema={"pattern": ITEM_ID})
]
OfState = Annotated[DeliveryState, Meta(description="Only those in this state.")]
OfChannel = Annotated[
    str, Meta(description="Only those by this channel.", extra_json_schema={"pattern": NAME})
]
OfEvent = Annotated[
    str, Meta(description="Only those of the event with this id.", extra_json_schema={"pattern": ITEM_ID})
]
After = Annotated[
    str, Meta(min_length=1, max_length=256, description="Only what came after the event with this id.")
]
EventId = Annotated[str, Meta(max_length=256, description="As the header `Last-Event-ID`.")]
Speaker = Annotated[
    str,
    Meta(
        description="The device that speaks, where the token is bound to none.",
        extra_json_schema={"pattern": NAME},
    ),
]


class Body(Struct, forbid_unknown_fields=True, kw_only=True):
    """A body or query that refuses unknown keys."""


# --------------------------------------------------------------------------- items: in


class RecordBody(Body, omit_defaults=True):
    """What its creator writes of an item. Null is taken for absent."""

    kind: ItemKind
    title: Title
    body: Text | None = None
    level: Level | None = None
    class_: Class | None = msgspec.field(name="class", default=None)
    source: Annotated[str, Meta(min_length=1, max_length=MAX_SOURCE)] | None = None
    tags: Annotated[list[Tag], Meta(max_length=MAX_TAGS)] | None = None
    link: Link | None = None
    data: Annotated[Any, Meta(description="Any JSON, at most 16 deep.")] = None
    id: ItemName | None = None


class ItemBody(RecordBody):
    """A notification or task to create."""

    hlc: Stamp | None = None


class ManyBody(RecordBody):
    """The same item for many inboxes and spaces. ``me`` in ``users`` is the caller."""

    users: Names = []
    spaces: Names = []


class ChangesBody(Body):
    """Fields to state. ``attempt`` goes with ``status`` and ``progress``; by default the current one."""

    seen: bool | UnsetType = UNSET
    read: bool | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    pinned: bool | UnsetType = UNSET
    deleted: bool | UnsetType = UNSET
    snoozed: Millis | UnsetType | None = UNSET
    title: Title | UnsetType = UNSET
    body: Text | UnsetType = UNSET
    due: Millis | UnsetType | None = UNSET
    priority: Annotated[int, Meta(ge=0, le=MAX_PRIORITY)] | UnsetType | None = UNSET
    assignee: Name | UnsetType | None = UNSET
    status: Status | UnsetType = UNSET
    progress: Annotated[float, Meta(ge=0, le=1)] | UnsetType = UNSET
    note: Annotated[str, Meta(max_length=MAX_NOTE)] | UnsetType = UNSET
    attempt: Annotated[int, Meta(ge=1)] | UnsetType = UNSET
    hlc: Stamp | UnsetType = UNSET


class ReadAllBody(Body):
    """Up to which ``order`` notifications are read; by default all that there are."""

    upto: Order | None = None
    hlc: Stamp | None = None


class StampQuery(Body):
    """The time of an action without a body."""

    hlc: Stamp | None = None


class ItemQuery(Body):
    """Which items, and how many at once."""

    kind: OfKind | None = None
    unread: Unread | None = None
    status: OfStatus | None = None
    since: Since | None = None
    history: OfHistory = False
    limit: Wish = 50
    cursor: Cursor | None = None


class PageQuery(Body):
    """How many at once."""

    limit: Wish = 50
    cursor: Cursor | None = None


class EventQuery(Body):
    """Which events, and how many at once. Of ``after`` and ``cursor`` the latter counts."""

    type: OfType | None = None
    user: OfUser | None = None
    topic: OfTopic | None = None
    item: OfItem | None = None
    after: After | None = None
    limit: Wish = 50
    cursor: Cursor | None = None


class DeliveryQuery(Body):
    """Which deliveries, and how many at once."""

    state: OfState | None = None
    channel: OfChannel | None = None
    event: OfEvent | None = None
    item: OfItem | None = None
    topic: OfTopic | None = None
    limit: Wish = 50
    cursor: Cursor | None = None


class StreamQuery(Struct):
    """Where to resume, and a token for those who can't set headers."""

    last_event_id: EventId | None = None
    token: str | None = None


# --------------------------------------------------------------------------- people and sync: in


class UserBody(Body):
    """What is told about a user."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_USER_NAME)] | None = None


class MemberBody(Body):
    """What a member may do."""

    access: Access


class DeviceBody(Body):
    """What a person calls a device."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_LABEL)]


class ClaimBody(Body):
    """A code shown by another device, and what the new one calls itself."""

    code: Annotated[str, Meta(max_length=64)]
    name: str = ""
    platform: str = ""


class SyncPartBody(Body):
    """One topic: what the device has of it, and what it brings."""

    topic: Topic
    incarnation: Order = 0
    seq: Order = 0
    push: Push | None = None
    state_vector: bytes | None = None


class SyncQuery(Body):
    """Which device speaks, where the token isn't bound to one."""

    device: Speaker | None = None
