"""Streams: a ledger's changes as derived items, for programs that follow one topic over HTTP."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from functools import partial

from hub.engine.pipeline import Pipeline
from hub.engine.reading import UseView
from hub.engine.session import Sessions, next_session_id
from hub.engine.shapes import Item, StreamEvent
from hub.engine.statements import Guard
from hub.engine.topics import Ledger, Topic
from hub.engine.view import LedgerView
from hub.errors import Refusal
from hub.model import Access, Identity, ItemId, Milliseconds, TopicName
from hub.ports import Clock, Commit
from hub.protocol.body import decode_statements
from hub.state.names import ALL

PENDING_ITEMS = 1_000
"""Changed items that wait for a slow follower; more become one ``reset``."""
BEAT_SECONDS = 15.0


class Views:
    """Which views are resident: least recently used first out, under a budget; followers keep theirs."""

    __slots__ = ("_budget", "_bytes", "_used")

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._bytes = 0
        self._used: OrderedDict[TopicName, tuple[Ledger, int]] = OrderedDict()

    def used(self, ledger: Ledger) -> None:
        """Somebody used the ledger's view; older ones may have to go."""
        self._forget(ledger.name)
        size = _view(ledger).bytes
        self._used[ledger.name] = (ledger, size)
        self._bytes += size
        if self._bytes > self._budget:
            self._make_room(ledger)

    def _make_room(self, kept: Ledger) -> None:
        for name, (ledger, _) in list(self._used.items()):
            if self._bytes <= self._budget:
                return
            if ledger is not kept and not (ledger.followers or ledger.applying):
                ledger.view = None
                self._forget(name)

    def _forget(self, name: TopicName) -> None:
        _, size = self._used.pop(name, (None, 0))
        self._bytes -= size


class Follower:
    """One stream's place among a ledger's readers. Implements ``topics.Reader`` and ``session.Live``."""

    __slots__ = ("_ended", "_ledger", "_pending", "_reset", "_wake", "id", "identity")

    def __init__(self, identity: Identity, ledger: Ledger) -> None:
        self.id = next_session_id()
        self.identity: Identity | None = identity
        self._ledger = ledger
        self._pending: dict[ItemId, None] = {}
        self._reset = False
        self._ended = False
        self._wake = asyncio.Event()

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Remember which items changed."""
        self.changed(statement.item for statement in decode_statements(commit.body))

    def changed(self, items: Iterable[ItemId]) -> None:
        """These items are to be shown; a mark on all of them is a reset."""
        self._pending.update(dict.fromkeys(items))
        if ALL in self._pending or len(self._pending) > PENDING_ITEMS:
            self.start_over()
        self._wake.set()

    def start_over(self) -> None:
        """The follower has to read everything again."""
        self._reset = True
        self._pending.clear()
        self._wake.set()

    def take(self) -> tuple[bool, list[ItemId]]:
        """(reset, items) since the last call."""
        reset, items = self._reset, list(self._pending)
        self._reset = False
        self._pending.clear()
        self._wake.clear()
        return reset, items

    async def wait(self, seconds: float) -> bool:
        """Until something changed or the time is over; False once the stream has ended."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return not self._ended
        return not self._ended

    def topics(self) -> list[Topic]:
        """The ledger."""
        return [self._ledger]

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """Without access the stream ends."""
        if access is None:
            self.end("")

    def end(self, reason: str) -> None:
        """The right to follow is gone."""
        self._ended = True
        self._wake.set()

    def leave(self, retry_after: int) -> None:
        """The hub is going away."""
        self.end("")


