"""kill -9 at any moment of anything: what was acknowledged or shown to anybody is there.

Eight kills by default; ``HUB_KILLS=200`` for the long form, ``HUB_SEED`` to repeat a run's choices.
"""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from hub.protocol.native_device import No, Ok
from hub.protocol.yjs import decode_state_vector
from tests.e2e.conftest import MakeHub
from tests.e2e.load import Load
from tests.e2e.processes import HubProcess
from tests.e2e.promises import Promises
from tests.e2e.scene import Scene
from tests.e2e.stored import Stored
from tests.e2e.writers import Notebook
from tests.kit.devices import NativeDevice
from tests.kit.replicas import shown

KILLS = int(os.environ.get("HUB_KILLS", "8"))
SEED = int(os.environ.get("HUB_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
READERS = {
    "ann": ("inbox/ann", "space/team", "doc/plan"),
    "bob": ("inbox/bob", "doc/team/notes"),
}
LOOKED_UP = 25
"""Items asked for by HTTP after each kill."""

SETTINGS = {
    "storage.fold_statements": 60,
    "storage.fold_bytes": 65536,
    "storage.fold_interval": 0.1,
    "storage.tail_bytes": 262144,
    "storage.register_cache": 65536,
    "storage.topic_cache": 4,
    "documents.memory": 65536,
    "limits.retention": 1.5,
    "connection.buffer": 256 * 1024 * 1024,
}
"""So small that passes, snapshots, history and reloading go on all the time. No reader counts as slow, so
that every relay follows the one before it."""


@pytest.mark.timeout(60 + 15 * KILLS)
async def test_a_kill_at_any_moment_takes_nothing_that_was_acknowledged_or_shown(
    make_hub: MakeHub, tmp_path: Path
) -> None:
    chance = random.Random(SEED)
    hub = make_hub(settings=SETTINGS, tweaks=tweaks(chance), options=["--log-level", "warning"])
    hub.start()
    scene = Scene(hub, Promises(), chance)
    load = Load(scene)
    await load.prepare()
    for number in range(1, KILLS + 1):
        try:
            await kill_under_load(scene, load)
            stored = Stored(hub.data, tmp_path / "copy")
            scene.promises.kept_on_disk(stored)
            kill_while_it_starts(hub, chance)
            hub.tweaks = tweaks(chance)
            hub.start()
            await see_that_all_is_kept(hub, scene.promises, stored, chance)
        except BaseException as error:
            error.add_note(f"HUB_SEED={SEED}, kill {number}, {scene.promises.number} promises")
            raise
    await see_that_all_agree(scene, load)
    await see_that_pens_are_kept(hub, load)
    assert not hub.log.read_text(), "a hub that is killed has nothing to complain of"
    assert not any(replica.jumps for device in load.devices for replica in device.state.topics.values())
    assert stored.folded, "passes went on meanwhile"
    assert stored.snapshots, "documents got snapshots meanwhile"
    assert stored.history, "items moved to the history meanwhile"
    print(f"{KILLS} kills, {scene.promises.number} promises kept")


async def test_a_hub_that_acknowledges_before_it_has_saved_is_found_out(
    make_hub: MakeHub, tmp_path: Path
) -> None:
    hub = make_hub(tweaks={"early_seconds": 0.05}, options=["--log-level", "error"])
    hub.start()
    scene = Scene(hub, Promises(), random.Random(SEED))
    load = Load(scene)
    await load.prepare()
    async with load.running():
        await scene.more(200)
        hub.kill()
    with pytest.raises(AssertionError, match=r"gone|fell back"):
        scene.promises.kept_on_disk(Stored(hub.data, tmp_path / "copy"))


def tweaks(chance: random.Random) -> dict[str, float]:
    """Retention all the time; commits often slow, so that most kills come between a join and its commit."""
    return {"sweep_seconds": 0.2, "commit_seconds": chance.choice((0.0, 0.02))}


async def kill_under_load(scene: Scene, load: Load) -> None:
    """After a random time, or right upon an acknowledgement."""
    scene.pace = scene.chance.choice((0.0, 0.02, 0.02))
    async with load.running():
        if scene.chance.random() < 0.7:
            await asyncio.sleep(scene.chance.uniform(0.05, 1.2))
        else:
            await scene.more(scene.chance.randrange(1, 300))
        scene.hub.kill()


def kill_while_it_starts(hub: HubProcess, chance: random.Random) -> None:
    """Sometimes: while it reads its journal, or before."""
    if chance.random() < 0.2:
        hub.spawn()
        with pytest.raises(Exception, match="timed out"):
            hub.running.wait(chance.uniform(0.2, 0.8))
        hub.kill()


async def see_that_all_is_kept(
    hub: HubProcess, promises: Promises, stored: Stored, chance: random.Random
) -> None:
    for user, topics in READERS.items():
        async with NativeDevice(hub.native_url, hub.token(user), "reader") as device:
            for topic in topics:
                moved = await see_topic(device, topic, promises)
                # Retention goes on: what is not on disk as history was closed by then, and is told by name.
                for name in moved - stored.history[topic]:
                    await see_item(hub, topic, name, promises)
        names = sorted(name for topic, name in promises.records if topic == f"inbox/{user}")
        for name in chance.sample(names, min(LOOKED_UP, len(names))):
            await see_item(hub, f"inbox/{user}", name, promises)
    await see_people(hub, promises)


async def see_that_all_agree(scene: Scene, load: Load) -> None:
    """Devices that were there all along show the same as a new one."""
    for device in [*load.devices, *load.devices]:
        await device.settle()
    async with NativeDevice(scene.hub.native_url, scene.hub.token("ann"), "reader") as reader:
        for topic in READERS["ann"]:
            now = await reader.open(topic)
            for device in load.devices:
                if topic.startswith("doc/") and topic in device.state.documents:
                    assert now.updates
                    agree_on_document(device.state.documents[topic], now.updates)
                elif topic in device.topics:
                    kept = shown(device.state.replica(topic).registers)
                    assert shown(now.registers).items() <= kept.items(), f"{device.state.name} on {topic}"


def agree_on_document(notebook: Notebook, updates: list[bytes]) -> None:
    fresh: Doc[Any] = Doc()
    for update in updates:
        fresh.apply_update(update)
    assert decode_state_vector(fresh.get_state()) == decode_state_vector(notebook.document.get_state())
    assert fresh.get("map", type=Map).to_py() == notebook.map.to_py()
    assert fresh.get("array", type=Array).to_py() == notebook.array.to_py()
    assert fresh.get("text", type=Text).to_py() == notebook.text.to_py()


async def see_that_pens_are_kept(hub: HubProcess, load: Load) -> None:
    """A Yjs client id still belongs to whom it belonged to before all the kills."""
    notebook = load.devices[0].state.documents["doc/plan"]
    notebook.map["whose"] = "ann's"
    update = notebook.document.get_update()
    async with NativeDevice(hub.native_url, hub.token("bob")) as device:
        await device.open("doc/plan")
        refused = await device.push_raw("doc/plan", update)
        assert isinstance(refused, No)
        assert refused.code == "forbidden"
    async with NativeDevice(hub.native_url, hub.token("ann")) as device:
        await device.open("doc/plan")
        assert isinstance(await device.push_raw("doc/plan", update), Ok)


async def see_topic(device: NativeDevice, topic: str, promises: Promises) -> set[str]:
    """Open it as a new device does; the items that are not there."""
    replica = await device.open(topic)
    promises.kept_seq(topic, replica.incarnation, replica.seq)
    if topic.startswith("doc/"):
        promises.kept_in_document(topic, replica.updates)
        return set()
    return promises.kept_in_ledger(topic, replica.registers)


async def see_item(hub: HubProcess, topic: str, name: str, promises: Promises) -> None:
    """By name it is found in history too."""
    kind, _, owner = topic.partition("/")
    path = f"/v1/{'users' if kind == 'inbox' else 'spaces'}/{owner}/items/{name}"
    user = owner if kind == "inbox" else "ann"
    status, item = await hub.http("GET", path, token=hub.token(user))
    if status == 200:
        promises.kept_item(topic, item)
    else:
        assert item["detail"] == "the item is deleted", f"{topic} {name}: {item}"


async def see_people(hub: HubProcess, promises: Promises) -> None:
    """Devices stay bound or revoked, members stay members or strangers."""
    admin = hub.token("root", "admin")
    for user, devices in promises.devices.items():
        found = {each["device"]: each["revoked_at"] for each in await devices_of(hub, user, admin)}
        assert devices <= found.keys()
        assert all(found[each] is not None for each in promises.revoked & devices)
    for (topic, user), access in promises.members.items():
        status, member = await hub.http("GET", f"/v1/docs/{topic[4:]}/members/{user}", token=admin)
        assert (status, member.get("access")) == ((404, None) if access is None else (200, access))


async def devices_of(hub: HubProcess, user: str, token: str) -> list[dict[str, Any]]:
    """All pages."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        after = f"&cursor={cursor}" if cursor else ""
        status, page = await hub.http("GET", f"/v1/users/{user}/devices?limit=1000{after}", token=token)
        assert status == 200
        found += page["items"]
        cursor = page["next"]
    return found
