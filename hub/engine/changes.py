"""What changes of an item, as programs name them, are as statements. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.engine.stated import PROGRESS, STATUS, UNSTAMPED, Stated
from hub.errors import BadField, BadValue, ClockAhead
from hub.model import Hlc, ItemId, Json, Milliseconds, TopicKind, made
from hub.state.clock import is_ahead
from hub.state.fields import checked


def all_stated(
    kind: TopicKind, item: ItemId, values: Mapping[str, Json], hlc: Hlc | None, now: Milliseconds
) -> list[Stated]:
    """Checked statements on one item, one a field. Raises as ``stated_of``, and ``ClockAhead``."""
    if type(hlc) is int and is_ahead(hlc, now):
        raise ClockAhead
    stated = []
    for field, value in values.items():
        stated.append(stated_of(kind, item, field, value, hlc))
    return stated


def stated_of(kind: TopicKind, item: ItemId, field: str, value: Json, hlc: Hlc | None) -> Stated:
    """A checked statement, stamped in the join where ``hlc`` is None. Raises ``BadField``, ``BadId``,
    ``BadValue``, ``Forbidden``."""
    stamp, time = (UNSTAMPED, 0) if hlc is None else (hlc, hlc)
    if field in _WITH_ATTEMPT and isinstance(value, list) and (value[0] is None or value[1] is None):
        whole = [1 if value[0] is None else value[0], 0 if value[1] is None else value[1], *value[2:]]
        own, _ = checked(kind, item, field, whole, time)
        return made(Stated, (item, own, value, stamp))
    own, value = checked(kind, item, field, value, time)
    return made(Stated, (item, own, value, stamp))


_WITH_ATTEMPT = (STATUS, PROGRESS)


def values_of(changes: Mapping[str, Json]) -> dict[str, Json]:
    """The statements that changes mean, by field: status and progress take the attempt and the note along.
    Raises ``BadValue`` where they mean none."""
    values = dict(changes)
    attempt = values.pop("attempt", None)
    if not values:
        raise BadValue("state at least one field")
    note = values.pop("note", None)
    if "status" not in values and "progress" not in values and (attempt is not None or note is not None):
        if note is None:
            raise BadField("attempt goes with status or progress")
        values["progress"] = None
    if "status" in values:
        values["status"] = [attempt, values["status"]]
    if "progress" in values or note is not None:
        values["progress"] = [attempt, values.get("progress"), *([] if note is None else [note])]
    return values
