"""A session that speaks Hocuspocus: any number of documents, each opened by a token message. See
``hub.protocol.hocuspocus``.

A connection speaks for one user, the first whose token was good; the newest good token counts. Shortly before
it expires the provider is asked for another one; without one the connection is closed with 4501.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hub.engine.hocuspocus_document import HocuspocusDocument
from hub.engine.intake import Intake
from hub.engine.services import Services
from hub.engine.topics import Topic
from hub.engine.yjs_session import fatal
from hub.errors import (
    BadToken,
    Fatal,
    Forbidden,
    InternalError,
    Limit,
    Malformed,
    MessageTooBig,
    NotAllowed,
    Refusal,
    TokenExpired,
    TooFast,
    Unauthorized,
)
from hub.model import Access, Identity, TopicName
from hub.ports import Peer, Timer
from hub.protocol import hocuspocus, yjs
from hub.state.names import topic_kind

RENEWED_AFTER = 0.8
"""Of what is left of a token's life, before the provider is asked for another one."""


class HocuspocusSession:
    """Implements ``ports.PeerHandler``, ``hocuspocus_document.Owner`` and ``session.Live``.

    Args:
        token: of the upgrade request; it counts where a provider's own is empty.
    """

    __slots__ = (
        "_documents",
        "_early_bytes",
        "_intake",
        "_peer",
        "_services",
        "_speaker",
        "_timer",
        "_token",
        "concatenates",
        "identity",
        "idle_message",
    )

    def __init__(self, peer: Peer, services: Services, token: str | None) -> None:
        self.identity: Identity | None = None
        self.idle_message = b""
        self.concatenates = False
        self._peer = peer
        self._services = services
        self._token = token
        self._documents: dict[bytes, HocuspocusDocument] = {}
        self._early_bytes = 0
        self._intake: Intake | None = None
        # Who speaks, by the signature of the first token; ``identity`` once the hub knows better.
        self._speaker: Identity | None = None
        # Without a good token the connection does not live long.
        self._timer: Timer | None = services.timers.schedule(services.limits.hello_timeout, self._silent)

    # ------------------------------------------------------------------ PeerHandler

    def receive(self, message: bytes) -> None:
        """Decode and dispatch one frame."""
        if self.identity is None:
            self._count_early(len(message))
        if len(message) == 1:
            self._beat(message)
            return
        address, rest = hocuspocus.split(message)
        decoded = hocuspocus.decode(rest)
        document = self._documents.get(address)
        if isinstance(decoded, _OF_YJS):
            if document is not None:
                document.reader.receive(decoded, len(message))
            elif self._intake is not None:
                self._intake.took(0, 1)
        else:
            if self._intake is not None:
                self._intake.took(0, 1)
            _DISPATCH.get(type(decoded), HocuspocusSession._misplaced)(self, address, decoded)

    def fatal_message(self, error: Exception) -> bytes:
        """Nothing: a document's words are said before."""
        if self.identity is None:
            self._services.metrics.hellos[getattr(error, "code", InternalError.code)] += 1
        return b""

    def drained(self) -> None:
        """Go on answering; relays can be taken again."""
        if self._intake is not None:
            self._intake.serving.drained()
        for document in list(self._documents.values()):
            document.reader.drained()

    def resumed(self) -> None:
        """Nothing was left: one message comes at a time."""

    def lost(self) -> None:
        """Leave every document."""
        if self._intake is not None:
            self._intake.serving.forget()
        for document in self._documents.values():
            document.reader.leave()
        self._documents = {}
        if self._timer is not None:
            self._timer.cancel()
        if self.identity is not None:
            self._services.sessions.remove(self.identity.user, self)
            self._services.metrics.connections["hocuspocus"] -= 1
        self.identity = self._timer = None

    def _count_early(self, size: int) -> None:
        self._early_bytes += size
        if self._early_bytes > self._services.limits.hello_bytes:
            raise MessageTooBig("too much was sent before a token")

    def _beat(self, message: bytes) -> None:
        if self._intake is not None:
            self._intake.took(0, 1)
        if message == hocuspocus.PING:
            self._peer.answer(hocuspocus.PONG)
        elif message != hocuspocus.PONG:
            raise Malformed("a frame of one byte is a ping or a pong")

    def _misplaced(self, address: bytes, message: object) -> None:
        raise Malformed("only the hub says this")

    # ------------------------------------------------------------------ tokens

    def _silent(self) -> None:
        self._close(BadToken("no good token in time"))

    def _set_timer(self, seconds: float, fire: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._services.timers.schedule(max(0.0, seconds), fire)

    def _authenticate(self, address: bytes, message: hocuspocus.Token) -> None:
        """Open a document, or go on with another token. One that is not good opens nothing and ends nothing;
        one of somebody else closes the document."""
        try:
            identity = self._verified(message.token)
        except (BadToken, NotAllowed) as error:
            self._deny(address, error)
            return
        intake = self._identify(identity, address, message.version)
        document = self._documents.get(address)
        if document is not None:
            self._services.tasks.start(self._renew(document, identity))
        else:
            self._open(address, identity, intake)

    def _open(self, address: bytes, identity: Identity, intake: Intake) -> None:
        try:
            topic = _topic(hocuspocus.document_name(address))
            if len(self._documents) >= self._services.limits.topics:
                raise Limit("too many documents are open on this connection")
        except Refusal as refusal:
            self._deny(address, refusal)
            return
        document = HocuspocusDocument(self, self._peer, self._services, intake, address, topic, identity)
        self._documents[address] = document
        if self.identity is None:
            self._peer.pause()
        self._services.tasks.start(document.reader.enter())

    def _verified(self, token: str) -> Identity:
        token = token or self._token or ""
        if not token:
            raise BadToken
        identity = self._services.authenticator.verify(token)
        mine = self.identity or self._speaker
        if mine is not None and (identity.user, identity.device) != (mine.user, mine.device):
            raise NotAllowed("the connection speaks for another user or device")
        return identity

    def _identify(self, identity: Identity, address: bytes, version: str) -> Intake:
        """The first token is good as far as its signature tells: what it opens is looked up."""
        services, limits = self._services, self._services.limits
        if self._intake is not None:
            return self._intake
        self._check_number(identity)
        # Providers before 4 know no ping, and fail on it.
        self.idle_message = hocuspocus.PING if version else address + yjs.EMPTY_AWARENESS
        self._speaker = identity
        self._intake = Intake(
            self._peer, services.clock, services.timers, limits.waiting_bytes, limits.statements_per_second
        )
        return self._intake

    def _check_number(self, identity: Identity) -> None:
        """Raises ``TooFast``."""
        services = self._services
        if services.sessions.of(identity.user) >= services.limits.connections_per_user:
            raise TooFast("this user has too many connections")

    def _enter(self, identity: Identity) -> None:
        """The first token is good: from now on more may be said at once. Raises ``TooFast``."""
        services = self._services
        self._check_number(identity)
        self._peer.limit_messages(services.limits.document)
        services.sessions.add(identity.user, self)
        services.metrics.hellos["ok"] += 1
        services.metrics.connections["hocuspocus"] += 1
        self._speak_for(identity)

    def _speak_for(self, identity: Identity) -> None:
        """From now on, until the token expires."""
        self.identity = identity
        for document in self._documents.values():
            document.reader.identity = identity
        self._set_timer(RENEWED_AFTER * self._left(identity), self._ask_for_token)

    def _left(self, identity: Identity) -> float:
        """Seconds until the token expires."""
        return (identity.expires_at - self._services.clock.now()) / 1000

    def _ask_for_token(self) -> None:
        if self.identity is None:
            return
        self._set_timer(self._left(self.identity), self._expired)
        document = next((each for each in self._documents.values() if each.reader.is_open), None)
        if document is not None:
            document.say(hocuspocus.TOKEN_REQUEST)

    def _expired(self) -> None:
        self._close(TokenExpired())

    async def _renew(self, document: HocuspocusDocument, identity: Identity) -> None:
        try:
            await self._services.people.admit(identity)
        except Refusal as refusal:
            self.ended(document, refusal)
            return
        self._take_over(identity)

    def _take_over(self, identity: Identity) -> None:
        """The user of this token is known. Who sends the same again is not asked for another one again."""
        mine = self.identity
        if identity == mine or self._timer is None:
            return
        if mine is None:
            self._enter(identity)
            return
        self._speak_for(identity)
        if identity.scopes != mine.scopes:
            for topic in self.topics():
                self._services.sessions.access_changed(topic.name, identity.user)

    # ------------------------------------------------------------------ documents

    def opened(self, document: HocuspocusDocument) -> None:
        """See ``hocuspocus_document.Owner``."""
        self._known(document)

    def _known(self, document: HocuspocusDocument) -> None:
        """The token that it was opened by is good. A device that is revoked while the document is looked up
        is found by looking again, once the connection is among those that are told."""
        first, identity = self.identity is None, document.reader.identity
        try:
            self._take_over(identity)
        except TooFast as fatal:
            self._close(fatal)
        if first:
            self._peer.resume()
            if identity.device is not None:
                self._services.tasks.start(self._renew(document, identity))

    def ended(self, document: HocuspocusDocument, error: Refusal | Fatal) -> None:
        """See ``hocuspocus_document.Owner``. Where coming back helps, the whole connection ends."""
        if self._documents.get(document.address) is not document:
            return
        if self.identity is None:
            self._peer.resume()
            if document.reader.admitted:
                self._known(document)
        if isinstance(error, Fatal):
            self._close(error)
        elif error.retry:
            self._close(fatal(error))
        elif document.reader.is_open and not isinstance(error, Unauthorized):
            self._close_document(document, error.message)
        else:
            self._deny(document.address, error)

    def _deny(self, address: bytes, error: Fatal | Refusal) -> None:
        """Not opened; what a token that is not good any more had opened is closed."""
        self._peer.answer(address + hocuspocus.permission_denied(error.message))
        document = self._documents.get(address)
        if document is not None and not isinstance(error, BadToken):
            self._close_document(document, error.message)
        if isinstance(error, BadToken | Unauthorized):
            self._services.metrics.hellos[error.code] += 1
        if isinstance(error, Unauthorized) and not self._documents:
            void = fatal(error)
            self._peer.close(void.close_code, void.message)

    def _close_document(self, document: HocuspocusDocument, reason: str) -> None:
        self._documents.pop(document.address, None)
        if document.reader.is_open:
            document.say(hocuspocus.close(reason))
        document.reader.leave()

    def _leave(self, address: bytes, message: hocuspocus.Close) -> None:
        document = self._documents.get(address)
        if document is not None:
            self._close_document(document, "provider_initiated")

    def _stateless(self, address: bytes, message: hocuspocus.Stateless) -> None:
        """Heard by nobody: there is no application on the hub that it could be for."""

    def _broadcast(self, address: bytes, message: hocuspocus.BroadcastStateless) -> None:
        document = self._documents.get(address)
        if document is not None:
            self.ended(document, Forbidden("only servers broadcast"))

    # ------------------------------------------------------------------ Live

    def topics(self) -> list[Topic]:
        """What is open, each once."""
        readers = (each.reader for each in self._documents.values() if each.reader.is_open)
        return list({reader.topic.name: reader.topic for reader in readers}.values())

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """The right to a document changed."""
        for document in list(self._documents.values()):
            if document.reader.is_open and document.reader.topic.name == topic.name:
                document.reader.access_changed(topic, access)

    def end(self, reason: str) -> None:
        """The right to be connected is gone."""
        for address in list(self._documents):
            self._peer.answer(address + hocuspocus.permission_denied(reason))
        self._close(NotAllowed(reason))

    def leave(self, retry_after: int) -> None:
        """Nothing to say on this wire: the close with 4503 follows."""

    def _close(self, fatal: Fatal) -> None:
        self.fatal_message(fatal)
        self._peer.close(fatal.close_code, fatal.message)


def _topic(name: str) -> TopicName:
    """``<name>`` and ``doc/<name>`` mean the same. Raises ``BadId``."""
    topic = TopicName(f"doc/{name.removeprefix('doc/')}")
    topic_kind(topic)
    return topic


_OF_YJS = (yjs.SyncUpdate, yjs.AwarenessUpdate, yjs.SyncStep1, yjs.QueryAwareness)
_DISPATCH: dict[type, Callable[[HocuspocusSession, bytes, Any], None]] = {
    hocuspocus.Token: HocuspocusSession._authenticate,
    hocuspocus.Stateless: HocuspocusSession._stateless,
    hocuspocus.BroadcastStateless: HocuspocusSession._broadcast,
    hocuspocus.Close: HocuspocusSession._leave,
}
