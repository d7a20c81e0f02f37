"""What every way out of the hub promises. A new channel is one more entry in ``CHANNELS``."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.channels.webhook import MAX_BODY, Webhook
from hub.channels.wecom_robot import LIMITS, WecomRobot
from hub.config import WebhookSettings, WecomRobotSettings
from hub.model import Outcome
from hub.ports import Channel
from tests.kit.clocks import StillClock
from tests.kit.messages import SAMPLES, TASK, messages
from tests.kit.vendors import Reply, Vendor, answer, half, vendor

PATIENCE = 10.0
HASTE = 0.3
"""Seconds a call may take, and where no answer comes."""
KEY = "canary-key-7f3a"
PATH = "canary-path-91cc"
SECRET = "whsec_Y2FuYXJ5LXNlY3JldC1vZi10aGUtaHVi"
TITLE = "canary-title-5be0"
CANARIES = (KEY, PATH, SECRET, SECRET[6:], TITLE, "canary")
MARK = "a1b2c3"
TAKEN = answer(200, '{"errcode":0,"errmsg":"ok"}')


@dataclass(frozen=True)
class Way:
    """A channel under test: how it is made for a vendor's address, and what its vendor takes."""

    make: Callable[[str, float], Channel]
    fits: Callable[[bytes], bool]
    cut_is: str = "unknown"
    """What an answer means whose status says success and whose body is missing: ``unknown`` where the body
    decides, else ``ok``."""

    def open(self, url: str, timeout: float = PATIENCE) -> Channel:
        return self.make(url, timeout)


def robot(format: Any) -> Way:
    def make(url: str, timeout: float) -> Channel:
        given = WecomRobotSettings(key=KEY, base_url=f"{url}/{PATH}", format=format, mentioned=("zhang",))
        return WecomRobot("way", given, timeout, StillClock())

    return Way(make, lambda body: len(json.loads(body)[format]["content"].encode()) <= LIMITS[format])


def webhook() -> Way:
    def make(url: str, timeout: float) -> Channel:
        given = WebhookSettings(base_url=f"{url}/{PATH}?key={KEY}", secret=SECRET)
        return Webhook("way", given, timeout, StillClock())

    return Way(make, lambda body: len(body) <= MAX_BODY, cut_is="ok")


CHANNELS = {"robot-markdown": robot("markdown"), "robot-text": robot("text"), "webhook": webhook()}
ways = pytest.mark.parametrize("way", CHANNELS.values(), ids=CHANNELS.keys())
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
async def world() -> AsyncIterator[Vendor]:
    async with vendor() as made:
        made.otherwise = TAKEN
        yield made


async def call(way: Way, url: str, body: bytes | None = None, seconds: float = PATIENCE) -> Outcome:
    channel = way.open(url, seconds)
    try:
        body = channel.render(replace(TASK, title=TITLE))[0] if body is None else body
        return await channel.send(body, "01KEDELIVERY.0")
    finally:
        await channel.close()


def patience(reply: Reply) -> float:
    return HASTE if reply.manner == "silent" else PATIENCE


# --------------------------------------------------------------------------- saying it


@ways
@given(message=messages())
@settings(max_examples=40, deadline=None)
def test_any_message_is_said_within_the_vendors_limits_the_same_each_time(way: Way, message: Any) -> None:
    channel = way.open(NOWHERE)
    bodies = channel.render(message)
    assert bodies
    assert all(way.fits(body) for body in bodies)
    assert channel.render(message) == bodies


@ways
@given(message=messages())
@settings(max_examples=40, deadline=None)
def test_a_repetition_shows_its_mark_unless_the_vendor_knows_repetitions(way: Way, message: Any) -> None:
    channel = way.open(NOWHERE)
    for body in channel.render(message):
        again = channel.repeated(body, MARK)
        assert way.fits(again)
        assert again == body if channel.traits.idempotent else f"#{MARK}".encode() in again


@ways
@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: message.title)
def test_title_text_and_link_are_said(way: Way, message: Any) -> None:
    said = b"".join(way.open(NOWHERE).render(message)).decode()
    for words in (message.title, message.text.split("\n")[0], message.link or ""):
        assert words in said


