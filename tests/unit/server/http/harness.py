"""The HTTP application without sockets: a browser that speaks ASGI, an engine that says what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import quote, unquote

import msgspec

from hub.config import Config, LimitSettings, ServerSettings
from hub.engine.actions import Actions, Created, Item, ItemFilter, Page, StreamEvent, SyncAnswer, SyncPart
from hub.errors import Forbidden, NotFound
from hub.model import (
    Counts,
    DeliveryRow,
    Event,
    Hlc,
    Identity,
    ItemId,
    Json,
    Milliseconds,
    Outcome,
    Scope,
    TopicName,
    UserId,
)
from hub.ports import DeliveryFilter, EventFilter
from hub.server.http.application import build
from hub.telemetry.metrics import Metrics
from tests.unit.engine.people_fakes import Town

T = TypeVar("T")

ITEM: Item = {"id": "i1", "kind": "task", "title": "Build", "by": "ann.api", "at": 1, "order": 1}
ORIGIN = "https://app.example.org"
MAX_BODY = 4096
MAX_MESSAGE = 8192


class ToldActions(Actions):
    """Answers every call with what it was told, and remembers the call."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refuses: Exception | None = None
        self.created = True
        self.made: Sequence[Created] = ()
        self.page = Page([ITEM], None)
        self.answers: Sequence[SyncAnswer] = ()
        self.events: asyncio.Queue[StreamEvent | Exception | None] = asyncio.Queue()
        self.streams_closed = 0

    def _called(self, *call: object) -> None:
        self.calls.append(call)
        if self.refuses is not None:
            raise self.refuses

    async def create(
        self,
        caller: Identity,
        topic: TopicName,
        item: str | None,
        record: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> tuple[Item, bool]:
        self._called("create", caller.user, topic, item, dict(record), hlc)
        return {**ITEM, "id": item or "i1"}, self.created

    async def create_many(
        self, caller: Identity, topics: Sequence[TopicName], item: str | None, record: Mapping[str, Json]
    ) -> Sequence[Created]:
        self._called("create_many", caller.user, list(topics), item, dict(record))
        return self.made

    async def change(
        self,
        caller: Identity,
        topic: TopicName,
        item: str,
        changes: Mapping[str, Json],
        hlc: Hlc | None = None,
    ) -> Item:
        self._called("change", caller.user, topic, item, dict(changes), hlc)
        return ITEM

    async def item(self, caller: Identity, topic: TopicName, item: str) -> Item:
        self._called("item", caller.user, topic, item)
        return ITEM

    async def items(
        self, caller: Identity, topic: TopicName, which: ItemFilter, limit: int, cursor: str | None
    ) -> Page:
        self._called("items", caller.user, topic, which, limit, cursor)
        return self.page

    async def counts(self, caller: Identity, topic: TopicName) -> Counts:
        self._called("counts", caller.user, topic)
        return Counts(unread=1, unseen=2, open=3)

    async def read_all(
        self, caller: Identity, topic: TopicName, upto: int | None = None, hlc: Hlc | None = None
    ) -> Counts:
        self._called("read_all", caller.user, topic, upto, hlc)
        return Counts(unread=0, unseen=0, open=3)

    def stream(
        self, caller: Identity, topic: TopicName, last_event_id: str | None
    ) -> AsyncIterator[StreamEvent]:
        self._called("stream", caller.user, topic, last_event_id)
        return self._events()

    async def _events(self) -> AsyncIterator[StreamEvent]:
        try:
            while (event := await self.events.get()) is not None:
                if isinstance(event, Exception):
                    raise event
                yield event
        finally:
            self.streams_closed += 1

    async def sync(
        self, caller: Identity, device: str | None, parts: Sequence[SyncPart]
    ) -> Sequence[SyncAnswer]:
        self._called("sync", caller.user, device, list(parts))
        return self.answers


def raised(number: int, **more: Any) -> Event:
    """An event as it is stored."""
    event = Event(
        f"e{number}",
        "task.finalized",
        TopicName("inbox/ann"),
        ItemId("i1"),
        1,
        "failed",
        Milliseconds(number),
        number,
    )
    return replace(event, **more)


def delivered(number: int, **more: Any) -> DeliveryRow:
    """A delivery as it is stored."""
    row = DeliveryRow(
        f"d{number}",
        raised(number),
        "ops",
        "route-1",
        UserId("ann"),
        "pending",
        Milliseconds(7),
        Milliseconds(6),
        bodies=(b"what it says",),
    )
    return replace(row, **more)


@dataclass(frozen=True)
class ToldChannel:
    """Implements ``desk.ChannelView``."""

    name: str = "ops"
    kind: str = "wecom_robot"
    host: str = "qyapi.weixin.qq.com"
    state: str = "ok"
    reason: str | None = None
    until: Milliseconds | None = None
    waiting: int = 0


class ToldDesk:
    """Implements ``desk.Desk``: remembers each call, answers what it holds, lets only administrators in."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.refuses: Exception | None = None
        self.known = [raised(1), raised(2), raised(3)]
        self.rows = [(number, delivered(number)) for number in (3, 2, 1)]
        self.views = [ToldChannel()]
        self.outcome = Outcome("ok")
        self.live: asyncio.Queue[Event | Exception | None] = asyncio.Queue()
        self.follows = 0

    def _called(self, caller: Identity, *call: object) -> None:
        if "admin" not in caller.scopes:
            raise Forbidden
        self.calls.append(call)
        if self.refuses is not None:
            raise self.refuses

    async def events(self, caller: Identity, which: EventFilter, after: int, limit: int) -> Sequence[Event]:
        self._called(caller, "events", which, after, limit)
        return [event for event in self.known if event.number > after][:limit]

    async def follow(self, caller: Identity, which: EventFilter, after: int) -> AsyncIterator[Event]:
        self._called(caller, "follow", which, after)
        self.follows += 1
        try:
            for event in self.known:
                if event.number > after:
                    yield event
            while (event_or_end := await self.live.get()) is not None:
                if isinstance(event_or_end, Exception):
                    raise event_or_end
                yield event_or_end
        finally:
            self.follows -= 1

    async def event_number(self, caller: Identity, event_id: str) -> int:
        self._called(caller, "event_number", event_id)
        return _one({event.id: event.number for event in self.known}, event_id)

    async def deliveries(
        self, caller: Identity, which: DeliveryFilter, before: int | None, limit: int
    ) -> Sequence[tuple[int, DeliveryRow]]:
        self._called(caller, "deliveries", which, before, limit)
        return [row for row in self.rows if before is None or row[0] < before][:limit]

    async def delivery(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        self._called(caller, "delivery", delivery_id)
        return _one({row.id: row for _, row in self.rows}, delivery_id)

    async def retry(self, caller: Identity, delivery_id: str) -> DeliveryRow:
        self._called(caller, "retry", delivery_id)
        return _one({row.id: row for _, row in self.rows}, delivery_id)

    async def channels(self, caller: Identity) -> Sequence[ToldChannel]:
        self._called(caller, "channels")
        return self.views

    async def test(self, caller: Identity, name: str) -> Outcome:
        self._called(caller, "test", name)
        _one({view.name: view for view in self.views}, name)
        return self.outcome


def _one(things: Mapping[str, T], name: str) -> T:
    if name not in things:
        raise NotFound
    return things[name]


class ToldHealth:
    """Says what it is told."""

    def __init__(self) -> None:
        self.checks: dict[str, object] = {"storage": True}

    def ready(self) -> tuple[bool, Mapping[str, Any]]:
        return all(self.checks.values()), self.checks


@dataclass(frozen=True, slots=True)
class Received:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def code(self) -> str:
        """The code of a problem document, which it must be."""
        assert self.headers["content-type"] == "application/problem+json"
        problem = self.json
        assert problem["type"] == f"urn:tongbu:problem:{problem['code']}"
        assert problem["status"] == self.status
        assert problem["title"]
        assert problem["detail"]
        return str(problem["code"])


@dataclass(slots=True)
class Following:
    """A stream that is being received."""

    status: asyncio.Future[int]
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)
    more: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False
    stuck: asyncio.Event | None = None
    task: asyncio.Task[None] | None = None

    async def until(self, text: bytes) -> None:
        """Wait until the body holds the text."""
        while text not in self.body:
            self.more.clear()
            await self.more.wait()


class Desk:
    """The application over ``ToldActions`` and real people, and a browser before it."""

    def __init__(self, host: str = "0.0.0.0") -> None:
        self.town = Town()
        self.actions = ToldActions()
        self.desk = ToldDesk()
        self.health = ToldHealth()
        self.metrics = Metrics()
        self.app = build(
            self.actions,
            self.town.people,
            self.desk,
            self.town.tokens,
            self.health,
            self.metrics,
            self.town.clock,
            Config(
                server=ServerSettings(host=host, origins=(ORIGIN,)),
                limits=LimitSettings(http_body=MAX_BODY, message=MAX_MESSAGE, topics=3),
            ),
        )

    def token(self, user: str = "ann", *scopes: Scope, device: str | None = None, ttl: int = 3600) -> str:
        """A token, of scope ``user`` unless told otherwise."""
        return self.town.tokens.issue(UserId(user), scopes or ("user",), ttl, device)  # type: ignore[arg-type]  # a plain str is a fine device id here

    async def send(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        parts: int = 1,
    ) -> Received:
        """One request; ``body`` as JSON unless it is bytes; ``token`` "" for ``ann``'s, None for none."""
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        messages: list[dict[str, Any]] = []
        chunks = _chunks(content, parts)

        async def receive() -> dict[str, Any]:
            if not chunks:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

        async def send(message: dict[str, Any]) -> None:
            messages.append(message)

        scope = self._scope(method, target, token, headers)
        if parts == 1:
            scope["headers"].append((b"content-length", str(len(content)).encode()))
        await self.app(scope, receive, send)  # type: ignore[arg-type]  # plain dictionaries are ASGI messages
        start, *rest = messages
        return Received(
            start["status"], _headers(start), b"".join(message.get("body", b"") for message in rest)
        )

    async def follow(
        self, target: str, *, token: str | None = "", headers: Mapping[str, str] | None = None
    ) -> Following:
        """Begin to receive a stream."""
        following = Following(asyncio.get_running_loop().create_future())

        async def receive() -> dict[str, Any]:
            await following.gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                following.headers = _headers(message)
                following.status.set_result(message["status"])
                return
            if following.stuck is not None:
                await following.stuck.wait()
            following.body += message["body"]
            following.ended = not message["more_body"]
            following.more.set()

        scope = self._scope("GET", target, token, headers)
        running = self.app(scope, receive, send)  # type: ignore[arg-type]  # as above
        following.task = asyncio.ensure_future(running)
        return following

    def _scope(
        self, method: str, target: str, token: str | None, headers: Mapping[str, str] | None
    ) -> dict[str, Any]:
        path, _, query = target.partition("?")
        sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
        sent.append((b"host", b"hub.example.org"))
        if token is not None:
            sent.append((b"authorization", f"Bearer {token or self.token()}".encode()))
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": quote(path, safe="/%").encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": sent,
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8787),
        }


def _chunks(content: bytes, parts: int) -> list[bytes]:
    size = max(1, -(-len(content) // parts))
    return [content[start : start + size] for start in range(0, len(content), size)] or [b""]


def _headers(start: Mapping[str, Any]) -> dict[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]}
