"""Changes become events: the one place in the pipeline where the hub decides that something happened.

A task's attempt is final with the first terminal status that stands after joining and is not outranked by a
later attempt; the decision is the hub's own ``final`` register and one ``task.finalized``. A notification is
raised when its record is saved. Register, event and deliveries leave in the turn's transaction. Pure: no I/O.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from hub.engine.ledger import STATUS, LedgerPart
from hub.model import HUB, Delivery, Event, ItemId, Json, Register, UserId
from hub.ports import Batch, Routing
from hub.state.attempts import TERMINAL
from hub.state.clock import stamp
from hub.state.weights import FINAL, ITEM


class NoRouting:
    """No channel is configured: every event stays in the hub."""

    def deliveries(
        self, event: Event, record: Mapping[str, Json], users: Sequence[UserId]
    ) -> Sequence[Delivery]:
        """None."""
        return ()


class Finalizer:
    """Looks at what one turn joined into one ledger and adds what the hub makes of it."""

    __slots__ = ("_routing",)

    def __init__(self, routing: Routing) -> None:
        self._routing = routing

    def decide(self, part: LedgerPart) -> None:
        """Add ``final`` registers to the overlay, events and deliveries to the batch."""
        touched = [(item, slot) for item, slot in part.overlay if slot in (STATUS, ITEM)]
        for item, slot in touched:
            record = part.standing(item, ITEM)
            if record is None:
                continue
            kind = cast("dict[str, Any]", record.value)["kind"]
            if kind == "task":
                self._finalize(part, item)
            elif slot == ITEM:
                self._emit(part, _event(part, item, "notification.raised", 0, None))

    def _finalize(self, part: LedgerPart, item: ItemId) -> None:
        status = part.standing(item, STATUS)
        if status is None:
            return
        attempt, word = cast("tuple[int, str]", status.value)
        if word not in TERMINAL or attempt <= _sealed(part.standing(item, FINAL)):
            return
        event = _event(part, item, "task.finalized", attempt, word)
        part.add(
            item,
            FINAL,
            {"attempt": attempt, "status": word, "at": event.at, "event": event.id, "hlc": status.hlc},
            stamp(part.turn.now, status.hlc),
            HUB,
        )
        self._emit(part, event)

    def _emit(self, part: LedgerPart, event: Event) -> None:
        batch: Batch = part.turn.batch
        batch.events.append(event)
        record = part.standing(event.item, ITEM)
        assert record is not None
        batch.deliveries.extend(
            self._routing.deliveries(event, cast("dict[str, Json]", record.value), _users(part, event))
        )


def _users(part: LedgerPart, event: Event) -> Sequence[UserId]:
    return (event.user,) if event.user is not None else part.turn.found.members.get(event.topic, ())


def _sealed(final: Register | None) -> int:
    return cast("dict[str, int]", final.value)["attempt"] if final else 0


def _event(
    part: LedgerPart,
    item: ItemId,
    kind: Literal["notification.raised", "task.finalized"],
    attempt: int,
    status: str | None,
) -> Event:
    now = part.turn.now
    return Event(f"{now:012x}{secrets.token_hex(8)}", kind, part.ledger.name, item, attempt, status, now)
