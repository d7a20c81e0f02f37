"""Native commands: the same actions as HTTP, by name. ``params`` come off the wire and are checked here.

======== ================================================================================ =============
name     params (``topic``: default the own inbox; ``hlc``: keeps the action's time)      answer
======== ================================================================================ =============
create   id?, kind, title, body?, level?, class?, source?, tags?, link?, data?            the item
start    id?, title, and the other keys of a record; a task, running                      the item
progress item, progress, note?, attempt?                                                  the item
end      item, status, note?, attempt?                                                    the item
mark     item, and any of seen read archived pinned deleted snoozed title body due …      the item
read_all upto?                                                                            the counts
get      item                                                                             the item
counts                                                                                    the counts
======== ================================================================================ =============
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from hub.engine.actions import Actions
from hub.errors import BadField, BadValue
from hub.model import Counts, Hlc, Identity, Json, TopicName
from hub.state.attempts import TERMINAL
from hub.state.names import inbox_of
from hub.state.values import check_order

Params = dict[str, Any]


async def run_command(actions: Actions, caller: Identity, name: str, params: Params) -> Json:
    """Run one command.

    Raises:
        BadField: there is no such command or parameter, or one is missing.
        BadValue: a parameter is of the wrong type.
        Refusal: whatever the action refuses.
    """
    command = _COMMANDS.get(name)
    if command is None:
        raise BadField(f"there is no command {name!r:.40}; there are {', '.join(sorted(_COMMANDS))}")
    rest = dict(params)
    topic = rest.pop("topic", None) or inbox_of(caller.user)
    hlc = rest.pop("hlc", None)
    if type(topic) is not str or not (hlc is None or type(hlc) is int):
        raise BadValue("topic is a string and hlc an integer")
    return await command(actions, caller, TopicName(topic), None if hlc is None else Hlc(hlc), rest)


async def _create(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    item, _ = await actions.create(caller, topic, params.pop("id", None), params, hlc)
    return item


async def _start(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    item_id = params.pop("id", None)
    return await actions.start(caller, topic, item_id, {**params, "kind": "task"}, hlc)


async def _progress(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    _only(params, "item", "progress", "note", "attempt")
    if not params.keys() & {"progress", "note"}:
        raise BadField("progress needs progress")
    return await actions.change(caller, topic, _taken(params, "item"), params, hlc)


async def _end(actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params) -> Json:
    _only(params, "item", "status", "note", "attempt")
    if "status" not in params:
        raise BadField("end needs status")
    if type(params["status"]) is not str or params["status"] not in TERMINAL:
        raise BadValue(f"end states one of {', '.join(sorted(TERMINAL))}")
    return await actions.change(caller, topic, _taken(params, "item"), params, hlc)


async def _mark(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    return await actions.change(caller, topic, _taken(params, "item"), params, hlc)


async def _read_all(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    _only(params, "upto")
    upto = params.get("upto")
    if upto is not None:
        check_order("upto", upto)
    return _counts_value(await actions.read_all(caller, topic, upto, hlc))


async def _get(actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params) -> Json:
    _only(params, "item")
    return await actions.item(caller, topic, _taken(params, "item"))


async def _counts(
    actions: Actions, caller: Identity, topic: TopicName, hlc: Hlc | None, params: Params
) -> Json:
    _only(params)
    return _counts_value(await actions.counts(caller, topic))


def _counts_value(counts: Counts) -> Json:
    return asdict(counts)


def _taken(params: Params, name: str) -> str:
    if name not in params:
        raise BadField(f"the command needs {name}")
    value = params.pop(name)
    if type(value) is not str:
        raise BadValue(f"{name} is a string")
    return value


def _only(params: Params, *names: str) -> None:
    for name in params:
        if name not in names:
            raise BadField(f"the command has no parameter {name!r:.40}")


_COMMANDS: dict[str, Callable[[Actions, Identity, TopicName, Hlc | None, Params], Awaitable[Json]]] = {
    "create": _create,
    "start": _start,
    "progress": _progress,
    "end": _end,
    "mark": _mark,
    "read_all": _read_all,
    "get": _get,
    "counts": _counts,
}
