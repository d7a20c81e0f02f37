"""The client's conversation with the hub, frame by frame, without a socket."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import tongbu
from hub.model import Actor, Hlc, ItemId, Statement
from hub.protocol import native
from hub.protocol.frames import pack
from hub.state.clock import HybridClock, hlc_of
from tongbu.errands import Errand
from tongbu.ledger_topic import LedgerTopic
from tongbu.session import Session
from tongbu.store import Batch
from tongbu.topics import OWN_INBOX

NOW = 1_700_000_000_000
RECORD = {"kind": "notification", "title": "n", "by": "svc", "at": NOW, "order": NOW}
LIMITS = {"message": 2**20, "statements": 3, "retention": 1000}


class Scene:
    """A session with one ledger, a still clock, and what it told."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[tongbu.RefusedStatement] = []
        self.answers: list[tuple[str, str, dict[str, Any]]] = []
        self.clock = HybridClock(lambda: NOW)
        self.session = Session(
            self.clock, self, lambda *answer: self.answers.append(answer), lambda: self.now, Random(1)
        )
        self.ledger = LedgerTopic(OWN_INBOX, 0, 0, self.clock)
        self.session.topics[OWN_INBOX] = self.ledger
        self.numbers = 0

    def refused(self, statement: tongbu.RefusedStatement) -> None:
        self.told.append(statement)

    def hear(self, *messages: bytes) -> Batch:
        batch = Batch()
        self.session.receive(b"".join(messages), batch)
        return batch

    def say(self) -> list[Any]:
        """What is said now, decoded as the hub does."""
        messages = self.session.outgoing(Batch())
        return native.decode(b"".join(messages)) if messages else []

    def welcome(self, now: int = NOW, **limits: int) -> None:
        self.hear(native.welcome("ann", "phone", now, 20_000, LIMITS | limits))  # type: ignore[arg-type]  # ms

    def opened(self, seq: int = 1, full: bool = True, body: Sequence[Any] = (), more: bool = False) -> Batch:
        """The answer to the open that is said now."""
        (ref,) = [each.ref for each in self.say() if isinstance(each, native.Open)]
        return self.hear(opened(ref, seq, full, body, more))

    def enter(self, item: str, field: str, value: Any, hlc: int | None = None) -> None:
        self.numbers += 1
        stamp = self.clock.tick() if hlc is None else Hlc(hlc)
        statement = Statement(ItemId(item), field, value, stamp, self.session.actor)
        self.ledger.enter(self.numbers, statement, Batch()).kept = True

    def shows(self, item: str, field: str) -> Any:
        register = self.ledger.registers(ItemId(item)).get(field)  # type: ignore[call-overload]  # a slot
        return None if register is None else register.value


def opened(ref: int, seq: int, full: bool, body: Sequence[Any], more: bool = False) -> bytes:
    return native.opened(ref, 7, 42, seq, "write", full, pack(list(body)), more)  # type: ignore[arg-type]  # plain numbers


def relay(seq: int, *body: Any, more: bool = False) -> bytes:
    return native.relay(7, seq, pack(list(body)), more)  # type: ignore[arg-type]  # a plain number


def refusal(ref: int, code: str, **details: int) -> bytes:
    return pack((4, ref, code, "words", details))


def read(item: str, hlc: int, value: bool = True, actor: str = "laptop") -> list[Any]:
    return [item, "read", value, hlc, actor]


@pytest.fixture
def scene() -> Scene:
    scene = Scene()
    scene.welcome()
    scene.opened(body=[["n1", "item", RECORD, 1, "svc"]])
    return scene


def test_nothing_is_said_before_the_welcome() -> None:
    scene = Scene()
    scene.enter("n1", "read", True)
    assert scene.say() == []


def test_the_own_inbox_is_opened_by_the_name_the_hub_told() -> None:
    scene = Scene()
    scene.welcome()
    (opening,) = scene.say()
    assert (opening.topic, opening.incarnation, opening.seq) == ("inbox/ann", 0, 0)


