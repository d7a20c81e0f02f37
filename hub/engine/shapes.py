"""What actions take and answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hub.errors import Refusal
from hub.model import Json, TopicName

Item = dict[str, Json]
Answer = Literal["item", "seq"]
"""What a write by command is answered with: the item as it stands, or only the seq it is saved under."""


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items a list shows. ``since`` in ms by the record's ``at``; None: any.
    ``history``: those that left the live set, too, after the live ones, or ``only`` those. Deleted items are
    never listed."""

    kind: Literal["notification", "task"] | None = None
    unread: bool | None = None
    status: str | None = None
    since: int | None = None
    history: bool | Literal["only"] = False


@dataclass(frozen=True, slots=True)
class Page:
    """Newest first (by ``order``). ``next``: the cursor of the next page, or None."""

    items: Sequence[Item]
    next: str | None


@dataclass(frozen=True, slots=True)
class Created:
    """One topic's answer to a create: the item, or why not."""

    topic: TopicName
    item: Item | None
    created: bool
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One server-sent event: ``item`` (data: the item), ``counts``, ``reset`` (read everything again),
    ``beat`` (a comment line). ``id`` resumes the stream; "" for none."""

    kind: Literal["item", "counts", "reset", "beat"]
    id: str
    data: Json


@dataclass(frozen=True, slots=True)
class SyncPart:
    """One topic of ``POST /v1/sync``, either way.

    In: what the device has (``incarnation``, ``seq``; for a document ``state_vector``) and its ``push``
    (``[[item, field, value, hlc], …]`` or one document update). Out: ``full``, ``body`` as on the wire.
    """

    topic: TopicName
    incarnation: int = 0
    seq: int = 0
    push: list[Json] | bytes | None = None
    state_vector: bytes | None = None


@dataclass(frozen=True, slots=True)
class SyncAnswer:
    """``refusal`` tells why the push was not taken; the rest is as in ``opened`` (after the push)."""

    topic: TopicName
    incarnation: int
    seq: int
    access: Literal["read", "write"] | None
    full: bool
    body: Sequence[Sequence[Json]] | Sequence[bytes]
    refusal: Refusal | None = None
