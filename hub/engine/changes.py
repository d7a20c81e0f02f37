"""What changes of an item, as programs name them, are as statements. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.engine.ledger import PROGRESS, STATUS, UNSTAMPED, Stated
from hub.errors import BadField, BadValue, ClockAhead
from hub.model import Hlc, ItemId, Json, Milliseconds, TopicKind
from hub.state.clock import is_ahead
from hub.state.fields import check_statement


def all_stated(
    kind: TopicKind, item: ItemId, values: Mapping[str, Json], hlc: Hlc | None, now: Milliseconds
) -> list[Stated]:
    """Checked statements on one item, one a field. Raises as ``stated_of``, and ``ClockAhead``."""
    if type(hlc) is int and is_ahead(hlc, now):
        raise ClockAhead
    return [stated_of(kind, item, field, value, hlc) for field, value in values.items()]


def stated_of(kind: TopicKind, item: ItemId, field: str, value: Json, hlc: Hlc | None) -> Stated:
    """A checked statement, stamped in the join where ``hlc`` is None. Raises ``BadField``, ``BadId``,
    ``BadValue``, ``Forbidden``."""
    stamp, checked = (UNSTAMPED, Hlc(0)) if hlc is None else (hlc, hlc)
    if field in (STATUS, PROGRESS) and isinstance(value, list):
        whole = value
        if value[0] is None or value[1] is None:
            whole = [1 if value[0] is None else value[0], 0 if value[1] is None else value[1], *value[2:]]
        check_statement(kind, item, field, whole, checked)
        return Stated(item, field, value, stamp)
    return Stated(item, field, check_statement(kind, item, field, value, checked), stamp)


def values_of(changes: Mapping[str, Json]) -> dict[str, Json]:
    """The statements that changes mean, by field: status and progress take the attempt and the note along.
    Raises ``BadValue`` where they mean none."""
    if not changes.keys() - {"attempt"}:
        raise BadValue("state at least one field")
    values = dict(changes)
    attempt, note = values.pop("attempt", None), values.pop("note", None)
    if (attempt is not None or note is not None) and not {"status", "progress"} & values.keys():
        if note is None:
            raise BadField("attempt goes with status or progress")
        values["progress"] = None
    if "status" in values:
        values["status"] = [attempt, values["status"]]
    if "progress" in values or note is not None:
        values["progress"] = [attempt, values.get("progress"), *([] if note is None else [note])]
    return values
