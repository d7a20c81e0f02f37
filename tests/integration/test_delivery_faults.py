"""What fails between the hub and WeChat, over real sockets in virtual time: nothing is lost, nothing comes
twice unless nobody could know, and ``GET /v1/deliveries`` says what the group saw."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from hub.model import Milliseconds
from hub.sandbox import FaultKind
from tests.kit.clocks import StillClock
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.sandboxes import RunningSandbox, running_sandbox
from tests.kit.vendors import answer, vendor

KEY = "canary-8f14e45f-robot"
PATIENCE = 20.0
"""Seconds of real time that a test waits for what must come."""
LEISURE = 60.0
"""Seconds for a call; more than any step of virtual time, which may be taken while a call begins."""
TASKS = 'match = { kind = "task" }\nchannels = ["wechat"]\n'

Rows = list[dict[str, Any]]


class JumpingClock(StillClock):
    """A machine whose wall clock can be set; monotonic time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.jumped = 0

    def now(self) -> Milliseconds:
        return Milliseconds(self.wall + self.jumped)


@dataclass
class Story:
    """A hub with one robot, the sandbox behind it, and the operator who looks."""

    hub: RunningHub
    sandbox: RunningSandbox

    async def ask(self, method: str, path: str, body: Any = None, *scopes: str) -> Any:
        """A request by ann, or by an operator where it takes one."""
        is_operators = path.startswith(("/v1/deliveries", "/v1/channels", "/v1/events"))
        token = self.hub.token("root", "admin") if is_operators else self.hub.token("ann", "user", "publish")
        status, answer = await self.hub.http(method, path, body, token)
        assert status < 300, answer
        return answer

    async def start(self, item: str, **record: Any) -> None:
        """A task of ann's begins."""
        path = "/v1/users/me/items"
        await self.ask("POST", path, {"id": item, "kind": "task", "title": f"Task {item}", **record})
        await self.state(item, status="running")

    async def state(self, item: str, **fields: Any) -> None:
        await self.ask("PATCH", f"/v1/users/me/items/{item}", fields)

    async def finish(self, *items: str, **record: Any) -> None:
        """Tasks begin and end, one after the other."""
        for item in items:
            await self.start(item, **record)
            await self.state(item, status="succeeded")

    async def rows(self) -> Rows:
        """The deliveries, oldest first."""
        page = await self.ask("GET", "/v1/deliveries?limit=100")
        return list(reversed(page["items"]))

    async def channel(self) -> dict[str, Any]:
        (view,) = (await self.ask("GET", "/v1/channels"))["items"]
        return dict(view)

    async def until(self, holds: Callable[[Rows], bool], step: float = 0.0) -> Rows:
        """Let time pass in steps of so many seconds until the deliveries are so; none during a call."""
        rows: Rows = []
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not holds(rows := await self.rows()):
                    if step and at_rest(rows):
                        self.hub.pass_time(step)
                return rows
        pytest.fail(f"waited {PATIENCE:g} s for the deliveries, which are {rows}")

    async def ended(self, step: float = 0.25) -> Rows:
        return await self.until(lambda rows: bool(rows) and all(row["ended_at"] for row in rows), step)

    async def calls(self, number: int) -> None:
        """Until so many calls have come."""
        await self.until(lambda _: len(self.sandbox.calls()) >= number)

    async def tried(self, deliveries: int) -> None:
        """Until so many deliveries have each been called for."""
        await self.until(lambda rows: [row["attempts"] > 0 for row in rows] == [True] * deliveries, step=1)

    async def nothing_happens(self) -> None:
        """Several round trips through the hub, within which any call that may be made would be."""
        before = len(self.sandbox.calls())
        for _ in range(10):
            await self.rows()
        assert len(self.sandbox.calls()) == before

    def titles(self) -> list[str]:
        """Which tasks the group has heard of, in order."""
        return [re.findall(r"Task (\w+)", text)[0] for text in self.sandbox.texts()]


@asynccontextmanager
async def story(
    folder: Path,
    routes: str = f"[[routes]]\n{TASKS}",
    clock: StillClock | None = None,
    call_timeout: float = LEISURE,
) -> AsyncIterator[Story]:
    clock = clock or StillClock()
    async with running_sandbox(clock) as sandbox:
        file = folder / "hub.toml"
        file.write_text(
            f'[channels.wechat]\nkind = "wecom_robot"\nkey = "{KEY}"\nbase_url = "{sandbox.url}"\n\n{routes}'
        )
        async with running_hub(folder / "data", clock, file, delivery__call_timeout=call_timeout) as hub:
            yield Story(hub, sandbox)


