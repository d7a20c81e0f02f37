"""The engine without sockets and files: storage in memory, time that stands, stores that wait when told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from hub.bus.local import LocalBus
from hub.engine.actions import Actions
from hub.engine.checking import StatementCheck
from hub.engine.documents import DocumentResidence
from hub.engine.exchange import Exchange
from hub.engine.finalizer import Finalizer
from hub.engine.folding import Folding, FoldingPolicy
from hub.engine.following import Following, Views
from hub.engine.item_rights import ItemRights
from hub.engine.people import People
from hub.engine.pipeline import Pipeline
from hub.engine.presence import PresenceBoard
from hub.engine.reading import Catch
from hub.engine.receipts import LedgerItems
from hub.engine.recovery import recover
from hub.engine.residence import RegisterCache
from hub.engine.rights import Rights
from hub.engine.services import NativeRelay, Services, SessionLimits
from hub.engine.session import Sessions, Tasks
from hub.engine.stated import Stated
from hub.engine.statements import Write
from hub.engine.sweeping import Sweeper
from hub.engine.tail import Tail
from hub.engine.topicbook import TopicBook
from hub.engine.topics import Ledger, Topic
from hub.engine.turn import LedgerLimits, Memory
from hub.identity.codes import LinkCodes
from hub.identity.tokens import LocalTokens
from hub.model import (
    Access,
    Actor,
    Delivery,
    DeliveryRow,
    DeviceId,
    Event,
    Hlc,
    Identity,
    Incarnation,
    ItemId,
    Json,
    Milliseconds,
    Scope,
    Seq,
    Slot,
    Statement,
    TopicName,
    UserId,
)
from hub.ports import Commit, DeliveryFilter, Routing
from hub.protocol.body import decode_statements
from hub.server.wheel import TimerWheel
from hub.state.clock import hlc_of
from hub.state.join import LedgerRegisters, join_into
from hub.state.weights import ITEM
from hub.storage.memory import MemoryStorage
from hub.telemetry.metrics import Metrics
from tests.kit.clocks import StillClock
from tests.kit.stores import WatchedStore

MIB = 1024 * 1024
Said = tuple[str, str, Any, int]
"""(item, field, value, hlc); hlc 0: the present time."""


@dataclass(frozen=True)
class Sizes:
    """Limits and budgets of an engine in tests."""

    open_items: int = 10_000
    items: int = 1_000_000
    unknown: int = 1000
    statements: int = 1000
    topics: int = 200
    message: int = MIB
    document: int = 32 * MIB
    statements_per_second: int = 1_000_000
    waiting_bytes: int = 4 * MIB
    register_cache: int = 64 * MIB
    view_memory: int = 64 * MIB
    documents_memory: int = 256 * MIB
    topic_cache: int = 100_000
    tail_bytes: int = 64 * MIB
    connections_per_user: int = 1000
    retention: float = 90 * 86_400.0


class Follower:
    """A reader of one topic that joins what it is shown. Implements ``topics.Reader``.

    Args:
        log: remembers ``("relay", seq)``.
    """

    _ids = iter(range(1_000_000, 2_000_000))

    def __init__(self, log: list[tuple[str, str]]) -> None:
        self.id = next(self._ids)
        self._log = log
        self.commits: list[Commit] = []
        self.registers: LedgerRegisters = {}
        self.seq = Seq(-1)

    def begin(self, seq: Seq, statements: Iterable[Statement]) -> None:
        """What it has when it becomes a reader."""
        self.seq = seq
        self._join(seq, statements)

    def relay(self, topic: Topic, commit: Commit) -> None:
        self.commits.append(commit)
        self._log.append(("relay", str(commit.seq)))
        assert commit.seq == self.seq + 1, f"gap or double: {commit.seq} after {self.seq}"
        self.seq = commit.seq
        body = commit.altered if commit.origin == self.id else commit.body
        self._join(commit.seq, decode_statements(body) if body else ())

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """It does not mind."""

    def shown(self) -> list[list[Statement]]:
        """What each relay brought."""
        return [decode_statements(commit.body) for commit in self.commits]

    def _join(self, seq: Seq, statements: Iterable[Statement]) -> None:
        for statement in statements:
            join_into(self.registers, statement, seq)


class EverythingTo:
    """Implements ``ports.Routing``: every event goes to everybody by the channels of those names, at once.

    ``asked`` remembers (event, record, users) of each event; ``fails`` makes it raise.
    """

    def __init__(self, *channels: str) -> None:
        self.channels = channels
        self.asked: list[tuple[Event, Mapping[str, Json], list[UserId]]] = []
        self.fails = False

    def deliveries(
        self, event: Event, record: Mapping[str, Json], users: Sequence[UserId]
    ) -> Sequence[Delivery]:
        self.asked.append((event, record, list(users)))
        if self.fails:
            raise RuntimeError("a route is broken")
        return [
            Delivery(
                f"{event.id}.{user}.{channel}",
                event.id,
                event.item,
                channel,
                "route-1",
                event.at,
                user,
                event.topic,
            )
            for user in users
            for channel in self.channels
        ]


class Engine:
    """One run of the engine over storage that outlives it. ``store`` watches every call.

    ``log`` tells in order what readers and callers were told: ``("relay", seq)``, ``("ok", name)``,
    ``("no", name)``, ``("opened", topic)``.
    """

    def __init__(
        self, storage: MemoryStorage, clock: StillClock, sizes: Sizes, routing: Routing | None = None
    ) -> None:
        self.storage, self.clock, self.sizes = storage, clock, sizes
        self.store = WatchedStore(storage.store)
        self.metrics = Metrics()
        self.wheel = TimerWheel(clock)
        self.tasks = Tasks()
        self.tail = Tail()
        self.memory = Memory(self.tail, RegisterCache(sizes.register_cache))
        self.documents = DocumentResidence(sizes.documents_memory)
        self.topics = TopicBook(sizes.topic_cache)
        self.log: list[tuple[str, str]] = []
        bus = LocalBus()
        bus.subscribe(self.topics.relay)
        self.pipeline = Pipeline(
            self.store,
            storage.archive,
            bus,
            clock,
            self.memory,
            self.documents,
            Finalizer(routing or EverythingTo()),
            LedgerLimits(sizes.open_items, sizes.items, sizes.unknown),
            self.metrics,
            sizes.tail_bytes,
        )
        policy = FoldingPolicy(40_000, 16 * MIB, 5.0)
        self.folding = Folding(
            self.store, self.tail, clock, policy, self.documents, self.metrics, self.pipeline.tail_shrank
        )
        self.sweeper = Sweeper(storage.archive, self.pipeline, self.topics, clock, sizes.retention)
        self.services = self._services()
        self.sessions, self.actions = self.services.sessions, self.services.actions
        self.items = LedgerItems(self.pipeline, self.topics, self.services.rights)
        self.outbox = storage.outbox
        self._running: asyncio.Task[None] | None = None

    def _services(self) -> Services:
        sizes, storage, clock = self.sizes, self.storage, self.clock
        rights = Rights(storage.directory, self.topics, self.pipeline.look_up)
        self.pipeline.owned = rights.forget
        sessions = Sessions(rights, self.tasks)
        tokens = LocalTokens(b"secret of the engine in tests ..", clock)
        people = People(
            storage.directory,
            storage.devices,
            tokens,
            clock,
            LinkCodes(clock),
            sessions,
            token_ttl=3600,
            devices_per_user=10_000,
        )
        check = StatementCheck(clock, sizes.statements)
        self.views = Views(sizes.view_memory)
        following = Following(self.pipeline, sessions, clock, self.views, per_user=1000)
        actions = Actions(
            self.pipeline,
            self.topics,
            ItemRights(rights),
            people,
            storage.archive,
            clock,
            following,
            Exchange(self.pipeline, self.topics, rights, check),
        )
        return Services(
            self.pipeline,
            self.topics,
            rights,
            people,
            actions,
            PresenceBoard(),
            sessions,
            self.tasks,
            tokens,
            clock,
            self.wheel,
            self.metrics,
            _session_limits(sizes),
            NativeRelay(sizes.message),
            check,
        )

    # ------------------------------------------------------------------ life

    async def start(self) -> None:
        """Take back what the journal holds, and run."""
        journal = await self.store.start()
        self.pipeline.begin(await recover(self.store, self.tail, journal))
        self.store.forget()
        self._running = asyncio.create_task(self.pipeline.run())

    async def crash(self) -> None:
        """Stop in the middle of whatever is going on; nothing is said to anybody."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    def advance(self, seconds: float) -> None:
        """Time passes, and timers fire."""
        self.clock.advance(seconds)
        self.wheel.advance()

    async def quiet(self) -> None:
        """Until nothing waits and nothing is in flight, and everybody has heard of it."""
        async with asyncio.timeout(5):
            await self.tasks.finish()
            await self.pipeline.drained()
        for _ in range(5):
            await asyncio.sleep(0)

    # ------------------------------------------------------------------ doing

    def identity(self, user: str, *scopes: Scope, device: str | None = None) -> Identity:
        """A caller; with scope ``user`` unless told otherwise."""
        return Identity(
            UserId(user),
            frozenset(scopes or ("user",)),
            Milliseconds(self.clock.wall + 3_600_000),
            DeviceId(device) if device else None,
        )

    def token(self, user: str, *scopes: Scope, device: str | None = None, ttl: int = 3600) -> str:
        """A token for a session's hello."""
        bound = DeviceId(device) if device else None
        return self.services.authenticator.issue(UserId(user), scopes or ("user",), ttl, bound)

    def push(
        self, topic: str, said: Iterable[Said], actor: str = "phone", origin: int = 0, name: str = ""
    ) -> asyncio.Future[Seq]:
        """Queue statements; the seq they are saved under. ``name`` stands for the push in the log."""
        future: asyncio.Future[Seq] = asyncio.get_running_loop().create_future()

        def done(seq: Seq) -> None:
            self.log.append(("ok", name))
            future.set_result(seq)

        def refused(refusal: Exception) -> None:
            self.log.append(("no", name))
            future.set_exception(refusal)

        now = hlc_of(self.clock.now())
        stated = [Stated(ItemId(item), field, value, Hlc(hlc or now)) for item, field, value, hlc in said]
        self.pipeline.submit(Write(self.ledger(topic), stated, Actor(actor), origin, done, refused))
        return future

    def join(self, topic: str, incarnation: int = 0, seq: int = 0) -> asyncio.Future[Follower]:
        """Become a reader, as an open does."""
        future: asyncio.Future[Follower] = asyncio.get_running_loop().create_future()
        ledger, follower = self.ledger(topic), Follower(self.log)

        def done(full: bool, statements: list[Statement]) -> None:
            follower.begin(ledger.seq, statements)
            ledger.readers[follower.id] = follower
            self.log.append(("opened", topic))
            future.set_result(follower)

        self.pipeline.submit(Catch(ledger, Incarnation(incarnation), Seq(seq), done, future.set_exception))
        return future

    # ------------------------------------------------------------------ looking

    def ledger(self, topic: str) -> Ledger:
        """The resident topic."""
        return self.topics.ledger(TopicName(topic))

    async def registers(self, topic: str) -> LedgerRegisters:
        """The whole live ledger as a new reader is shown it."""
        follower = await self.join(topic)
        del self.ledger(topic).readers[follower.id]
        return follower.registers

    async def value(self, topic: str, item: str, slot: str) -> Json:
        """The value that stands in a live register, None where there is none."""
        register = (await self.registers(topic)).get(ItemId(item), {}).get(Slot(slot))
        return register.value if register else None

    async def deliveries(self) -> list[DeliveryRow]:
        """Every delivery there is, oldest first."""
        listed = await self.outbox.deliveries(DeliveryFilter(), None, 10_000)
        return [row for _, row in reversed(listed)]

    def events(self) -> list[Event]:
        """Everything the hub has decided, oldest first."""
        return list(self.storage.tables.events.values())


