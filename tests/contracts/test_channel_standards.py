"""Each channel against an oracle of its own: Standard Webhooks' reference library, the sandbox's robot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks.webhooks import WebhookVerificationError

from hub.channels.webhook import Webhook
from hub.channels.wecom_robot import LIMITS, REMEMBERED, WecomRobot
from hub.config import WebhookSettings, WecomRobotSettings
from hub.ports import Clock, SystemClock
from hub.sandbox import FaultKind
from tests.kit.clocks import StillClock
from tests.kit.messages import FAMILY, SAMPLES, TASK
from tests.kit.sandboxes import RunningSandbox, running_sandbox
from tests.kit.vendors import Vendor, answer, vendor

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_b3RoZXIgc2VjcmV0IG9mIHRoZSBodWIh"
PATIENCE = 10.0
HASTE = 0.3
"""Seconds a call may take, and where no answer comes."""


@pytest.fixture
async def world() -> AsyncIterator[Vendor]:
    async with vendor() as made:
        yield made


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(StillClock()) as made:
        yield made


def webhook(url: str, secret: str, clock: Clock) -> Webhook:
    return Webhook("hook", WebhookSettings(base_url=f"{url}/hook", secret=secret), PATIENCE, clock)


def robot(url: str, format: Any = "markdown", timeout: float = PATIENCE, **more: Any) -> WecomRobot:
    given = WecomRobotSettings(key="693a91f6-0000", base_url=url, format=format, **more)
    return WecomRobot("ops", given, timeout, StillClock())


# --------------------------------------------------------------------------- Standard Webhooks


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.title)
async def test_the_reference_library_takes_what_is_sent_by_either_secret(world: Vendor, message: Any) -> None:
    channel = webhook(world.url, f"{OLD} {NEW}", SystemClock())
    [body] = channel.render(message)
    assert (await channel.send(body, "01KEDELIVERY.0")).kind == "ok"
    await channel.close()
    [request] = world.requests
    assert request.target == "/hook"
    for secret in (OLD, NEW):
        assert Verifier(secret).verify(request.body, request.headers) == json.loads(body)
    with pytest.raises(WebhookVerificationError):
        Verifier("whsec_c29tZWJvZHkgZWxzZQ==").verify(request.body, request.headers)


async def test_a_retry_has_the_same_id_and_body_and_a_stamp_of_its_own(world: Vendor) -> None:
    clock = StillClock()
    channel = webhook(world.url, OLD, clock)
    [body] = channel.render(TASK)
    await channel.send(body, "01KEDELIVERY.0")
    clock.advance(90)
    await channel.send(channel.repeated(body, "a1b2c3"), "01KEDELIVERY.0")
    await channel.close()
    first, second = world.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "01KEDELIVERY.0"
    assert first.body == second.body
    stamps = [int(request.headers["webhook-timestamp"]) for request in world.requests]
    assert stamps[1] - stamps[0] == 90
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


# --------------------------------------------------------------------------- the sandbox's robot


@pytest.mark.parametrize("format", ["markdown", "text"])
async def test_the_robot_takes_every_part_of_the_longest_message(
    sandbox: RunningSandbox, format: str
) -> None:
    channel = robot(sandbox.url, format, mentioned=("zhang",))
    for text in ("字" * 30_000, FAMILY * 2000, "```py\n" + "x = 1\n" * 5000, "a\n\n" * 9000):
        for body in channel.render(replace(TASK, text=text, title="题" * 500)):
            sandbox.sandbox.clear_messages()  # and with it the minute
            assert (await channel.send(channel.repeated(body, "a1b2c3"), "key")).kind == "ok"
            assert sandbox.texts()[-1].endswith("#a1b2c3")
            assert len(sandbox.texts()[-1].encode()) <= LIMITS[format]
    await channel.close()


async def test_what_the_group_reads_is_what_was_rendered(sandbox: RunningSandbox) -> None:
    channel = robot(sandbox.url, "text", mentioned=("zhang", "@all"))
    for body in channel.render(TASK):
        await channel.send(body, "key")
    await channel.close()
    [call] = sandbox.messages()
    assert call.content.startswith("部署 web v2\n✅ 已完成")
    assert call.mentioned == ("zhang", "@all")


@pytest.mark.parametrize(
    ("fault", "kind", "arrival", "taken"),
    [
        ("93000", "bad_config", "refused", 0),
        ("45009", "rate_limited", "refused", 0),
        ("-1", "retry", "refused", 0),
        ("40058", "bad_message", "refused", 0),
        ("500", "retry", "refused", 0),
        ("502", "retry", "refused", 0),
        ("429", "rate_limited", "refused", 0),
        ("html", "retry", "unknown", 0),
        ("refuse", "retry", "unknown", 0),
        ("timeout", "retry", "unknown", 1),
        ("half", "retry", "unknown", 1),
        ("slow", "retry", "unknown", 1),
    ],
)
async def test_each_fault_of_the_robot_has_its_class(
    sandbox: RunningSandbox, fault: FaultKind, kind: str, arrival: str, taken: int
) -> None:
    sandbox.fault(fault, seconds=7)
    channel = robot(sandbox.url, timeout=HASTE if fault in ("timeout", "slow") else PATIENCE)
    outcome = await channel.send(channel.render(TASK)[0], "key")
    assert (outcome.kind, outcome.arrival) == (kind, arrival)
    assert len(sandbox.messages()) == taken
    assert outcome.until == {"45009": 60, "429": 7}.get(fault, 0)
    assert (await channel.send(channel.render(TASK)[0], "key")).kind == "ok"
    await channel.close()


async def test_the_21st_message_of_a_minute_waits_60_seconds(sandbox: RunningSandbox) -> None:
    channel = robot(sandbox.url)
    [body] = channel.render(TASK)
    outcomes = [await channel.send(body, "key") for _ in range(21)]
    await channel.close()
    assert [outcome.kind for outcome in outcomes] == ["ok"] * 20 + ["rate_limited"]
    assert outcomes[-1].until == 60


async def test_a_call_while_the_robot_is_away_never_left(sandbox: RunningSandbox) -> None:
    channel = robot(sandbox.url)
    async with sandbox.away():
        assert (await channel.send(b"{}", "key")).arrival == "never"
    assert (await channel.send(channel.render(TASK)[0], "key")).kind == "ok"
    await channel.close()


async def test_the_key_goes_in_the_address_as_it_is(world: Vendor) -> None:
    given = WecomRobotSettings(key="a b&c=d/?#", base_url=f"{world.url}/proxy/")
    channel = WecomRobot("ops", given, PATIENCE)
    await channel.send(b"{}", "key")
    await channel.close()
    assert world.requests[0].target == "/proxy/cgi-bin/webhook/send?key=a+b%26c%3Dd/?%23"


async def test_a_code_that_nobody_knows_is_tried_once_more_a_message(world: Vendor) -> None:
    world.otherwise = answer(200, {"errcode": 77777, "errmsg": "?"})
    channel = robot(world.url)
    kinds = [(await channel.send(b"{}", key)).kind for key in ("one", "one", "two", "two", "two")]
    assert kinds == ["retry", "bad_message", "retry", "bad_message", "bad_message"]
    await channel.close()


async def test_what_is_remembered_of_unknown_codes_is_bounded() -> None:
    channel = robot("http://127.0.0.1:9")
    assert not any(channel._doubt(str(number)) for number in range(3 * REMEMBERED))
    assert len(channel._doubted) == REMEMBERED
