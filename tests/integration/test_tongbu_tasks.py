"""Tasks of the Python client: what the program that does them says, and what others say to it."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

import tongbu
from tests.kit.hubs import RunningHub
from tests.kit.programs import PATIENCE, away, device, shown
from tests.kit.severable import severable
from tongbu import places


async def until_status(ledger: tongbu.Ledger, task: str, status: str) -> tongbu.Item:
    return await shown(ledger, task, status=status)


async def next_status(statuses: Any) -> str:
    return str(await asyncio.wait_for(anext(statuses), PATIENCE))


async def test_a_task_runs_reports_and_ends(hub: RunningHub) -> None:
    async with device(hub) as agent, device(hub) as phone:
        await phone.inbox().open()
        task = await agent.inbox().start("Back up", source="cron", tags=["nightly"])
        await until_status(phone.inbox(), task.id, "running")
        await task.progress(0.4, "two of five")
        found = await shown(phone.inbox(), task.id, progress=0.4)
        assert (found.note, found.source, found.tags) == ("two of five", "cron", ("nightly",))
        assert (task.status, task.progress_value, task.attempt, task.event_status) == (
            "running",
            0.4,
            1,
            None,
        )
        await task.finish("5 GB")
        found = await until_status(phone.inbox(), task.id, "succeeded")
        assert (found.progress, found.note) == (1, "5 GB")
        assert await agent.flush(PATIENCE)
        assert (task.status, task.event_status, task.ended) == ("succeeded", "succeeded", True)


async def test_the_last_note_stays_where_the_end_brings_none(hub: RunningHub) -> None:
    async with device(hub) as agent:
        task = await agent.inbox().start("t")
        await task.progress(0.5, "half")
        await task.finish()
        await agent.inbox().open()
        found = agent.inbox().item(task.id)
        assert found is not None
        assert (found.progress, found.note) == (1, "half")


@pytest.mark.parametrize(
    ("error", "status", "note"),
    [
        (ValueError("no\x1bpe"), "failed", "ValueError: no pe"),
        (asyncio.CancelledError(), "canceled", None),
        (KeyboardInterrupt(), "canceled", None),
        (SystemExit(3), "failed", "SystemExit: 3"),
        (SystemExit(0), "succeeded", None),
        (None, "succeeded", None),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
async def test_a_task_context_ends_as_its_block_does(
    hub: RunningHub, error: BaseException | None, status: str, note: str | None
) -> None:
    async with device(hub) as agent:
        inbox = agent.inbox()
        await inbox.open()
        context = inbox.task("work")
        task = await context.__aenter__()
        await context.__aexit__(type(error), error, None)
        assert await agent.flush(PATIENCE)
        found = inbox.item(task.id)
        assert found is not None
        assert (found.status, found.note, task.event_status) == (status, note, status)


async def test_a_task_context_hands_the_exception_on(hub: RunningHub) -> None:
    async with device(hub) as agent:
        with pytest.raises(RuntimeError, match="upwards"):
            await failing(agent.inbox())
        await agent.inbox().open()
        assert [each.status for each in agent.inbox().items()] == ["failed"]


async def failing(inbox: tongbu.Inbox) -> None:
    async with inbox.task("work"):
        raise RuntimeError("upwards")


async def test_a_task_context_leaves_what_has_ended_as_it_is(hub: RunningHub) -> None:
    async with device(hub) as agent:
        context = agent.inbox().task("work")
        task = await context.__aenter__()
        await task.finish("done before")
        await context.__aexit__(RuntimeError, RuntimeError("afterwards"), None)
        assert task.status == "succeeded"


async def test_a_phone_pauses_resumes_and_cancels(hub: RunningHub) -> None:
    async with device(hub) as agent, device(hub) as phone:
        task = await agent.inbox().start("long")
        statuses = task.statuses()
        await phone.inbox().open()
        await until_status(phone.inbox(), task.id, "running")
        theirs = await phone.inbox().start("long", id=task.id)
        await theirs.pause()
        assert await next_status(statuses) == "paused"
        await task.resume()
        await until_status(phone.inbox(), task.id, "running")
        await theirs.cancel("not needed")
        assert await next_status(statuses) == "canceled"
        with pytest.raises(StopAsyncIteration):
            await next_status(statuses)
        await task.finish()
        assert await agent.flush(PATIENCE)
        assert (task.status, task.event_status) == ("canceled", "canceled")


async def test_statuses_end_with_the_own_end_and_do_not_tell_it(hub: RunningHub) -> None:
    async with device(hub) as agent:
        task = await agent.inbox().start("short")
        await task.pause()
        await task.resume()
        await task.fail("no")
        assert [status async for status in task.statuses()] == []


async def test_statuses_end_where_the_hub_refuses_the_task(hub: RunningHub) -> None:
    root = hub.token("root", "admin")
    for user, access in (("ann", "write"), ("bob", "read")):
        await hub.http("PUT", f"/v1/spaces/team/members/{user}", {"access": access}, root)
    async with tongbu.connect(hub.url, token=hub.token("bob")) as bob:
        for place in (bob.space("team"), bob.inbox("ann")):
            refusals = bob.refusals()
            task = await place.start("not bob's to start")
            async with asyncio.timeout(PATIENCE):
                assert [status async for status in task.statuses()] == []
                assert (await anext(refusals)).code == "forbidden"


async def test_the_same_id_goes_on_and_after_the_end_begins_another_attempt(hub: RunningHub) -> None:
    async with device(hub) as agent:
        first = await agent.inbox().start("nightly", id="nightly")
        assert await agent.flush(PATIENCE)
    async with device(hub) as agent:
        again = await agent.inbox().start("nightly", id="nightly")
        assert again.attempt == first.attempt == 1
        await again.fail("disk full")
        second = await agent.inbox().start("nightly", id="nightly")
        assert second.attempt == 2
        assert second.status == "running"
        await second.finish()
        assert await agent.flush(PATIENCE)
        assert second.event_status == "succeeded"
        with pytest.raises(tongbu.errors.Exists):
            await agent.inbox().start("another title", id="nightly")
    statuses = [row["status"] for row in await events_of(hub, "nightly")]
    assert statuses == ["failed", "succeeded"]


async def events_of(hub: RunningHub, item: str) -> list[dict[str, Any]]:
    """What the hub decided about an item, in order."""
    with sqlite3.connect(hub.folder / "tongbu.db") as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM events WHERE item = ?", (item,))]


# ------------------------------------------------------------------ somebody else's inbox


def publisher(hub: RunningHub, **options: Any) -> Any:
    token = hub.token("svc", "publish")
    return tongbu.connect(options.pop("url", hub.url), token=token, **options)


async def test_a_publisher_writes_to_somebody_elses_inbox(hub: RunningHub) -> None:
    async with publisher(hub) as svc, device(hub) as ann:
        await ann.inbox().open()
        item = await svc.inbox("ann").notify("From a service", level="info")
        await shown(ann.inbox(), item, title="From a service", level="info")
        async with svc.inbox("ann").task("Deploy") as task:
            await task.progress(0.5, "half")
            await shown(ann.inbox(), task.id, progress=0.5, note="half")
        found = await until_status(ann.inbox(), task.id, "succeeded")
        assert found.final is not None
        assert await svc.flush(PATIENCE)
        assert (task.status, task.event_status) == ("succeeded", "succeeded")


async def test_a_publisher_waits_for_the_hub_and_says_everything_once(hub: RunningHub, tmp_path: Any) -> None:
    store = tmp_path / "svc.db"
    async with publisher(hub, url="http://127.0.0.1:9", store=store) as svc:
        task = await svc.inbox("ann").start("Deploy", id="deploy")
        for percent in range(100):
            await task.progress(percent / 100)
        await task.fail("it broke")
        assert task.attempt == 1
    async with publisher(hub, store=store) as svc, device(hub) as ann:
        assert await svc.flush(PATIENCE)
        await ann.inbox().open()
        found = ann.inbox().item("deploy")
        assert (found.status, found.progress, found.note) == ("failed", 0.99, "it broke")
    assert len(await events_of(hub, "deploy")) == 1


async def test_an_unanswered_command_is_said_again_and_changes_nothing(
    hub: RunningHub, tmp_path: Any
) -> None:
    async with (
        severable(hub) as way,
        publisher(hub, url=way.url, store=tmp_path / "svc.db") as svc,
        device(hub) as ann,
    ):
        await ann.inbox().open()
        await svc.connected(PATIENCE)
        way.hold()
        item = await svc.inbox("ann").notify("once")
        await shown(ann.inbox(), item)
        way.cut()
        way.let_flow()
        assert await svc.flush(PATIENCE)
        assert [each.id for each in ann.inbox().items()] == [item]


async def test_a_watched_foreign_task_tells_what_its_owner_does(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ASK_EVERY", 0.05)
    async with publisher(hub) as svc, device(hub) as ann:
        task = await svc.inbox("ann").start("Deploy")
        await ann.inbox().open()
        await until_status(ann.inbox(), task.id, "running")
        theirs = await ann.inbox().start("Deploy", id=task.id)
        statuses = task.statuses()
        await theirs.pause()
        assert await next_status(statuses) == "paused"
        await task.resume()
        await until_status(ann.inbox(), task.id, "running")
        await theirs.cancel()
        assert await next_status(statuses) == "canceled"
        with pytest.raises(StopAsyncIteration):
            await next_status(statuses)
        assert task.status == "canceled"


async def test_a_foreign_task_that_has_ended_gets_its_next_attempt(hub: RunningHub) -> None:
    async with publisher(hub) as svc:
        async with svc.inbox("ann").task("nightly", id="nightly") as first:
            pass
        async with svc.inbox("ann").task("nightly", id="nightly") as second:
            pass
        assert await svc.flush(PATIENCE)
        assert (first.attempt, second.attempt) == (1, 2)
    assert [row["attempt"] for row in await events_of(hub, "nightly")] == [1, 2]


async def test_a_refused_command_is_told_with_what_followed(hub: RunningHub) -> None:
    async with device(hub) as ann, publisher(hub) as svc:
        await ann.inbox().start("hers", id="taken")
        assert await ann.flush(PATIENCE)
        refusals = svc.refusals()
        await svc.connected(PATIENCE)
        inbox = svc.inbox("ann")
        with pytest.raises(tongbu.errors.NotReplicated):
            inbox.items()
        with pytest.raises(tongbu.errors.NotReplicated):
            await inbox.mark("taken", read=True)
        await inbox.notify("other content", id="taken")
        refused = await asyncio.wait_for(anext(refusals), PATIENCE)
        assert (refused.topic, refused.item, refused.field, refused.code) == (
            "inbox/ann",
            "taken",
            "create",
            "exists",
        )


async def test_foreign_progress_that_was_not_sent_is_one_command(hub: RunningHub) -> None:
    async with severable(hub) as way, publisher(hub, url=way.url) as svc:
        task = await svc.inbox("ann").start("t")
        assert await svc.flush(PATIENCE)
        way.close()
        await away(svc)
        for percent in range(50):
            await task.progress(percent / 100)
        assert len(svc._core.session.errands.all) == 1
        way.open = True
        assert await svc.flush(PATIENCE)
        assert task.progress_value == 0.49
