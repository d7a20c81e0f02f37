"""Documents of the Python client: pycrdt Docs that stay the same everywhere, offline edits included."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pycrdt import Text

import tongbu
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.programs import NOWHERE, PATIENCE, away, device, reads, text
from tests.kit.severable import severable


async def test_an_edit_is_seen_by_others(hub: RunningHub) -> None:
    async with device(hub) as phone, device(hub) as laptop:
        one, other = await phone.document("notes/today"), await laptop.document("notes/today")
        text(one).insert(0, "Hello")
        await one.saved(PATIENCE)
        await reads(other, "Hello")
        text(other).insert(5, ", 世界")
        await reads(one, "Hello, 世界")
        assert one.name == "notes/today"
        await other.saved(PATIENCE)
        assert (one.synced, other.synced) == (True, True)


async def test_offline_edits_of_both_sides_merge(hub: RunningHub, tmp_path: Path) -> None:
    async with severable(hub) as way, device(hub, tmp_path / "s.db", way.url) as phone, device(hub) as laptop:
        one, other = await phone.document("d"), await laptop.document("d")
        text(one).insert(0, "b")
        await one.saved(PATIENCE)
        await reads(other, "b")
        way.close()
        await away(phone)
        for letter in "cdefg":
            text(one).insert(len(str(text(one))), letter)
        assert not one.synced
        with pytest.raises(tongbu.errors.NotConnected):
            await one.saved(0.01)
        text(other).insert(0, "a")
        await other.saved(PATIENCE)
        way.open = True
        await one.saved(PATIENCE)
        await reads(one, "abcdefg")
        await reads(other, "abcdefg")


async def test_edits_outlive_the_process_and_arrive_later(hub: RunningHub, tmp_path: Path) -> None:
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        document = await phone.document("d")
        text(document).insert(0, "kept")
        await document.kept()
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        document = await phone.document("d")
        assert str(text(document)) == "kept"
        text(document).insert(4, " twice")
    async with device(hub, tmp_path / "s.db") as phone, device(hub) as laptop:
        assert await phone.flush(PATIENCE)
        assert str(text(await laptop.document("d"))) == "kept twice"
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        assert str(text(await phone.document("d"))) == "kept twice"


async def test_a_long_edited_document_stays_small_in_the_store(hub: RunningHub, tmp_path: Path) -> None:
    async with device(hub, tmp_path / "s.db") as phone:
        document = await phone.document("d")
        for _ in range(600):
            text(document).insert(0, "x")
            await asyncio.sleep(0)
        await document.saved(PATIENCE)
        text(document).insert(0, "y")
        await document.saved(PATIENCE)
        assert len(await phone._core.store.read("updates", "doc/d")) < 500
    async with device(hub, tmp_path / "s.db", NOWHERE) as phone:
        assert str(text(await phone.document("d"))) == "y" + "x" * 600


async def test_an_edit_without_the_right_is_undone_and_told(hub: RunningHub) -> None:
    root = hub.token("root", "admin")
    async with device(hub) as ann, device(hub, user="bob") as bob:
        mine = await ann.document("d")
        text(mine).insert(0, "Ann's")
        await mine.saved(PATIENCE)
        with pytest.raises(tongbu.errors.Forbidden):
            await bob.document("d")
        await hub.http("PUT", "/v1/docs/d/members/bob", {"access": "read"}, root)
        theirs = await bob.document("d")
        refusals, changes = bob.refusals(), theirs.changes()
        text(theirs).insert(0, "Bob's, not ")
        refused = await asyncio.wait_for(anext(refusals), PATIENCE)
        assert (refused.topic, refused.field, refused.code) == ("doc/d", "update", "forbidden")
        assert await asyncio.wait_for(anext(changes), PATIENCE) == "reset"
        await reads(theirs, "Ann's")
        text(mine).insert(0, "Still ")
        await reads(theirs, "Still Ann's")


async def test_a_replaced_history_makes_another_doc_with_the_unsent_edits(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with running_hub(tmp_path / "old") as old:
        token = old.token("ann", "user")
        async with tongbu.connect(old.url, token=token, store=store) as phone:
            document = await phone.document("d")
            text(document).insert(0, "lost")
            await document.saved(PATIENCE)
    async with tongbu.connect(NOWHERE, token=token, store=store) as phone:
        document = await phone.document("d")
        document.doc.get("other", type=Text).insert(0, "unsent")
        await document.kept()
    (tmp_path / "new").mkdir(mode=0o700)
    for file in (tmp_path / "old").glob("*secret*"):
        (tmp_path / "new" / file.name).write_bytes(file.read_bytes())
        (tmp_path / "new" / file.name).chmod(0o600)
    async with (
        running_hub(tmp_path / "new") as new,
        tongbu.connect(new.url, token=token, store=store) as phone,
    ):
        document = await phone.document("d")
        assert await phone.flush(PATIENCE)
        assert document.synced
        assert str(document.doc.get("other", type=Text)) == "unsent"


async def test_an_edit_larger_than_a_message_is_undone_and_told(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data", limits__message=8192) as hub, device(hub) as phone:
        document, refusals = await phone.document("d"), phone.refusals()
        text(document).insert(0, "x" * 9000)
        assert (await asyncio.wait_for(anext(refusals), PATIENCE)).code == "too_big"
        text(document).insert(0, "small")
        await document.saved(PATIENCE)
        assert str(text(document)) == "small"
        assert phone.online


async def test_a_closed_document_is_followed_no_longer_and_its_edits_arrive(hub: RunningHub) -> None:
    async with device(hub) as phone, device(hub) as laptop:
        one, other = await phone.document("d"), await laptop.document("d")
        text(one).insert(0, "last words")
        one.close()
        kept = await phone.document("d")
        assert kept is not one
        kept.close()
        await reads(other, "last words")
        assert await phone.flush(PATIENCE)
        again = await phone.document("d")
        assert again is not one
        await reads(again, "last words")


async def test_more_documents_than_a_connection_may_open_are_told(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data", limits__topics=2) as hub, device(hub) as phone:
        first = await phone.document("one")
        await phone.document("two")
        with pytest.raises(tongbu.errors.Limit):
            await phone.document("three")
        first.close()
        await phone.document("three")


async def test_an_old_doc_is_not_listened_to(hub: RunningHub) -> None:
    async with device(hub) as phone:
        document = await phone.document("d")
        old = document.doc
        document._topic._replace([], keep_edits=True)
        old.get("text", type=Text).insert(0, "nobody hears")
        assert document.synced


async def test_documents_tell_who_is_there(hub: RunningHub) -> None:
    async with device(hub) as phone, device(hub) as laptop:
        one, other = await phone.document("d"), await laptop.document("d")
        changes = other.presence.changes()
        await one.presence.show({"cursor": 3})
        (there,) = (await asyncio.wait_for(anext(changes), PATIENCE)).values()
        assert there.state == {"cursor": 3}
