"""Whatever vendor, storage, clock and process do: every delivery ends, and nothing comes twice unmarked."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.model import ENDED, Outcome
from hub.ports import ChannelTraits
from tests.kit.channels import (
    BAD_CONFIG,
    BAD_MESSAGE,
    HOOK,
    NEVER,
    OK,
    REFUSED,
    ROBOT,
    UNKNOWN,
    Dispatch,
    ScriptedChannel,
    dispatching,
    limited,
)

Answer = tuple[Outcome, bool]
"""What the vendor says, and whether it took the message."""
ANSWERS: list[Answer] = [
    (OK, True),
    (OK, True),
    (REFUSED, False),
    (NEVER, False),
    (UNKNOWN, True),
    (UNKNOWN, False),
    (limited(20), False),
    (BAD_CONFIG, False),
    (BAD_MESSAGE, False),
]
Step = tuple[Literal["decide", "answer", "advance", "crash", "refuse", "accept", "jump", "test", "hang"], int]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("decide"), st.integers(1, 4)),
        st.tuples(st.just("answer"), st.integers(0, len(ANSWERS) - 1)),
        st.tuples(st.just("advance"), st.sampled_from([1, 7, 40])),
        st.tuples(st.sampled_from(["crash", "refuse", "accept", "test", "hang"]), st.just(0)),
        st.tuples(st.just("jump"), st.sampled_from([-86_400, -60, 60, 86_400])),
    ),
    min_size=5,
    max_size=30,
)


class Vendor:
    """What was taken, over all processes of the hub; idempotent ones take a key once."""

    def __init__(self, traits: ChannelTraits) -> None:
        self.traits = traits
        self.taken: list[str] = []
        self.keys: set[str] = set()
        self.script: list[Answer] = []
        self.hangs = False

    def serve(self, channel: ScriptedChannel) -> None:
        channel.send = self.send  # type: ignore[method-assign]  # the vendor answers

    async def send(self, body: bytes, key: str) -> Outcome:
        outcome, took = self.script.pop(0) if self.script else (OK, True)
        if took and not (self.traits.idempotent and key in self.keys):
            self.taken.append(body.decode())
            self.keys.add(key)
        await asyncio.sleep(0)
        if self.hangs:
            await asyncio.Event().wait()
        return outcome


class Story:
    """One run of steps over a hub that crashes and starts again on the same storage."""

    def __init__(self, traits: ChannelTraits, parts: int) -> None:
        self._traits = traits
        self._parts = parts
        self.vendor = Vendor(traits)
        self.ids: list[str] = []
        self._stack = AsyncExitStack()
        self.rig = Dispatch(ops=traits)

    async def start(self, rig: Dispatch) -> None:
        self.rig = rig
        rig.ops.parts = self._parts
        self.vendor.serve(rig.ops)
        await self._stack.enter_async_context(dispatching(rig))

    async def crash(self) -> None:
        await self._stack.aclose()
        again = Dispatch(storage=self.rig.storage, ops=self._traits)
        again.clock.__dict__.update(self.rig.clock.__dict__)
        again.made = self.rig.made
        self.vendor.hangs = False
        await self.start(again)

    async def step(self, step: str, number: int) -> None:
        match step:
            case "decide" if not self.rig.storage.tables.refuses:
                self.ids += await self.rig.decide(*(f"i{len(self.ids) + n}" for n in range(number)))
            case "answer":
                self.vendor.script.append(ANSWERS[number])
            case "advance":
                await self.rig.advance(number)
            case "crash":
                await self.crash()
            case "refuse" | "accept":
                self.rig.refuse(step == "refuse")
            case "jump":
                self.rig.clock.jump(number)
            case "test" if not self.vendor.hangs:
                await self.rig.dispatcher.test("ops")
            case "hang":
                self.vendor.hangs = True
            case _:
                pass
        await self.rig.quiet()

    async def end(self) -> None:
        """The vendor and the disk are well again."""
        self.vendor.hangs = False
        self.vendor.script.clear()
        self.rig.refuse(False)
        await self.rig.advance(600, step=3)
        await self._stack.aclose()


async def told(traits: ChannelTraits, parts: int, steps: list[Step]) -> Story:
    story = Story(traits, parts)
    await story.start(story.rig)
    for step, number in steps:
        await story.step(step, number)
    await story.end()
    return story


@given(STEPS, st.integers(1, 2), st.sampled_from([ROBOT, HOOK]))
@settings(max_examples=100, deadline=None)
def test_every_delivery_ends_and_nothing_comes_twice_without_the_mark(
    steps: list[Any], parts: int, traits: ChannelTraits
) -> None:
    story = asyncio.run(told(traits, parts, steps))
    rows = {row.id: row for row in story.rig.storage.tables.deliveries.values()}
    assert len(rows) == len(story.ids)
    for row in rows.values():
        assert row.state in ENDED
        assert row.state == "sent" or row.error
        for part in range(row.part):
            assert any(each.startswith(row.bodies[part].decode()) for each in story.vendor.taken)
    unmarked = Counter(body for body in story.vendor.taken if "#" not in body)
    assert all(count == 1 for body, count in unmarked.items() if "ann" in body)
