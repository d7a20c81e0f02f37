"""The robot: its window, its key, its failures on demand, and what the group has received all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.sandbox.answers import Answer
from hub.sandbox.faults import MAX_FAULTS, Fault, FaultKind, Faults
from hub.sandbox.robot import Call, Robot
from tests.kit.clocks import StillClock

KEY = "0f1e2d3c-a1b2"


class Caller:
    """Calls a robot and reads its answers."""

    def __init__(self, key: str | None = None) -> None:
        self.clock = StillClock()
        self.robot = Robot(self.clock, key)

    def send(self, text: str = "hello", key: str = KEY) -> Answer:
        body = json.dumps({"msgtype": "text", "text": {"content": text}}).encode()
        return self.robot.receive(key, body, "127.0.0.1", self.robot.next_fault(key))

    def code(self, text: str = "hello", key: str = KEY) -> int:
        return int(self.reply(text, key)["errcode"])

    def reply(self, text: str = "hello", key: str = KEY) -> dict[str, Any]:
        answer = self.send(text, key)
        assert (answer.status, answer.content_type) == (200, "application/json; charset=UTF-8")
        reply: dict[str, Any] = json.loads(answer.body)
        return reply

    @property
    def received(self) -> list[str]:
        return [call.content for call in self.robot.taken]


def test_a_message_is_taken_and_told_so_in_the_vendors_words() -> None:
    caller = Caller()
    assert caller.send("你好").body == b'{"errcode":0,"errmsg":"ok"}'
    (call,) = caller.robot.taken
    assert (call.number, call.at, call.key, call.content, call.answer) == (
        1,
        caller.clock.wall,
        "a1b2",
        "你好",
        "0",
    )


def test_a_refusal_reads_as_the_vendors_do() -> None:
    reply = Caller(key="another-key").reply()
    hint = "1700000000" + "1".zfill(15)
    assert reply == {
        "errcode": 93000,
        "errmsg": f"invalid webhook url, hint: [{hint}], from ip: 127.0.0.1, more info at "
        "https://open.work.weixin.qq.com/devtool/query?e=93000",
    }


def test_only_the_given_key_is_valid_and_without_one_any_but_none_is() -> None:
    assert Caller(KEY).code() == 0
    assert Caller(KEY).code(key="x") == 93000
    assert Caller().code(key="x") == 0
    assert Caller().code(key="") == 93000


def test_of_a_key_only_its_end_is_kept_and_of_a_short_one_nothing() -> None:
    caller = Caller()
    caller.send(key="secret7")
    caller.send(key="secret-8")
    assert [call.key for call in caller.robot.taken] == ["", "et-8"]


def test_the_21st_message_within_a_minute_blocks_the_key_for_60_seconds() -> None:
    caller = Caller()
    for number in range(20):
        caller.clock.advance(2)
        assert caller.code(str(number)) == 0
    assert caller.code("too many") == 45009
    caller.clock.advance(59.9)
    assert caller.code("too early") == 45009
    caller.clock.advance(0.1)
    assert caller.code("again") == 0
    assert caller.received == [*map(str, range(20)), "again"]


def test_a_call_during_a_block_does_not_prolong_it() -> None:
    caller = Caller()
    for _ in range(21):
        caller.send()
    for _ in range(59):
        caller.clock.advance(1)
        assert caller.code() == 45009
    caller.clock.advance(1)
    assert caller.code() == 0


def test_the_window_slides() -> None:
    caller = Caller()
    for _ in range(60):
        assert caller.code() == 0
        caller.clock.advance(3.01)


def test_one_key_does_not_block_another_and_refused_messages_do_not_count() -> None:
    caller = Caller()
    for _ in range(25):
        assert caller.code("") == 44004
    for _ in range(21):
        caller.send(key="first-key")
    assert caller.code(key="first-key") == 45009
    assert caller.code(key="second-key") == 0


def test_a_call_tells_how_full_the_window_is_and_when_a_block_ends() -> None:
    caller = Caller()
    for _ in range(21):
        caller.send()
    last = caller.robot.calls[-1]
    assert (last.used, last.blocked_until) == (20, caller.clock.wall + 60_000)


@pytest.mark.parametrize("kind", ["93000", "45009", "-1", "40058"])
def test_a_fault_with_a_vendors_code_takes_nothing(kind: FaultKind) -> None:
    caller = Caller()
    caller.robot.add_fault(Fault(kind))
    assert caller.code() == int(kind)
    assert caller.received == []
    assert caller.robot.calls[0].answer == kind
    assert caller.code() == 0, "once only"


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("502", 502), ("html", 200)])
def test_a_gateways_page_takes_nothing(kind: FaultKind, status: int) -> None:
    caller = Caller()
    caller.robot.add_fault(Fault(kind))
    answer = caller.send()
    assert (answer.status, answer.content_type) == (status, "text/html; charset=utf-8")
    assert answer.body.startswith(b"<html>")
    assert caller.received == []


def test_a_429_tells_when_to_come_back() -> None:
    caller = Caller()
    caller.robot.add_fault(Fault("429", seconds=6.2))
    answer = caller.send()
    assert (answer.status, answer.headers) == (429, {"Retry-After": "7"})
    assert caller.received == []


@pytest.mark.parametrize(("kind", "manner"), [("timeout", "never"), ("half", "half"), ("slow", "late")])
def test_a_lost_answer_does_not_unsay_the_message(kind: FaultKind, manner: str) -> None:
    caller = Caller()
    caller.robot.add_fault(Fault(kind, seconds=2))
    answer = caller.send("hello")
    assert (answer.manner, answer.seconds, answer.body) == (manner, 2, b'{"errcode":0,"errmsg":"ok"}')
    assert caller.received == ["hello"]


def test_a_lost_answer_does_not_let_in_what_is_too_long() -> None:
    caller = Caller()
    caller.robot.add_fault(Fault("timeout"))
    assert caller.send("x" * 2049).manner == "never"
    assert caller.received == []


def test_a_fault_holds_so_many_times_or_until_cleared_and_for_one_key() -> None:
    caller = Caller()
    caller.robot.add_fault(Fault("-1", times=2, key="first-key"))
    caller.robot.add_fault(Fault("45009", times=None))
    assert [caller.code(key=key) for key in ("other-key", "first-key", "first-key", "first-key")] == [
        45009,
        -1,
        -1,
        45009,
    ]
    caller.robot.clear_faults()
    assert caller.code() == 0


@pytest.mark.parametrize(
    "fault", [Fault("502", times=0), Fault("slow", seconds=-1), Fault("slow", seconds=4e3)]
)
def test_a_fault_out_of_bounds_is_refused(fault: Fault) -> None:
    with pytest.raises(ValueError, match="is"):
        Faults().add(fault)


def test_no_more_faults_wait_than_a_hundred() -> None:
    faults = Faults()
    for _ in range(MAX_FAULTS):
        faults.add(Fault("502"))
    with pytest.raises(ValueError, match="clear them"):
        faults.add(Fault("502"))


def test_whoever_watches_is_told_of_calls_and_of_changes_by_hand() -> None:
    caller = Caller()
    seen: list[Call | None] = []
    end = caller.robot.watch(seen.append)
    caller.send("a")
    caller.robot.turn_away(KEY)
    caller.robot.add_fault(Fault("502"))
    caller.robot.clear_messages()
    assert [call and call.answer for call in seen] == ["0", "refuse", None, None]
    assert caller.robot.calls == []
    end()
    caller.send("b")
    assert len(seen) == 4
