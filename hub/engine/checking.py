"""Statements as they come off a wire: checked before they wait in a queue."""

from __future__ import annotations

from typing import Any

from hub.engine.ledger import Stated
from hub.errors import BadValue, ClockAhead, Forbidden, Limit, Refusal
from hub.model import Identity, TopicKind
from hub.ports import Clock
from hub.state.clock import is_ahead
from hub.state.fields import check_statement


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
        now = self._clock.now()
        publishes = "publish" in caller.scopes
        stated = []
        for index, each in enumerate(push):
            try:
                stated.append(_one(kind, each, now, publishes))
            except Refusal as refusal:
                refusal.at = index
                raise
        return stated


def _one(kind: TopicKind, each: Any, now: int, publishes: bool) -> Stated:
    if type(each) is not list or len(each) != 4:
        raise BadValue("a statement is [item, field, value, hlc]")
    item, field, value, hlc = each
    value = check_statement(kind, item, field, value, hlc)
    if is_ahead(hlc, now):
        raise ClockAhead
    if field == "item" and value["kind"] == "notification" and not publishes:  # type: ignore[call-overload, index]  # a record
        raise Forbidden("creating notifications needs the scope publish")
    return Stated(item, field, value, hlc)
