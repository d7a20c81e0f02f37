"""Statements as they come off a wire: checked before they wait in a queue."""

from __future__ import annotations

from typing import Any

from hub.engine.stated import Stated
from hub.errors import BadValue, ClockAhead, Forbidden, Limit, Refusal
from hub.model import Identity, TopicKind, made
from hub.ports import Clock
from hub.state.clock import latest
from hub.state.fields import checked
from hub.state.weights import ITEM


class StatementCheck:
    """What a push must look like, whoever sends it. ``statements`` is the most one push may hold."""

    __slots__ = ("_clock", "_statements")

    def __init__(self, clock: Clock, statements: int) -> None:
        self._clock = clock
        self._statements = statements

    def stated(self, kind: TopicKind, push: Any, caller: Identity) -> list[Stated]:
        """A ledger's push, ``[[item, field, value, hlc], …]``.

        Raises:
            Refusal: the first statement that breaks a rule, its index in ``at``; ``Limit`` for too many.
        """
        if type(push) is not list:
            raise BadValue("a ledger is pushed a list of [item, field, value, hlc]")
        if len(push) > self._statements:
            raise Limit(f"a push holds at most {self._statements} statements")
        end = latest(self._clock.now())
        stated: list[Stated] = []
        try:
            for each in push:
                if type(each) is not list or len(each) != 4:
                    raise BadValue("a statement is [item, field, value, hlc]")
                item, field, value, hlc = each
                field, value = checked(kind, item, field, value, hlc)
                if hlc > end:
                    raise ClockAhead
                if field == ITEM:
                    _check_may_create(value, caller)
                stated.append(made(Stated, (item, field, value, hlc)))
        except Refusal as refusal:
            refusal.at = len(stated)
            raise
        return stated


def _check_may_create(record: Any, caller: Identity) -> None:
    if record["kind"] == "notification" and "publish" not in caller.scopes:
        raise Forbidden("creating notifications needs the scope publish")
