"""One Yjs document as one connection has it open, whatever the wire around its messages.

What the wires share is here: opening, syncing, gaps, awareness, slow readers. What each of them tells in its
own way, it is told as a ``Host``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from hub.engine.document_host import Host
from hub.engine.documents import Update, UseDocument
from hub.engine.intake import Intake
from hub.engine.services import Services
from hub.engine.serving import Serving
from hub.engine.session import next_session_id
from hub.engine.topics import DocumentTopic, Encode, Topic
from hub.errors import Fatal, Forbidden, Gap, Refusal
from hub.model import Access, Identity, Seq, TopicName, UserId
from hub.ports import Commit, Peer
from hub.protocol import yjs
from hub.protocol.body import decode_updates

if TYPE_CHECKING:
    from hub.engine.document import Document


GAPS = 1_000
"""Updates with a gap that may come before the answer that fills it. An answer may leave one once."""


EARLY_BYTES = 256
"""What a message counts for beside its own size that waits for the document to be open."""


class OpenDocument:
    """Implements ``topics.Reader``. Messages wait until the document is open.

    Args:
        prefix: what stands before each Yjs message on this wire.
        asks_back: whether the hub asks for what the peer has when it is asked, not when it opens.
    """

    __slots__ = (
        "_asked",
        "_asks_back",
        "_catching",
        "_early",
        "_encode",
        "_gaps",
        "_gone",
        "_host",
        "_intake",
        "_peer",
        "_prefix",
        "_queried",
        "_services",
        "_stale",
        "_unanswered",
        "_unfilled",
        "access",
        "admitted",
        "id",
        "identity",
        "is_open",
        "topic",
    )

    def __init__(
        self,
        peer: Peer,
        services: Services,
        intake: Intake,
        host: Host,
        topic: TopicName,
        identity: Identity,
        *,
        prefix: bytes = b"",
        asks_back: bool = False,
    ) -> None:
        self.id = next_session_id()
        self.identity = identity
        """Whom it is open for; may be renewed."""
        self.admitted = False
        """Whether the identity was found to be good, whatever its right to the document."""
        self.access: Access = "read"
        self.is_open = False
        self.topic: DocumentTopic = services.topics.document(topic)
        self._peer = peer
        self._services = services
        self._intake = intake
        self._host = host
        self._prefix = prefix
        self._encode: Encode = Prefixed(prefix) if prefix else encode_updates
        self._asks_back = asks_back
        self._gone = False
        self._stale = False
        self._catching = False
        self._queried = False
        self._asked = False
        self._gaps = 0
        self._unfilled = 0
        self._unanswered: yjs.SyncStep1 | None = None
        self._early: list[tuple[yjs.YjsMessage, int]] = []

    # ------------------------------------------------------------------ open, leave

    async def enter(self) -> None:
        """Learn the right, and open."""
        services, name = self._services, self.topic.name
        try:
            await services.people.admit(self.identity)
            self.admitted = True
            await services.rights.learn(name)
            self.access = services.rights.access(self.identity, name)
        except Refusal as refusal:
            self._end(refusal)
            return
        if not self._gone:
            # Nobody kept the one from before in memory.
            self.topic = services.topics.document(name)
            self._use(self._opened)

    def _is_still_right(self) -> bool:
        """Whether the right is what it was before the document was loaded."""
        rights, name = self._services.rights, self.topic.name
        try:
            return rights.knows(name) and rights.access(self.identity, name) == self.access
        except Refusal:
            return False

    def _opened(self, topic: DocumentTopic, document: Document) -> None:
        if self._gone:
            return
        if not self._is_still_right():
            self._services.tasks.start(self.enter())
            return
        self.is_open = True
        topic.readers[self.id] = self
        self._host.opened()
        if self.access == "write" and not self._asks_back:
            self._ask_for(document.state_vector())
        if topic.awareness.shown():
            self._query()
        early, self._early = self._early, []
        try:
            for message, size in early:
                self._intake.answered(size)
                self._dispatch(message, size)
        except Fatal as fatal:
            self._end(fatal)

    def leave(self) -> None:
        """It is not open any more, or will not be. Idempotent."""
        self.is_open, self._gone = False, True
        for _, size in self._early:
            self._intake.answered(size)
        self._early = []
        self.topic.readers.pop(self.id, None)
        if gone := self.topic.awareness.leave(self.id):
            self._tell_others(yjs.awareness(gone))

    def _end(self, error: Refusal | Fatal) -> None:
        if not self._gone:
            self._host.ended(error)

    # ------------------------------------------------------------------ what the peer says

    def receive(self, message: yjs.YjsMessage, size: int) -> None:
        """One message that took ``size`` bytes. Raises ``Fatal``."""
        if self.is_open:
            self._dispatch(message, size)
        elif not self._gone:
            size += EARLY_BYTES
            self._early.append((message, size))
            self._intake.took(size, 0)

    def _dispatch(self, message: yjs.YjsMessage, size: int) -> None:
        if isinstance(message, yjs.SyncUpdate):
            self._update(message, size)
            return
        self._intake.took(0, 1)
        if isinstance(message, yjs.AwarenessUpdate):
            self._awareness(message)
        elif isinstance(message, yjs.SyncStep1):
            self._step1(message)
        elif isinstance(message, yjs.QueryAwareness):
            self._query()

    @property
    def serving(self) -> Serving:
        """Its connection's answers at length."""
        return self._intake.serving

    def say(self, message: bytes) -> None:
        """Queue a Yjs message as an answer."""
        self._peer.answer(self._prefix + message)

    # ------------------------------------------------------------------ sync

    def _use(self, done: Callable[[DocumentTopic, Document], None]) -> None:
        self._services.pipeline.submit(UseDocument(self.topic, done, self._end))

    def _serve(self, done: Callable[[DocumentTopic, Document], None]) -> None:
        """Use the Doc for an answer that may be worth all of it: once the peer has room."""
        self._intake.serving.begin(partial(self._use, partial(self._with_room, done)))

    def _with_room(
        self, done: Callable[[DocumentTopic, Document], None], topic: DocumentTopic, document: Document
    ) -> None:
        if self._peer.room():
            done(topic, document)
        else:
            self._serve(done)

    def _step1(self, message: yjs.SyncStep1) -> None:
        """Of several that come before the answer the last is answered: each may cost a whole document."""
        yjs.decode_state_vector(message.state_vector)
        if self._asks_back and message.asks:
            self._host.asked()
        before, self._unanswered = self._unanswered, message
        if before is None:
            self._serve(self._answer)
        elif before.asks:
            self._unanswered = message._replace(asks=True)

    def _answer(self, _: DocumentTopic, document: Document) -> None:
        message, self._unanswered = self._unanswered, None
        if message is None or not self.is_open:
            return
        if self._asks_back and message.asks:
            self._ask_for(document.state_vector())
        self.say(yjs.sync_step2(document.diff(message.state_vector)))

    def _update(self, message: yjs.SyncUpdate, size: int) -> None:
        step2 = message.step2
        if message.update == yjs.EMPTY_UPDATE:
            self._intake.took(0, 1)
            self._asked = self._asked and not step2
            self._host.saved(step2)
            return
        if self.access != "write":
            self._intake.took(0, 1)
            self._host.unwritable(message)
            return
        done, refused = partial(self._saved, size, step2), partial(self._refused, size, step2)
        self._services.pipeline.submit(
            Update(self.topic, message.update, self.identity.user, self.id, done, refused)
        )
        self._intake.took(size, 1)

    def _saved(self, size: int, step2: bool, seq: Seq) -> None:
        self._gaps = self._unfilled = 0
        self._asked = self._asked and not step2
        self._intake.answered(size)
        if self.is_open:
            self._host.saved(step2)

    def _refused(self, size: int, step2: bool, refusal: Refusal) -> None:
        self._services.metrics.updates_refused[refusal.code] += 1
        self._intake.answered(size)
        if not self.is_open:
            return
        if not isinstance(refusal, Gap) or refusal.state_vector is None:
            self._host.refused(refusal)
            return
        self._gaps += 1
        if step2:
            self._asked = False
            self._unfilled += 1
        if self._unfilled > 1 or self._gaps > GAPS:
            self._host.refused(refusal)
            return
        self._host.passed_over()
        if not self._asked and self._peer.room():
            self._ask_for(refusal.state_vector)
        elif not self._asked:
            self._asked = True
            self._serve(self._ask)

    def _ask_for(self, state_vector: bytes) -> None:
        """Ask for what the hub lacks. Until the answer comes, updates with a gap are passed over: they were
        on their way already, and the answer holds them, too."""
        self._asked = True
        self.say(yjs.sync_step1(state_vector))

    def _ask(self, _: DocumentTopic, document: Document) -> None:
        if self.is_open:
            self._ask_for(document.state_vector())

    def if_held(self, update: bytes, told: Callable[[bool], None]) -> None:
        """Tell whether the document holds all of an update already."""

        def look(_: DocumentTopic, document: Document) -> None:
            if self.is_open:
                told(document.holds(update))

        self._use(look)

    # ------------------------------------------------------------------ awareness

    def _query(self) -> None:
        """Of several queries that come before the answer one is answered."""
        if not self._queried:
            self._queried = True
            self._intake.serving.begin(self._show_awareness)

    def _show_awareness(self) -> None:
        self._queried = False
        if self.is_open:
            self.say(yjs.awareness(self.topic.awareness.shown()))

    def _awareness(self, message: yjs.AwarenessUpdate) -> None:
        awareness = self.topic.awareness
        user, shown = self.identity.user, self._intake.shown
        taken = awareness.take(message.entries, self.id, user, self._owner, shown)
        if taken:
            whole = len(taken) == len(message.entries)
            self._tell_others(message.raw if whole else yjs.awareness(taken))

    def _owner(self, client_id: int) -> UserId | None:
        document = self.topic.document
        return document.owner(client_id) if document is not None else None

    def _tell_others(self, message: bytes) -> None:
        for reader in list(self.topic.readers.values()):
            if isinstance(reader, OpenDocument) and reader is not self:
                reader._peer.relay(reader._prefix + message)

    # ------------------------------------------------------------------ Reader

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Show a commit, unless it came from here alone."""
        if commit.origin == self.id or self._stale:
            return
        if self._prefix and not self._peer.room():
            # What is written for this address alone is not even encoded.
            self._fall_behind()
            return
        for message in topic.once(self._encode, commit):
            if not self._peer.relay(message):
                self._fall_behind()
                return
        self._services.metrics.relays += 1

    def _fall_behind(self) -> None:
        self._stale = True
        self._services.metrics.relays_dropped += 1

    def drained(self) -> None:
        """What was not shown is made up for by the whole document, once."""
        if self._stale and not self._catching:
            self._catching = True
            self._serve(self._catch_up)

    def _catch_up(self, _: DocumentTopic, document: Document) -> None:
        self._stale = self._catching = False
        if self.is_open:
            self.say(yjs.sync_step2(document.diff(None)))

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """Without access the document ends; a reader who may write now is asked for what it has."""
        if access is None:
            self._end(Forbidden("you are no longer a member of this document"))
        elif access != self.access:
            self.access = access
            self._host.changed()
            if access == "write":
                self._serve(self._ask)


@dataclass(frozen=True, slots=True)
class Prefixed:
    """Writes a commit with the same bytes before each message: once for all readers with that prefix."""

    prefix: bytes

    def __call__(self, topic: Topic, commit: Commit) -> tuple[bytes, ...]:
        """One message an update."""
        return tuple(self.prefix + message for message in topic.once(encode_updates, commit))


def encode_updates(topic: Topic, commit: Commit) -> tuple[bytes, ...]:
    """One message an update."""
    return tuple(yjs.update(update) for update in decode_updates(commit.body))
