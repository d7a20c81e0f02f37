"""The Python client against a real hub: whatever comes between, what was stated arrives."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

import tongbu
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.programs import NOWHERE, PATIENCE, away, device, item_of, shown
from tests.kit.severable import Way, severable
from tongbu import core


async def test_what_one_device_states_another_shows(hub: RunningHub) -> None:
    async with device(hub) as phone, device(hub) as laptop:
        await laptop.inbox().open()
        item = await phone.inbox().notify("Hello", body="World", level="warning", tags=["deploy"])
        found = await shown(laptop.inbox(), item)
        assert (found.title, found.body, found.level, found.tags) == (
            "Hello",
            "World",
            "warning",
            ("deploy",),
        )
        assert laptop.inbox().counts() == tongbu.Counts(1, 1, 0)
        await laptop.inbox().mark(item, read=True, pinned=True)
        assert laptop.inbox().counts() == tongbu.Counts(0, 0, 0)
        await phone.inbox().open()
        await shown(phone.inbox(), item, read=True, pinned=True)


async def test_entering_and_stating_need_no_hub(hub: RunningHub, tmp_path: Path) -> None:
    async with device(hub, tmp_path / "store.db", NOWHERE) as phone:
        inbox = phone.inbox()
        await inbox.open()
        item = await inbox.notify("while away")
        assert not phone.online
        assert [each.title for each in inbox.items()] == ["while away"]
        assert await phone.flush(0.01) is False
        with pytest.raises(tongbu.errors.NotConnected):
            await phone.connected(0.01)
    async with device(hub, tmp_path / "store.db") as phone, device(hub) as laptop:
        assert await phone.flush(PATIENCE)
        await laptop.inbox().open()
        assert laptop.inbox().items()[0].id == item


async def test_what_was_stated_offline_arrives_after_the_cut(hub: RunningHub, tmp_path: Path) -> None:
    async with severable(hub) as way, device(hub, tmp_path / "s.db", way.url) as phone, device(hub) as laptop:
        await phone.inbox().open()
        await laptop.inbox().open()
        item = await phone.inbox().notify("n")
        await shown(laptop.inbox(), item)
        way.close()
        await away(phone)
        await phone.inbox().mark(item, read=True)
        await laptop.inbox().mark(item, archived=True)
        assert item_of(phone.inbox(), item).read
        assert not item_of(laptop.inbox(), item).read
        way.open = True
        await phone.connected(PATIENCE)
        assert await phone.flush(PATIENCE)
        await shown(laptop.inbox(), item, read=True, archived=True)
        await shown(phone.inbox(), item, read=True, archived=True)


async def test_the_last_intent_wins_not_the_last_packet(hub: RunningHub, tmp_path: Path) -> None:
    async with severable(hub) as way, device(hub, tmp_path / "s.db", way.url) as phone, device(hub) as laptop:
        for each in (phone, laptop):
            await each.inbox().open()
        item = await phone.inbox().notify("n")
        await shown(laptop.inbox(), item)
        way.close()
        await away(phone)
        await phone.inbox().mark(item, read=True)
        await asyncio.sleep(0.002)  # so that the laptop's millisecond is a later one
        await laptop.inbox().mark(item, read=False)
        assert await laptop.flush(PATIENCE)
        way.open = True
        assert await phone.flush(PATIENCE)
        await shown(phone.inbox(), item, read=False, seen=True)
        assert not item_of(laptop.inbox(), item).read


async def test_a_push_that_was_not_answered_is_said_again_and_counts_once(
    hub: RunningHub, tmp_path: Path
) -> None:
    async with severable(hub) as way, device(hub, tmp_path / "s.db", way.url) as phone, device(hub) as laptop:
        await phone.inbox().open()
        await laptop.inbox().open()
        way.hold()
        item = await phone.inbox().notify("once")
        await shown(laptop.inbox(), item)
        assert await phone.flush(0) is False
        way.cut()
        way.let_flow()
        assert await phone.flush(PATIENCE)
        assert [each.id for each in phone.inbox().items()] == [item]
        assert item_of(phone.inbox(), item).order == item_of(laptop.inbox(), item).order
    assert len([row for row in hub.stored()["events"] if item in row]) <= 1


async def test_a_restart_of_the_hub_is_waited_for_as_it_asked(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data") as first:
        way = Way(first.port)
        await way.start()
        token = first.token("ann", "user", "publish")
        async with tongbu.connect(way.url, token=token, store=tmp_path / "s.db") as phone:
            await phone.inbox().open()
            await first.stop()
            await away(phone)
            item = await phone.inbox().notify("meanwhile")
            async with running_hub(tmp_path / "data") as second:
                way._target = second.port
                assert await phone.flush(30)
                assert item_of(phone.inbox(), item).order is not None
        await way.stop()


async def test_stamps_from_a_clock_that_ran_ahead_are_lowered_before_the_first_push(
    hub: RunningHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead = 3_600_000
    monkeypatch.setattr(core, "wall_clock", lambda: time.time_ns() // 1_000_000 + ahead)
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        await phone.inbox().open()
        item = await phone.inbox().notify("of tomorrow")
        await phone.inbox().mark(item, read=True)
        await phone.inbox().mark(item, pinned=True)
    async with device(hub, tmp_path / "s.db") as phone:
        assert await phone.flush(PATIENCE)
        await phone.inbox().open()
        found = item_of(phone.inbox(), item)
        assert (found.read, found.pinned) == (True, True)


async def test_a_clock_that_jumps_ahead_while_connected_is_set_again(
    hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    offset = 0
    monkeypatch.setattr(core, "wall_clock", lambda: time.time_ns() // 1_000_000 + offset)
    async with device(hub) as phone, device(hub) as laptop:
        await phone.inbox().open()
        await laptop.inbox().open()
        offset = 3_600_000
        item = await phone.inbox().notify("of tomorrow")
        assert await phone.flush(PATIENCE)
        assert item_of(phone.inbox(), item).order is not None
        await shown(laptop.inbox(), item)


async def test_a_refused_statement_is_undone_and_told_and_the_others_are_taken(hub: RunningHub) -> None:
    async with tongbu.connect(hub.url, token=hub.token("ann")) as phone:
        await phone.inbox().open()
        refusals = phone.refusals()
        task = await phone.inbox().start("allowed")
        item = await phone.inbox().notify("needs the scope publish")
        await phone.inbox().mark(item, read=True)
        refused = await asyncio.wait_for(anext(refusals), PATIENCE)
        assert (refused.item, refused.field, refused.code) == (item, "item", "forbidden")
        assert await phone.flush(PATIENCE)
        assert [each.id for each in phone.inbox().items()] == [task.id]
        assert item_of(phone.inbox(), task.id).order is not None


async def test_a_replaced_history_replaces_all_but_the_outbox(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with running_hub(tmp_path / "old") as old:
        token = old.token("ann", "user", "publish")
        secret = tmp_path / "old" / "secret"
        async with tongbu.connect(old.url, token=token, store=store) as phone:
            await phone.inbox().notify("known to the old hub", id="old")
            assert await phone.flush(PATIENCE)
    async with tongbu.connect(NOWHERE, token=token, store=store) as phone:
        await phone.inbox().open()
        await phone.inbox().notify("unsent", id="new")
    (tmp_path / "new").mkdir(mode=0o700)
    for file in secret.parent.iterdir():
        if "secret" in file.name:
            (tmp_path / "new" / file.name).write_bytes(file.read_bytes())
            (tmp_path / "new" / file.name).chmod(0o600)
    async with (
        running_hub(tmp_path / "new") as new,
        tongbu.connect(new.url, token=token, store=store) as phone,
    ):
        await phone.inbox().open()
        assert await phone.flush(PATIENCE)
        assert [each.id for each in phone.inbox().items()] == ["new"]
    async with tongbu.connect(NOWHERE, token=token, store=store) as phone:
        await phone.inbox().open()
        assert [each.id for each in phone.inbox().items()] == ["new"]


async def test_mark_all_read_cannot_swallow_what_had_not_arrived(hub: RunningHub, tmp_path: Path) -> None:
    async with severable(hub) as way, device(hub, tmp_path / "s.db", way.url) as phone, device(hub) as laptop:
        await phone.inbox().open()
        await phone.inbox().notify("one", id="n1")
        assert await phone.flush(PATIENCE)
        way.close()
        await away(phone)
        await laptop.inbox().notify("two", id="n2")
        assert await laptop.flush(PATIENCE)
        await phone.inbox().read_all()
        assert phone.inbox().counts().unread == 0
        way.open = True
        await shown(phone.inbox(), "n2", read=False)
        assert item_of(phone.inbox(), "n1").read


async def test_mark_all_read_covers_what_the_hub_has_not_saved(hub: RunningHub) -> None:
    async with device(hub, url=NOWHERE) as phone:
        await phone.inbox().open()
        await phone.inbox().notify("own")
        await phone.inbox().read_all()
        assert phone.inbox().counts().unread == 0


async def test_parts_of_a_large_ledger_are_taken_whole(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "data", limits__message=8192, connection__waiting_bytes=65_536) as hub,
        device(hub) as phone,
    ):
        for number in range(60):
            await phone.inbox().notify("x" * 400, id=f"n{number}")
        assert await phone.flush(PATIENCE)
        async with device(hub, tmp_path / "s.db") as laptop:
            await laptop.inbox().open()
            assert len(laptop.inbox().items()) == 60
        async with device(hub, tmp_path / "s.db", NOWHERE) as laptop:
            await laptop.inbox().open()
            assert len(laptop.inbox().items()) == 60


async def test_a_statement_larger_than_a_message_is_told_and_the_connection_lives(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data", limits__message=8192) as hub, device(hub) as phone:
        await phone.inbox().open()
        refusals = phone.refusals()
        await phone.inbox().notify("large", id="large", body="x" * 9000)
        await phone.inbox().notify("small", id="small")
        assert (await asyncio.wait_for(anext(refusals), PATIENCE)).code == "too_big"
        assert await phone.flush(PATIENCE)
        assert [each.id for each in phone.inbox().items()] == ["small"]


async def test_bad_input_is_refused_at_once_and_changes_nothing(hub: RunningHub) -> None:
    async with device(hub) as phone:
        inbox = phone.inbox()
        await inbox.open()
        await inbox.notify("n", id="n1")
        with pytest.raises(tongbu.errors.BadValue):
            await inbox.notify("")
        with pytest.raises(tongbu.errors.BadId):
            await inbox.notify("title", id="no id")
        with pytest.raises(tongbu.errors.BadField):
            await inbox.mark("n1", nonsense=True)
        with pytest.raises(tongbu.errors.BadField):
            await inbox.mark("n1", title="a task's edit")
        with pytest.raises(tongbu.errors.BadValue):
            await inbox.mark("n1", read=True, snoozed="tomorrow")
        with pytest.raises(tongbu.errors.Exists):
            await inbox.notify("another", id="n1")
        assert not item_of(inbox, "n1").read
        assert [each.id for each in inbox.items()] == ["n1"]


async def test_a_ledger_is_looked_at_once_it_is_open_and_used_while_the_hub_is_entered(
    hub: RunningHub,
) -> None:
    async with device(hub) as phone:
        for look in (phone.inbox().items, phone.inbox().counts, phone.inbox().changes):
            with pytest.raises(tongbu.errors.NotOpen):
                look()
        inbox = phone.inbox()
    with pytest.raises(tongbu.errors.Closed):
        await inbox.notify("too late")


async def test_a_space_is_shared_and_what_is_personal_about_it_is_ones_own(hub: RunningHub) -> None:
    root = hub.token("root", "admin")
    for user in ("ann", "bob"):
        await hub.http("PUT", f"/v1/spaces/team/members/{user}", {"access": "write"}, root)
    async with device(hub) as ann, device(hub, user="bob") as bob:
        ours, theirs = ann.space("team"), bob.space("team")
        await ours.open()
        await theirs.open()
        item = await ours.notify("for all")
        task = await ours.start("shared work")
        await shown(theirs, item)
        await theirs.mark(item, read=True)
        await theirs.mark(task.id, title="renamed")
        await shown(ours, task.id, title="renamed")
        assert item_of(theirs, item).read
        assert not item_of(ours, item).read
        await ours.read_all()
        assert item_of(ours, item).read
        assert ours.counts() == tongbu.Counts(0, 0, 1)
        assert await ann.flush(PATIENCE)
        async with device(hub) as phone:
            await phone.space("team").open()
            await shown(phone.space("team"), item, read=True)


async def test_what_one_may_not_open_is_refused_by_name(hub: RunningHub) -> None:
    async with device(hub) as ann:
        with pytest.raises(tongbu.errors.UnknownTopic):
            await ann.space("nowhere").open()
        with pytest.raises(tongbu.errors.UnknownTopic):
            await ann.space("nowhere").notify("n")
        assert await ann.flush(PATIENCE)


async def test_presence_is_seen_by_others_and_said_again_after_a_cut(hub: RunningHub) -> None:
    async with severable(hub) as way, device(hub, url=way.url) as phone, device(hub) as laptop:
        await phone.inbox().open()
        await laptop.inbox().open()
        changes = laptop.inbox().presence.changes()
        await phone.inbox().presence.show({"at": 1})
        async with asyncio.timeout(PATIENCE):
            (there,) = (await anext(changes)).values()
            assert (there.user, there.device, there.state) == ("ann", phone.device, {"at": 1})
            way.cut()
            assert not await anext(changes)
            assert [each.state for each in (await anext(changes)).values()] == [{"at": 1}]
            await phone.inbox().presence.show(None)
            assert not await anext(changes)
        with pytest.raises(tongbu.errors.TooBig):
            await phone.inbox().presence.show("x" * 5000)


async def test_a_snooze_that_ends_is_a_change(hub: RunningHub) -> None:
    async with device(hub) as phone:
        inbox = phone.inbox()
        await inbox.open()
        item = await inbox.notify("later")
        assert await phone.flush(PATIENCE)
        await inbox.mark(item, snoozed=int(time.time() * 1000) + 150)
        assert inbox.counts().unread == 0
        await shown(inbox, item, snoozed=None)
        assert inbox.counts().unread == 1