def test_a_push_holds_what_the_hub_allows_and_the_next_waits_for_the_answer(scene: Scene) -> None:
    for number in range(5):
        scene.enter(f"n{number}", "read", True)
    (push,) = scene.say()
    assert [each[0] for each in push.body] == ["n0", "n1", "n2"]
    assert scene.say() == []
    scene.hear(native.ok(push.ref, 2))
    (push,) = scene.say()
    assert [each[0] for each in push.body] == ["n3", "n4"]


def test_what_is_not_on_disk_is_not_pushed(scene: Scene) -> None:
    scene.enter("n1", "read", True)
    next(iter(scene.ledger.outbox)).kept = False
    assert scene.say() == []


def test_ok_removes_and_what_was_said_stands(scene: Scene) -> None:
    scene.enter("n1", "read", True)
    (push,) = scene.say()
    batch = scene.hear(native.ok(push.ref, 2))
    assert len(scene.ledger.outbox) == 0
    assert scene.shows("n1", "read") is True
    assert scene.ledger.seq == 2
    assert [query for query, _ in batch.steps] == ["drop_statement", "put_register", "put_topic"]


def test_no_removes_the_statement_at_fault_and_tells_and_pushes_the_rest_again(scene: Scene) -> None:
    for item in ("n1", "n2", "n3"):
        scene.enter(item, "pinned", True)
    (push,) = scene.say()
    scene.hear(refusal(push.ref, "bad_field", at=1))
    assert [(each.item, each.code) for each in scene.told] == [("n2", "bad_field")]
    (push,) = scene.say()
    assert [each[0] for each in push.body] == ["n1", "n3"]


def test_with_a_refused_record_goes_what_was_said_of_its_item(scene: Scene) -> None:
    scene.enter("t1", "item", {"kind": "task", "title": "t"})
    scene.enter("t1", "status", [1, "running"])
    scene.enter("n1", "read", True)
    scene.enter("t1", "status", [1, "succeeded"])
    (push,) = scene.say()
    scene.hear(refusal(push.ref, "exists", at=0))
    assert [each.field for each in scene.told] == ["item", "status"]
    assert [each.statement.item for each in scene.ledger.outbox] == ["n1"]


@pytest.mark.parametrize("code", ["unavailable", "internal"])
def test_what_passes_is_kept_and_said_again_when_the_hub_said(scene: Scene, code: str) -> None:
    scene.enter("n1", "read", True)
    (push,) = scene.say()
    scene.hear(refusal(push.ref, code, retry_after=5_000))
    assert scene.say() == []
    assert scene.session.next_try() == pytest.approx(5, abs=0.6)
    scene.now = 6
    (again,) = scene.say()
    assert again.body == push.body
    assert scene.told == []


def test_a_lost_connection_says_everything_again(scene: Scene) -> None:
    scene.enter("n1", "read", True)
    (push,) = scene.say()
    scene.session.lost()
    scene.welcome()
    scene.opened(seq=1, full=False)
    (again,) = scene.say()
    assert again.body == push.body


def test_what_was_on_its_way_when_the_connection_ended_gives_way_again(scene: Scene) -> None:
    scene.enter("n1", "read", True)
    scene.say()
    scene.session.lost()
    scene.enter("n1", "read", False)
    assert [each.statement.value for each in scene.ledger.outbox] == [False]


def test_a_jump_in_seq_opens_again_and_takes_nothing_of_it(scene: Scene) -> None:
    scene.hear(relay(3, read("n1", 5)))
    assert scene.shows("n1", "read") is None
    (opening,) = scene.say()
    assert (opening.incarnation, opening.seq) == (42, 1)
    scene.hear(relay(4, read("n1", 6)))
    scene.hear(opened(opening.ref, 4, False, [read("n1", 6)]))
    assert scene.shows("n1", "read") is True
    scene.hear(relay(5, read("n1", 7, False)))
    assert scene.shows("n1", "read") is False


def test_an_older_relay_is_ignored_and_the_same_seq_is_taken(scene: Scene) -> None:
    scene.hear(relay(2, read("n1", 5)), relay(1, read("n1", 9, False)))
    assert scene.shows("n1", "read") is True
    scene.hear(relay(2, read("n1", 9, False)))
    assert scene.shows("n1", "read") is False


