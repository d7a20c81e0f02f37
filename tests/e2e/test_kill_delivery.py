"""kill -9 at any moment, also of a call to WeChat: each end is one event, each event one message.

Six kills by default; ``HUB_KILLS=200`` for the long form, ``HUB_SEED`` to repeat a run's choices.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.storage.sqlite import SqliteStorage
from tests.e2e.conftest import MakeHub
from tests.e2e.delivery_outside import CALL_TIMEOUT, Outside
from tests.e2e.delivery_plan import KEY, Jobs, configuration
from tests.e2e.delivery_promises import DeliveryPromises, all_settled
from tests.e2e.delivery_stored import DeliveryStored
from tests.e2e.delivery_writers import Works
from tests.e2e.processes import HubProcess
from tests.e2e.promises import Promises
from tests.e2e.scene import Scene

KILLS = int(os.environ.get("HUB_KILLS", "6"))
SEED = int(os.environ.get("HUB_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
MOOD = 0.3
"""The chance that a call goes wrong."""
QUIET_SECONDS = 1.5
"""Without a call for so long, what waits waits for a bucket to fill: timers may be a second late."""
LOOKED_UP = 40
"""Events whose items are asked for in the end."""
ROUNDS = 15
"""Starts until everything must have been sent."""

EXPECTED = {"channel.paused", "delivery.dead", "delivery.partial"}
"""Errors that an operator is told of when the world outside is moody."""

SETTINGS = {
    "storage.fold_statements": 200,
    "storage.fold_interval": 0.3,
    "limits.retention": 1.5,
    "connection.buffer": 256 * 1024 * 1024,
    "delivery.call_timeout": CALL_TIMEOUT,
    "delivery.backoff": 0.05,
    "delivery.backoff_limit": 0.4,
    "delivery.paused_probe": 0.3,
}


@dataclass
class Story:
    """A hub, those who work with it, the world outside, and what is promised."""

    hub: HubProcess
    scene: Scene
    works: Works
    outside: Outside
    promises: DeliveryPromises
    scratch: Path

    @property
    def chance(self) -> random.Random:
        return self.scene.chance

    async def start(self) -> None:
        """The next life begins; the world outside goes on meanwhile."""
        self.hub.tweaks = {"sweep_seconds": 0.2, "write_seconds": self.chance.choice((0.0, 0.01))}
        await asyncio.to_thread(self.hub.start)

    async def judge(self) -> DeliveryStored:
        """What the life that has just ended left behind."""
        await self.outside.quiet()
        stored = DeliveryStored(self.hub.data, self.scratch)
        self.scene.promises.kept_on_disk(stored)
        self.promises.kept(stored)
        self.outside.life += 1
        self.works.jobs.new_life()
        return stored

    async def kill_under_load(self) -> None:
        """At a random time, upon an acknowledgement, or during a call."""
        self.scene.pace = self.chance.choice((0.01, 0.03, 0.05))
        async with self.works.running():
            match self.chance.randrange(4):
                case 0:
                    await asyncio.sleep(self.chance.uniform(0.05, 2.0))
                case 1:
                    await self.scene.more(self.chance.randrange(1, 200))
                case _:
                    await self.outside.more_calls(self.chance.randrange(1, 40), within=2.0)
                    await asyncio.sleep(self.chance.choice((0.0, 0.0, 0.002, 0.01, 0.03)))
            self.hub.kill()

    async def kill_while_it_starts(self) -> None:
        """Sometimes: while it takes over what the life before it left, or before."""
        if self.chance.random() < 0.25:
            self.hub.spawn()
            await self.outside.more_calls(self.chance.randrange(1, 5), self.chance.uniform(0.3, 1.5))
            self.hub.kill()
            await self.judge()

    async def settle(self) -> DeliveryStored:
        """No more kills: until all is sent, with a new start whenever buckets are empty. After the first of
        them nothing goes wrong any more."""
        await self.start()
        for worker in self.works.workers * 2:
            await worker.settle()
        for _ in range(ROUNDS):
            while await self.on_their_way() and await self.outside.more_calls(1, within=QUIET_SECONDS):
                pass
            if not await self.on_their_way():
                break
            assert await self.hub.stop() == 0
            await self.judge()
            self.outside.calm_down()
            await self.start()
        events = await self.pages("/v1/events?limit=1000")
        await self.works.follower.until_told(events[-1]["id"])
        assert self.works.follower.told == events, "a follower misses and doubles nothing"
        shown = await self.receipts_shown([event for event in events if event["user"]])
        assert await self.hub.stop() == 0
        stored = await self.judge()
        all_settled(stored)
        on_disk = {place[:3]: place[3] for place in stored.receipts()}
        assert shown.items() <= on_disk.items(), "an item is shown with other receipts"
        return stored

    async def receipts_shown(self, events: list[dict[str, Any]]) -> dict[tuple[str, str, str], Any]:
        """What the owners of some of the events' items are told was sent: by topic, item and channel."""
        found: dict[tuple[str, str, str], Any] = {}
        for event in self.chance.sample(events, min(LOOKED_UP, len(events))):
            path = f"/v1/users/me/items/{event['item']}"
            status, item = await self.hub.http("GET", path, token=self.hub.token(event["user"]))
            assert status == 200, item
            found |= {(event["topic"], event["item"], name): each for name, each in item["sent"].items()}
        return found

    async def on_their_way(self) -> int:
        """How many deliveries have not ended."""
        found = [
            await self.ask(f"/v1/deliveries?limit=1000&state={state}") for state in ("pending", "leased")
        ]
        return sum(len(page["items"]) for page in found)

    async def ask(self, path: str) -> Any:
        """What an operator is told."""
        status, answer = await self.hub.http("GET", path, token=self.hub.token("root", "admin"))
        assert status == 200, answer
        return answer

    async def pages(self, path: str) -> list[dict[str, Any]]:
        """A whole list."""
        found: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.ask(path + (f"&cursor={cursor}" if cursor else ""))
            found += page["items"]
            cursor = page["next"]
        return found

    async def see_what_operators_are_told(self, stored: DeliveryStored) -> None:
        """The lists go on from what lay on disk: every event in order, every delivery, each end."""
        events = await self.pages("/v1/events?limit=500")
        assert [event["id"] for event in events][: len(stored.facts)] == list(stored.facts)
        deliveries = {each["id"]: each for each in await self.pages("/v1/deliveries?limit=500")}
        assert stored.rows.keys() <= deliveries.keys()
        for row in stored.rows.values():
            told = deliveries[row.id]
            assert (told["event"], told["channel"], told["user"]) == (row.fact.id, row.channel, row.user)
            if row.has_ended:
                assert (told["state"], told["error"], told["ended_at"]) == (
                    row.state,
                    row.error,
                    row.ended_at,
                )