@ways
def test_nothing_is_masked_here_since_that_was_done_before(way: Way) -> None:
    said = b"".join(way.open(NOWHERE).render(replace(TASK, title="13800138000", text="110105199001011234")))
    assert b"13800138000" in said
    assert b"110105199001011234" in said


@ways
def test_traits_name_the_host_and_show_no_secret(way: Way) -> None:
    traits = way.open("http://127.0.0.1:8788").traits
    assert traits.host == "127.0.0.1:8788"
    assert traits.recipient
    assert "canary" not in repr(traits)
    assert traits.parallel >= 1


# --------------------------------------------------------------------------- sending it


@ways
async def test_the_bytes_arrive_as_they_were_rendered(way: Way, world: Vendor) -> None:
    channel = way.open(world.url)
    bodies = channel.render(replace(TASK, text="一行字。\n" * 900))
    assert [(await channel.send(body, "key")).kind for body in bodies] == ["ok"] * len(bodies)
    assert tuple(request.body for request in world.requests) == bodies
    assert {request.headers["content-type"] for request in world.requests} == {"application/json"}
    await channel.close()


@ways
async def test_a_call_has_a_connection_of_its_own(way: Way, world: Vendor) -> None:
    channel = way.open(world.url)
    for _ in range(3):
        assert (await channel.send(b"{}", "key")).kind == "ok"
    assert world.connections == 3
    assert {request.headers["connection"] for request in world.requests} == {"close"}
    await channel.close()


@ways
async def test_as_many_calls_as_the_channel_allows_go_out_at_once(way: Way, world: Vendor) -> None:
    world.otherwise = Reply(b"", "silent")
    channel = way.open(world.url, 1.0)
    calls = [asyncio.create_task(channel.send(b"{}", f"key{n}")) for n in range(channel.traits.parallel)]
    outcomes = await asyncio.gather(*calls)
    assert len(world.requests) == channel.traits.parallel
    assert {outcome.arrival for outcome in outcomes} == {"unknown"}
    await channel.close()


ANSWERED = {
    "500": (answer(500, "<h1>no</h1>"), "retry", "refused"),
    "502": (answer(502, "<h1>no</h1>"), "retry", "refused"),
    "503": (answer(503), "retry", "refused"),
    "504": (answer(504), "retry", "unknown"),
    "half an error": (half(answer(500, "<h1>no</h1>")), "retry", "refused"),
    "429": (answer(429, "slow down", Retry_After="7"), "rate_limited", "refused"),
    "503 for now": (answer(503, "", Retry_After="7"), "rate_limited", "refused"),
    "400": (answer(400, "no"), "bad_message", "refused"),
    "401": (answer(401), "bad_config", "refused"),
    "403": (answer(403), "bad_config", "refused"),
    "404": (answer(404), "bad_config", "refused"),
    "410": (answer(410), "bad_config", "refused"),
    "hung up": (Reply(b"", "cut"), "retry", "unknown"),
    "half a head": (Reply(b"HTTP/1.1 200 OK\r\nContent-", "cut"), "retry", "unknown"),
    "no HTTP": (Reply(b"SSH-2.0-OpenSSH_9.9\r\n"), "retry", "unknown"),
    "endless head": (Reply(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000), "retry", "unknown"),
    "silence": (Reply(b"", "silent"), "retry", "unknown"),
    "silence within the head": (Reply(b"HTTP/1.1 200", "silent"), "retry", "unknown"),
}


@ways
@pytest.mark.parametrize("fault", ANSWERED)
async def test_what_went_wrong_has_its_class(way: Way, world: Vendor, fault: str) -> None:
    world.otherwise, kind, arrival = ANSWERED[fault]
    outcome = await call(way, world.url, seconds=patience(world.otherwise))
    assert (outcome.kind, outcome.arrival) == (kind, arrival)
    assert outcome.error
    assert outcome.code
    assert outcome.until == (7 if kind == "rate_limited" else 0)
    assert len(world.requests) == 1


