"""Sessions without sockets: a peer that remembers, a device that is handed what it is sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hub.engine.native_session import NativeSession
from hub.errors import Fatal
from hub.model import Scope
from hub.ports import PeerHandler
from hub.protocol import native_device as wire
from tests.kit.engines import Engine
from tests.kit.replicas import DeviceState


class RecordingPeer:
    """Implements ``ports.Peer``. ``full`` makes it drop relays, as a buffer at its cap does."""

    def __init__(self) -> None:
        self.sent: deque[bytes] = deque()
        self.full = False
        self.dropped = 0
        self.paused = False
        self.max_bytes = 4096
        self.closed: tuple[int, str] | None = None

    def answer(self, message: bytes) -> None:
        if self.closed is None:
            self.sent.append(message)

    def relay(self, message: bytes) -> bool:
        if self.full:
            self.dropped += 1
            return False
        self.answer(message)
        return True

    def room(self) -> bool:
        if self.full:
            self.dropped += 1
        return not self.full

    @property
    def reading(self) -> bool:
        return not self.paused

    def close(self, code: int, reason: str) -> None:
        if self.closed is None:
            self.closed = code, reason

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def limit_messages(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes


class Link:
    """One connection of a device: what it says waits in ``up``, what the hub says in ``peer.sent``, until
    somebody carries it over."""

    def __init__(self, engine: Engine, state: DeviceState, token: str | None) -> None:
        self.state = state
        self.peer = RecordingPeer()
        self.up: deque[bytes] = deque([state.hello(token)])
        self.session: PeerHandler = NativeSession(self.peer, engine.services, None)
        self.over = False

    def carry_up(self) -> bool:
        """One message to the hub; whether there was one."""
        if self.over or self.peer.paused:
            return False
        try:
            self.session.resumed()
            if self.peer.paused or not self.up:
                return False
            self.session.receive(self.up.popleft())
        except Fatal as fatal:
            self.peer.answer(self.session.fatal_message(fatal))
            self.peer.close(fatal.close_code, fatal.message)
        return True

    def carry_down(self) -> bool:
        """One message to the device; whether there was one. After the last of a closed one, it is lost."""
        if self.over:
            return False
        if self.peer.sent:
            self.up.extend(self.state.receive(self.peer.sent.popleft()))
            return True
        if self.peer.closed is not None:
            self.cut()
            return True
        return False

    def cut(self) -> None:
        """The connection is lost, with everything on its way."""
        if not self.over:
            self.over = True
            self.session.lost()
            self.state.lost()

    def drain(self) -> None:
        """A full buffer drained."""
        self.peer.full = False
        if self.peer.dropped:
            self.peer.dropped = 0
            self.session.drained()


class LinkedDevice:
    """A device with at most one connection, for tests that carry messages as far as they go."""

    def __init__(
        self,
        engine: Engine,
        user: str,
        name: str = "device",
        *scopes: Scope,
        wall: Callable[[], int] | None = None,
        device: str | None = None,
    ) -> None:
        self.engine = engine
        self.user = user
        self.scopes: tuple[Scope, ...] = scopes or ("user",)
        self.state = DeviceState(name, wall or engine.clock.now, device)
        self.link: Link | None = None

    async def connect(self, token: str | None = None) -> None:
        """Say hello, open what was open before, take what comes."""
        assert self.link is None or self.link.over
        self.link = Link(self.engine, self.state, token or self.engine.token(self.user, *self.scopes))
        await self.exchange()

    def cut(self) -> None:
        """Drop off the network."""
        if self.link is not None:
            self.link.cut()

    async def exchange(self) -> None:
        """Carry messages both ways until nothing moves any more."""
        moved = True
        while moved:
            moved = False
            await self.engine.quiet()
            while self.link is not None and (self.link.carry_up() or self.link.carry_down()):
                moved = True

    def say(self, *messages: bytes) -> None:
        """Queue a WebSocket message for the hub."""
        assert self.link is not None
        self.link.up.append(b"".join(messages))

    async def open(self, topic: str) -> None:
        """Open, or bring up to date."""
        self.say(self.state.open(topic))
        await self.exchange()

    async def push(self) -> None:
        """Push every outbox."""
        for topic in list(self.state.topics):
            for message in self.state.push(topic):
                self.say(message)
        await self.exchange()

    async def act(self, topic: str, item: str, field: str, value: object, hlc: int | None = None) -> None:
        """An action, pushed and answered."""
        self.state.act(topic, item, field, value, hlc)  # type: ignore[arg-type]  # also wrong ones
        await self.push()

    async def ask(self, make: Callable[[int], bytes]) -> wire.Ok | wire.No:
        """Send a request made with a new ref; the answer."""
        ref = self.state.ref()
        self.say(make(ref))
        await self.exchange()
        return self.state.answers[ref]

    @property
    def close_code(self) -> int | None:
        """With which code the hub closed the last connection."""
        return self.link.peer.closed[0] if self.link is not None and self.link.peer.closed else None
