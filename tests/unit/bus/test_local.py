"""``hub.bus.local``: what is published has been received when ``publish`` returns."""

from __future__ import annotations

from collections.abc import Sequence

from hub.bus.local import LocalBus
from hub.model import Incarnation, Seq, TopicName
from hub.ports import Commit

COMMITS = [Commit(TopicName("inbox/ann"), Incarnation(1), Seq(seq), b"\x90") for seq in (1, 2)]


def test_every_subscriber_receives_everything_in_order_before_publish_returns() -> None:
    bus, one, other = LocalBus(), list[Commit](), list[Commit]()
    bus.subscribe(one.extend)
    bus.subscribe(other.extend)
    bus.publish(COMMITS[:1])
    bus.publish(COMMITS[1:])
    assert one == other == COMMITS


def test_a_subscriber_that_fails_keeps_nobody_else_from_receiving() -> None:
    bus, received = LocalBus(), list[Commit]()

    def fail(_commits: Sequence[Commit]) -> None:
        raise RuntimeError

    bus.subscribe(fail)
    bus.subscribe(received.extend)
    bus.publish(COMMITS)
    bus.publish(COMMITS)
    assert received == COMMITS * 2


def test_who_subscribes_while_publishing_receives_what_comes_after() -> None:
    bus, late = LocalBus(), list[Commit]()
    bus.subscribe(lambda _commits: bus.subscribe(late.extend))
    bus.publish(COMMITS[:1])
    assert late == []
    bus.publish(COMMITS[1:])
    assert late == COMMITS[1:]
