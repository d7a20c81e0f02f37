"""The fields: on what they are stated, who may state them, and with which values.

================================= ============================= ===============================
field                             value                         stated on
================================= ============================= ===============================
``item``                          the record (``records``)      items
``seen read archived pinned``     bool                          inbox items, personal items
``snoozed``                       until-ms or null              inbox items, personal items
``deleted``                       bool                          items
``title body``                    text (a task's edits)         tasks
``due``                           ms or null                    tasks
``priority``                      0 to 9 or null                tasks
``assignee``                      a name or null                tasks
``status``                        ``[attempt, status]``         tasks
``progress``                      ``[attempt, 0..1, note?]``    tasks
``read_upto``                     an order                      ``*``, ``space/<name>/*``
``final sent.<channel>``          the hub's own                 items
================================= ============================= ===============================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from hub.errors import BadField, BadValue, Forbidden
from hub.model import ItemKind, Json, TopicKind
from hub.state.attempts import MAX_ATTEMPT, RANK
from hub.state.clock import MAX_HLC
from hub.state.names import Target, is_name, target_of
from hub.state.records import check_record
from hub.state.values import (
    MAX_NOTE,
    check_assignee,
    check_body,
    check_bool,
    check_fraction,
    check_integer,
    check_order,
    check_priority,
    check_prose,
    check_time,
    check_title,
)
from hub.state.weights import SENT_PREFIX

PERSONAL_FIELDS: Final = frozenset({"seen", "read", "archived", "snoozed", "pinned"})
"""What is personal about a shared item, and stated in the reader's own inbox."""

EDIT_FIELDS: Final = frozenset({"title", "body", "due", "priority", "assignee"})
"""A task's edits, laid over its record."""

TASK_FIELDS: Final = EDIT_FIELDS | {"status", "progress", "final"}
"""What fits tasks only."""


def check_statement(kind: TopicKind, item: object, field: object, value: object, hlc: object) -> Json:
    """As ``checked``; the value alone."""
    return checked(kind, item, field, value, hlc)[1]


def checked(kind: TopicKind, item: object, field: object, value: object, hlc: object) -> tuple[str, Json]:
    """Check one statement as far as that needs no knowledge of its item.

    Args:
        kind: of the ledger the statement is for.
        item, field, value, hlc: as they came off the wire, of any type.

    Returns:
        The field, always as the same text: dictionaries find it without reading it. The value to save: a
        record normalized, every other value as it came.

    Raises:
        BadField: no such field, or not on this target in this kind of ledger.
        Forbidden: a field that only the hub states.
        BadId: ``item`` names nothing in this kind of ledger.
        BadValue: the value is not of the field's type or range, or ``hlc`` is no stamp.
    """
    rule = _RULES.get(field) if isinstance(field, str) else None
    if rule is None:
        raise _no_field(field)
    own, ledgers, targets, check = rule
    if kind not in ledgers:
        raise BadField(f"{own} is not stated in {_LEDGERS[kind]}")
    target = target_of(kind, item)
    if target not in targets:
        raise BadField(f"{own} is not stated on {_TARGETS[target]}")
    if type(hlc) is not int or not 0 <= hlc <= MAX_HLC:
        raise BadValue(f"hlc is an integer from 0 to {MAX_HLC}")
    if check is None:
        return own, check_record(value)
    check(own, value)
    return own, value  # type: ignore[return-value]  # the check has shown it to be Json


def fits(field: str, kind: ItemKind) -> bool:
    """Whether a field can be stated on an item of that kind."""
    return kind == "task" or field not in TASK_FIELDS


def _no_field(field: object) -> BadField | Forbidden:
    if field == "final" or (
        isinstance(field, str) and field.startswith(SENT_PREFIX) and is_name(field[len(SENT_PREFIX) :])
    ):
        return Forbidden(f"{field} is stated by the hub alone")
    return BadField(f"there is no field {field!r:.40}")


def _check_status(name: str, value: Any) -> None:
    if type(value) is not list or len(value) != 2:
        raise BadValue(f"{name} is [attempt, status]")
    check_integer("an attempt", value[0], MAX_ATTEMPT, least=1)
    if type(value[1]) is not str or value[1] not in RANK:
        raise BadValue(f"{name} is one of {', '.join(RANK)}")


def _check_progress(name: str, value: Any) -> None:
    if type(value) is not list or not 2 <= len(value) <= 3:
        raise BadValue(f"{name} is [attempt, progress, note?]")
    check_integer("an attempt", value[0], MAX_ATTEMPT, least=1)
    check_fraction(name, value[1])
    if len(value) == 3:
        check_prose("a note", value[2], MAX_NOTE)


class _Rule(NamedTuple):
    field: str
    ledgers: frozenset[TopicKind]
    targets: frozenset[Target]
    check: Callable[[str, object], None] | None
    """None: a record, which ``check_record`` checks and normalizes."""


def _rules() -> Mapping[str, _Rule]:
    anywhere: frozenset[TopicKind] = frozenset({"inbox", "space"})
    inbox: frozenset[TopicKind] = frozenset({"inbox"})
    items: frozenset[Target] = frozenset({"item"})
    personal: frozenset[Target] = frozenset({"item", "personal"})
    every: frozenset[Target] = frozenset({"all", "personal_all"})
    rules = [_Rule(field, inbox, personal, check_bool) for field in PERSONAL_FIELDS - {"snoozed"}]
    rules += [
        _Rule("item", anywhere, items, None),
        _Rule("snoozed", inbox, personal, check_time),
        _Rule("deleted", anywhere, items, check_bool),
        _Rule("title", anywhere, items, check_title),
        _Rule("body", anywhere, items, check_body),
        _Rule("due", anywhere, items, check_time),
        _Rule("priority", anywhere, items, check_priority),
        _Rule("assignee", anywhere, items, check_assignee),
        _Rule("status", anywhere, items, _check_status),
        _Rule("progress", anywhere, items, _check_progress),
        _Rule("read_upto", inbox, every, check_order),
    ]
    return {rule.field: rule for rule in rules}


_RULES: Final = _rules()
_LEDGERS: Final[Mapping[TopicKind, str]] = {"inbox": "an inbox", "space": "a space", "doc": "a document"}
_TARGETS: Final[Mapping[Target, str]] = {
    "item": "a single item",
    "all": "all items",
    "personal": "a shared item by its reader",
    "personal_all": "all items of a space by their reader",
}
