"""A session that speaks ``tongbu.v1``: hello, open, push, presence, commands. See ``hub.protocol.native``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hub.engine.commands import begin_command, run_command
from hub.engine.intake import Intake
from hub.engine.native_topics import NativeTopics
from hub.engine.services import Services
from hub.engine.topics import Topic
from hub.errors import (
    BadToken,
    Fatal,
    Internal,
    Malformed,
    MessageTooBig,
    NotAllowed,
    Refusal,
    TokenVoid,
    TooFast,
)
from hub.model import Access, DeviceId, Identity, Json, Milliseconds
from hub.ports import Peer, Timer
from hub.protocol import native
from hub.telemetry.logs import get

log = get("hub.session")

ANSWER_BYTES = 65_536
"""What the answer of a command counts for until it is made, with an item in it."""


class NativeSession:
    """Implements ``ports.PeerHandler`` and ``session.Live``. ``topics`` come to be with the welcome."""

    __slots__ = (
        "_early",
        "_early_bytes",
        "_intake",
        "_peer",
        "_rest",
        "_services",
        "_timer",
        "_token",
        "_topics",
        "concatenates",
        "identity",
        "idle_message",
    )

    def __init__(self, peer: Peer, services: Services, token: str | None) -> None:
        self.identity: Identity | None = None
        self.idle_message = b""
        self.concatenates = True
        self._peer = peer
        self._services = services
        self._token = token
        self._early: list[native.DeviceMessage] | None = None
        self._early_bytes = 0
        # Of a message that held several, those that were not begun when the peer was paused.
        self._rest: tuple[Iterator[native.DeviceMessage], int] | None = None
        self._topics: NativeTopics | None = None
        self._intake: Intake | None = None
        self._timer: Timer | None = services.timers.schedule(services.limits.hello_timeout, self._silent)

    # ------------------------------------------------------------------ PeerHandler

    def receive(self, message: bytes) -> None:
        """Decode and dispatch. Nothing of a message that can't be decoded takes effect."""
        messages = native.decode(message)
        if self._topics is None:
            self._receive_early(messages, len(message))
            return
        self._begin_each(self._topics, iter(messages), len(message) // len(messages))

    def fatal_message(self, error: Exception) -> bytes:
        """``[9, code, message]``."""
        if self.identity is None:
            self._services.metrics.hellos[getattr(error, "code", Internal.code)] += 1
        if isinstance(error, Fatal):
            return native.fatal(error.code, error.message)
        return native.fatal(Internal.code, Internal().message)

    def drained(self) -> None:
        """Go on answering, and catch up the topics whose relays were dropped."""
        if self._intake is not None and self._topics is not None:
            self._intake.serving.drained()
            self._topics.drained()

    def resumed(self) -> None:
        """Go on with the rest of what came together."""
        rest, self._rest = self._rest, None
        if rest is not None and self._topics is not None:
            self._begin_each(self._topics, *rest)

    def _begin_each(self, topics: NativeTopics, messages: Iterator[native.DeviceMessage], size: int) -> None:
        """One after another, each of ``size`` bytes, until the peer is paused."""
        for each in messages:
            if type(each) is native.Push:
                topics.push(each, size)
            else:
                _DISPATCH[type(each)](self, topics, each, size)
            if not self._peer.reading:
                self._rest = messages, size
                return

    def lost(self) -> None:
        """Leave every topic."""
        if self._topics is not None:
            self._topics.leave_all()
        if self._intake is not None:
            self._intake.serving.forget()
        if self._timer is not None:
            self._timer.cancel()
        if self.identity is not None:
            self._services.sessions.remove(self.identity.user, self)
            self._services.metrics.connections["native"] -= 1
        self.identity = self._early = self._timer = self._rest = None

    # ------------------------------------------------------------------ hello

    def _silent(self) -> None:
        self._close(BadToken("no hello in time"))

    def _receive_early(self, messages: list[native.DeviceMessage], size: int) -> None:
        self._early_bytes += size
        if self._early_bytes > self._services.limits.hello_bytes:
            raise MessageTooBig("too much was sent before the hello was answered")
        if self._early is not None:
            self._early.extend(messages)
            return
        hello = messages[0]
        if not isinstance(hello, native.Hello):
            raise Malformed("the first message is hello")
        identity = self._identify(hello)
        self._early = messages[1:]
        known = _speaking(identity, hello.device)
        if known is not None and self._services.people.greeted(known, hello.name, hello.platform):
            self._let_in(known)
            return
        self._peer.pause()
        self._services.tasks.start(self._enter(identity, hello))

    def _identify(self, hello: native.Hello) -> Identity:
        if hello.version != native.VERSION:
            raise Malformed(f"this hub speaks version {native.VERSION}")
        token = hello.token or self._token
        self._token = None
        if token is None:
            raise BadToken
        identity = self._services.authenticator.verify(token)
        if self._services.sessions.of(identity.user) >= self._services.limits.connections_per_user:
            raise TooFast("this user has too many connections")
        return identity

    async def _enter(self, identity: Identity, hello: native.Hello) -> None:
        try:
            device = await self._services.people.hello(identity, hello.device, hello.name, hello.platform)
        except Fatal as fatal:
            self._close(fatal)
            return
        if self._timer is None or self._early is None:
            return
        self._peer.resume()
        try:
            self._let_in(replace(identity, device=device.device))
        except Fatal as fatal:
            self._close(fatal)

    def _let_in(self, identity: Identity) -> None:
        """The device is known: welcome it, and take what it said since its hello."""
        services, limits = self._services, self._services.limits
        self._intake = Intake(
            self._peer, services.clock, services.timers, limits.waiting_bytes, limits.statements_per_second
        )
        self._topics = NativeTopics(self._peer, services, identity, self._intake)
        self.idle_message = native.BEAT
        self._peer.limit_messages(limits.message)
        services.sessions.add(identity.user, self)
        services.metrics.hellos["ok"] += 1
        services.metrics.connections["native"] += 1
        self._identified(identity)
        self._peer.answer(
            native.welcome(
                identity.user,
                identity.device or "",
                services.clock.now(),
                _milliseconds(limits.beat),
                limits.on_wire,
            )
        )
        early, self._early = self._early or [], None
        self._begin_each(self._topics, iter(early), 0)

    def _identified(self, identity: Identity) -> None:
        """From now on, until the token expires, the session speaks for this identity."""
        self.identity = identity
        if self._topics is not None:
            self._topics.identity = identity
        if self._timer is not None:
            self._timer.cancel()
        left = (identity.expires_at - self._services.clock.now()) / 1000
        self._timer = self._services.timers.schedule(max(0.0, left), self._expired)

    def _expired(self) -> None:
        self._close(BadToken("the token expired"))

    # ------------------------------------------------------------------ messages

    def _again(self, topics: NativeTopics, message: native.Hello, size: int) -> None:
        raise Malformed("hello is said once")

    def _renew(self, topics: NativeTopics, message: native.Renew, size: int) -> None:
        identity = self._services.authenticator.verify(message.token)
        mine = self.identity
        if mine is None or identity.user != mine.user or identity.device not in (None, mine.device):
            raise NotAllowed("the token is for another user or device")
        if self._intake is not None:
            self._intake.took(size, 1)
            identity = replace(identity, device=mine.device)
            self._services.tasks.start(self._renewed(topics, self._intake, message.ref, identity, size))

    async def _renewed(
        self, topics: NativeTopics, intake: Intake, ref: int, identity: Identity, size: int
    ) -> None:
        try:
            await self._services.people.known(identity)
        except TokenVoid as refusal:
            self._close(BadToken(refusal.message))
        except Refusal as refusal:
            self._peer.answer(native.no(ref, refusal))
        else:
            self._take_over(topics, ref, identity)
        intake.answered(size)

    def _take_over(self, topics: NativeTopics, ref: int, identity: Identity) -> None:
        if self.identity is None:
            return
        self._identified(identity)
        self._peer.answer(native.ok(ref, {"expires_at": identity.expires_at}))
        for topic in topics.open_topics():
            self._services.sessions.access_changed(topic.name, identity.user)

    def _open(self, topics: NativeTopics, message: native.Open, size: int) -> None:
        if self._intake is not None:
            self._intake.took(0, 1)
        topics.open(message)

    def _push(self, topics: NativeTopics, message: native.Push, size: int) -> None:
        topics.push(message, size)

    def _close_topic(self, topics: NativeTopics, message: native.Close, size: int) -> None:
        topics.close(message)

    def _presence(self, topics: NativeTopics, message: native.Presence, size: int) -> None:
        if self._intake is not None:
            self._intake.took(0, 1)
        topics.state_presence(message)

    def _command(self, topics: NativeTopics, message: native.Command, size: int) -> None:
        if self.identity is not None and self._intake is not None:
            if message.params.get("answer") != "seq":
                size += ANSWER_BYTES
            self._intake.took(size, 1)
            if not self._begin(self.identity, self._intake, message, size):
                self._services.tasks.start(self._run(self.identity, self._intake, message, size))

    def _begin(self, caller: Identity, intake: Intake, message: native.Command, size: int) -> bool:
        """Begin a command that needs no task; False where it does."""
        ref, name, params = message
        reply = _Reply(self._peer, intake, ref, size)
        try:
            return begin_command(self._services.actions, caller, name, params, reply.written, reply.refused)
        except Refusal as refusal:
            reply.refused(refusal)
        except Exception:
            log.exception("session.command_failed", command=name[:32])
            reply.refused(Internal())
        return True

    async def _run(self, caller: Identity, intake: Intake, message: native.Command, size: int) -> None:
        try:
            value: Json = await run_command(self._services.actions, caller, message.name, message.params)
            self._peer.answer(native.ok(message.ref, value))
        except Refusal as refusal:
            self._peer.answer(native.no(message.ref, refusal))
        except Exception:
            log.exception("session.command_failed", command=message.name[:32])
            self._peer.answer(native.no(message.ref, Internal()))
        intake.answered(size)

    # ------------------------------------------------------------------ Live

    def topics(self) -> list[Topic]:
        """What is open."""
        return self._topics.open_topics() if self._topics is not None else []

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """The right to a topic changed."""
        if self._topics is not None:
            self._topics.access_changed(topic, access)

    def end(self, reason: str) -> None:
        """The right to be connected is gone."""
        self._close(NotAllowed(reason))

    def leave(self, retry_after: int) -> None:
        """The hub is going away."""
        self._peer.answer(native.going_away(Milliseconds(retry_after), "the hub is restarting"))

    def _close(self, fatal: Fatal) -> None:
        self._peer.answer(self.fatal_message(fatal))
        self._peer.close(fatal.close_code, fatal.message)


class _Reply:
    """The answer of a command that was begun, ``size`` bytes until it is given."""

    __slots__ = ("_intake", "_peer", "_ref", "_size")

    def __init__(self, peer: Peer, intake: Intake, ref: int, size: int) -> None:
        self._peer = peer
        self._intake = intake
        self._ref = ref
        self._size = size

    def written(self, value: Json) -> None:
        self._peer.answer(native.ok(self._ref, value))
        self._intake.answered(self._size)

    def refused(self, refusal: Refusal) -> None:
        self._peer.answer(native.no(self._ref, refusal))
        self._intake.answered(self._size)


def _speaking(identity: Identity, device: str | None) -> Identity | None:
    """The identity with the device that says hello; None where it has none yet or may not be that one."""
    if device is None or device == identity.device:
        return identity if identity.device is not None else None
    if identity.device is not None:
        return None
    # Not by replace: it costs as much as the look-up of the device.
    return Identity(identity.user, identity.scopes, identity.expires_at, DeviceId(device), identity.issued_at)


def _milliseconds(seconds: float) -> Milliseconds:
    return Milliseconds(round(seconds * 1000))


_DISPATCH: dict[type, Callable[[Any, NativeTopics, Any, int], None]] = {
    native.Hello: NativeSession._again,
    native.Renew: NativeSession._renew,
    native.Open: NativeSession._open,
    native.Push: NativeSession._push,
    native.Close: NativeSession._close_topic,
    native.Presence: NativeSession._presence,
    native.Command: NativeSession._command,
}
