"""Who starts, ends, cancels, reopens and reads until the hub is gone, and who follows its events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, ClassVar

import aiohttp

from hub.model import Json
from hub.state.attempts import TERMINAL
from tests.e2e.delivery_plan import SPACE, TEAM, Job, Jobs
from tests.e2e.scene import GONE, Scene
from tests.e2e.writers import Device

ENDS = sorted(TERMINAL)


class Worker(Device):
    """A device that does jobs, its own and the others'."""

    DEEDS: ClassVar = {"start": 6, "end": 8, "both": 2, "progress": 3, "reopen": 3, "mark": 4}

    def __init__(self, scene: Scene, jobs: Jobs, user: str, name: str) -> None:
        super().__init__(scene, user, name, [f"inbox/{user}", SPACE])
        self.jobs = jobs

    def _messages(self, topic: str) -> list[bytes]:
        for _ in range(self.scene.chance.choice((1, 1, 2, 6))):
            self._do_something(topic)
        return [message for each in self.topics for message in self.state.push(each)]

    def _do_something(self, topic: str) -> None:
        (deed,) = self.scene.chance.choices(list(self.DEEDS), list(self.DEEDS.values()))
        job = self.jobs.recent(topic)
        if deed in ("start", "both") or job is None:
            job = self._start(topic)
            deed = "end" if deed == "both" else ""
        match deed:
            case "end":
                self._end(job)
            case "progress":
                self._progress(job)
            case "reopen":
                self._reopen(job)
            case "mark":
                self._mark(job)

    def _start(self, topic: str) -> Job:
        job = self.jobs.make(topic, "task")
        self.state.act(topic, job.item, "item", job.record)
        self.state.act(topic, job.item, "status", [1, "running"])
        return job

    def _end(self, job: Job) -> None:
        attempt = self._attempt_of(job)
        if self.jobs.may_end(job, attempt):
            self.state.act(job.topic, job.item, "status", [attempt, self.scene.chance.choice(ENDS)])

    def _progress(self, job: Job) -> None:
        progress: list[Json] = [self._attempt_of(job), self.scene.chance.random()]
        if not job.long:
            progress.append(f"说明 {job.item} {self.scene.chance.randrange(1000)}")
        self.state.act(job.topic, job.item, "progress", progress)

    def _reopen(self, job: Job) -> None:
        final = self.state.value(job.topic, job.item, "final")
        if job.long or not isinstance(final, dict):
            return
        attempt = final["attempt"]
        assert isinstance(attempt, int)
        again: list[list[Json]] = [[attempt, "queued"], [attempt + 1, "running"]]
        self.state.act(job.topic, job.item, "status", self.scene.chance.choice(again))

    def _mark(self, job: Job) -> None:
        field = self.scene.chance.choice(("read", "read", "seen", "archived"))
        name = f"{SPACE}/{job.item}" if job.topic == SPACE else job.item
        self.state.act(f"inbox/{self.user}", name, field, True)

    def _attempt_of(self, job: Job) -> int:
        """The one it is at, as far as this device was told."""
        status = self.state.value(job.topic, job.item, "status")
        attempt = status[0] if isinstance(status, list) else 1
        assert isinstance(attempt, int)
        return attempt


