"""The one place that picks adapters: builds the hub from a config, starts, drains and stops it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from hub.bus.local import LocalBus
from hub.config import ChannelSettings, Config, WebhookSettings, WecomRobotSettings
from hub.delivery.desk import DeliveryDesk
from hub.delivery.dispatcher import Dispatcher
from hub.delivery.router import Router
from hub.engine.actions import Actions
from hub.engine.checking import StatementCheck
from hub.engine.dialects import Dialects
from hub.engine.documents import DocumentResidence
from hub.engine.exchange import Exchange
from hub.engine.finalizer import Finalizer
from hub.engine.folding import Folding, FoldingPolicy
from hub.engine.following import Following, Views
from hub.engine.item_rights import ItemRights
from hub.engine.people import People
from hub.engine.pipeline import Pipeline
from hub.engine.presence import PresenceBoard
from hub.engine.receipts import LedgerItems
from hub.engine.recovery import recover
from hub.engine.residence import RegisterCache
from hub.engine.rights import Rights
from hub.engine.scan import ScanLimits
from hub.engine.services import NativeRelay, Services, SessionLimits
from hub.engine.session import Sessions, Tasks
from hub.engine.sweeping import Sweeper
from hub.engine.tail import Tail
from hub.engine.topicbook import TopicBook
from hub.engine.turn import LedgerLimits, Memory
from hub.errors import InternalError
from hub.identity.codes import LinkCodes
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import Delivery, Event
from hub.ports import Authenticator, Channel, Clock, SystemClock
from hub.server.collector import Collector
from hub.server.http import application
from hub.server.listener import Listener, listener_settings
from hub.server.wheel import TimerWheel
from hub.storage.sqlite import SqliteStorage
from hub.telemetry.logs import get
from hub.telemetry.metrics import Metrics

log = get("hub.app")

SWEEP_SECONDS = 60.0
FLUSH_SECONDS = 60.0
WATCH_SECONDS = 1.0


class Health:
    """What ``/readyz`` tells."""

    def __init__(self, storage: SqliteStorage) -> None:
        self._storage = storage
        self.draining = False

    def ready(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether writes are taken, and why not."""
        writable = self._storage.writable
        checks = {"storage": "ok" if writable else "refuses writes", "draining": self.draining}
        return writable and not self.draining, checks


