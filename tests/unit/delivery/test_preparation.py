"""``hub.delivery.preparation``: unless → class → words → mask → bodies; what goes wrong ends one delivery."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from hub.config import RouteSettings
from hub.delivery import preparation
from hub.delivery.preparation import Ended, Prepared, masked, message_of, prepare
from hub.errors import Refusal
from hub.model import (
    Actor,
    DeliveryRow,
    Event,
    Hlc,
    ItemId,
    Message,
    Milliseconds,
    Outcome,
    Registers,
    Seq,
    Statement,
    TopicName,
    UserId,
)
from hub.ports import ChannelTraits, Standing
from hub.state.clock import hlc_of
from hub.state.join import LedgerRegisters, join_into
from hub.telemetry import logs
from tests.kit.messages import TASK as MESSAGE
from tests.kit.messages import messages

AT = Milliseconds(1_000_000)
NOW = Milliseconds(1_030_000)
AFTER = int(hlc_of(AT, 5))
PHONE = "13800138000"
CARD = "11010519491231002X"
NOTIFICATION: Any = {"kind": "notification", "title": "Disk full", "by": "x", "at": AT, "order": 7}
TASK: Any = {"kind": "task", "title": "Deploy", "body": "web v2", "by": "x", "at": AT, "order": 7}
RAISED = Event("e1", "notification.raised", TopicName("inbox/ann"), ItemId("i"), 0, None, AT)
ENDED = Event("e2", "task.finalized", TopicName("inbox/ann"), ItemId("i"), 1, "failed", AT)
TRAITS = ChannelTraits("test", True, 1, 0, 0, False, True, "zh", "test.invalid", "key")


class Recorded:
    """A channel that remembers what it was to render; one body a message, or what it is told to raise."""

    name = "ops"

    def __init__(self, fault: Exception | None = None, **traits: Any) -> None:
        self.traits = replace(TRAITS, **traits)
        self.rendered: list[Message] = []
        self._fault = fault

    def render(self, message: Message) -> tuple[bytes, ...]:
        self.rendered.append(message)
        if self._fault is not None:
            raise self._fault
        return (message.title.encode(),)

    def repeated(self, body: bytes, mark: str) -> bytes:
        return body

    async def send(self, body: bytes, key: str) -> Outcome:
        return Outcome("ok")

    async def close(self) -> None:
        """Nothing to release."""


def row(event: Event = RAISED, **values: Any) -> DeliveryRow:
    return DeliveryRow("d1", event, "ops", "route-1", UserId("ann"), "pending", NOW, AT, **values)


def standing(record: Any, *stated: tuple[str, Any, int]) -> Standing:
    ledger: LedgerRegisters = {}
    for field, value, hlc in [("item", record, 1), *stated]:
        join_into(ledger, Statement(ItemId("i"), field, value, Hlc(hlc), Actor("phone")), Seq(1))
    return Standing(ledger[ItemId("i")], {}, None)


def route(**values: Any) -> RouteSettings:
    return RouteSettings(channels=("ops",), **values)


def said(
    item: Standing, event: Event = RAISED, by: RouteSettings | None = None, **traits: Any
) -> tuple[Message, Prepared]:
    channel = Recorded(**traits)
    prepared = prepare(row(event), item, by, channel, NOW)
    assert isinstance(prepared, Prepared)
    (message,) = channel.rendered
    return message, prepared


def end(item: Standing, by: RouteSettings | None = None, channel: Recorded | None = None) -> Ended:
    ended = prepare(row(), item, by, channel or Recorded(), NOW)
    assert isinstance(ended, Ended)
    return ended


def test_a_message_says_what_the_item_is() -> None:
    record = {
        **NOTIFICATION,
        "body": "97 %",
        "level": "error",
        "source": "cron",
        "tags": ["disk"],
        "link": "https://a.example",
        "data": {"host": "a"},
    }
    message, prepared = said(standing(record))
    assert message == Message(
        RAISED,
        UserId("ann"),
        "notification",
        "Disk full",
        "97 %",
        "https://a.example",
        "error",
        "cron",
        ("disk",),
        "zh",
        None,
        {"host": "a"},
    )
    assert (prepared.bodies, dict(prepared.masked)) == ((b"Disk full",), {})


def test_what_an_item_lacks_is_empty_and_its_level_info() -> None:
    message, _ = said(standing(NOTIFICATION))
    assert (message.text, message.link, message.level, message.source) == ("", None, "info", None)
    assert (message.tags, message.data) == ((), None)


def test_the_title_is_the_edited_one_and_the_text_the_last_note() -> None:
    item = standing(
        TASK,
        ("title", "Deploy web", 2),
        ("progress", [1, 0.3, "early"], 3),
        ("progress", [1, 0.9, "exit 1"], 4),
    )
    message, _ = said(item, ENDED)
    assert (message.title, message.text) == ("Deploy web", "exit 1")


def test_without_a_note_the_text_is_the_body_as_edited() -> None:
    assert said(standing(TASK), ENDED)[0].text == "web v2"
    assert said(standing(TASK, ("body", "v3", 2), ("progress", [1, 0.9], 3)), ENDED)[0].text == "v3"


def test_while_the_next_attempt_runs_the_message_is_of_the_one_that_ended() -> None:
    final = {"attempt": 1, "status": "failed", "at": AT, "event": "e2", "hlc": hlc_of(AT)}
    item = standing(
        TASK,
        ("final", final, hlc_of(AT)),
        ("status", [2, "running"], AFTER),
        ("progress", [2, 0.1, "second try"], AFTER),
    )
    message, _ = said(item, ENDED, route(template="{status} {attempt} {text}", language="en"))
    assert (message.event.status, message.text) == ("failed", "web v2")
    assert message.custom == "failed 1 web v2"
    before = standing(TASK, ("progress", [1, 0.1, "first try"], 3), ("status", [2, "running"], AFTER))
    assert said(before, ENDED)[0].text == "first try"


def test_the_routes_language_stands_above_the_channels() -> None:
    assert said(standing(NOTIFICATION), by=route(language="en"))[0].language == "en"
    assert said(standing(NOTIFICATION), by=route(), language="en")[0].language == "en"
    assert said(standing(NOTIFICATION), by=None)[0].language == "zh"


def test_unless_suppresses_with_the_word_and_an_operators_replay_does_not_ask() -> None:
    item, by = standing(NOTIFICATION, ("read", True, AFTER)), route(unless=("archived", "read"))
    assert end(item, by) == Ended("suppressed", '"read" was stated after the event.')
    assert isinstance(prepare(row(forced=True), item, by, Recorded(), NOW), Prepared)
    assert isinstance(prepare(row(), item, route(), Recorded(), NOW), Prepared)
    assert isinstance(prepare(row(), item, None, Recorded(), NOW), Prepared)


def test_core_leaves_only_by_a_channel_that_allows_it_also_when_replayed() -> None:
    item = standing({**NOTIFICATION, "class": "core"})
    assert end(item).state == "suppressed"
    forced = prepare(row(forced=True), item, None, Recorded(), NOW)
    assert isinstance(forced, Ended)
    assert "core" in forced.error
    assert said(item, allow_core=True)
    assert said(standing({**NOTIFICATION, "class": "important"}))


def test_an_item_that_is_gone_ends_the_delivery() -> None:
    for registers in ({}, dict(standing(NOTIFICATION, ("read", True, 2)).registers)):
        registers.pop("item", None)  # type: ignore[call-overload]  # a Slot is a str
        ended = end(Standing(registers, {}, None), route(unless=("read",)))
        assert ended == Ended("dead", "The item is gone.")


@pytest.mark.parametrize(
    ("topic", "reason"),
    [("space/team", "They are no longer a member of the space."), ("inbox/ann", "The user was deleted.")],
)
def test_nothing_is_said_to_who_may_not_read_it_any_more_also_when_replayed(topic: str, reason: str) -> None:
    item = replace(standing(NOTIFICATION), readable=False)
    for forced in (False, True):
        mine = row(forced=forced)
        mine = replace(mine, event=replace(mine.event, topic=TopicName(topic)))
        assert prepare(mine, item, None, Recorded(), NOW) == Ended("suppressed", reason)


def test_every_text_is_masked_and_counted() -> None:
    record = {
        **NOTIFICATION,
        "title": f"call {PHONE}",
        "body": f"{CARD} {PHONE}",
        "link": f"https://a.example/?tel={PHONE}",
        "source": PHONE,
        "tags": [PHONE, "x"],
        "data": {"a": [PHONE, {PHONE: 1}], "n": int(PHONE), "m": 1_700_000_000_000, "f": 1.5, "b": True},
    }
    message, prepared = said(standing(record), by=route(template="{title} {data[a][0]}"))
    assert PHONE not in repr(message)
    assert CARD not in repr(message)
    assert message.title == "call 138****8000"
    assert message.custom == "call 138****8000 138****8000"
    assert message.data == {
        "a": ["138****8000", {"138****8000": 1}],
        "n": "138****8000",
        "m": 1_700_000_000_000,
        "f": 1.5,
        "b": True,
    }
    assert prepared.masked == {"phone": 10, "identity_card": 1}


def test_a_number_that_only_the_template_puts_together_is_masked() -> None:
    record = {**NOTIFICATION, "data": {"area": "138", "rest": "00138000"}}
    message, _ = said(standing(record), by=route(template="{data[area]}{data[rest]}"))
    assert message.custom == "138****8000"


def test_keys_that_look_alike_when_masked_are_all_kept() -> None:
    clean, _ = masked(replace(MESSAGE, data={"13800138000": 1, "13811118000": 2}))
    assert clean.data == {"138****8000": 1, "138****8000*": 2}


def test_a_channel_may_be_trusted_with_numbers() -> None:
    message, prepared = said(standing({**NOTIFICATION, "title": PHONE}), mask=False)
    assert (message.title, dict(prepared.masked)) == (PHONE, {})


@given(messages())
def test_masking_a_masked_message_changes_nothing(message: Message) -> None:
    once, _ = masked(message)
    again, _ = masked(once)
    assert repr(again) == repr(once)


def test_a_template_that_asks_for_what_is_not_there_ends_this_delivery_alone() -> None:
    ended = end(standing({**NOTIFICATION, "data": {"b": "s3cret"}}), route(template="{data[a]}"))
    assert ended.state == "dead"
    assert (
        ended.error
        == "The message can't be made: the template asks for {data[a]}, which the item does not have."
    )


def test_a_refusal_of_the_channel_is_told_in_its_words() -> None:
    ended = end(standing(NOTIFICATION), channel=Recorded(Refusal("it has no text.")))
    assert ended == Ended("dead", "The message can't be made: it has no text.")


@pytest.mark.parametrize("fault", [KeyError("s3cret"), ValueError("s3cret"), RecursionError("s3cret")])
def test_a_fault_of_ours_is_logged_with_its_place_and_without_the_message(
    fault: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.StringIO()
    logs.configure("debug", stream)
    monkeypatch.setattr(preparation, "_log", logs.get("hub.delivery"))  # one that was used keeps its stream
    fault.__cause__ = ValueError("s3cret")
    ended = end(standing({**NOTIFICATION, "title": "s3cret"}), channel=Recorded(fault))
    assert ended.state == "dead"
    assert type(fault).__name__ in ended.error
    (line,) = stream.getvalue().splitlines()
    logged = json.loads(line)
    assert (logged["event"], logged["delivery"]) == ("delivery.preparation_failed", "d1")
    assert any("render" in place for place in logged["at"])
    assert "s3cret" not in line + ended.error


def test_a_route_whose_template_is_no_longer_valid_ends_the_delivery() -> None:
    assert end(standing(NOTIFICATION), route(template="{titel}")).state == "dead"


def test_what_is_to_be_sent_is_not_shown() -> None:
    assert "Disk" not in repr(said(standing(NOTIFICATION))[1])


def test_preparing_changes_no_register() -> None:
    item = standing({**TASK, "data": {"a": [PHONE]}}, ("status", [1, "failed"], hlc_of(AT)))
    before: Registers = dict(item.registers)
    record = repr(item.registers)
    said(item, ENDED)
    message_of(row(ENDED), item, "en", NOW)
    assert item.registers == before
    assert repr(item.registers) == record
