"""What one item is, from a replicated ledger and from the hub's own answers alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from hub.model import Counts, ItemKind, Json
from hub.state.attempts import TERMINAL

__all__ = ["Change", "Counts", "Item", "RefusedStatement"]


@dataclass(frozen=True, slots=True)
class Item:
    """One notification or task as it stands. Times in ms since 1970.

    ``order``, ``by`` and ``at`` are None until the hub has saved the item. ``snoozed`` is None once that is
    over. What only tasks have is at its default for a notification. ``final`` is how the hub sealed the
    latest attempt (``{attempt, status, at, event, hlc}``), ``sent`` the receipts by channel
    (``{state, at, ref?}``).
    """

    id: str
    kind: ItemKind
    title: str
    body: str | None = None
    level: str | None = None
    class_: str | None = None
    source: str | None = None
    tags: tuple[str, ...] = ()
    link: str | None = None
    data: Json = None
    by: str | None = None
    at: int | None = None
    order: int | None = None
    read: bool = False
    seen: bool = False
    archived: bool = False
    pinned: bool = False
    deleted: bool = False
    snoozed: int | None = None
    attempt: int = 1
    status: str | None = None
    progress: float = 0
    note: str | None = None
    due: int | None = None
    priority: int | None = None
    assignee: str | None = None
    final: Mapping[str, Any] | None = None
    sent: Mapping[str, Any] | None = None

    @property
    def ended(self) -> bool:
        """Whether it is a task whose present attempt has ended."""
        return self.status in TERMINAL

    @classmethod
    def of(cls, flat: Mapping[str, Any]) -> Item:
        """An item from its flat form, as ``hub.state.derive.flat`` and the hub's answers have it."""
        known = {key: value for key, value in flat.items() if key in _FIELDS}
        known["tags"] = tuple(known.get("tags") or ())
        return cls(class_=flat.get("class"), **known)


_FIELDS = frozenset(Item.__dataclass_fields__) - {"class_"}


@dataclass(frozen=True, slots=True)
class Change:
    """What changed in a ledger.

    ``item``: one is new or changed. ``gone``: it was deleted, or left the live ledger for the history
    (``item`` is None where nothing is known of it any more). ``reset``: more changed than was kept for this
    follower, or the hub replaced the content: look at everything again (``id`` is "").
    """

    kind: Literal["item", "gone", "reset"]
    id: str = ""
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """What was stated and the hub did not take; it is undone here.

    ``field`` is that of a statement, the name of a command to somebody else's inbox (``create``, ``start``,
    ``progress``, ``end``, ``mark``), or ``update`` for a document, whose ``item`` is "" and ``value`` None.
    ``code`` is one of the hub's.
    """

    topic: str
    item: str
    field: str
    value: Json
    code: str
    message: str