def task(title: str = "a task", **more: Json) -> dict[str, Json]:
    """A task's record."""
    return {"kind": "task", "title": title, **more}


def notification(title: str = "a notification", **more: Json) -> dict[str, Json]:
    """A notification's record."""
    return {"kind": "notification", "title": title, **more}


def is_record(statement: Statement) -> bool:
    """Whether it creates an item."""
    return statement.field == ITEM


def _session_limits(sizes: Sizes) -> SessionLimits:
    return SessionLimits(
        message=sizes.message,
        document=sizes.document,
        topics=sizes.topics,
        connections_per_user=sizes.connections_per_user,
        statements_per_second=sizes.statements_per_second,
        waiting_bytes=sizes.waiting_bytes,
        hello_timeout=5.0,
        hello_bytes=4096,
        beat=20.0,
        on_wire={"message": sizes.message, "statements": sizes.statements},
    )


@asynccontextmanager
async def running_engine(
    storage: MemoryStorage | None = None,
    clock: StillClock | None = None,
    routing: Routing | None = None,
    **sizes: float,
) -> AsyncIterator[Engine]:
    """An engine that runs, over new storage or over what an earlier one left; without routes unless given."""
    clock = clock or StillClock()
    engine = Engine(storage or MemoryStorage(clock), clock, Sizes(**sizes), routing)  # type: ignore[arg-type]  # by name
    await engine.start()
    try:
        yield engine
    finally:
        await engine.crash()
