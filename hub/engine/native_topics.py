"""What one native session has open: topics, what it was shown of each, its pushes. See
``hub.protocol.native``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from hub.engine.documents import Update, UseDocument
from hub.engine.intake import Intake
from hub.engine.reading import Catch
from hub.engine.services import Services
from hub.engine.session import next_session_id
from hub.engine.stated import Stated
from hub.engine.statements import Joining
from hub.engine.topics import DocumentTopic, Ledger, Topic
from hub.errors import BadValue, Forbidden, Limit, Malformed, Refusal, UnknownHandle
from hub.model import Access, Actor, Identity, Incarnation, Seq, Statement, TopicName
from hub.ports import Commit, Peer
from hub.protocol import native
from hub.protocol.yjs import EMPTY_UPDATE, decode_state_vector

OPEN_BYTES = 512
"""What an open counts for that waits for another of the same topic."""


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


class NativeTopics:
    """One identified session's topics. Implements ``topics.Reader``.

    ``identity`` is whom the session speaks for now; None once it is gone. ``actor`` is its device for good.
    """

    __slots__ = ("_intake", "_opened", "_opening", "_peer", "_services", "actor", "id", "identity")

    def __init__(self, peer: Peer, services: Services, identity: Identity, intake: Intake) -> None:
        self.id = next_session_id()
        self.identity: Identity | None = identity
        self.actor = Actor(identity.device or "")
        self._peer = peer
        self._services = services
        self._intake = intake
        self._opened: dict[int, Opened] = {}
        # By handle, while one open of a topic is in flight: those that wait for it.
        self._opening: dict[int, deque[native.Open]] = {}

    def drained(self) -> None:
        """Catch up the topics whose relays were dropped."""
        for opened in list(self._opened.values()):
            if opened.stale and not opened.catching:
                opened.catching = True
                self._intake.serving.begin(partial(self._catch_up, opened))

    def leave_all(self) -> None:
        """The session is gone."""
        for topic in self.open_topics():
            self._leave(topic)
        self.identity = None

    def open_topics(self) -> list[Topic]:
        """What is open."""
        return [opened.topic for opened in self._opened.values()]

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """Tell the device; without access the topic is closed for it."""
        opened = self._opened.get(topic.handle)
        if opened is None or opened.access == access:
            return
        self._peer.answer(
            native.opened(0, topic.handle, topic.incarnation, opened.sent, access, False, native.EMPTY_BODY)
        )
        if access is None:
            self._leave(topic)
        else:
            opened.access = access

    # ------------------------------------------------------------------ open, close

    def open(self, message: native.Open) -> None:
        """Open a topic, or bring an open one up to date."""
        if self.identity is None:
            return
        try:
            topic = self._services.topics.topic(TopicName(message.topic))
            _check_vector(message.state_vector)
            self._check_room(topic)
        except Refusal as refusal:
            self._peer.answer(native.no(message.ref, refusal))
            return
        waiting = self._opening.get(topic.handle)
        if waiting is not None:
            waiting.append(message)
            self._intake.took(OPEN_BYTES, 0)
        else:
            self._opening[topic.handle] = deque()
            self._begin_open(message, topic)

    def _begin_open(self, message: native.Open, topic: Topic) -> None:
        """Once there is room for all that the topic holds."""
        self._intake.serving.begin(partial(self._open_now, message, topic))

    def _open_now(self, message: native.Open, topic: Topic) -> None:
        if self.identity is None:
            return
        if self._services.rights.knows(topic.name):
            self._open_known(message, topic, self.identity)
        else:
            self._services.tasks.start(self._open_unknown(message, topic))

    def _open_next(self, topic: Topic) -> None:
        """An open is answered: the next of the same topic."""
        waiting = self._opening.get(topic.handle)
        if waiting:
            self._intake.answered(OPEN_BYTES)
            self._services.tasks.start(self._open_later(waiting.popleft(), topic))
        else:
            self._opening.pop(topic.handle, None)

    async def _open_later(self, message: native.Open, topic: Topic) -> None:
        """Not within the one before: many may wait, and each may be answered at once."""
        self._begin_open(message, topic)

    def _check_room(self, topic: Topic) -> None:
        if topic.handle in self._opened or topic.handle in self._opening:
            return
        if len(self._opened.keys() | self._opening.keys()) >= self._services.limits.topics:
            raise Limit("too many topics are open on this connection")

    async def _open_unknown(self, message: native.Open, topic: Topic) -> None:
        try:
            await self._services.rights.learn(topic.name)
        except Refusal as refusal:
            self._not_opened(message.ref, topic, refusal)
            return
        self._open_again(message, topic)

    def _open_again(self, message: native.Open, topic: Topic) -> None:
        """From the beginning: meanwhile another topic object may have taken this one's place."""
        waiting = self._opening.pop(topic.handle, ())
        self._intake.answered(OPEN_BYTES * len(waiting))
        for each in (message, *waiting):
            self.open(each)

    def _not_opened(self, ref: int, topic: Topic, refusal: Refusal) -> None:
        self._peer.answer(native.no(ref, refusal))
        self._open_next(topic)

    def _open_known(self, message: native.Open, topic: Topic, identity: Identity) -> None:
        refused = partial(self._not_opened, message.ref, topic)
        try:
            access = self._services.rights.access(identity, topic.name)
        except Refusal as refusal:
            refused(refusal)
            return
        if isinstance(topic, DocumentTopic):
            opened = partial(self._open_document, message, access)
            self._services.pipeline.submit(UseDocument(topic, opened, refused))
        elif isinstance(topic, Ledger):
            done = partial(self._open_ledger, message, topic, access)
            incarnation, seq = Incarnation(message.incarnation), Seq(message.seq)
            self._services.pipeline.look(Catch(topic, incarnation, seq, done, refused))

    def _is_still(self, access: Access, topic: Topic) -> bool:
        """Whether the right is what it was before the open waited in the topic's queue."""
        rights = self._services.rights
        if self.identity is None or not rights.knows(topic.name):
            return False
        try:
            return rights.access(self.identity, topic.name) == access
        except Refusal:
            return False

    def _open_ledger(
        self, message: native.Open, topic: Ledger, access: Access, full: bool, statements: list[Statement]
    ) -> None:
        if self._is_still(access, topic):
            self._show_ledger(message.ref, topic, access, full, statements)
            self._open_next(topic)
        else:
            self._open_again(message, topic)

    def _show_ledger(
        self, ref: int, topic: Ledger, access: Access, full: bool, statements: list[Statement]
    ) -> None:
        body = native.encode_statements(statements)
        self._become_reader(topic, access)
        self._opened_message(ref, topic, access, full, self._services.relay.parts(body))

    def _open_document(
        self, message: native.Open, access: Access, topic: DocumentTopic, document: Any
    ) -> None:
        if not self._is_still(access, topic):
            self._open_again(message, topic)
            return
        full = message.incarnation != topic.incarnation or message.seq > topic.seq
        vector = None if full else message.state_vector
        in_sync = not full and message.seq == topic.seq
        if not in_sync and not self._peer.room():
            self._begin_open(message, topic)
            return
        update = EMPTY_UPDATE if in_sync else document.diff(vector)
        body = native.encode_updates([] if update == EMPTY_UPDATE else [update])
        self._become_reader(topic, access)
        self._opened_message(message.ref, topic, access, full, [body])
        self._open_next(topic)

    def _opened_message(self, ref: int, topic: Topic, access: Access, full: bool, parts: list[bytes]) -> None:
        last = len(parts) - 1
        self._peer.answer(
            native.opened(ref, topic.handle, topic.incarnation, topic.seq, access, full, parts[0], last > 0)
        )
        for index in range(1, len(parts)):
            self._peer.answer(native.relay(topic.handle, topic.seq, parts[index], index < last))
        present = self._services.presence.message(topic) if ref else None
        if present is not None:
            self._peer.answer(present)

    def _become_reader(self, topic: Topic, access: Access) -> None:
        self._opened[topic.handle] = Opened(topic, access, topic.seq)
        topic.readers[self.id] = self

    def close(self, message: native.Close) -> None:
        """Close a topic."""
        if (opened := self._opened.get(message.handle)) is not None:
            self._leave(opened.topic)

    def _leave(self, topic: Topic) -> None:
        opened = self._opened.pop(topic.handle, None)
        if opened is not None:
            opened.stale = True
        topic.readers.pop(self.id, None)
        self._services.presence.leave(topic, self)

    # ------------------------------------------------------------------ push

    def push(self, message: native.Push, size: int) -> None:
        """Take a push of ``size`` bytes."""
        ref, handle, body = message
        opened = self._opened.get(handle)
        try:
            if opened is None or self.identity is None:
                raise UnknownHandle
            if opened.access != "write":
                raise Forbidden("you may only read this topic")
            topic = opened.topic
            if isinstance(topic, Ledger):
                stated = self._services.check.stated(topic.kind, body, self.identity)
                self._services.pipeline.submit(_Pushed(self, opened, topic, stated, ref, size))
                self._intake.took(size, len(stated))
            elif isinstance(topic, DocumentTopic):
                if type(body) is not bytes:
                    raise BadValue("a document is pushed one update (bytes)")
                done, refused = partial(self.saved, ref, size, opened), partial(self.refused, ref, size)
                update = Update(topic, body, self.identity.user, self.id, done, refused)
                self._services.pipeline.submit(update)
                self._intake.took(size, 1)
        except Refusal as refusal:
            self._intake.took(0, 1)
            self.refused(ref, 0, refusal)

    # A device takes the highest seq it was told for what it has, so one that missed relays, or closed the
    # topic, is told the last it was shown, not the one its push is saved under.
    def saved(self, ref: int, size: int, opened: Opened, seq: Seq) -> None:
        """A push is saved under ``seq``."""
        opened = self._opened.get(opened.topic.handle, opened)
        if seq > opened.sent and not opened.stale:
            opened.sent = seq
        self._peer.answer(native.ok(ref, seq if seq < opened.sent else opened.sent))
        self._intake.answered(size)

    def refused(self, ref: int, size: int, refusal: Refusal) -> None:
        """A push was not taken: told once there is room, since a gap tells a whole state vector."""
        self._services.metrics.statements_refused[refusal.code] += 1
        self._intake.serving.begin(partial(self._refuse, ref, size, refusal))

    def _refuse(self, ref: int, size: int, refusal: Refusal) -> None:
        self._peer.answer(native.no(ref, refusal))
        self._intake.answered(size)

    # ------------------------------------------------------------------ presence

    def state_presence(self, message: native.Presence) -> None:
        """What others see of this connection in a topic."""
        opened = self._opened.get(message.handle)
        identity = self.identity
        if opened is None or identity is None or identity.device is None:
            return
        try:
            self._services.presence.state(opened.topic, self, identity.device, identity.user, message.state)
        except Refusal as refusal:
            self._peer.answer(native.no(0, refusal))

    def show_presence(self, message: bytes) -> None:
        """Somebody else's presence."""
        self._peer.relay(message)

    # ------------------------------------------------------------------ Reader

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Show a commit; what this session alone pushed comes back only where the hub altered it."""
        opened = self._opened.get(topic.handle)
        if opened is None or opened.stale:
            return
        if commit.origin == self.id:
            if commit.altered:
                altered = self._services.relay.messages(topic.handle, commit.seq, commit.altered)
                self._show(opened, commit.seq, altered)
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
        if isinstance(topic, Ledger):
            done, refused = partial(self._caught_up, opened, topic), partial(self._jump, opened)
            self._services.pipeline.submit(Catch(topic, topic.incarnation, opened.sent, done, refused))
        else:
            self._jump(opened)

    def _caught_up(self, opened: Opened, topic: Ledger, full: bool, statements: list[Statement]) -> None:
        if self._opened.get(topic.handle) is opened:
            self._show_ledger(0, topic, opened.access, full, statements)

    def _jump(self, opened: Opened, _: Refusal | None = None) -> None:
        """A seq that can't be the device's next, even if one relay was dropped: it opens again."""
        seq = max(opened.topic.seq, opened.sent + 2)
        self._peer.answer(native.relay(opened.topic.handle, Seq(seq), native.EMPTY_BODY))


class _Pushed(Joining):
    """A push of statements; its session answers it."""

    __slots__ = ("_opened", "_ref", "_session", "_size")

    def __init__(
        self,
        session: NativeTopics,
        opened: Opened,
        topic: Ledger,
        stated: Sequence[Stated],
        ref: int,
        size: int,
    ) -> None:
        # All at once, without a call for each class above.
        self.topic = topic
        self.stated = stated
        self.actor = session.actor
        self.origin = session.id
        self.guard = None
        self.won = False
        self._session = session
        self._opened = opened
        self._ref = ref
        self._size = size

    def settle(self) -> None:
        """Saved."""
        self._session.saved(self._ref, self._size, self._opened, self.topic.seq)

    def fail(self, refusal: Refusal) -> None:
        """Not taken."""
        self._session.refused(self._ref, self._size, refusal)


def _check_vector(state_vector: bytes | None) -> None:
    if state_vector is not None:
        try:
            decode_state_vector(state_vector)
        except Malformed as malformed:
            raise BadValue(malformed.message) from None
