"""Whatever devices do, online or not: in the end all of them and the hub show the same."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from pycrdt import Text

import tongbu
from tests.kit.hubs import RunningHub
from tests.kit.programs import NOWHERE, PATIENCE, device, reads, shown
from tests.kit.severable import severable

ROUNDS = 3
ACTIONS = 25


async def act(random: Random, inbox: tongbu.Inbox, name: str) -> None:
    """One random action on one random item."""
    items = [item for item in inbox.items() if not item.deleted]
    if len(items) < 3 or random.random() < 0.15:
        await (inbox.notify("made") if random.random() < 0.5 else inbox.start("made"))
        return
    item = random.choice(items)
    flag = random.choice([True, False])
    choice = random.randrange(7 if item.kind == "task" else 4)
    if choice == 0:
        await inbox.mark(item.id, read=flag)
    elif choice == 1:
        await inbox.mark(item.id, archived=flag, pinned=not flag)
    elif choice == 2:
        await inbox.read_all()
    elif choice == 3:
        await inbox.mark(item.id, deleted=random.random() < 0.1, seen=flag)
    elif choice == 4:
        await inbox.mark(item.id, title=f"{name} {random.random()}", priority=random.randrange(10))
    else:
        task = await inbox.start("made", id=item.id)
        await task.progress(random.random(), name)
        if choice == 6:
            await random.choice([task.finish, task.fail, task.cancel, task.pause])()


async def picture(hub: RunningHub, store: Path) -> dict[str, Any]:
    """Everything a device shows once it has nothing more to say."""
    async with device(hub, store) as phone:
        assert await phone.flush(PATIENCE)
        await phone.inbox().open()
        counts = phone.inbox().counts()
        return {"counts": counts} | {item.id: item for item in phone.inbox().items()}


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_stores_and_the_hub_agree_after_random_edits(
    hub: RunningHub, tmp_path: Path, seed: int
) -> None:
    random = Random(seed)
    stores = {"one": tmp_path / "one.db", "other": tmp_path / "other.db"}
    for _ in range(ROUNDS):
        for name, store in stores.items():
            url = random.choice([NOWHERE, None])
            async with device(hub, store, url) as phone:
                await phone.inbox().open()
                for _ in range(ACTIONS):
                    await act(random, phone.inbox(), name)
    for store in stores.values():
        await picture(hub, store)
    one, other, new = [await picture(hub, store) for store in (*stores.values(), tmp_path / "new.db")]
    assert one == other == new
    _, answer = await hub.http("GET", "/v1/users/ann/counts", None, hub.token("ann"))
    assert tongbu.Counts(**answer) == one["counts"]
    _, page = await hub.http("GET", "/v1/users/ann/items?limit=1000", None, hub.token("ann"))
    listed = {item["id"]: tongbu.Item.of(item) for item in page["items"]}
    assert listed.items() <= one.items()


async def test_two_devices_at_once_agree(hub: RunningHub, tmp_path: Path) -> None:
    random = Random(9)
    async with device(hub, tmp_path / "one.db") as one, device(hub, tmp_path / "other.db") as other:
        for each in (one, other):
            await each.inbox().open()
        for _ in range(100):
            name, phone = random.choice([("one", one), ("other", other)])
            await act(random, phone.inbox(), name)
        assert await one.flush(PATIENCE)
        assert await other.flush(PATIENCE)
        last = await one.inbox().notify("the last word")
        assert await one.flush(PATIENCE)
        await shown(other.inbox(), last)
        assert one.inbox().items() == other.inbox().items()
        assert one.inbox().counts() == other.inbox().counts()


async def test_devices_whose_connections_are_cut_all_the_time_agree(hub: RunningHub, tmp_path: Path) -> None:
    random = Random(4)
    async with (
        severable(hub) as way,
        device(hub, tmp_path / "one.db", way.url) as one,
        device(hub, tmp_path / "other.db", way.url) as other,
    ):
        phones = {"one": one, "other": other}
        documents = [await phone.document("d") for phone in phones.values()]
        for phone in phones.values():
            await phone.inbox().open()
        for number in range(150):
            name = random.choice(list(phones))
            await act(random, phones[name].inbox(), name)
            document = random.choice(documents)
            text = document.doc.get("text", type=Text)
            text.insert(random.randrange(len(str(text)) + 1), str(number % 10))
            if number % 15 == 0:
                way.cut()
        for phone in phones.values():
            assert await phone.flush(PATIENCE)
        last = await one.inbox().notify("the last word")
        assert await one.flush(PATIENCE)
        await shown(other.inbox(), last)
        assert one.inbox().items() == other.inbox().items()
        await documents[0].saved(PATIENCE)
        async with device(hub) as new:
            await new.inbox().open()
            assert new.inbox().items() == one.inbox().items()
            whole = str((await new.document("d")).doc.get("text", type=Text))
            assert len(whole) == 150
            for document in documents:
                await reads(document, whole)