class Following:
    """Makes streams."""

    __slots__ = ("_clock", "_pipeline", "_sessions", "views")

    def __init__(self, pipeline: Pipeline, sessions: Sessions, clock: Clock, views: Views) -> None:
        self._pipeline = pipeline
        self._sessions = sessions
        self._clock = clock
        self.views = views

    async def stream(
        self, caller: Identity, ledger: Ledger, last_event_id: str | None, guard: Guard
    ) -> AsyncIterator[StreamEvent]:
        """Items as they change, then the counts; each group's last event carries the id to resume from."""
        follower = Follower(caller, ledger)
        await self._join(follower, ledger, last_event_id)
        try:
            yield self._counts(ledger)
            while self._clock.now() < caller.expires_at:
                for event in self._events(follower, ledger, guard):
                    yield event
                if not await follower.wait(self._patience(ledger, caller)):
                    return
                pass_time(ledger, self._clock.now())
        finally:
            self._leave(follower, ledger)

    async def _join(self, follower: Follower, ledger: Ledger, last_event_id: str | None) -> None:
        """Becoming a reader and knowing what changed since is one step between turns."""
        joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def refused(refusal: Refusal) -> None:
            if not joined.done():
                joined.set_exception(refusal)

        self._pipeline.submit(
            UseView(ledger, partial(self._become_reader, follower, last_event_id, joined), refused)
        )
        await joined

    def _become_reader(
        self, follower: Follower, last_event_id: str | None, joined: asyncio.Future[None], ledger: Ledger
    ) -> None:
        if joined.done():
            return
        ledger.readers[follower.id] = follower
        ledger.followers += 1
        assert follower.identity is not None
        self._sessions.add(follower.identity.user, follower)
        self.views.used(ledger)
        if last_event_id is not None:
            self._resume(follower, ledger, last_event_id)
        joined.set_result(None)

    def _resume(self, follower: Follower, ledger: Ledger, last_event_id: str) -> None:
        incarnation, _, seq = last_event_id.partition("-")
        if (
            incarnation != str(ledger.incarnation)
            or not _is_number(seq)
            or not ledger.floor <= int(seq) <= ledger.seq
        ):
            follower.start_over()
        elif int(seq) < ledger.seq:
            follower.changed(_view(ledger).changed_since(int(seq)))

    def _leave(self, follower: Follower, ledger: Ledger) -> None:
        ledger.readers.pop(follower.id, None)
        ledger.followers -= 1
        if follower.identity is not None:
            self._sessions.remove(follower.identity.user, follower)

    def _events(self, follower: Follower, ledger: Ledger, guard: Guard) -> Iterator[StreamEvent]:
        reset, items = follower.take()
        if not (reset or items):
            yield StreamEvent("beat", "", None)
            return
        if reset:
            yield StreamEvent("reset", "", None)
        view, now = _view(ledger), self._clock.now()
        for item in items:
            shown = view.flat(item, now) if view.knows(item) else None
            if shown is not None and _allowed(guard, shown):
                yield StreamEvent("item", "", shown)
        yield self._counts(ledger)

    def _counts(self, ledger: Ledger) -> StreamEvent:
        view = _view(ledger)
        pass_time(ledger, self._clock.now())
        return StreamEvent("counts", f"{ledger.incarnation}-{ledger.seq}", asdict(view.counts))

    def _patience(self, ledger: Ledger, caller: Identity) -> float:
        """Seconds until a beat, the next snooze's end, or the token's."""
        now = self._clock.now()
        left = (caller.expires_at - now) / 1000
        due = _view(ledger).next_due
        return max(0.0, min(BEAT_SECONDS, left, BEAT_SECONDS if due is None else (due - now) / 1000))


def pass_time(ledger: Ledger, now: Milliseconds) -> None:
    """Snoozes that ended by now: the resident view counts them again, and its followers are shown them."""
    due = _view(ledger).pass_time(now)
    for reader in list(ledger.readers.values()) if due else ():
        if isinstance(reader, Follower):
            reader.changed(due)


def _view(ledger: Ledger) -> LedgerView:
    assert ledger.view is not None, "followers keep the view resident"
    return ledger.view


def _allowed(guard: Guard, item: Item) -> bool:
    try:
        guard(item)
    except Refusal:
        return False
    return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 16
