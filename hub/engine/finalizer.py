"""Changes become events: the one place in the pipeline where the hub decides that something happened.

A task's attempt is final with the first terminal status that stood after joining, unless a later attempt
outranked it before the hub knew both the status and the task. The decision is the hub's own ``final``
register and one ``task.finalized``. An attempt that ended and was reopened within one turn is final, too:
which pushes share a turn decides nothing. Of several ends of one attempt in one turn the one that outweighs
the others is meant. A notification is raised when its record is saved. Register, event and deliveries leave
in the turn's transaction. No I/O.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, cast

from hub.engine.ledger import LedgerPart
from hub.engine.stated import STATUS
from hub.model import HUB, Delivery, Event, EventType, ItemId, Json, Register, UserId
from hub.ports import Routing
from hub.state.attempts import TERMINAL
from hub.state.clock import stamp
from hub.state.weights import FINAL, ITEM
from hub.telemetry.logs import get

log = get("hub.delivery")

_DECIDED = (STATUS, ITEM)
"""Only what is stated there can be an event."""


class Finalizer:
    """Looks at what one turn joined into one ledger and adds what the hub makes of it."""

    __slots__ = ("_routing",)

    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    def decide(self, part: LedgerPart) -> None:
        """Add ``final`` registers to the overlay, events and deliveries to the batch."""
        for _, slot in part.overlay:
            if slot in _DECIDED:
                break
        else:
            return
        for fact in list(_facts(part)):
            if fact.status is None:
                self._emit(part, _event(part, fact, "notification.raised", 0, None))
            else:
                self._finalize(part, fact, fact.status)

    def _finalize(self, part: LedgerPart, fact: _Fact, status: Register) -> None:
        attempt, word = cast("tuple[int, str]", status.value)
        if attempt <= _sealed(part.standing(fact.item, FINAL)):
            return
        event = _event(part, fact, "task.finalized", attempt, word)
        part.add(
            fact.item,
            FINAL,
            {"attempt": attempt, "status": word, "at": event.at, "event": event.id, "hlc": status.hlc},
            stamp(part.turn.now, status.hlc),
            HUB,
        )
        self._emit(part, event)

    def _emit(self, part: LedgerPart, event: Event) -> None:
        standing = part.standing(event.item, ITEM)
        assert standing is not None
        record = part.record(event.item, standing)
        batch = part.turn.batch
        batch.events.append(event)
        batch.deliveries.extend(self._routed(event, record, _users(part, event)))

    def _routed(self, event: Event, record: Register, users: Sequence[UserId]) -> Sequence[Delivery]:
        """The deliveries. Routes that fail keep nobody's task from ending: the event stands without them,
        where an operator sees it, and the log tells why."""
        try:
            return self._routing.deliveries(event, cast("dict[str, Json]", record.value), users)
        except Exception:
            log.exception("routing.failed", event_id=event.id, topic=event.topic)
            return ()


class _Fact(NamedTuple):
    """That an attempt ended, by that status; or with None that a notification was raised."""

    item: ItemId
    status: Register | None


def _facts(part: LedgerPart) -> Iterator[_Fact]:
    """What happened in the turn, one after another: ends that a later attempt outranked since, and raised
    notifications, in the order of the changes; then the ends that stand."""
    statuses: dict[ItemId, Register | None] = {}
    kinds: dict[ItemId, str | None] = {}
    for (item, slot), register in part.changes():
        if slot not in (STATUS, ITEM):
            continue
        if item not in statuses:
            statuses[item], kinds[item] = part.stood(item, STATUS), _kind(part.stood(item, ITEM))
        if slot == ITEM:
            kinds[item] = _kind(register)
            if kinds[item] == "notification":
                yield _Fact(item, None)
            continue
        before, statuses[item] = statuses[item], register
        if kinds[item] == "task" and _is_end(before) and _attempt(register) > _attempt(before):
            yield _Fact(item, before)
    for item, status in statuses.items():
        if kinds[item] == "task" and _is_end(status):
            yield _Fact(item, status)


def _is_end(status: Register | None) -> bool:
    return status is not None and cast("list[Any]", status.value)[1] in TERMINAL


def _attempt(status: Register | None) -> int:
    return cast("list[int]", status.value)[0] if status is not None else 0


def _kind(record: Register | None) -> str | None:
    return cast("dict[str, str]", record.value)["kind"] if record is not None else None


def _sealed(final: Register | None) -> int:
    return cast("dict[str, int]", final.value)["attempt"] if final else 0


def _users(part: LedgerPart, event: Event) -> Sequence[UserId]:
    """For whom: the inbox's user, or all members of the space as of this turn."""
    return (event.user,) if event.user is not None else part.turn.found.members.get(event.topic, ())


def _event(part: LedgerPart, fact: _Fact, kind: EventType, attempt: int, status: str | None) -> Event:
    now = part.turn.now
    return Event(f"{now:012x}{secrets.token_hex(8)}", kind, part.ledger.name, fact.item, attempt, status, now)
