"""The native protocol: bytes to commands and back."""

from __future__ import annotations

from typing import Final

from bench.load.statements import pack
from bench.micro.case import Act, case
from hub.engine.checking import StatementCheck
from hub.model import Actor, Identity, ItemId, Milliseconds, Seq, Statement, UserId
from hub.protocol import native
from hub.state.clock import hlc_of
from tests.kit.clocks import StillClock

NOW: Final = StillClock().now()
ACTOR: Final = Actor("01jz0000000000000000000000")
PROGRESS: Final = Statement(ItemId("task-7"), "progress", [1, 0.25], hlc_of(NOW), ACTOR)
PUSHED: Final = ["task-7", "progress", [1, 0.25], hlc_of(NOW)]
_ANN: Final = Identity(UserId("ann"), frozenset({"user"}), Milliseconds(2**50), None)


def _decode(count: int) -> Act:
    push = pack((3, 17, 4, [PUSHED] * count))
    return lambda: native.decode(push)


def _check() -> Act:
    check = StatementCheck(StillClock(), 1000)
    return lambda: check.stated("inbox", [PUSHED], _ANN)


def _relay() -> Act:
    body = native.encode_statements([PROGRESS])
    return lambda: native.relay(4, Seq(1000), body)


CASES: Final = (
    case("messages: decode a push of one statement", lambda: _decode(1)),
    case("messages: decode a push of 100 statements", lambda: _decode(100), 20),
    case("messages: check a push of one statement", _check),
    case(
        "messages: encode one statement for journal and relay",
        lambda: lambda: native.encode_statements([PROGRESS]),
    ),
    case("messages: encode a relay", _relay),
    case("messages: encode an ok", lambda: lambda: native.ok(17, 1000)),
)
