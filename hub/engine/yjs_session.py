"""A session that speaks y-websocket: one document, named in the path. See ``hub.protocol.yjs``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from hub.engine.documents import Update, UseDocument
from hub.engine.intake import Intake
from hub.engine.services import Services
from hub.engine.session import next_session_id
from hub.engine.topics import DocumentTopic, Topic
from hub.errors import (
    BadToken,
    Fatal,
    Gap,
    GoingAway,
    InternalError,
    NotAllowed,
    Refusal,
    TokenExpired,
    TokenVoid,
    TooFast,
    Unavailable,
)
from hub.model import Access, Identity, Seq, TopicName, UserId
from hub.ports import Commit, Peer, Timer
from hub.protocol import yjs
from hub.protocol.body import decode_updates

if TYPE_CHECKING:
    from hub.engine.document import Document


GAPS = 1_000
"""Updates with a gap that may come before the answer that fills it. An answer may leave one once."""


class YjsSession:
    """Implements ``ports.PeerHandler``, ``topics.Reader`` and ``session.Live``.

    The peer is not read until its rights are known and the document is open; what came along with the upgrade
    waits.
    """

    __slots__ = (
        "_access",
        "_asked",
        "_early",
        "_gaps",
        "_intake",
        "_open",
        "_peer",
        "_services",
        "_stale",
        "_timer",
        "_topic",
        "_unfilled",
        "concatenates",
        "id",
        "identity",
        "idle_message",
    )

    def __init__(self, peer: Peer, services: Services, topic: TopicName, token: str | None) -> None:
        self.id = next_session_id()
        self.identity: Identity | None = None
        self.idle_message = yjs.EMPTY_AWARENESS
        self.concatenates = False
        self._peer = peer
        self._services = services
        self._topic: DocumentTopic = services.topics.document(topic)
        self._access: Access = "read"
        self._open = False
        self._stale = False
        self._asked = False
        self._gaps = 0
        self._unfilled = 0
        self._early: list[bytes] = []
        self._timer: Timer | None = None
        limits = services.limits
        self._intake = Intake(
            peer, services.clock, services.timers, limits.waiting_bytes, limits.statements_per_second
        )
        self._begin(token)

    def _begin(self, token: str | None) -> None:
        if token is None:
            raise BadToken
        services = self._services
        identity = services.authenticator.verify(token)
        if services.sessions.of(identity.user) >= services.limits.connections_per_user:
            raise TooFast("this user has too many connections")
        left = (identity.expires_at - services.clock.now()) / 1000
        self.identity = identity
        self._timer = services.timers.schedule(max(0.0, left), partial(self._close, TokenExpired()))
        self._peer.pause()
        services.sessions.add(identity.user, self)
        services.metrics.hellos["ok"] += 1
        services.metrics.connections["yjs"] += 1
        services.tasks.start(self._enter(identity))

    async def _enter(self, identity: Identity) -> None:
        services, name = self._services, self._topic.name
        try:
            await services.people.admit(identity)
            await services.rights.learn(name)
            self._access = services.rights.access(identity, name)
        except Refusal as refusal:
            self._end_with(refusal)
            return
        # Nobody kept the one from before in memory.
        self._topic = services.topics.document(name)
        self._use(self._opened)

    def _is_still_right(self, identity: Identity) -> bool:
        """Whether the right is what it was before the document was loaded."""
        rights, name = self._services.rights, self._topic.name
        try:
            return rights.knows(name) and rights.access(identity, name) == self._access
        except Refusal:
            return False

    def _opened(self, topic: DocumentTopic, document: Document) -> None:
        if self.identity is None:
            return
        if not self._is_still_right(self.identity):
            self._services.tasks.start(self._enter(self.identity))
            return
        self._open = True
        topic.readers[self.id] = self
        self._peer.limit_messages(self._services.limits.document)
        if self._access == "write":
            self._ask_for(document.state_vector())
        if shown := topic.awareness.shown():
            self._peer.answer(yjs.awareness(shown))
        early, self._early = self._early, []
        self._peer.resume()
        try:
            for message in early:
                self._dispatch(message)
        except Fatal as fatal:
            self._close(fatal)

    # ------------------------------------------------------------------ PeerHandler

    def receive(self, message: bytes) -> None:
        """Decode and dispatch one Yjs message."""
        if self._open:
            self._dispatch(message)
        else:
            self._early.append(message)

    def _dispatch(self, message: bytes) -> None:
        decoded = yjs.decode(message)
        if isinstance(decoded, yjs.SyncUpdate):
            self._update(decoded, len(message))
        elif isinstance(decoded, yjs.AwarenessUpdate):
            self._awareness(decoded)
        elif isinstance(decoded, yjs.SyncStep1):
            self._step1(decoded)
        elif isinstance(decoded, yjs.QueryAwareness):
            self._peer.answer(yjs.awareness(self._topic.awareness.shown()))

    def fatal_message(self, error: Exception) -> bytes:
        """Why, where the wire has a word for it."""
        if self.identity is None:
            self._services.metrics.hellos[getattr(error, "code", InternalError.code)] += 1
        return yjs.permission_denied(str(error)) if isinstance(error, NotAllowed | BadToken) else b""

    def drained(self) -> None:
        """What was not shown is made up for by the whole document, once."""
        if self._stale:
            self._stale = False
            self._use(self._catch_up)

    def lost(self) -> None:
        """Leave the document."""
        topic = self._topic
        topic.readers.pop(self.id, None)
        if gone := topic.awareness.leave(self.id):
            self._tell_others(yjs.awareness(gone))
        if self._timer is not None:
            self._timer.cancel()
        if self.identity is not None:
            self._services.sessions.remove(self.identity.user, self)
            self._services.metrics.connections["yjs"] -= 1
        self.identity = None
        self._open = False

    # ------------------------------------------------------------------ sync

    def _use(self, done: Callable[[DocumentTopic, Document], None]) -> None:
        self._services.pipeline.submit(UseDocument(self._topic, done, self._end_with))

    def _end_with(self, refusal: Refusal) -> None:
        self._close(_fatal(refusal))

    def _step1(self, message: yjs.SyncStep1) -> None:
        yjs.decode_state_vector(message.state_vector)

        def answer(_: DocumentTopic, document: Document) -> None:
            self._peer.answer(yjs.sync_step2(document.diff(message.state_vector)))

        self._use(answer)

    def _catch_up(self, _: DocumentTopic, document: Document) -> None:
        self._peer.answer(yjs.sync_step2(document.diff(None)))

    def _update(self, message: yjs.SyncUpdate, size: int) -> None:
        if message.update == yjs.EMPTY_UPDATE or self.identity is None:
            self._asked = self._asked and not message.step2
            return
        if self._access != "write":
            raise NotAllowed("you may only read this document")
        done, refused = partial(self._saved, size, message.step2), partial(self._refused, size, message.step2)
        self._services.pipeline.submit(
            Update(self._topic, message.update, self.identity.user, self.id, done, refused)
        )
        self._intake.took(size, 1)

    def _saved(self, size: int, is_answer: bool, seq: Seq) -> None:
        self._gaps = self._unfilled = 0
        self._asked = self._asked and not is_answer
        self._intake.answered(size)

    def _refused(self, size: int, is_answer: bool, refusal: Refusal) -> None:
        self._services.metrics.updates_refused[refusal.code] += 1
        self._intake.answered(size)
        if not isinstance(refusal, Gap) or refusal.state_vector is None:
            self._end_with(refusal)
            return
        self._gaps += 1
        if is_answer:
            self._asked = False
            self._unfilled += 1
        if self._unfilled > 1 or self._gaps > GAPS:
            self._end_with(refusal)
        elif not self._asked:
            self._ask_for(refusal.state_vector)

    def _ask_for(self, state_vector: bytes) -> None:
        """Ask for what the hub lacks. Until the answer comes, updates with a gap are passed over: they were
        on their way already, and the answer holds them, too."""
        self._asked = True
        self._peer.answer(yjs.sync_step1(state_vector))

    # ------------------------------------------------------------------ awareness

    def _awareness(self, message: yjs.AwarenessUpdate) -> None:
        topic, identity = self._topic, self.identity
        if identity is None:
            return
        taken = topic.awareness.take(message.entries, self.id, identity.user, self._owner)
        if taken:
            whole = len(taken) == len(message.entries)
            self._tell_others(message.raw if whole else yjs.awareness(taken))

    def _owner(self, client_id: int) -> UserId | None:
        document = self._topic.document
        return document.owner(client_id) if document is not None else None

    def _tell_others(self, message: bytes) -> None:
        for reader in list(self._topic.readers.values()):
            if isinstance(reader, YjsSession) and reader.id != self.id:
                reader._peer.relay(message)

    # ------------------------------------------------------------------ Reader, Live

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Show a commit, unless it came from here alone."""
        if commit.origin == self.id or self._stale:
            return
        for message in topic.once(encode_updates, commit):
            if not self._peer.relay(message):
                self._stale = True
                self._services.metrics.relays_dropped += 1
                return
        self._services.metrics.relays += 1

    def topics(self) -> list[Topic]:
        """The document."""
        return [self._topic] if self._open else []

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """Without access the connection ends; a reader who may write now is asked for what it has."""
        if access is None:
            self._close(NotAllowed("you are no longer a member of this document"))
        elif access != self._access:
            self._access = access
            if access == "write":
                self._use(self._ask)

    def _ask(self, _: DocumentTopic, document: Document) -> None:
        self._ask_for(document.state_vector())

    def end(self, reason: str) -> None:
        """The right to be connected is gone."""
        self._close(NotAllowed(reason))

    def leave(self, retry_after: int) -> None:
        """Nothing to say on this wire: the close with 4503 follows."""

    def _close(self, fatal: Fatal) -> None:
        message = self.fatal_message(fatal)
        if message:
            self._peer.answer(message)
        self._peer.close(fatal.close_code, fatal.message)


def encode_updates(topic: Topic, commit: Commit) -> tuple[bytes, ...]:
    """One message an update."""
    return tuple(yjs.update(update) for update in decode_updates(commit.body))


def _fatal(refusal: Refusal) -> Fatal:
    """How this wire, which has no answers, tells a refusal: y-websocket stops by itself on 44xx."""
    if isinstance(refusal, Unavailable):
        return GoingAway(refusal.message)
    if isinstance(refusal, TokenVoid):
        return BadToken(refusal.message)
    return InternalError(refusal.message) if refusal.retry else NotAllowed(refusal.message)