def test_parts_are_taken_whole_or_not_at_all() -> None:
    scene = Scene()
    scene.welcome()
    scene.opened(seq=4, body=[["n1", "item", RECORD, 1, "svc"]], more=True)
    assert scene.ledger.names() == set()
    scene.hear(relay(4, ["n2", "item", RECORD, 1, "svc"], more=True))
    scene.session.lost()
    assert (scene.ledger.names(), scene.ledger.seq) == (set(), 0)
    scene.welcome()
    scene.opened(seq=4, body=[["n1", "item", RECORD, 1, "svc"]], more=True)
    batch = scene.hear(relay(4, ["n2", "item", RECORD, 1, "svc"]))
    assert (scene.ledger.names(), scene.ledger.seq) == ({"n1", "n2"}, 4)
    assert [query for query, _ in batch.steps] == ["clear_registers", "put_register", "put_topic"]


def test_full_replaces_all_but_the_outbox(scene: Scene) -> None:
    scene.enter("n1", "pinned", True)
    scene.hear(native.opened(0, 7, 43, 9, "write", True, pack([["n2", "item", RECORD, 1, "svc"]])))  # type: ignore[arg-type]  # plain numbers
    assert scene.ledger.held().keys() == {"n2"}
    assert scene.shows("n1", "pinned") is True
    assert (scene.ledger.incarnation, scene.ledger.seq) == (43, 9)


def test_what_is_not_known_is_ignored(scene: Scene) -> None:
    scene.hear(pack((99, "from a newer hub")), pack((3, 4711, 1)), relay(2, read("n1", 5)))
    scene.hear(native.relay(8, 1, pack([read("n1", 9, False)])))  # type: ignore[arg-type]  # a plain number
    assert scene.shows("n1", "read") is True


def test_stamps_beyond_the_hubs_time_are_lowered_in_order_over_everything_that_waits() -> None:
    scene = Scene()
    ahead = hlc_of(NOW + 3_600_000)
    scene.enter("n1", "read", True, ahead)
    errand = Errand(9, "inbox/bob", "x", "create", {}, Hlc(ahead + 1))
    scene.session.errands.enter(errand, Batch())
    scene.enter("n2", "read", True, ahead + 2)
    batch = Batch()
    scene.session.receive(native.welcome("ann", "phone", NOW, 20_000, LIMITS), batch)  # type: ignore[arg-type]  # ms
    stamps = [each.statement.hlc for each in scene.ledger.outbox]
    assert stamps[0] < errand.hlc < stamps[1] <= hlc_of(NOW, 1023)
    assert [query for query, _ in batch.steps[:2]] == ["put_statement", "put_errand"]
    assert scene.clock.tick() > stamps[1]


def test_what_was_stated_before_the_device_had_an_id_is_its_own() -> None:
    scene = Scene()
    scene.enter("*", "read_upto", 5)
    assert list(scene.ledger.registers(ItemId("*"))) == ["read_upto:"]
    scene.welcome()
    assert list(scene.ledger.registers(ItemId("*"))) == ["read_upto:phone"]


def test_what_is_stated_comes_after_all_that_was_seen(scene: Scene) -> None:
    seen = hlc_of(NOW + 30_000)
    scene.hear(relay(2, read("n1", seen)))
    scene.enter("n1", "read", False)
    assert scene.shows("n1", "read") is False


def test_a_refused_clock_is_set_by_another_hello_once(scene: Scene) -> None:
    scene.enter("n1", "read", True)
    (push,) = scene.say()
    scene.hear(refusal(push.ref, "clock_ahead", at=0))
    assert scene.session.must_return
    scene.session.lost()
    scene.welcome()
    scene.opened(seq=1, full=False)
    (push,) = scene.say()
    scene.hear(refusal(push.ref, "clock_ahead", at=0))
    assert [each.code for each in scene.told] == ["clock_ahead"]


