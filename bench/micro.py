"""Single functions of the hot paths, timed by themselves: ``python -m bench.micro [WORD]``.

Least CPU time of several runs, in µs a call. To see what a change to one function does before ``make
bench`` tells whether it matters.
"""

from __future__ import annotations

import sys
import timeit
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from time import process_time
from typing import Any, Final

from bench.load.documents import Author
from bench.load.statements import pack
from hub.engine.checking import StatementCheck
from hub.engine.document import Document
from hub.engine.ledger import LedgerPart, Stated
from hub.engine.residence import RegisterCache
from hub.engine.scan import ScanState, scan
from hub.engine.tail import Tail
from hub.engine.topics import Ledger
from hub.engine.turn import LedgerLimits, Memory, Turn
from hub.model import Actor, Hlc, Identity, ItemId, Milliseconds, Seq, Statement, TopicName, UserId
from hub.ports import SystemClock
from hub.protocol import native, yjs
from hub.server.framing import framed
from hub.state.clock import hlc_of
from hub.state.fields import check_statement
from hub.state.weights import weight

_RUNS: Final = 7
_CALLS: Final = 5_000
_ME: Final = Identity(UserId("ann"), frozenset({"user"}), Milliseconds(2**50), None)
_ACTOR: Final = Actor("01jz0000000000000000000000")
_NOW: Final = SystemClock().now()


def cases() -> Mapping[str, Callable[[], object]]:
    """What is timed, by name."""
    push = pack((3, 17, 4, (("task-7", "progress", [1, 0.25], hlc_of(_NOW)),)))
    statement = Statement(ItemId("task-7"), "progress", [1, 0.25], hlc_of(_NOW), _ACTOR)
    body = native.encode_statements([statement])
    update = _updates(1)[0]
    check = StatementCheck(SystemClock(), 1000)
    stated = [["task-7", "progress", [1, 0.25], hlc_of(_NOW)]]
    return {
        "native.decode a push of one statement": lambda: native.decode(push),
        "StatementCheck.stated of one statement": lambda: check.stated("inbox", stated, _ME),
        "check_statement": lambda: check_statement("inbox", "task-7", "progress", [1, 0.25], hlc_of(_NOW)),
        "weight of progress": lambda: weight(statement),
        "weight of read": lambda: weight(statement._replace(field="read", value=True)),
        "LedgerPart.state, a statement that wins": _join(),
        "native.encode_statements of one": lambda: native.encode_statements([statement]),
        "native.relay": lambda: native.relay(4, Seq(1000), body),
        "native.ok": lambda: native.ok(17, 1000),
        "framed, one message": lambda: framed([push], True),
        "yjs.decode an update": lambda: yjs.decode(yjs.update(update)),
        "scan an update": _scan(),
        "Document.apply an update": _apply(),
    }


def _join() -> Callable[[], object]:
    ledger = Ledger(TopicName("inbox/ann"), "inbox")
    memory = Memory(Tail(), RegisterCache(2**20))
    turn = Turn(memory, LedgerLimits(10_000, 1_000_000, 2**40), _NOW)
    part = LedgerPart(ledger, turn)
    numbers = count(1)

    def join() -> object:
        stamp = Hlc(next(numbers))
        return part.state(Stated(ItemId("*"), "read", True, stamp), _ACTOR)

    return join


def _scan() -> Callable[[], object]:
    updates, state = iter(_updates()), ScanState()

    def scanned() -> object:
        found = scan(next(updates), state)
        state.take(found)
        return found

    return scanned


def _apply() -> Callable[[], object]:
    updates, document = iter(_updates()), Document()
    return lambda: document.apply(next(updates), UserId("ann"))


def _updates(number: int = _RUNS * _CALLS + 1) -> list[bytes]:
    """What one device types, one character each."""
    return [_payload(frame) for frame in Author().typed(number)]


def _payload(frame: bytes) -> bytes:
    """An update of less than 126 bytes out of its frame: header, mask, two bytes and its length before it."""
    return bytes(byte ^ frame[2 + index % 4] for index, byte in enumerate(frame[6:]))[3:]


def timed(wanted: str) -> Iterator[tuple[str, float]]:
    """µs a call of each case whose name holds the word."""
    for name, act in cases().items():
        if wanted in name:
            yield (
                name,
                min(timeit.repeat(act, timer=process_time, number=_CALLS, repeat=_RUNS)) / _CALLS * 1e6,
            )


def main(arguments: list[Any]) -> None:
    for name, microseconds in timed(arguments[0] if arguments else ""):
        print(f"{microseconds:8.2f} µs  {name}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
