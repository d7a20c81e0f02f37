"""Streams: a ledger's changes as derived items, for programs that follow one topic over HTTP."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterable, Iterator
from dataclasses import asdict
from functools import partial

from hub.engine.personal import Place, ReaderView
from hub.engine.pipeline import Pipeline
from hub.engine.reading import UseView
from hub.engine.session import Sessions, next_session_id
from hub.engine.shapes import Item, StreamEvent
from hub.engine.stated import Guard
from hub.engine.topics import Ledger, Topic
from hub.engine.view import LedgerView
from hub.errors import Limit, Refusal
from hub.model import Access, Identity, ItemId, Milliseconds, TopicName
from hub.ports import Clock, Commit
from hub.protocol.body import decode_statements
from hub.state.names import ALL

PENDING_ITEMS = 1_000
"""Changed items that wait for a slow follower; more become one ``reset``."""
BEAT_SECONDS = 15.0
RETRY_AFTER = 60_000
"""Milliseconds after which a user who has too many streams may try again."""


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
    """One stream among a ledger's readers. Implements ``topics.Reader`` and ``session.Live``.

    Args:
        identity: who follows.
        ledger: what they follow.
        place: where they state what is personal about its items.
        own: that ledger.
    """

    __slots__ = ("_ended", "_pending", "_place", "_reset", "_wake", "id", "identity", "ledger", "own")

    def __init__(self, identity: Identity, ledger: Ledger, place: Place, own: Ledger) -> None:
        self.id = next_session_id()
        self.identity: Identity | None = identity
        self.ledger = ledger
        self.own = own
        self._place = place
        self._pending: dict[ItemId, None] = {}
        self._reset = False
        self._ended = False
        self._wake = asyncio.Event()

    @property
    def ledgers(self) -> tuple[Ledger, ...]:
        """What has to be read for the stream."""
        return (self.ledger,) if self.own is self.ledger else (self.own, self.ledger)

    @property
    def event_id(self) -> str:
        """From where the stream resumes: ``<incarnation>-<seq>`` of each of ``ledgers``."""
        return "-".join(f"{ledger.incarnation}-{ledger.seq}" for ledger in self.ledgers)

    def view(self) -> ReaderView:
        """How the follower sees the ledger now."""
        return ReaderView(_view(self.ledger), self._place, _view(self.own))

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Remember which items changed."""
        self.changed(topic, (statement.item for statement in decode_statements(commit.body)))

    def changed(self, topic: Topic, names: Iterable[ItemId]) -> None:
        """Items of one of ``ledgers`` changed and are to be shown; a mark on all of them is a reset."""
        items = [self._place.item(name) if topic is self.own else name for name in names]
        self._pending.update((item, None) for item in items if item is not None)
        if not self._pending:
            return
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
        return [self.ledger]

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
    """Makes streams. A user may have ``per_user`` connections and streams together."""

    __slots__ = ("_clock", "_per_user", "_pipeline", "_sessions", "views")

    def __init__(
        self, pipeline: Pipeline, sessions: Sessions, clock: Clock, views: Views, per_user: int
    ) -> None:
        self._pipeline = pipeline
        self._sessions = sessions
        self._clock = clock
        self._per_user = per_user
        self.views = views

    async def stream(
        self, follower: Follower, last_event_id: str | None, guard: Guard
    ) -> AsyncGenerator[StreamEvent, None]:
        """Items as they change, then the counts; each group's last event carries the id to resume from."""
        joining = [self._join(follower, ledger) for ledger in follower.ledgers]
        try:
            await asyncio.gather(*joining)
            if last_event_id is not None:
                _resume(follower, last_event_id)
            yield self._counts(follower)
            while self._clock.now() < _expires_at(follower):
                for event in self._events(follower, guard):
                    yield event
                if not await follower.wait(self._patience(follower)):
                    return
                self._pass_time(follower)
        finally:
            for joined in joining:
                joined.cancel()
            self._leave(follower)

    def _join(self, follower: Follower, ledger: Ledger) -> asyncio.Future[None]:
        """Become a reader, with the view resident. Submitted at once, for only so the topic stays."""
        joined: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def refused(refusal: Refusal) -> None:
            if not joined.done():
                joined.set_exception(refusal)

        self._pipeline.submit(UseView(ledger, partial(self._become_reader, follower, joined), refused))
        return joined

    def _become_reader(self, follower: Follower, joined: asyncio.Future[None], ledger: Ledger) -> None:
        if joined.done():
            return
        if ledger is follower.ledger and follower.identity is not None:
            if self._sessions.of(follower.identity.user) >= self._per_user:
                joined.set_exception(Limit("this user has too many connections", retry_after=RETRY_AFTER))
                return
            self._sessions.add(follower.identity.user, follower)
        ledger.readers[follower.id] = follower
        ledger.followers += 1
        self.views.used(ledger)
        joined.set_result(None)

    def _leave(self, follower: Follower) -> None:
        for ledger in follower.ledgers:
            if ledger.readers.pop(follower.id, None) is not None:
                ledger.followers -= 1
        if follower.identity is not None:
            self._sessions.remove(follower.identity.user, follower)

    def _events(self, follower: Follower, guard: Guard) -> Iterator[StreamEvent]:
        reset, items = follower.take()
        if not (reset or items):
            yield StreamEvent("beat", "", None)
            return
        if reset:
            yield StreamEvent("reset", "", None)
        view, now = follower.view(), self._clock.now()
        for item in items:
            shown = view.flat(item, now)
            if shown and _allowed(guard, shown):
                yield StreamEvent("item", "", shown)
        yield self._counts(follower)

    def _counts(self, follower: Follower) -> StreamEvent:
        self._pass_time(follower)
        return StreamEvent("counts", follower.event_id, asdict(follower.view().counts(self._clock.now())))

    def _pass_time(self, follower: Follower) -> None:
        for ledger in follower.ledgers:
            pass_time(ledger, self._clock.now())

    def _patience(self, follower: Follower) -> float:
        """Seconds until a beat, the next snooze's end, or the token's."""
        now = self._clock.now()
        dues = [_view(ledger).next_due for ledger in follower.ledgers]
        ends = [_expires_at(follower), *(due for due in dues if due is not None)]
        return max(0.0, min(BEAT_SECONDS, (min(ends) - now) / 1000))


def pass_time(ledger: Ledger, now: Milliseconds) -> None:
    """Snoozes that ended by now: the resident view counts them again, and its followers are shown them."""
    due = _view(ledger).pass_time(now)
    for reader in list(ledger.readers.values()) if due else ():
        if isinstance(reader, Follower):
            reader.changed(ledger, due)


def _resume(follower: Follower, last_event_id: str) -> None:
    """Show what changed since, or have everything read again where that isn't known."""
    parts = last_event_id.split("-")
    if len(parts) != 2 * len(follower.ledgers):
        follower.start_over()
        return
    for ledger, incarnation, seq in zip(follower.ledgers, parts[::2], parts[1::2], strict=True):
        if (
            incarnation != str(ledger.incarnation)
            or not _is_number(seq)
            or not ledger.floor <= int(seq) <= ledger.seq
        ):
            follower.start_over()
        elif int(seq) < ledger.seq:
            follower.changed(ledger, _view(ledger).changed_since(int(seq)))


def _expires_at(follower: Follower) -> int:
    return follower.identity.expires_at if follower.identity is not None else 0


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