def at_rest(rows: Rows) -> bool:
    """Whether no call is under way."""
    return "leased" not in states(rows)


def states(rows: Rows) -> list[str]:
    return [row["state"] for row in rows]


async def test_a_task_that_ends_sends_one_message_and_leaves_a_receipt(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"], row["error"], row["channel"]) == ("sent", 1, None, "wechat")
        assert it.titles() == ["a"]
        item = await it.ask("GET", "/v1/users/me/items/a")
        assert item["sent"]["wechat"]["state"] == "sent"


async def test_93000_pauses_the_channel_with_one_alert_until_it_works_again(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault("93000", times=None)
        with capture_logs() as logs:
            await it.finish("a", "b", "c")
            await it.until(lambda rows: rows[0]["error"] is not None)
            await it.nothing_happens()
            assert len(it.sandbox.calls()) == 1, "the others wait without a call"
            view = await it.channel()
            assert (view["state"], view["waiting"]) == ("paused", 3)
            assert "93000" in view["reason"]
            it.hub.pass_time(299)
            await it.nothing_happens()
            it.hub.pass_time(2)
            await it.calls(2)
            assert states(await it.until(at_rest)) == ["pending"] * 3
            it.sandbox.sandbox.clear_faults()
            test = await it.ask("POST", "/v1/channels/wechat/test")
            assert test == {"ok": True, "outcome": "ok", "error": None}
            rows = await it.ended()
        events = [log["event"] for log in logs if log["event"].startswith("channel.")]
        assert events == ["channel.paused", "channel.resumed"]
        assert [log["log_level"] for log in logs if log["event"] == "channel.paused"] == ["error"]
        assert states(rows) == ["sent"] * 3
        assert [re.search(r"Task (\w)", text) is not None for text in it.sandbox.texts()] == [
            False, True, True, True,
        ]  # fmt: skip
        assert (await it.channel())["state"] == "ok"


async def test_45009_in_a_backlog_waits_60_seconds_then_drains_in_order(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        await said_by_another_program(it, 18)
        began = it.hub.clock.now()
        names = [f"t{number}" for number in range(6)]
        await it.finish(*names)
        await it.calls(21)
        await it.until(lambda rows: rows[2]["state"] == "pending")
        assert [call.answer for call in it.sandbox.calls()[18:]] == ["0", "0", "45009"]
        view = await it.channel()
        assert (view["state"], view["until"]) == ("waiting", began + 60_000)
        it.hub.pass_time(59.5)
        await it.nothing_happens()
        rows = await it.ended(step=1)
        assert states(rows) == ["sent"] * 6
        assert [row["attempts"] for row in rows] == [1, 1, 2, 1, 1, 1]
        assert [call.answer for call in it.sandbox.calls()].count("45009") == 1
        assert re.findall(r"Task (\w+)", " ".join(it.sandbox.texts())) == names
        assert it.sandbox.messages()[20].at >= began + 60_000


async def said_by_another_program(it: Story, messages: int) -> None:
    """The window of a robot is filled by somebody else."""
    async with aiohttp.ClientSession() as session:
        for _ in range(messages):
            url = f"{it.sandbox.url}/cgi-bin/webhook/send?key={KEY}"
            body = {"msgtype": "text", "text": {"content": "other"}}
            async with session.post(url, json=body) as answer:
                assert (await answer.json())["errcode"] == 0


@pytest.mark.parametrize("kind", ["-1", "500", "502", "429"])
async def test_what_is_refused_for_now_is_sent_again_and_arrives_once(
    tmp_path: Path, kind: FaultKind
) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault(kind, times=2)
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"], row["error"]) == ("sent", 3, None)
        assert it.titles() == ["a"]
        assert "#" not in it.sandbox.texts()[0], "nothing was doubtful"


async def test_what_is_refused_for_ever_is_dead_and_can_be_sent_again_by_hand(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault("502", times=4)
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"]) == ("dead", 4)
        assert "502" in row["error"]
        assert it.titles() == []
        await it.ask("POST", f"/v1/deliveries/{row['id']}/retry")
        (row,) = await it.ended()
        assert (row["state"], it.titles()) == ("sent", ["a"])


async def test_connection_refused_for_an_hour_loses_nothing_and_uses_no_retry(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        async with it.sandbox.away():
            await it.finish("a", "b", "c")
            for _ in range(120):
                it.hub.pass_time(30)
                await it.rows()
                rows = await it.until(at_rest)
            more_than_retries_allow = 4
            await it.until(
                lambda rows: max(row["attempts"] for row in rows) >= more_than_retries_allow, step=30
            )
            rows = await it.until(at_rest)
            assert states(rows) == ["pending"] * 3
            assert sum(row["attempts"] for row in rows) < 130, "the breaker keeps it to one a half minute"
            assert all("no connection" in row["error"] for row in rows if row["error"])
            assert (await it.channel())["state"] == "open"
        rows = await it.ended(step=5)
        assert states(rows) == ["sent"] * 3
        assert sorted(it.titles()) == ["a", "b", "c"]
        assert (await it.channel())["state"] == "ok"


@pytest.mark.parametrize("kind", ["half", "timeout"])
async def test_a_lost_answer_is_followed_by_one_repetition_with_a_short_id(
    tmp_path: Path, kind: FaultKind
) -> None:
    async with story(tmp_path, call_timeout=0.3) as it:
        it.sandbox.fault(kind)
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"]) == ("sent", 2)
        first, second = it.sandbox.texts()
        assert "#" not in first
        assert second.split() == [*first.split(), f"#{row['id'][10:16].lower()}"]


async def test_two_lost_answers_are_the_end_and_it_says_that_it_may_have_arrived(tmp_path: Path) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault("half", times=None)
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"]) == ("dead", 2)
        assert "may have arrived" in row["error"]
        assert it.titles() == ["a", "a"], "twice, and no more"


@pytest.mark.parametrize("kind", ["refuse", "html"])
async def test_what_was_lost_on_the_way_arrives_once(tmp_path: Path, kind: FaultKind) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault(kind)
        await it.finish("a")
        (row,) = await it.ended()
        assert (row["state"], row["attempts"], it.titles()) == ("sent", 2, ["a"])


async def test_a_message_the_vendor_will_not_have_is_dead_at_once_and_holds_up_nobody(
    tmp_path: Path,
) -> None:
    async with story(tmp_path) as it:
        it.sandbox.fault("40058")
        await it.finish("a", "b")
        rows = await it.ended()
        assert [(row["state"], row["attempts"]) for row in rows] == [("dead", 1), ("sent", 1)]
        assert "40058" in rows[0]["error"]
        assert it.titles() == ["b"]


async def test_a_template_that_raises_kills_that_delivery_alone(tmp_path: Path) -> None:
    routes = f'[[routes]]\n{TASKS}template = "Task {{data[short]}}"\n'
    async with story(tmp_path, routes) as it:
        await it.finish("a", body="private words")
        await it.finish("b", data={"short": "b"})
        rows = await it.ended()
        assert [(row["state"], row["attempts"]) for row in rows] == [("dead", 0), ("sent", 1)]
        assert "template" in rows[0]["error"]
        assert "private" not in rows[0]["error"]
        assert it.sandbox.texts() == ["Task b"]


@pytest.mark.parametrize("days", [2, -2])
async def test_a_jump_of_the_wall_clock_neither_hurries_nor_ends_a_delivery(
    tmp_path: Path, days: int
) -> None:
    clock = JumpingClock()
    async with story(tmp_path, f"[[routes]]\n{TASKS}delay = 90\n", clock) as it:
        await it.finish("a")
        clock.jumped = days * 86_400_000
        it.hub.pass_time(85)
        await it.nothing_happens()
        assert states(await it.rows()) == ["pending"]
        it.hub.pass_time(10)
        (row,) = await it.ended()
        assert (row["state"], it.titles()) == ("sent", ["a"])


NOTICES = '[[routes]]\nmatch = { kind = "notification" }\nchannels = ["wechat"]\ndelay = 30\n'


@pytest.mark.parametrize("field", ["seen", "read", "archived"])
async def test_a_read_on_the_phone_within_the_delay_keeps_wechat_silent(tmp_path: Path, field: str) -> None:
    async with story(tmp_path, f'{NOTICES}unless = ["seen", "read", "archived"]\n') as it:
        path = "/v1/users/me/items"
        for item in ("a", "b"):
            await it.ask("POST", path, {"id": item, "kind": "notification", "title": f"Task {item}"})
        phone = it.hub.device("ann", "phone")
        await phone.connect()
        await phone.open("inbox/ann")
        it.hub.pass_time(20)
        await phone.act("inbox/ann", "a", field, True)
        await phone.settle()
        assert states(await it.rows()) == ["pending"] * 2
        it.hub.pass_time(11)
        rows = await it.ended()
        assert states(rows) == ["suppressed", "sent"]
        assert "was stated after the event" in rows[0]["error"]
        assert it.titles() == ["b"]


async def test_a_task_watched_while_it_ran_still_reports_its_end(tmp_path: Path) -> None:
    async with story(tmp_path, f'[[routes]]\n{TASKS}delay = 30\nunless = ["seen", "read"]\n') as it:
        await it.start("a")
        await it.state("a", read=True)
        it.hub.pass_time(5)
        await it.state("a", status="succeeded")
        it.hub.pass_time(31)
        (row,) = await it.ended()
        assert (row["state"], it.titles()) == ("sent", ["a"])


async def test_who_left_a_space_or_was_deleted_within_the_delay_gets_no_message(tmp_path: Path) -> None:
    async with story(tmp_path, f"[[routes]]\n{TASKS}delay = 30\n") as it:
        admin, publisher = it.hub.token("root", "admin"), it.hub.token("svc", "publish")
        for user in ("bob", "carl"):
            await it.hub.http("PUT", f"/v1/spaces/team/members/{user}", {"access": "write"}, admin)
        for path in ("spaces/team", "users/dora"):
            task = {"id": "t", "kind": "task", "title": "Task t"}
            assert (await it.hub.http("POST", f"/v1/{path}/items", task, publisher))[0] == 201
            change = {"status": "succeeded"}
            assert (await it.hub.http("PATCH", f"/v1/{path}/items/t", change, publisher))[0] == 200
        for path in ("spaces/team/members/bob", "users/carl", "users/dora"):
            assert (await it.hub.http("DELETE", f"/v1/{path}", None, admin))[0] == 204
        it.hub.pass_time(31)
        rows = {row["user"]: (row["state"], row["error"]) for row in await it.ended()}
        left = ("suppressed", "They are no longer a member of the space.")
        assert rows == {"bob": left, "carl": left, "dora": ("suppressed", "The user was deleted.")}
        assert it.sandbox.calls() == []


async def test_no_key_and_no_word_of_a_message_reaches_a_log_a_metric_or_an_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kinds: tuple[FaultKind, ...] = ("-1", "502", "timeout", "half", "refuse", "html", "40058", "93000")
    with caplog.at_level(logging.DEBUG), capture_logs() as logs:
        async with story(tmp_path, call_timeout=0.5) as it:
            for number, kind in enumerate(kinds):
                it.sandbox.fault(kind)
                await it.finish(f"t{number}", body="birdsong")
                await it.tried(number + 1)
            async with it.sandbox.away():
                await it.finish("away")
                await it.until(lambda rows: rows[-1]["error"] is not None, step=1)
            await it.ended(step=1)
            answers = [await it.ask("GET", path) for path in ("/v1/deliveries", "/v1/channels", "/v1/events")]
            async with (
                aiohttp.ClientSession() as session,
                session.get(it.hub.url + "/metrics") as response,
            ):
                answers.append(await response.text())
    told = repr(answers) + repr(logs) + caplog.text
    assert "delivery.sent" in told, "there was something to tell"
    assert "canary" not in told
    assert "webhook/send" not in told
    assert "birdsong" not in told


async def test_a_days_quota_lasts_until_midnight_in_china_by_the_hubs_own_clock(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    async with vendor() as wecom:
        wecom.otherwise = answer(200, {"errcode": 45009, "errmsg": "api freq out of limit: per day"})
        file.write_text(f'[channels.wechat]\nkind = "wecom_robot"\nkey = "{KEY}"\nbase_url = "{wecom.url}"\n')
        async with running_hub(tmp_path / "data", StillClock(), file) as hub:
            root = hub.token("root", "admin")
            _, tested = await hub.http("POST", "/v1/channels/wechat/test", None, root)
            assert tested["outcome"] == "quota"
            _, page = await hub.http("GET", "/v1/channels", None, root)
            assert (page["items"][0]["state"], page["items"][0]["until"]) == ("waiting", 1_700_064_000_000)