@ways
@pytest.mark.parametrize(
    "reply",
    [
        half(TAKEN),
        answer(200, "<html>sign in</html>"),
        answer(200),
        Reply(answer(200, b"x" * 100).content[:-50], "silent"),
        Reply(b"HTTP/1.1 200 OK\r\n\r\n", "endless"),
    ],
    ids=["half", "html", "empty", "silence within the body", "endless"],
)
async def test_a_success_without_its_body_is_taken_only_where_the_status_says_it_all(
    way: Way, world: Vendor, reply: Reply
) -> None:
    world.otherwise = reply
    outcome = await call(way, world.url, seconds=patience(reply))
    assert outcome.kind == ("ok" if way.cut_is == "ok" else "retry")
    assert way.cut_is == "ok" or outcome.arrival == "unknown"


@ways
async def test_a_redirect_is_not_followed(way: Way, world: Vendor) -> None:
    world.otherwise = answer(307, "", Location="/elsewhere")
    assert (await call(way, world.url)).kind == "bad_config"
    assert len(world.requests) == 1


@ways
async def test_a_call_that_nobody_takes_never_left(way: Way, world: Vendor) -> None:
    outcome = await call(way, NOWHERE)
    assert (outcome.kind, outcome.arrival) == ("retry", "never")


@ways
async def test_a_cancelled_call_leaves_the_channel_usable(way: Way, world: Vendor) -> None:
    world.replies = [Reply(b"", "silent")]
    channel = way.open(world.url)
    sending = asyncio.create_task(channel.send(b"{}", "key"))
    await world.arrived.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert (await channel.send(b"{}", "key")).kind == "ok"
    await channel.close()


@ways
async def test_close_is_idempotent_and_what_comes_after_stays_here(way: Way, world: Vendor) -> None:
    channel = way.open(world.url)
    await channel.close()
    await channel.close()
    outcome = await channel.send(b"{}", "key")
    assert (outcome.kind, outcome.arrival, world.connections) == ("retry", "never", 0)


@ways
@given(
    replies=st.lists(
        st.binary(max_size=300)
        | st.builds(
            lambda status, body: answer(status, body).content, st.integers(0, 1200), st.binary(max_size=99)
        )
        | st.text(max_size=50).map(lambda text: f"HTTP/1.1 {text}\r\n\r\n".encode()),
        min_size=1,
        max_size=5,
    )
)
@settings(max_examples=25, deadline=None)
def test_whatever_answers_a_call_it_ends_in_an_outcome(way: Way, replies: list[bytes]) -> None:
    async def run() -> list[Outcome]:
        async with vendor() as world:
            world.replies = [Reply(reply, "cut") for reply in replies]
            return [await call(way, world.url, b"{}") for _ in replies]

    assert all(outcome.kind for outcome in asyncio.run(run()))


# --------------------------------------------------------------------------- secrets


@ways
async def test_no_key_address_or_message_leaks_whatever_goes_wrong(
    way: Way, world: Vendor, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    echo = json.dumps({"errcode": 93000, "errmsg": f"{KEY} {PATH} {SECRET} {TITLE}"})
    replies = [
        *(reply for reply, _, _ in ANSWERED.values()),
        answer(200, echo),
        answer(200, echo.replace("93000", "77777")),
        answer(500, f"<h1>{KEY} {PATH} {TITLE}</h1>"),
        answer(302, "", Location=f"http://127.0.0.1:9/{PATH}?key={KEY}"),
        answer(429, "", Retry_After=KEY),
        half(TAKEN),
    ]
    outcomes = [await call(way, NOWHERE), await call(way, f"https://127.0.0.1:{world.port}", seconds=HASTE)]
    for reply in replies:
        world.otherwise = reply
        outcomes.append(await call(way, world.url, seconds=patience(reply)))
    printed = capfd.readouterr()
    shown = "\n".join([*map(repr, outcomes), caplog.text, printed.out, printed.err])
    assert [canary for canary in CANARIES if canary in shown] == []
