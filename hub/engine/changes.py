"""What changes of an item, as programs name them, are as statements. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.engine.ledger import PROGRESS, STATUS, UNSTAMPED, Stated
from hub.errors import BadField, BadValue
from hub.model import Hlc, ItemId, Json, TopicKind
from hub.state.fields import check_statement


def stated_of(kind: TopicKind, item: ItemId, field: str, value: Json, hlc: Hlc | None) -> Stated:
    """A checked statement, stamped in the join where ``hlc`` is None. Raises ``BadField``, ``BadId``,
    ``BadValue``, ``Forbidden``."""
    stamp, checked = (UNSTAMPED, Hlc(0)) if hlc is None else (hlc, hlc)
    if field in (STATUS, PROGRESS) and isinstance(value, list):
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
