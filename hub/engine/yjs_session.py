"""A session that speaks y-websocket: one document, named in the path. See ``hub.protocol.yjs``."""

from __future__ import annotations

from functools import partial

from hub.engine.intake import Intake
from hub.engine.services import Services
from hub.engine.topics import Topic
from hub.engine.yjs_document import OpenDocument
from hub.errors import (
    BadToken,
    Fatal,
    GoingAway,
    InternalError,
    NotAllowed,
    Refusal,
    TokenExpired,
    TokenVoid,
    TooFast,
    Unavailable,
)
from hub.model import Access, Identity, TopicName
from hub.ports import Peer, Timer
from hub.protocol import yjs


class YjsSession:
    """Implements ``ports.PeerHandler``, ``document_host.Host`` and ``session.Live``.

    The peer is not read until its rights are known and the document is open; what came along with the upgrade
    waits. Raises ``Fatal`` where the token is not good.
    """

    __slots__ = ("_document", "_peer", "_services", "_timer", "concatenates", "identity", "idle_message")

    def __init__(self, peer: Peer, services: Services, topic: TopicName, token: str | None) -> None:
        self.identity: Identity | None = None
        self.idle_message = yjs.EMPTY_AWARENESS
        self.concatenates = False
        self._peer = peer
        self._services = services
        self._document: OpenDocument | None = None
        self._timer: Timer | None = None
        if token is None:
            raise BadToken
        self._begin(topic, services.authenticator.verify(token))

    def _begin(self, topic: TopicName, identity: Identity) -> None:
        services, limits = self._services, self._services.limits
        if services.sessions.of(identity.user) >= limits.connections_per_user:
            raise TooFast("this user has too many connections")
        intake = Intake(
            self._peer, services.clock, services.timers, limits.waiting_bytes, limits.statements_per_second
        )
        self._document = OpenDocument(self._peer, services, intake, self, topic, identity)
        left = (identity.expires_at - services.clock.now()) / 1000
        self.identity = identity
        self._timer = services.timers.schedule(max(0.0, left), partial(self._close, TokenExpired()))
        self._peer.pause()
        services.sessions.add(identity.user, self)
        services.metrics.hellos["ok"] += 1
        services.metrics.connections["yjs"] += 1
        services.tasks.start(self._document.enter())

    # ------------------------------------------------------------------ PeerHandler

    def receive(self, message: bytes) -> None:
        """Decode and dispatch one Yjs message."""
        if self._document is not None:
            self._document.receive(yjs.decode(message), len(message))

    def fatal_message(self, error: Exception) -> bytes:
        """Why, where the wire has a word for it."""
        if self.identity is None:
            self._services.metrics.hellos[getattr(error, "code", InternalError.code)] += 1
        return yjs.permission_denied(str(error)) if isinstance(error, NotAllowed | BadToken) else b""

    def drained(self) -> None:
        """Go on answering; relays can be taken again."""
        if self._document is not None:
            self._document.serving.drained()
            self._document.drained()

    def resumed(self) -> None:
        """Nothing was left: one message comes at a time."""

    def lost(self) -> None:
        """Leave the document."""
        if self._document is not None:
            self._document.leave()
            self._document.serving.forget()
        if self._timer is not None:
            self._timer.cancel()
        if self.identity is not None:
            self._services.sessions.remove(self.identity.user, self)
            self._services.metrics.connections["yjs"] -= 1
        self.identity = self._document = None

    # ------------------------------------------------------------------ Host

    def opened(self) -> None:
        """Read the peer."""
        self._peer.limit_messages(self._services.limits.document)
        self._peer.resume()

    def asked(self) -> None:
        """Nothing to say: this wire asks when it opens."""

    def saved(self, step2: bool) -> None:
        """Nothing to say: this wire has no receipts."""

    def passed_over(self) -> None:
        """Nothing to say."""

    def refused(self, refusal: Refusal) -> None:
        """This wire has no word for it but the close."""
        self._close(fatal(refusal))

    def unwritable(self, update: yjs.SyncUpdate) -> None:
        """Close."""
        raise NotAllowed("you may only read this document")

    def changed(self) -> None:
        """Nothing to say."""

    def ended(self, error: Refusal | Fatal) -> None:
        """Close."""
        self._close(error if isinstance(error, Fatal) else fatal(error))

    # ------------------------------------------------------------------ Live

    def topics(self) -> list[Topic]:
        """The document."""
        document = self._document
        return [document.topic] if document is not None and document.is_open else []

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """The right to the document changed."""
        if self._document is not None:
            self._document.access_changed(topic, access)

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


def fatal(refusal: Refusal) -> Fatal:
    """How a wire that can answer a refusal by nothing but a close tells it: y-websocket stops on 44xx."""
    if isinstance(refusal, Unavailable):
        return GoingAway(refusal.message)
    if isinstance(refusal, TokenVoid):
        return BadToken(refusal.message)
    return InternalError(refusal.message) if refusal.retry else NotAllowed(refusal.message)