class Publisher:
    """A program that raises notifications and does jobs over HTTP, in inboxes and in the space."""

    def __init__(self, scene: Scene, jobs: Jobs, name: str) -> None:
        self.scene = scene
        self.jobs = jobs
        self.name = name
        self._own: list[Job] = []
        self._attempts: dict[str, int] = {}

    async def live(self) -> None:
        """Requests one after the other."""
        headers = {"Authorization": f"Bearer {self.scene.hub.token(self.name, 'publish')}"}
        with contextlib.suppress(*GONE):
            async with aiohttp.ClientSession(self.scene.hub.url, headers=headers) as session:
                while True:
                    await self._request(session)
                    await self.scene.rest()

    async def _request(self, session: aiohttp.ClientSession) -> None:
        if len(self._own) < 5 or self.scene.chance.random() < 0.4:
            await self._create(session)
        else:
            await self._change(session, self.scene.chance.choice(self._own[-15:]))

    async def _create(self, session: aiohttp.ClientSession) -> None:
        chance = self.scene.chance
        topic = chance.choice((*(f"inbox/{user}" for user in TEAM[:2]), SPACE))
        job = self.jobs.make(topic, chance.choice(("notification", "task")))
        await self._answered(job, session.post(_path(topic), json={"id": job.item, **job.record}), 200, 201)
        if job.kind == "task":
            self._own.append(job)

    async def _change(self, session: aiohttp.ClientSession, job: Job) -> None:
        chance, attempt = self.scene.chance, self._attempts[job.item]
        change: dict[str, object] = {"attempt": attempt, "progress": chance.random()}
        match chance.randrange(4):
            case 0 | 1 if self.jobs.may_end(job, attempt):
                change |= {"status": chance.choice(ENDS)}
            case 2 if not job.long:
                change = {"status": "queued", "attempt": attempt}
        await self._answered(job, session.patch(f"{_path(job.topic)}/{job.item}", json=change), 200)

    async def _answered(self, job: Job, request: Any, *expected: int) -> None:
        async with request as response:
            answer = await response.json(content_type=None)
            assert response.status in expected, f"{response.status}: {answer}"
            self.scene.promises.shown_item(job.topic, answer)
            self._attempts[job.item] = answer.get("attempt") or 1
            self.scene.acknowledge()


class EventFollower:
    """An operator's program that follows the events, and goes on after the last one it was told."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.told: list[dict[str, Any]] = []

    async def live(self) -> None:
        """Until the hub is gone."""
        with contextlib.suppress(*GONE):
            async for _ in self._events():
                pass

    async def until_told(self, last: str) -> None:
        """Until it was told of that event."""
        async with asyncio.timeout(20):
            if not self.told or self.told[-1]["id"] != last:
                async for event in self._events():
                    if event["id"] == last:
                        return

    async def _events(self) -> AsyncIterator[dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {self.scene.hub.token('root', 'admin')}",
            "Accept": "text/event-stream",
            **({"Last-Event-ID": self.told[-1]["id"]} if self.told else {}),
        }
        async with (
            aiohttp.ClientSession(self.scene.hub.url, headers=headers, read_bufsize=2**20) as session,
            session.get("/v1/events") as response,
        ):
            assert response.status == 200
            async for line in response.content:
                name, _, value = line.decode().strip().partition(": ")
                assert (name, value) != ("event", "reset"), "an event was forgotten"
                if name == "data":
                    self.told.append(json.loads(value))
                    yield self.told[-1]


class Works:
    """All of them together."""

    def __init__(self, scene: Scene, jobs: Jobs) -> None:
        self.scene = scene
        self.jobs = jobs
        self.workers = [
            Worker(scene, jobs, "ann", "phone"),
            Worker(scene, jobs, "ann", "laptop"),
            Worker(scene, jobs, "bob", "tablet"),
            Worker(scene, jobs, "eve", "watch"),
        ]
        self.publishers = [Publisher(scene, jobs, "agent"), Publisher(scene, jobs, "cron")]
        self.follower = EventFollower(scene)

    async def prepare(self) -> None:
        """Who belongs to the space."""
        admin = self.scene.hub.token("root", "admin")
        for user in TEAM:
            path = f"/v1/spaces/team/members/{user}"
            assert (await self.scene.hub.http("PUT", path, {"access": "write"}, admin))[0] == 200

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everybody lives; at the end, once the hub is gone, everybody has noticed."""
        others: Iterable[Worker | Publisher | EventFollower]
        others = (*self.workers, *self.publishers, self.follower)
        lives: list[Coroutine[Any, Any, None]] = [each.live() for each in others]
        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            for life in lives:
                group.create_task(life)
            yield


def _path(topic: str) -> str:
    kind, _, name = topic.partition("/")
    return f"/v1/{'users' if kind == 'inbox' else 'spaces'}/{name}/items"
