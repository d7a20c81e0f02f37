"""Where tasks live, see ``tasks.Place``: a replicated ledger, or somebody else's inbox."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

from hub.model import ItemId, Json
from hub.state.attempts import TERMINAL
from hub.state.derive import NOTHING_READ, derive
from hub.state.fields import check_statement
from hub.state.values import MAX_NOTE, check_prose
from hub.state.weights import FINAL, ITEM, slot
from tongbu.core import Core, Stated
from tongbu.errors import Refusal
from tongbu.items import Item
from tongbu.ledger_topic import LedgerTopic
from tongbu.tasks import Standing

ASK_EVERY: Final = 3.0
"""Seconds between looks at a foreign task that is watched."""
MAX_KNOWN: Final = 1_000
"""Items of one foreign inbox of which the last answer is remembered."""


class LedgerPlace:
    """A replicated ledger: statements, and registers to look at."""

    def __init__(self, core: Core, topic: LedgerTopic) -> None:
        self._core = core
        self._topic = topic

    def standing(self, task: str) -> Standing | None:
        """From the registers, own unsent statements included."""
        registers = self._topic.registers(ItemId(task))
        derived = derive(registers, NOTHING_READ, 0)
        if derived is None or derived.status is None:
            return None
        status = registers.get(slot("status", ""))
        by_others = status is not None and status.actor != self._core.session.actor
        final: Any = registers[FINAL].value if FINAL in registers else {}
        return Standing(
            derived.attempt,
            derived.status,
            derived.progress,
            derived.note,
            by_others,
            final.get("attempt", 0),
            final.get("status"),
        )

    def is_refused(self, task: str) -> bool:
        """Its record waits or stands, or else was refused."""
        return ITEM not in self._topic.registers(ItemId(task))

    async def state_status(self, task: str, attempt: int, status: str, note: str | None) -> None:
        """The note goes with the progress, which is whole where the task succeeded; without another one
        the last note stays.
        """
        stated: list[Stated] = []
        standing = self.standing(task)
        mine = standing is not None and standing.attempt == attempt
        progress, last = (standing.progress, standing.note) if mine and standing is not None else (0, None)
        if note is not None or (status == "succeeded" and 0 < progress < 1):
            words = note if note is not None else last
            value: list[Json] = [attempt, 1 if status == "succeeded" else progress]
            stated.append((task, "progress", value if words is None else [*value, words]))
        stated.append((task, "status", [attempt, status]))
        await self._core.state(self._topic, stated)

    async def state_progress(self, task: str, attempt: int, progress: float, note: str | None) -> None:
        """One statement."""
        value: list[Json] = [attempt, progress]
        await self._core.state(self._topic, [(task, "progress", value if note is None else [*value, note])])

    async def watch(self, task: str, holds: Callable[[], bool]) -> None:
        """The hub relays whatever others state."""
        await self._core.until(holds)


class OthersPlace:
    """Somebody else's inbox: errands, whose answers carry the item; while a task is watched, it is asked for.

    Args:
        core: see ``Core``.
        topic: ``inbox/<user>``.
    """

    def __init__(self, core: Core, topic: str) -> None:
        self._core = core
        self._topic = topic
        self._known: dict[str, Item] = {}
        self._stated: dict[str, tuple[int, str]] = {}
        core.answers.append(self._answered)

    def item(self, id: str) -> Item | None:
        """As the hub's last answer had it; None before."""
        return self._known.get(id)

    def _answered(self, topic: str, item: str, flat: dict[str, Any]) -> None:
        if topic != self._topic or not {"kind", "title"} <= flat.keys():
            return
        self._known.pop(item, None)
        self._known[item] = Item.of(flat)
        if len(self._known) > MAX_KNOWN:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._stated.pop(oldest, None)

    def started(self, task: str, attempt: int) -> None:
        """This program states that an attempt runs."""
        self._stated[task] = attempt, "running"

    def standing(self, task: str) -> Standing | None:
        """From the last answer; while own errands wait, by what they say."""
        item, stated = self._known.get(task), self._stated.get(task)
        if item is None or item.status is None:
            return None
        status, attempt = item.status, item.attempt
        waits = stated is not None and self._core.session.errands.waits(self._topic, task)
        if waits and stated is not None and (stated[0] > attempt or not item.ended):
            attempt, status = stated
        final = item.final or {}
        by_others = (attempt, status) != stated
        sealed = final.get("attempt", 0), final.get("status")
        return Standing(attempt, status, item.progress, item.note, by_others, *sealed)

    def is_refused(self, task: str) -> bool:
        """Its creation waits or was answered, or else was refused."""
        return task not in self._known and not self._core.session.errands.waits(self._topic, task)

    async def state_status(self, task: str, attempt: int, status: str, note: str | None) -> None:
        """``end``, or ``mark`` where the task goes on."""
        params = _params(attempt, "status", status, note)
        self._stated[task] = attempt, status
        await self._core.run_errand(self._topic, task, "end" if status in TERMINAL else "mark", params)

    async def state_progress(self, task: str, attempt: int, progress: float, note: str | None) -> None:
        """``progress``."""
        check_statement("inbox", task, "progress", [attempt, progress], 0)
        params = _params(attempt, "progress", progress, note)
        await self._core.run_errand(self._topic, task, "progress", params)

    async def watch(self, task: str, holds: Callable[[], bool]) -> None:
        """The hub relays nothing of it, so it is asked every few seconds."""
        while True:
            try:
                async with asyncio.timeout(ASK_EVERY):
                    await self._core.until(holds)
                return
            except TimeoutError:
                await self._ask(task)

    async def _ask(self, task: str) -> None:
        if not self._core.session.welcomed:
            return
        call = self._core.session.call("get", {"topic": self._topic, "item": task})
        self._core.link.wake()
        with contextlib.suppress(Refusal):
            flat: Any = await call
            self._answered(self._topic, task, flat)


def _params(attempt: int, name: str, value: Json, note: str | None) -> dict[str, Json]:
    params: dict[str, Json] = {name: value, "attempt": attempt}
    if note is not None:
        check_prose("a note", note, MAX_NOTE)
        params["note"] = note
    return params
