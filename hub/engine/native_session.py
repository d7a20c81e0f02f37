"""A session that speaks ``tongbu.v1``: hello, open, push, presence, commands. See ``hub.protocol.native``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from hub.engine.commands import run_command
from hub.engine.documents import Update, UseDocument
from hub.engine.intake import Intake
from hub.engine.ledger import Stated
from hub.engine.reading import Catch
from hub.engine.services import Services
from hub.engine.session import next_session_id
from hub.engine.statements import Write
from hub.engine.topics import DocumentTopic, Ledger, Topic
from hub.errors import (
    BadId,
    BadToken,
    BadValue,
    ClockAhead,
    Fatal,
    Forbidden,
    Internal,
    Limit,
    Malformed,
    NotAllowed,
    Refusal,
    TooFast,
    UnknownHandle,
)
from hub.model import Access, Actor, DeviceId, Identity, Incarnation, Json, Milliseconds, Seq, Statement, TopicKind, TopicName
from hub.ports import Commit, Peer, Timer
from hub.protocol import native
from hub.protocol.yjs import EMPTY_UPDATE
from hub.state.clock import is_ahead
from hub.state.fields import check_statement
from hub.telemetry.logs import get

log = get("hub.session")


class Opened:
    """One topic as this session has it open. ``sent`` is the last seq shown; ``stale`` once one was not, and
    until the catch-up (``catching``: on its way) or the next open makes up for it."""

    __slots__ = ("access", "catching", "sent", "stale", "topic")

    def __init__(self, topic: Topic, access: Access, sent: Seq) -> None:
        self.topic = topic
        self.access = access
        self.sent = sent
        self.stale = False
        self.catching = False


class NativeSession:
    """Implements ``ports.PeerHandler`` and ``topics.Reader``."""

    __slots__ = (
        "_early",
        "_early_bytes",
        "_intake",
        "_opened",
        "_peer",
        "_services",
        "_timer",
        "_token",
        "concatenates",
        "id",
        "identity",
        "idle_message",
    )

    def __init__(self, peer: Peer, services: Services, token: str | None) -> None:
        self.id = next_session_id()
        self.identity: Identity | None = None
        self.idle_message = b""
        self.concatenates = True
        self._peer = peer
        self._services = services
        self._token = token
        self._early: list[native.DeviceMessage] | None = None
        self._early_bytes = 0
        self._opened: dict[int, Opened] = {}
        self._intake: Intake | None = None
        self._timer: Timer | None = services.timers.schedule(services.limits.hello_timeout, self._silent)

    # ------------------------------------------------------------------ PeerHandler

    def receive(self, message: bytes) -> None:
        """Decode and dispatch. Nothing of a message that can't be decoded takes effect."""
        messages = native.decode(message)
        if self.identity is None:
            self._receive_early(messages, len(message))
            return
        size = len(message) // max(1, len(messages))
        for each in messages:
            _DISPATCH[type(each)](self, each, size)

    def fatal_message(self, error: Exception) -> bytes:
        """``[9, code, message]``."""
        if self.identity is None:
            self._services.metrics.hellos[getattr(error, "code", Internal.code)] += 1
        if isinstance(error, Fatal):
            return native.fatal(error.code, error.message)
        return native.fatal(Internal.code, Internal().message)

    def drained(self) -> None:
        """Catch up the topics whose relays were dropped."""
        for opened in list(self._opened.values()):
            if opened.stale and not opened.catching:
                self._catch_up(opened)

    def lost(self) -> None:
        """Leave every topic."""
        for opened in list(self._opened.values()):
            self._leave(opened.topic)
        if self._timer is not None:
            self._timer.cancel()
        if self.identity is not None:
            self._services.sessions.remove(self.identity.user, self)
        self.identity = self._early = self._timer = None

    # ------------------------------------------------------------------ hello

    def _silent(self) -> None:
        self._close(BadToken("no hello in time"))

    def _receive_early(self, messages: list[native.DeviceMessage], size: int) -> None:
        self._early_bytes += size
        if self._early_bytes > self._services.limits.hello_bytes:
            raise Malformed("too much was sent before the hello was answered")
        if self._early is not None:
            self._early.extend(messages)
            return
        hello = messages[0]
        if not isinstance(hello, native.Hello):
            raise Malformed("the first message is hello")
        identity = self._identify(hello)
        self._early = messages[1:]
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
        services = self._services
        try:
            device = await services.people.hello(identity, hello.device, hello.name, hello.platform)
        except Fatal as fatal:
            self._close(fatal)
            return
        if self._timer is None or self._early is None:
            return
        identity = replace(identity, device=device.device)
        limits = services.limits
        self._intake = Intake(
            self._peer, services.clock, services.timers, limits.waiting_bytes, limits.statements_per_second
        )
        self.idle_message = native.BEAT
        self._peer.limit_messages(limits.message)
        services.sessions.add(identity.user, self)
        services.metrics.hellos["ok"] += 1
        self._identified(identity)
        self._peer.answer(
            native.welcome(
                identity.user, device.device, services.clock.now(), _milliseconds(limits.beat), limits.on_wire
            )
        )
        self._replay()

    def _replay(self) -> None:
        early, self._early = self._early or [], None
        self._peer.resume()
        try:
            for each in early:
                _DISPATCH[type(each)](self, each, 0)
        except Fatal as fatal:
            self._close(fatal)

    def _identified(self, identity: Identity) -> None:
        """From now on, until the token expires, the session speaks for this identity."""
        self.identity = identity
        if self._timer is not None:
            self._timer.cancel()
        left = (identity.expires_at - self._services.clock.now()) / 1000
        self._timer = self._services.timers.schedule(max(0.0, left), self._expired)

    def _expired(self) -> None:
        self._close(BadToken("the token expired"))

    def _again(self, _: native.Hello, size: int) -> None:
        raise Malformed("hello is said once")

    def _renew(self, message: native.Renew, size: int) -> None:
        assert self.identity is not None
        identity = self._services.authenticator.verify(message.token)
        mine = self.identity
        if identity.user != mine.user or identity.device not in (None, mine.device):
            raise NotAllowed("the token is for another user or device")
        self._identified(replace(identity, device=mine.device))
        self._answer(native.ok(message.ref, {"expires_at": identity.expires_at}))
        for opened in list(self._opened.values()):
            self._services.sessions.access_changed(opened.topic.name, identity.user)

    # ------------------------------------------------------------------ open, close

    def _open(self, message: native.Open, size: int) -> None:
        assert self.identity is not None
        try:
            topic = self._services.topics.topic(TopicName(message.topic))
            if topic.handle not in self._opened and len(self._opened) >= self._services.limits.topics:
                raise Limit("too many topics are open on this connection")
        except Refusal as refusal:
            self._answer(native.no(message.ref, refusal))
            return
        if self._services.rights.knows(topic.name):
            self._open_known(message, topic)
        else:
            self._services.tasks.start(self._open_unknown(message, topic))

    async def _open_unknown(self, message: native.Open, topic: Topic) -> None:
        try:
            await self._services.rights.learn(topic.name)
        except Refusal as refusal:
            self._answer(native.no(message.ref, refusal))
            return
        self._open_known(message, topic)

    def _open_known(self, message: native.Open, topic: Topic) -> None:
        if self.identity is None:
            return
        refused = partial(self._no, message.ref, 0)
        try:
            access = self._services.rights.access(self.identity, topic.name)
        except Refusal as refusal:
            refused(refusal)
            return
        if isinstance(topic, DocumentTopic):
            done = partial(self._open_document, message, access)
            self._services.pipeline.submit(UseDocument(topic, done, refused))
        elif isinstance(topic, Ledger):
            self._catch(topic, message.incarnation, message.seq, message.ref, access, refused)

    def _catch(
        self,
        topic: Ledger,
        incarnation: int,
        seq: int,
        ref: int,
        access: Access,
        refused: Callable[[Refusal], None],
    ) -> None:
        done = partial(self._open_ledger, ref, topic, access)
        self._services.pipeline.submit(Catch(topic, Incarnation(incarnation), Seq(seq), done, refused))

    def _open_ledger(
        self, ref: int, topic: Ledger, access: Access, full: bool, statements: list[Statement]
    ) -> None:
        body = native.encode_statements(statements)
        parts = native.split_body(body, self._services.limits.message - 256)
        self._become_reader(topic, access)
        self._opened_message(ref, topic, access, full, parts)

    def _open_document(
        self, message: native.Open, access: Access, topic: DocumentTopic, document: Any
    ) -> None:
        full = message.incarnation != topic.incarnation or message.seq > topic.seq
        vector = None if full else message.state_vector
        in_sync = not full and message.seq == topic.seq
        update = EMPTY_UPDATE if in_sync else document.diff(vector)
        body = native.encode_updates([] if update == EMPTY_UPDATE else [update])
        self._become_reader(topic, access)
        self._opened_message(message.ref, topic, access, full, [body])

    def _opened_message(
        self, ref: int, topic: Topic, access: Access, full: bool, parts: list[bytes]
    ) -> None:
        last = len(parts) - 1
        self._answer(
            native.opened(ref, topic.handle, topic.incarnation, topic.seq, access, full, parts[0], last > 0)
        )
        for index in range(1, len(parts)):
            self._answer(native.relay(topic.handle, topic.seq, parts[index], index < last))
        present = self._services.presence.message(topic) if ref else None
        if present is not None:
            self._answer(present)

    def _become_reader(self, topic: Topic, access: Access) -> None:
        if self.identity is None:
            return
        self._opened[topic.handle] = Opened(topic, access, topic.seq)
        topic.readers[self.id] = self

    def _close_topic(self, message: native.Close, size: int) -> None:
        opened = self._opened.get(message.handle)
        if opened is not None:
            self._leave(opened.topic)

    def _leave(self, topic: Topic) -> None:
        self._opened.pop(topic.handle, None)
        topic.readers.pop(self.id, None)
        self._services.presence.leave(topic, self)

    # ------------------------------------------------------------------ push

    def _push(self, message: native.Push, size: int) -> None:
        opened = self._opened.get(message.handle)
        ref = message.ref
        assert self.identity is not None
        assert self._intake is not None
        try:
            if opened is None:
                raise UnknownHandle
            if opened.access != "write":
                raise Forbidden("you may only read this topic")
            topic = opened.topic
            done, refused = partial(self._saved, ref, size, opened), partial(self._no, ref, size)
            if isinstance(topic, Ledger):
                stated = self._services.check.stated(topic.kind, message.body, self.identity)
                actor = Actor(self.identity.device or "")
                self._services.pipeline.submit(Write(topic, stated, actor, self.id, done, refused))
                self._intake.took(size, len(stated))
            elif isinstance(topic, DocumentTopic):
                if type(message.body) is not bytes:
                    raise BadValue("a document is pushed one update (bytes)")
                update = Update(topic, message.body, self.identity.user, self.id, done, refused)
                self._services.pipeline.submit(update)
                self._intake.took(size, 1)
        except Refusal as refusal:
            self._count_refusal(refusal)
            self._answer(native.no(ref, refusal))

    # A device takes the highest seq it was told for what it has, so one that missed relays is told the last
    # it was shown, not the one its push is saved under.
    def _saved(self, ref: int, size: int, opened: Opened, seq: Seq) -> None:
        if not opened.stale:
            opened.sent = max(opened.sent, seq)
        self._answer(native.ok(ref, min(seq, opened.sent)))
        if self._intake is not None:
            self._intake.answered(size)

    def _no(self, ref: int, size: int, refusal: Refusal) -> None:
        self._count_refusal(refusal)
        self._answer(native.no(ref, refusal))
        if self._intake is not None:
            self._intake.answered(size)

    def _count_refusal(self, refusal: Refusal) -> None:
        self._services.metrics.statements_refused[refusal.code] += 1

    # ------------------------------------------------------------------ presence, commands

    def _state_presence(self, message: native.Presence, size: int) -> None:
        opened = self._opened.get(message.handle)
        identity = self.identity
        if opened is None or identity is None or identity.device is None:
            return
        try:
            self._services.presence.state(opened.topic, self, identity.device, identity.user, message.state)
        except Refusal as refusal:
            self._answer(native.no(0, refusal))

    def show_presence(self, message: bytes) -> None:
        """Somebody else's presence."""
        self._peer.relay(message)

    def _command(self, message: native.Command, size: int) -> None:
        assert self._intake is not None
        self._intake.took(size, 1)
        assert self.identity is not None
        self._services.tasks.start(self._run(self.identity, message, size))

    async def _run(self, caller: Identity, message: native.Command, size: int) -> None:
        try:
            value: Json = await run_command(self._services.actions, caller, message.name, message.params)
        except Refusal as refusal:
            self._no(message.ref, size, refusal)
            return
        except Exception:
            log.exception("session.command_failed", command=message.name[:32])
            self._no(message.ref, size, Internal())
            return
        self._answer(native.ok(message.ref, value))
        if self._intake is not None:
            self._intake.answered(size)

    # ------------------------------------------------------------------ Reader

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Show a commit; what this session alone pushed comes back only where the hub altered it."""
        opened = self._opened.get(topic.handle)
        if opened is None or opened.stale:
            return
        if commit.origin == self.id:
            if commit.altered:
                self._show(opened, commit.seq, (native.relay(topic.handle, commit.seq, commit.altered),))
            else:
                opened.sent = commit.seq
            return
        self._show(opened, commit.seq, topic.once(self._services.relay, commit))

    def _show(self, opened: Opened, seq: Seq, messages: Iterable[bytes]) -> None:
        for message in messages:
            if not self._peer.relay(message):
                opened.stale = True
                self._services.metrics.relays_dropped += 1
                return
        opened.sent = seq
        self._services.metrics.relays += 1

    def _catch_up(self, opened: Opened) -> None:
        """A ledger gets one merged catch-up from the last seq shown, a document a jump: it opens again."""
        topic = opened.topic
        opened.catching = True
        if isinstance(topic, Ledger):
            self._catch(topic, topic.incarnation, opened.sent, 0, opened.access, partial(self._not_caught_up, opened))
        else:
            self._answer(native.relay(topic.handle, topic.seq, native.EMPTY_BODY))

    def _not_caught_up(self, opened: Opened, refusal: Refusal) -> None:
        opened.catching = False

    # ------------------------------------------------------------------ Live

    def topics(self) -> list[Topic]:
        """What is open."""
        return [opened.topic for opened in self._opened.values()]

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """Tell the device; without access the topic is closed for it."""
        opened = self._opened.get(topic.handle)
        if opened is None or opened.access == access:
            return
        self._answer(
            native.opened(0, topic.handle, topic.incarnation, opened.sent, access, False, native.EMPTY_BODY)
        )
        if access is None:
            self._leave(topic)
        else:
            opened.access = access

    def end(self, reason: str) -> None:
        """The right to be connected is gone."""
        self._close(NotAllowed(reason))

    def leave(self, retry_after: int) -> None:
        """The hub is going away."""
        self._answer(native.going_away(Milliseconds(retry_after), "the hub is restarting"))

    # ------------------------------------------------------------------

    def _answer(self, message: bytes) -> None:
        self._peer.answer(message)

    def _close(self, fatal: Fatal) -> None:
        self._peer.answer(self.fatal_message(fatal))
        self._peer.close(fatal.close_code, fatal.message)


def _milliseconds(seconds: float) -> Milliseconds:
    return Milliseconds(round(seconds * 1000))


_DISPATCH: dict[type, Callable[[Any, Any, int], None]] = {
    native.Hello: NativeSession._again,
    native.Renew: NativeSession._renew,
    native.Open: NativeSession._open,
    native.Push: NativeSession._push,
    native.Close: NativeSession._close_topic,
    native.Presence: NativeSession._state_presence,
    native.Command: NativeSession._command,
}
