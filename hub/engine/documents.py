"""Works of a document, what one turn applied to it, and which documents are in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from hub.engine.scan import DEFAULT_LIMITS, ScanLimits
from hub.engine.topics import DocumentTopic
from hub.engine.work import Work
from hub.errors import Refusal
from hub.model import Seq, TopicName, UserId
from hub.ports import ClientIdRow, JournalRow, MemberRow
from hub.protocol.body import encode_updates

if TYPE_CHECKING:
    from hub.engine.document import Document
    from hub.engine.loading import Loader
    from hub.engine.turn import Turn


class DocumentPart:
    """What one turn applied to one document: already in the Doc, not yet saved."""

    __slots__ = ("bound", "opener", "origin", "row", "topic", "updates")

    def __init__(self, topic: DocumentTopic) -> None:
        self.topic = topic
        self.updates: list[bytes] = []
        self.bound: list[ClientIdRow] = []
        self.origin: int | None = None
        self.row: JournalRow | None = None
        self.opener: UserId | None = topic.opener

    def came_from(self, origin: int) -> None:
        """A session brought something new; 0: none did, or several."""
        self.origin = origin if self.origin in (None, origin) else 0

    def body(self) -> bytes:
        """The turn's updates as the journal and the wire hold them."""
        return encode_updates(self.updates)

    def members(self) -> list[MemberRow]:
        """Who opened an unknown document owns it from its first update on."""
        if self.opener is None:
            return []
        return [MemberRow(self.topic.name, self.opener, "write")]


class Update(Work[DocumentTopic]):
    """One inbound Yjs update of one user."""

    __slots__ = ("done", "origin", "refused", "update", "user")

    def __init__(
        self,
        topic: DocumentTopic,
        update: bytes,
        user: UserId,
        origin: int,
        done: Callable[[Seq], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        super().__init__(topic)
        self.update = update
        self.user = user
        self.origin = origin
        self.done = done
        self.refused = refused

    def load(self, loader: Loader) -> Awaitable[None] | None:
        """The Doc, unless it is resident."""
        return loader.document(self.topic) if self.topic.document is None else None

    def join(self, turn: Turn) -> None:
        """Scan and apply. Raises ``Refusal``, or ``DocumentBroken`` where the Doc can't be trusted any
        more.
        """
        document = _resident(self.topic)
        applied = document.apply(self.update, self.user)
        if not applied.new:
            turn.duplicate_updates += 1
            return
        part = turn.document(self.topic)
        part.updates.append(self.update)
        if applied.bound:
            part.bound.extend(ClientIdRow(self.topic.name, client, self.user) for client in applied.bound)
        part.came_from(self.origin)

    def settle(self) -> None:
        """Saved."""
        self.done(self.topic.seq)

    def fail(self, refusal: Refusal) -> None:
        """Not taken."""
        self.refused(refusal)


class UseDocument(Work[DocumentTopic]):
    """Something that needs the Doc between turns: opens, answers to a state vector."""

    __slots__ = ("_done", "_refused")

    def __init__(
        self,
        topic: DocumentTopic,
        done: Callable[[DocumentTopic, Document], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        super().__init__(topic)
        self._done = done
        self._refused = refused

    def load(self, loader: Loader) -> Awaitable[None] | None:
        """The Doc, unless it is resident."""
        return loader.document(self.topic) if self.topic.document is None else None

    def settle(self) -> None:
        """The Doc holds exactly what is saved. A ``Refusal`` of what is done goes to ``refused``; a broken
        Doc is the pipeline's business."""
        try:
            self._done(self.topic, _resident(self.topic))
        except Refusal as refusal:
            self._refused(refusal)

    def fail(self, refusal: Refusal) -> None:
        """Could not be read."""
        self._refused(refusal)


def _resident(topic: DocumentTopic) -> Document:
    assert topic.document is not None, "the turn loads a document before its works join"
    return topic.document


class DocumentResidence:
    """The Docs in memory under a byte budget; least recently used first out, pinned while work waits.

    ``limits`` hold for each of them.
    """

    __slots__ = ("_budget", "_bytes", "_topics", "limits")

    def __init__(self, budget: int, limits: ScanLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self._budget = budget
        self._bytes = 0
        self._topics: OrderedDict[TopicName, tuple[DocumentTopic, int]] = OrderedDict()

    def get(self, name: TopicName) -> DocumentTopic | None:
        """The topic, where its Doc is resident."""
        entry = self._topics.get(name)
        return entry[0] if entry else None

    def admit(self, topic: DocumentTopic) -> None:
        """A Doc was loaded or used; others may have to go."""
        assert topic.document is not None
        before, size_before = self._topics.pop(topic.name, (topic, 0))
        if before is not topic and before.document is not None:
            before.document.close()
            before.document = None
        size = topic.document.size_bytes
        self._bytes += size - size_before
        self._topics[topic.name] = (topic, size)
        self._make_room()

    def drop(self, topic: DocumentTopic) -> None:
        """Forget a Doc: it will be loaded again from what is saved."""
        entry = self._topics.pop(topic.name, None)
        if entry is not None:
            self._bytes -= entry[1]
        if topic.document is not None:
            topic.document.close()
            topic.document = None

    @property
    def bytes(self) -> int:
        """All resident Docs, estimated."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._topics)

    def _make_room(self) -> None:
        for topic, _ in [*self._topics.values()] if self._bytes > self._budget else ():
            if self._bytes <= self._budget or len(self._topics) == 1:
                return
            if not (topic.waiting or topic.loading or topic.applying):
                self.drop(topic)
