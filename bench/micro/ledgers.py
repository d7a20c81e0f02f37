"""Statements: their weights, their joins, and what 1,000 items come to."""

from __future__ import annotations

from itertools import count
from typing import Final

from bench.micro.case import Act, case
from bench.micro.messages import ACTOR, NOW, PROGRESS
from hub.engine.ledger import LedgerPart
from hub.engine.residence import RegisterCache
from hub.engine.stated import Stated
from hub.engine.tail import Overlay, Tail
from hub.engine.topics import Ledger
from hub.engine.turn import LedgerLimits, Memory, Turn
from hub.engine.view import LedgerView
from hub.model import Hlc, ItemId, Json, Register, Seq, Slot, TopicName
from hub.state.clock import hlc_of
from hub.state.derive import ReadUpto, count_all, derive
from hub.state.fields import check_statement
from hub.state.weights import weight

ITEMS: Final = 1_000
_READ: Final = PROGRESS._replace(field="read", value=True)


def _join() -> Act:
    ledger = Ledger(TopicName("inbox/ann"), "inbox")
    memory = Memory(Tail(), RegisterCache(2**20))
    part = LedgerPart(ledger, Turn(memory, LedgerLimits(10_000, 1_000_000, 2**40), NOW))
    numbers = count(1)

    def join() -> object:
        return part.state(Stated(ItemId("*"), "read", True, Hlc(next(numbers))), ACTOR)

    return join


def _register(value: Json, seq: int) -> Register:
    return Register(value, hlc_of(NOW), ACTOR, Seq(seq), b"w")


def _inbox() -> Overlay:
    """Half notifications, half tasks, every third one read."""
    registers: Overlay = {}
    for number in range(ITEMS):
        item, task = ItemId(f"item-{number}"), number % 2 == 1
        record: Json = {
            "kind": "task" if task else "notification",
            "title": f"备份 {number}",
            "order": number,
        }
        registers[item, Slot("item")] = _register(record, number)
        if task:
            registers[item, Slot("status")] = _register([1, "running"], number)
            registers[item, Slot("progress")] = _register([1, 0.5, "halfway"], number)
        if number % 3 == 0:
            registers[item, Slot("read")] = _register(True, number)
    return registers


def _derive() -> Act:
    items: dict[ItemId, dict[Slot, Register]] = {}
    for (item, slot), register in _inbox().items():
        items.setdefault(item, {})[slot] = register
    every, nothing = list(items.values()), ReadUpto()
    return lambda: count_all(filter(None, (derive(registers, nothing, NOW) for registers in every)))


def _view() -> Act:
    registers = _inbox()
    return lambda: LedgerView(registers, NOW)


def _view_kept() -> Act:
    view, numbers = LedgerView(_inbox(), NOW), count(ITEMS)
    read = ItemId("item-7"), Slot("read")
    return lambda: view.apply({read: _register(True, next(numbers))}, NOW)


CASES: Final = (
    case(
        "ledgers: check one statement",
        lambda: lambda: check_statement("inbox", "task-7", "progress", [1, 0.25], hlc_of(NOW)),
    ),
    case("ledgers: weigh a progress", lambda: lambda: weight(PROGRESS)),
    case("ledgers: weigh a read", lambda: lambda: weight(_READ)),
    case("ledgers: join a statement that wins", _join),
    case("ledgers: derive and count 1,000 items", _derive, 3),
    case("ledgers: view an inbox of 1,000 items", _view, 3),
    case("ledgers: one statement into a view of 1,000 items", _view_kept),
)
