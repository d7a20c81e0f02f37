"""Whatever is lost, late or refused: a provider that counts nothing unsynced has nothing unsaved."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque

from hypothesis import given, settings
from hypothesis import strategies as st
from pycrdt import Doc, Map

from hub.engine.hocuspocus_session import HocuspocusSession
from hub.errors import Fatal
from hub.model import TopicName
from hub.protocol import hocuspocus, yjs
from hub.protocol.body import decode_updates
from tests.kit.engines import Engine, running_engine
from tests.kit.peers import RecordingPeer

PLAN = hocuspocus.address("plan")
TOPIC = TopicName("doc/plan")


class CountingProvider:
    """Counts and answers as ``HocuspocusProvider`` does: one for each update and receipt, a Step1 of its own
    begins anew at one. What it says waits in ``up``, what it is told in ``peer.sent``."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.doc: Doc[Map[int]] = Doc()
        self.map = self.doc.get("m", type=Map[int])
        self.unsynced = 0
        self.written = 0
        self.up: deque[bytes] = deque()
        self.connect()

    def connect(self) -> None:
        """A new socket; what was on its way is lost."""
        self.peer = RecordingPeer()
        self.session = HocuspocusSession(self.peer, self.engine.services, None)
        self.up.clear()
        self.up.append(hocuspocus.token(self.engine.token("ann"), "4.8.0"))
        self.force_sync()

    def reconnect(self) -> None:
        self.session.lost()
        self.connect()

    def force_sync(self) -> None:
        self.unsynced = 1
        self.up.append(yjs.sync_step1(self.doc.get_state()))

    def edit(self) -> None:
        before = self.doc.get_state()
        self.written += 1
        self.map[f"{self.written % 5}"] = self.written
        if self.written % 3 == 0:
            del self.map[f"{self.written % 5}"]
        self.unsynced += 1
        self.up.append(yjs.update(self.doc.get_update(before)))

    def edit_too_early(self) -> None:
        """An update that is sent before the token is, and heard by nobody; the counting begins after it."""
        self.reconnect()
        self.edit()
        self.up.appendleft(self.up.pop())
        self.unsynced = 1

    def carry_up(self) -> None:
        """One message to the hub."""
        if self.up:
            self.session.receive(PLAN + self.up.popleft())

    def carry_down(self) -> None:
        """One message to the provider."""
        if not self.peer.sent:
            return
        _, message = hocuspocus.split(self.peer.sent.popleft())
        decoded = hocuspocus.decode(message)
        if isinstance(decoded, hocuspocus.SyncStatus):
            self.unsynced = max(0, self.unsynced - decoded.saved)
        elif isinstance(decoded, yjs.SyncStep1):
            self.up.append(yjs.sync_step2(self.doc.get_update(decoded.state_vector)))
        elif isinstance(decoded, yjs.SyncUpdate):
            self.doc.apply_update(decoded.update)

    def check(self) -> None:
        """Nothing unsynced is nothing unsaved."""
        if self.unsynced == 0:
            assert saved(self.engine) == contents(self.doc), "told saved, and is not"

    def hold(self) -> None:
        """From now on commits take their time."""
        self.engine.store.at_commit.close()

    def release(self) -> None:
        self.engine.store.at_commit.open()


ACTS = (
    "edit",
    "carry_up",
    "carry_down",
    "exchange",
    "reconnect",
    "edit_too_early",
    "hold",
    "release",
    "turn",
)


async def settle() -> None:
    """What can happen now does, commits that are held apart."""
    for _ in range(12):
        await asyncio.sleep(0)


def saved(engine: Engine) -> dict[str, int]:
    """What the document will hold after a restart."""
    doc: Doc[Map[int]] = Doc()
    for row in engine.storage.tables.journal.values():
        if row.topic == TOPIC:
            for update in decode_updates(row.body):
                doc.apply_update(update)
    return contents(doc)


def contents(doc: Doc[Map[int]]) -> dict[str, int]:
    found: dict[str, int] = doc.get("m", type=Map[int]).to_py() or {}
    return found


async def exchange(provider: CountingProvider) -> None:
    """Carry messages both ways until nothing moves; commits that are held stay so."""
    await settle()
    while provider.up or provider.peer.sent:
        provider.carry_up()
        provider.carry_down()
        provider.check()
        await settle()


async def live_through(acts: list[str]) -> None:
    async with running_engine() as engine:
        provider = CountingProvider(engine)
        for act in acts:
            if act == "turn":
                await settle()
            elif act == "exchange":
                await exchange(provider)
            else:
                getattr(provider, act)()
            provider.check()
        provider.release()
        await engine.quiet()
        await exchange(provider)
        await engine.quiet()
        await exchange(provider)
        assert provider.unsynced == 0, "all is saved, and it was not told"
        provider.check()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(ACTS), min_size=5, max_size=40))
def test_unsynced_is_zero_only_once_all_is_saved_and_in_the_end_it_is(acts: list[str]) -> None:
    asyncio.run(live_through(acts))


FRAMES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda kind, rest: PLAN + kind + rest,
        st.sampled_from([b"", b"\x00\x00", b"\x00\x01", b"\x00\x02", b"\x01", b"\x02", b"\x04\x00", b"\x05"]),
        st.binary(max_size=30),
    ),
)


async def hear(frames: list[bytes]) -> None:
    async with running_engine() as engine:
        provider = CountingProvider(engine)
        await exchange(provider)
        for frame in frames:
            if provider.peer.closed is not None:
                break
            with contextlib.suppress(Fatal):
                provider.session.receive(frame)
            await settle()
        await engine.quiet()
        assert engine.metrics.quarantined == 0
        provider.session.lost()
        other = CountingProvider(engine)
        other.edit()
        await exchange(other)
        assert other.unsynced == 0, "the document is still of use to others"


@settings(max_examples=150, deadline=None)
@given(st.lists(FRAMES, min_size=1, max_size=6))
def test_whatever_is_said_is_taken_refused_or_fatal_and_harms_nobody(frames: list[bytes]) -> None:
    asyncio.run(hear(frames))