class App:
    """A whole hub in one process. ``build`` wires it, ``start`` … ``stop`` run it."""

    def __init__(self, config: Config, clock: Clock, storage: SqliteStorage) -> None:
        self.config = config
        self.clock = clock
        self.storage = storage
        self.metrics = Metrics()
        self.health = Health(storage)
        self.wheel = TimerWheel(clock)
        self.tasks = Tasks()
        self._running: list[asyncio.Task[None]] = []
        self.broken = asyncio.Event()
        """One of the hub's own tasks ended."""
        self.router = Router(config.routes, config.channels)
        self._build_engine()
        self._build_delivery()

    @classmethod
    def build(cls, config: Config, clock: Clock | None = None) -> App:
        """A hub over the config's data folder, not started."""
        clock = clock or SystemClock()
        return cls(config, clock, SqliteStorage(config.data_folder, clock=clock))

    # ------------------------------------------------------------------ wiring

    def _build_engine(self) -> None:
        config, storage, clock = self.config, self.storage, self.clock
        self.tail = Tail()
        self.registers = RegisterCache(config.storage.register_cache)
        self.documents = DocumentResidence(
            config.documents.memory,
            ScanLimits(update_bytes=config.limits.document, document_bytes=config.limits.document),
        )
        self.topics = TopicBook(config.storage.topic_cache)
        limits = LedgerLimits(config.limits.open_items, config.limits.items, config.limits.unknown)
        bus = LocalBus()
        bus.subscribe(self.topics.relay)
        self.pipeline = Pipeline(
            storage.store,
            storage.archive,
            bus,
            clock,
            Memory(self.tail, self.registers),
            self.documents,
            Finalizer(self.router),
            limits,
            self.metrics,
            config.storage.tail_bytes,
        )
        policy = FoldingPolicy(
            config.storage.fold_statements, config.storage.fold_bytes, config.storage.fold_interval
        )
        self.folding = Folding(
            storage.store, self.tail, clock, policy, self.documents, self.metrics, self.pipeline.tail_shrank
        )
        self.sweeper = Sweeper(storage.archive, self.pipeline, self.topics, clock, config.limits.retention)
        self.rights = Rights(storage.directory, self.topics, self.pipeline.look_up)
        self.pipeline.owned = self.rights.forget

    def _build_delivery(self) -> None:
        config, clock = self.config, self.clock
        timeout = config.delivery.call_timeout
        self.channels = {
            name: _channel(name, settings, timeout, clock) for name, settings in config.channels.items()
        }
        self.dispatcher = Dispatcher(
            self.storage.outbox,
            LedgerItems(self.pipeline, self.topics, self.rights),
            self.channels,
            self.router,
            config.delivery,
            clock,
            self.wheel,
            self.metrics,
        )
        self.desk = DeliveryDesk(self.storage.outbox, self.dispatcher)
        self.pipeline.decided = self._decided

    def _decided(self, events: Sequence[Event], deliveries: Sequence[Delivery]) -> None:
        self.dispatcher.decided(events, deliveries)
        self.desk.decided(events, deliveries)

    def _build_services(self) -> Services:
        config, clock, rights = self.config, self.clock, self.rights
        self.sessions = Sessions(rights, self.tasks)
        authenticator = LocalTokens(load_secret(config.data_folder, create=True), clock)
        self.people = self._build_people(authenticator)
        check = StatementCheck(clock, config.limits.statements)
        return Services(
            self.pipeline,
            self.topics,
            rights,
            self.people,
            self._build_actions(rights, check),
            PresenceBoard(),
            self.sessions,
            self.tasks,
            authenticator,
            clock,
            self.wheel,
            self.metrics,
            _session_limits(config),
            NativeRelay(config.limits.message),
            check,
        )

    def _build_people(self, authenticator: Authenticator) -> People:
        identity = self.config.identity
        return People(
            self.storage.directory,
            self.storage.devices,
            authenticator,
            self.clock,
            LinkCodes(self.clock, identity.link_ttl),
            self.sessions,
            token_ttl=round(identity.token_ttl),
            devices_per_user=self.config.limits.devices,
        )

    def _build_actions(self, rights: Rights, check: StatementCheck) -> Actions:
        views = Views(self.config.storage.register_cache)
        streams = self.config.limits.connections_per_user
        return Actions(
            self.pipeline,
            self.topics,
            ItemRights(rights),
            self.people,
            self.storage.archive,
            self.clock,
            Following(self.pipeline, self.sessions, self.clock, views, streams),
            Exchange(self.pipeline, self.topics, rights, check),
        )

    def _build_listener(self, services: Services) -> Listener:
        http = application.build(
            services.actions,
            self.people,
            self.desk,
            services.authenticator,
            self.health,
            self.metrics,
            self.clock,
            self.config,
        )
        return Listener(http, Dialects(services), listener_settings(self.config), self.wheel, self.metrics)

    # ------------------------------------------------------------------ life

    async def start(self) -> int:
        """Open the data folder, bring back what the journal holds, accept; the port.

        Raises:
            StartError: with what to do about it.
        """
        journal = await self.storage.store.start()
        try:
            self.pipeline.begin(await recover(self.storage.store, self.tail, journal))
            services = self._build_services()
            self.listener = self._build_listener(services)
            self.wheel.start()
            self._run(self.pipeline.run())
            port = await self.listener.start()
        except BaseException:
            await self._cancel()
            self.wheel.stop()
            await self.storage.store.close()
            raise
        self._run(self.dispatcher.run())
        self._run(self.folding.run())
        self._run(self.sweeper.run(SWEEP_SECONDS))
        self._run(self._flush_devices())
        self._run(self._watch())
        log.info("hub.started", port=port, data=str(self.config.data_folder), recovered=len(journal))
        return port

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        task.add_done_callback(self._ended)
        self._running.append(task)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """None of the hub's own tasks ends by itself. One that does leaves a hub that takes connections and
        saves nothing: better none, so that whoever supervises the process starts a new one."""
        if not task.cancelled():
            log.critical("hub.task_ended", exc_info=task.exception())
            self.broken.set()

    async def stop(self) -> None:
        """Drain and stop within ``server.drain_timeout``: devices are told to come back, spread out; what is
        being saved is saved; then everything is closed."""
        started, timeout = self.clock.monotonic(), self.config.server.drain_timeout
        self.health.draining = True
        self.listener.stop_accepting()
        self.sessions.going_away(timeout)
        self.desk.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout / 2):
                await self.tasks.finish()
                await self.dispatcher.drain(timeout / 2)
                await self.pipeline.drained()
        left = timeout - (self.clock.monotonic() - started)
        await self.listener.stop(max(0.1, left - 1))
        await self._cancel()
        for channel in self.channels.values():
            await channel.close()
        self.wheel.stop()
        await self._close_storage()
        log.info("hub.stopped")

    async def _close_storage(self) -> None:
        with contextlib.suppress(Exception):
            await self.people.flush()
        await self.storage.store.close()

    async def _cancel(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    # ------------------------------------------------------------------ now and then

    async def _flush_devices(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            try:
                await self.people.flush()
            except Exception:
                log.exception("devices.flush_failed")

    async def _watch(self) -> None:
        """Once a second: how late the loop is, what is in memory, and whether a disk that refused writes
        takes them again (a hub that is not ready is sent none, and would never know)."""
        while True:
            before = self.clock.monotonic()
            await asyncio.sleep(WATCH_SECONDS)
            metrics = self.metrics
            metrics.loop_lag_seconds.observe(max(0.0, self.clock.monotonic() - before - WATCH_SECONDS))
            metrics.cached_registers = len(self.registers)
            metrics.cached_bytes = self.registers.bytes
            metrics.resident_documents = len(self.documents)
            metrics.resident_bytes = self.documents.bytes
            if not self.storage.writable:
                await self.storage.probe()


def _channel(name: str, settings: ChannelSettings, call_timeout: float, clock: Clock) -> Channel:
    """The way out that a configured channel is. Who has none starts without what talks to the outside."""
    match settings:
        case WecomRobotSettings():
            from hub.channels.wecom_robot import WecomRobot

            return WecomRobot(name, settings, call_timeout, clock)
        case WebhookSettings():
            from hub.channels.webhook import Webhook

            return Webhook(name, settings, call_timeout, clock)


def _session_limits(config: Config) -> SessionLimits:
    return SessionLimits(
        message=config.limits.message,
        document=config.limits.document,
        topics=config.limits.topics,
        connections_per_user=config.limits.connections_per_user,
        statements_per_second=config.connection.statements_per_second,
        waiting_bytes=config.connection.waiting_bytes,
        hello_timeout=config.server.hello_timeout,
        hello_bytes=config.server.hello_bytes,
        beat=config.connection.beat,
        on_wire=config.limits_on_wire(),
    )


async def serve(config: Config, *, on_ready: Callable[[str], None]) -> None:
    """Run a hub until SIGTERM or SIGINT, then drain it.

    Args:
        config: the whole configuration.
        on_ready: called with the base URL once the hub accepts.

    Raises:
        StartError: the hub can't start.
        InternalError: one of its own tasks ended; it was drained, and should be started again.
    """
    app = App.build(config)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    port = await app.start()
    collector = Collector(app.clock)
    collector.begin()
    app._run(collector.run())
    scheme = "https" if config.server.tls_cert else "http"
    on_ready(f"{scheme}://{_shown_host(config.server.host)}:{port}")
    await _either(stopping, app.broken)
    await app.stop()
    if app.broken.is_set():
        raise InternalError("One of the hub's own tasks ended; the log tells which. Start it again.")


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _shown_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