def test_a_right_that_is_taken_closes_the_topic_and_gives_up_what_cannot_be_said(scene: Scene) -> None:
    scene.hear(native.opened(0, 7, 42, 1, None, False, native.EMPTY_BODY))  # type: ignore[arg-type]  # plain numbers
    scene.enter("n1", "read", True)
    (opening,) = scene.say()
    scene.hear(refusal(opening.ref, "forbidden"))
    assert [each.code for each in scene.told] == ["forbidden"]
    assert isinstance(scene.ledger.refusal, tongbu.errors.Forbidden)
    assert scene.say() == []


def test_a_closed_item_is_forgotten_when_the_hub_has_moved_it(scene: Scene) -> None:
    old, young = hlc_of(NOW - 1001), hlc_of(NOW - 500)
    scene.hear(
        relay(
            2,
            ["n2", "item", RECORD, 1, "svc"],
            ["n1", "archived", True, old, "laptop"],
            ["n2", "archived", True, young, "laptop"],
        )
    )
    scene.session.lost()
    scene.welcome()
    batch = scene.opened(seq=2, full=False)
    assert scene.ledger.names() == {"n2"}
    assert ("forget_item", [(OWN_INBOX, "n1")]) in batch.steps


# ------------------------------------------------------------------ errands


def errand(number: int, item: str, name: str = "progress") -> Errand:
    made = Errand(number, "inbox/bob", item, name, {"progress": number / 10}, Hlc(number))
    made.kept = True
    return made


def test_errands_of_one_item_go_one_after_the_other_and_others_beside_them(scene: Scene) -> None:
    errands = scene.session.errands
    for made in (errand(1, "a", "start"), errand(2, "a"), errand(3, "b", "create"), errand(4, "a", "end")):
        errands.enter(made, Batch())
    first, other = scene.say()
    assert (first.name, first.params["id"], other.name, other.params["id"]) == ("start", "a", "create", "b")
    assert scene.say() == []
    scene.hear(native.ok(first.ref, {"id": "a"}))
    (second,) = scene.say()
    assert (second.name, second.params["item"], second.params["topic"]) == ("progress", "a", "inbox/bob")
    assert scene.answers == [("inbox/bob", "a", {"id": "a"})]


def test_unsent_progress_gives_way_to_later_progress_and_sent_does_not(scene: Scene) -> None:
    errands = scene.session.errands
    errands.enter(errand(1, "a"), Batch())
    scene.say()
    errands.enter(errand(2, "a"), Batch())
    errands.enter(errand(3, "a"), Batch())
    assert [each.number for each in errands.all] == [1, 3]


def test_unsent_progress_does_not_give_way_to_less_of_the_same_attempt(scene: Scene) -> None:
    errands = scene.session.errands
    for number, progress, attempt in ((1, 0.9, 1), (2, 0.5, 1), (3, 0.1, 2)):
        errands.enter(
            Errand(
                number,
                "inbox/bob",
                "a",
                "progress",
                {"progress": progress, "attempt": attempt},
                Hlc(number),
            ),
            Batch(),
        )
    assert [each.params["progress"] for each in errands.all] == [0.9, 0.1]


def test_with_a_refused_creation_goes_what_follows_about_the_item(scene: Scene) -> None:
    for made in (errand(1, "a", "start"), errand(2, "a"), errand(3, "b", "create")):
        scene.session.errands.enter(made, Batch())
    first, _ = scene.say()
    scene.hear(refusal(first.ref, "exists"))
    assert [(each.item, each.field) for each in scene.told] == [("a", "start"), ("a", "progress")]
    assert [each.number for each in scene.session.errands.all] == [3]


def test_an_errand_that_was_not_answered_goes_again_with_the_same_stamp(scene: Scene) -> None:
    scene.session.errands.enter(errand(1, "a", "create"), Batch())
    (first,) = scene.say()
    scene.session.lost()
    scene.welcome()
    again = [each for each in scene.say() if isinstance(each, native.Command)]
    assert [each.params for each in again] == [first.params]


def test_the_actor_of_a_statement_is_the_device() -> None:
    assert Scene().session.actor == Actor("")
