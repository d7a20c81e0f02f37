"""Native commands: the same actions as HTTP, by name. ``params`` come off the wire and are checked here.

======== ================================================================================ =============
name     params (``topic``: default the own inbox; ``hlc``: keeps the action's time;      answer
         ``answer`` "seq" instead of an item: the seq it is saved under)
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
from typing import Any, NamedTuple

from hub.engine.actions import RUNNING, Actions
from hub.engine.inbox_writes import Refused, Values, Written
from hub.engine.shapes import Answer
from hub.errors import BadField, BadValue
from hub.model import Hlc, Identity, Json, TopicName, made
from hub.state.attempts import TERMINAL
from hub.state.names import inbox_of
from hub.state.values import check_order

Params = dict[str, Any]


class _Asked(NamedTuple):
    """A command's own parameters and what all have in common."""

    topic: TopicName
    hlc: Hlc | None
    answer: Answer
    params: Params


async def run_command(actions: Actions, caller: Identity, name: str, params: Params) -> Json:
    """Run one command.

    Raises:
        BadField: there is no such command or parameter, or one is missing.
        BadValue: a parameter is of the wrong type.
        Refusal: whatever the action refuses.
    """
    asked = _asked(caller, params)
    if (creation := _CREATIONS.get(name)) is not None:
        start = actions.start if asked.answer == "item" else actions.start_briefly
        return await start(caller, asked.topic, *creation(asked.params), asked.hlc)
    if (change := _CHANGES.get(name)) is not None:
        state = actions.change if asked.answer == "item" else actions.change_briefly
        return await state(caller, asked.topic, *change(asked.params), asked.hlc)
    if (read := _READS.get(name)) is not None:
        if "answer" in params:
            raise BadField(f"{name} answers one thing only: it has no parameter answer")
        return await read(actions, caller, asked)
    names = sorted((*_CREATIONS, *_CHANGES, *_READS))
    raise BadField(f"there is no command {name!r:.40}; there are {', '.join(names)}")


def begin_command(
    actions: Actions, caller: Identity, name: str, params: Params, written: Written, refused: Refused
) -> bool:
    """Begin a command that writes one item, at once: no task waits for the disk, ``written`` or ``refused``
    is called once it has been. False: nothing was begun, ``run_command`` does it.

    Raises:
        Refusal: as ``run_command``, where it needs no look at what is saved.
    """
    if (change := _CHANGES.get(name)) is not None:
        topic, hlc, answer, params = _asked(caller, params)
        item, changes = change(params)
        return actions.begun.change(caller, topic, item, changes, hlc, answer, written, refused)
    if (creation := _CREATIONS.get(name)) is not None:
        topic, hlc, answer, params = _asked(caller, params)
        return actions.begun.create(caller, topic, *creation(params), hlc, answer, written, refused)
    return False


def _asked(caller: Identity, params: Params) -> _Asked:
    rest = dict(params)
    topic = rest.pop("topic", None) or inbox_of(caller.user)
    hlc = rest.pop("hlc", None)
    if type(topic) is not str or not (hlc is None or type(hlc) is int):
        raise BadValue("topic is a string and hlc an integer")
    answer = rest.pop("answer", "item")
    if answer not in ("item", "seq"):
        raise BadValue("answer is item or seq")
    return made(_Asked, (topic, hlc, answer, rest))


# ---------------------------------------------------------------------- what is written

_OF_PROGRESS = frozenset({"item", "progress", "note", "attempt"})
_OF_END = frozenset({"item", "status", "note", "attempt"})
_OF_READ_ALL = frozenset({"upto"})
_OF_GET = frozenset({"item"})
_NONE: frozenset[str] = frozenset()


def _create(params: Params) -> tuple[str | None, Params, Values]:
    return params.pop("id", None), params, ()


def _start(params: Params) -> tuple[str | None, Params, Values]:
    return params.pop("id", None), {**params, "kind": "task"}, RUNNING


def _progress(params: Params) -> tuple[str, Params]:
    _only(params, _OF_PROGRESS)
    if "progress" not in params and "note" not in params:
        raise BadField("progress needs progress")
    return _taken(params, "item"), params


def _end(params: Params) -> tuple[str, Params]:
    _only(params, _OF_END)
    if "status" not in params:
        raise BadField("end needs status")
    if type(params["status"]) is not str or params["status"] not in TERMINAL:
        raise BadValue(f"end states one of {', '.join(sorted(TERMINAL))}")
    return _taken(params, "item"), params


def _mark(params: Params) -> tuple[str, Params]:
    return _taken(params, "item"), params


_CREATIONS: dict[str, Callable[[Params], tuple[str | None, Params, Values]]] = {
    "create": _create,
    "start": _start,
}
"""To the item's id, its record, and what is stated beside it."""
_CHANGES: dict[str, Callable[[Params], tuple[str, Params]]] = {
    "progress": _progress,
    "end": _end,
    "mark": _mark,
}
"""To the item and what is stated of it."""


# ---------------------------------------------------------------------- what is read


async def _read_all(actions: Actions, caller: Identity, asked: _Asked) -> Json:
    _only(asked.params, _OF_READ_ALL)
    upto = asked.params.get("upto")
    if upto is not None:
        check_order("upto", upto)
    return asdict(await actions.read_all(caller, asked.topic, upto, asked.hlc))


async def _get(actions: Actions, caller: Identity, asked: _Asked) -> Json:
    _only(asked.params, _OF_GET)
    return await actions.item(caller, asked.topic, _taken(asked.params, "item"))


async def _counts(actions: Actions, caller: Identity, asked: _Asked) -> Json:
    _only(asked.params, _NONE)
    return asdict(await actions.counts(caller, asked.topic))


_READS: dict[str, Callable[[Actions, Identity, _Asked], Awaitable[Json]]] = {
    "read_all": _read_all,
    "get": _get,
    "counts": _counts,
}


def _taken(params: Params, name: str) -> str:
    if name not in params:
        raise BadField(f"the command needs {name}")
    value = params.pop(name)
    if type(value) is not str:
        raise BadValue(f"{name} is a string")
    return value


def _only(params: Params, names: frozenset[str]) -> None:
    if not names.issuperset(params):
        name = next(name for name in params if name not in names)
        raise BadField(f"the command has no parameter {name!r:.40}")
