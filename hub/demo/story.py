"""The story: one person, three devices, a task that reaches WeChat once, whatever happens meanwhile.

Each part does something over real sockets, looks at what all sides show, and tells whether it is as promised.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

import tongbu
from hub.demo.narrator import Narrator
from hub.demo.scene import CHANNEL, DELAY, Scene, until
from hub.demo.words import NAMES, WORDS, Language


@dataclass(frozen=True, slots=True)
class Cast:
    """The devices: all of one person, who has one inbox."""

    agent: tongbu.Hub
    laptop: tongbu.Hub
    phone: tongbu.Hub

    def item(self, device: tongbu.Hub, item: str) -> tongbu.Item | None:
        """An item as a device shows it."""
        return device.inbox().item(item)

    def state(self, device: tongbu.Hub) -> list[tuple[Any, ...]]:
        """Everything a device shows, to compare."""
        return sorted(
            (
                item.id,
                item.title,
                item.status,
                item.attempt,
                item.progress,
                item.read,
                sorted(item.sent or {}),
            )
            for item in device.inbox().items()
        )


async def play(console: Console, language: Language) -> bool:
    """Play all of it; True if everything was as promised.

    Raises:
        Failed: the hub did not start.
    """
    words = WORDS[language]
    narrator = Narrator(console, NAMES[language])
    with tempfile.TemporaryDirectory(prefix="tongbu-demo-") as folder:
        narrator.chapter(words["start"])
        async with Scene(Path(folder), language) as scene:
            await Story(scene, narrator, words).play()
    return narrator.summary(words["kept"], words["broken"])


class Story:
    """The parts, in order.

    Args:
        scene: what runs.
        narrator: tells, and notes what was kept.
        words: the sentences.
    """

    def __init__(self, scene: Scene, narrator: Narrator, words: Mapping[str, str]) -> None:
        self._scene = scene
        self._narrator = narrator
        self._words = words
        self._cast: Cast

    async def play(self) -> None:
        """Play every part."""
        scene = self._scene
        self._tell("hub", "hub_runs", url=scene.url)
        self._tell("wechat", "sandbox_runs", url=scene.sandbox.url)
        self._cast = Cast(
            await scene.device("agent", "user", "publish"),
            await scene.device("laptop", "user"),
            await scene.device("phone", "user", through_air=True),
        )
        self._tell("hub", "devices")
        await self._watched()
        await self._read_in_time()
        await self._offline()
        await self._killed()
        await self._stumbles()
        await self._end()

    # ------------------------------------------------------------------ parts

    async def _watched(self) -> None:
        title = self._chapter("watched", "nightly")
        task = await self._start("nightly", title)
        for progress, note in ((0.4, "compiling"), (0.8, "testing")):
            await task.progress(progress, self._words[note])
            await self._shown(self._cast.laptop, "nightly", progress=progress)
            self._tell("laptop", "sees", progress=round(100 * progress), note=self._words[note])
        await self._cast.laptop.inbox().mark("nightly", read=True)
        await self._cast.laptop.flush()
        self._tell("laptop", "reads_running")
        await self._finish(task, "all_passed")
        self._promise("watched_kept", await self._arrives(title))
        receipts = [
            await self._receipt(device, "nightly", "sent") for device in (self._cast.laptop, self._cast.phone)
        ]
        self._promise("receipt_kept", all(receipts))

    async def _read_in_time(self) -> None:
        title = self._chapter("silent", "backup")
        task = await self._start("backup", title)
        await self._finish(task, "backed_up")
        await self._shown(self._cast.phone, "backup", status="succeeded")
        await self._cast.phone.inbox().mark("backup", read=True)
        self._tell("phone", "reads_end", delay=DELAY)
        suppressed = await self._receipt(self._cast.laptop, "backup", "suppressed")
        self._promise("silent_kept", suppressed and self._scene.received(title) == 0)

    async def _offline(self) -> None:
        cast, words = self._cast, self._words
        self._chapter("offline", "disk")
        await cast.laptop.inbox().start(words["invoice"], id="invoice")
        await self._shown(cast.phone, "invoice", status="running")
        await self._scene.air.cut()
        self._tell("phone", "loses")
        await cast.agent.inbox().notify(words["disk"], id="disk", level="error")
        self._tell("agent", "raises", title=words["disk"])
        await self._shown(cast.laptop, "disk")
        await cast.laptop.inbox().mark("disk", read=True)
        self._tell("laptop", "laptop_reads")
        await cast.phone.inbox().start(words["todo"], id="landlord")
        same = await cast.phone.inbox().start(words["invoice"], id="invoice")
        await same.finish()
        self._tell("phone", "phone_does", title=words["todo"], other=words["invoice"])
        await self._scene.air.mend()
        self._tell("phone", "comes_back")
        self._promise("agree_kept", await until(lambda: self._agreed("disk", "invoice", "landlord")))
        self._promise("offline_end_kept", await self._arrives(words["invoice"]))

    async def _killed(self) -> None:
        title = self._chapter("killed", "deploy")
        task = await self._start("deploy", title)
        await self._shown(self._cast.laptop, "deploy", status="running")
        await self._scene.kill_hub()
        self._tell("hub", "kill")
        await task.progress(0.9)
        self._tell("agent", "works_on", progress=90)
        await self._finish(task, "deployed")
        await self._scene.start_hub()
        self._tell("hub", "restarted")
        if await self._cast.agent.flush(20):
            self._tell("agent", "catches_up")
        self._promise("killed_kept", await self._arrives(title))

    async def _stumbles(self) -> None:
        title = self._chapter("stumbles", "report")
        self._scene.sandbox.fault("502")
        self._tell("wechat", "fault")
        task = await self._start("report", title)
        await self._finish(task, "reported")
        arrived = await self._arrives(title)
        if arrived:
            self._tell("wechat", "retried")
        await self._receipt(self._cast.laptop, "report", "sent")
        calls = [delivery["attempts"] for delivery in await self._scene.deliveries("report")]
        self._promise("stumbles_kept", arrived and calls == [2])

    async def _end(self) -> None:
        self._narrator.chapter(self._words["end"])
        titles = [self._words[name] for name in ("nightly", "invoice", "deploy", "report")]
        counts = {title: self._scene.received(title) for title in titles}
        shown = ", ".join(f"{title} {count}" for title, count in counts.items())
        once = set(counts.values()) == {1} and len(self._scene.sandbox.messages) == len(titles)
        self._promise("once_kept", once, counts=shown)
        items = ("nightly", "backup", "disk", "invoice", "deploy", "report")
        states = [each["state"] for item in items for each in await self._scene.deliveries(item)]
        self._promise("none_dead_kept", sorted(states) == ["sent"] * 4 + ["suppressed"] * 2)
        cast = self._cast
        same = await until(
            lambda: cast.state(cast.agent) == cast.state(cast.laptop) == cast.state(cast.phone)
        )
        self._promise("same_kept", same)

    # ------------------------------------------------------------------ doing and seeing

    def _chapter(self, title: str, subject: str) -> str:
        self._narrator.chapter(self._words[title])
        return self._words[subject]

    def _tell(self, who: str, words: str, **values: object) -> None:
        self._narrator.tell(who, self._words[words].format(**values))

    def _promise(self, words: str, kept: bool, **values: object) -> None:
        self._narrator.promise(self._words[words].format(**values), kept)

    async def _start(self, item: str, title: str) -> tongbu.Task:
        task = await self._cast.agent.inbox().start(title, id=item, source="agent")
        self._tell("agent", "starts", title=title)
        return task

    async def _finish(self, task: tongbu.Task, note: str) -> None:
        await task.finish(self._words[note])
        self._tell("agent", "finishes", note=self._words[note])

    async def _arrives(self, title: str) -> bool:
        arrived = await until(lambda: self._scene.received(title) > 0)
        if arrived:
            self._tell("wechat", "message", title=title)
        return arrived

    async def _receipt(self, device: tongbu.Hub, item: str, state: str) -> bool:
        def shown() -> bool:
            found = self._cast.item(device, item)
            return found is not None and ((found.sent or {}).get(CHANNEL) or {}).get("state") == state

        return await until(shown)

    async def _shown(self, device: tongbu.Hub, item: str, **fields: object) -> bool:
        def shown() -> bool:
            found = self._cast.item(device, item)
            return found is not None and all(getattr(found, name) == value for name, value in fields.items())

        return await until(shown)

    def _agreed(self, *items: str) -> bool:
        laptop, phone = self._cast.laptop, self._cast.phone
        pairs = [(self._cast.item(laptop, item), self._cast.item(phone, item)) for item in items]
        return all(one is not None and one == other for one, other in pairs)