@asynccontextmanager
async def story(make_hub: MakeHub, scratch: Path) -> AsyncIterator[Story]:
    chance = random.Random(SEED)
    hub = make_hub(settings=SETTINGS, options=["--log-level", "error"])
    outside, jobs = Outside(chance, MOOD), Jobs(chance)
    async with outside.listening():
        with hub.config.open("a") as file:
            file.write("\n\n" + configuration(outside.sandbox.url, outside.hook_url))
        scene = Scene(hub, Promises(), chance)
        told = Story(hub, scene, Works(scene, jobs), outside, DeliveryPromises(jobs, outside), scratch)
        await told.start()
        await told.works.prepare()
        yield told
        hub.close()


@pytest.mark.timeout(90 + 15 * KILLS)
async def test_a_kill_at_any_moment_loses_no_message_and_doubles_none_without_saying_so(
    make_hub: MakeHub, tmp_path: Path
) -> None:
    async with story(make_hub, tmp_path / "copy") as told:
        try:
            for _ in range(KILLS):
                await told.kill_under_load()
                stored = await told.judge()
                await told.kill_while_it_starts()
                await told.start()
                await told.see_what_operators_are_told(stored)
            told.hub.kill()
            await told.judge()
            stored = await told.settle()
        except BaseException as error:
            error.add_note(f"HUB_SEED={SEED}, life {told.outside.life}")
            raise
    await see_the_audit(tmp_path / "copy")
    see_the_log(told.hub)
    tell(told, stored)


async def see_the_audit(folder: Path) -> None:
    """The chain holds, as an auditor verifies it."""
    storage = SqliteStorage(folder)
    await storage.store.start()
    assert await storage.broken_audit() is None
    await storage.store.close()


def see_the_log(hub: HubProcess) -> None:
    """Channels may stand still and messages be refused; nothing failed, and no key is told."""
    log = hub.log.read_text()
    assert KEY not in log
    assert {json.loads(line)["event"] for line in log.splitlines()} <= EXPECTED, log


def tell(told: Story, stored: DeliveryStored) -> None:
    """What happened in the run: enough of everything, or it shows nothing."""
    states = Counter(row.state for row in stored.rows.values())
    doubts = sum(map(len, told.promises.doubted.values()))
    print(
        f"{KILLS} kills, seed {SEED}: {len(stored.facts)} events, {len(stored.rows)} deliveries"
        f" {dict(states)}, {doubts} in flight at a kill, {len(told.promises.repeated)} taken more than once,"
        f" {told.outside.calls} calls in {told.outside.life} lives"
    )
    assert states["sent"] > 10
    assert doubts, "some kill came during a call"
