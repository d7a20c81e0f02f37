"""What the hub knows of a topic while it is resident, and who reads it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from hub.engine.awareness import Awareness
from hub.model import Access, Incarnation, Seq, TopicKind, TopicName, UserId, made
from hub.ports import Commit, TopicRow
from hub.telemetry.logs import get

if TYPE_CHECKING:
    from hub.engine.document import Document
    from hub.engine.view import LedgerView
    from hub.engine.work import Work

log = get("hub.pipeline")

_handles = count(1)


def new_incarnation() -> Incarnation:
    """A random 53-bit name of a topic's history."""
    return Incarnation(secrets.randbits(53) or 1)


class Reader(Protocol):
    """Somebody who is shown a topic: a session on a socket, or a stream."""

    id: int
    """Names the session in this process; ``Commit.origin``."""

    def relay(self, topic: Topic, commit: Commit) -> None:
        """Show a commit. Called once a commit, in order of seq."""
        ...

    def access_changed(self, topic: Topic, access: Access | None) -> None:
        """The reader's right changed; None: it is gone."""
        ...


class Topic:
    """One resident topic. ``known`` once its row was read; ``waiting`` is the pipeline's queue, ``loading``
    while it is parked, ``applying`` while a turn that changes it is in flight, ``used`` once somebody asked
    for it since the cache last looked at it.

    Most topics in memory are at rest: what one holds only while something happens is None until then.
    """

    __slots__ = (
        "__weakref__",
        "alarmed",
        "applying",
        "encoded",
        "handle",
        "incarnation",
        "kind",
        "known",
        "loading",
        "name",
        "readers",
        "seq",
        "used",
        "waiting",
    )

    def __init__(self, name: TopicName, kind: TopicKind) -> None:
        self.name = name
        self.kind = kind
        self.handle = next(_handles)
        self.incarnation = Incarnation(0)
        self.seq = Seq(0)
        self.known = False
        self.loading = False
        self.applying = False
        self.alarmed = False
        self.used = False
        self.readers: dict[int, Reader] = {}
        self.waiting: list[Work[Any]] | None = None
        self.encoded: dict[Encode, tuple[bytes, ...]] | None = None

    @property
    def busy(self) -> bool:
        """Whether somebody reads it or something waits for it."""
        return bool(self.readers or self.waiting or self.loading or self.applying)

    def row(self) -> TopicRow:
        """The topic as the tables will hold it."""
        return TopicRow(self.name, self.incarnation, self.seq)

    def learn(self, row: TopicRow | None) -> None:
        """Take what is stored; a topic without a row begins a new history."""
        self.known = True
        if row is None:
            self.incarnation = new_incarnation()
        else:
            self.incarnation, self.seq = row.incarnation, row.seq

    def once(self, encode: Encode, commit: Commit) -> tuple[bytes, ...]:
        """The commit as one dialect writes it, encoded once for all its readers."""
        if self.encoded is None:
            self.encoded = {}
        messages = self.encoded.get(encode)
        if messages is None:
            messages = self.encoded[encode] = encode(self, commit)
        return messages

    def relay(self, commit: Commit) -> None:
        """Show a commit to every reader. One that fails keeps it from nobody else."""
        self.encoded = None
        for reader in list(self.readers.values()):
            try:
                reader.relay(self, commit)
            except Exception:
                log.exception("topic.relay_failed", topic=self.name, reader=reader.id)
        self.encoded = None


class Ledger(Topic):
    """``inbox/<user>`` or ``space/<name>``: registers are cached elsewhere, one by one.

    ``view`` is the whole of it, derived, while somebody asks for lists or counts; ``followers`` keep it.
    """

    __slots__ = ("floor", "followers", "items", "live", "order", "unknown", "view")

    def __init__(self, name: TopicName, kind: TopicKind) -> None:
        super().__init__(name, kind)
        self.floor = Seq(0)
        self.items = 0
        self.live = 0
        self.unknown = 0
        self.order = 0
        self.view: LedgerView | None = None
        self.followers = 0

    def row(self) -> TopicRow:
        """The topic as the tables will hold it."""
        counts = self.items, self.live, self.unknown, self.order
        return made(TopicRow, (self.name, self.incarnation, self.seq, self.floor, *counts))

    def learn(self, row: TopicRow | None) -> None:
        """Take what is stored; a topic without a row begins a new history."""
        super().learn(row)
        if row is not None:
            self.floor, self.items, self.live = row.floor, row.items, row.live
            self.unknown, self.order = row.unknown, row.order


Encode = Callable[[Topic, Commit], tuple[bytes, ...]]
"""How a dialect writes a commit."""


class DocumentTopic(Topic):
    """``doc/<name>``: at most one pycrdt Doc, absent when it is not resident.

    ``opener`` owns a document that nobody is a member of yet. ``snapshot_bytes`` and ``update_bytes`` say how
    much is stored, to know when a new snapshot pays.
    """

    __slots__ = ("awareness", "document", "opener", "snapshot_bytes", "update_bytes")

    def __init__(self, name: TopicName, kind: TopicKind) -> None:
        super().__init__(name, kind)
        self.document: Document | None = None
        self.awareness = Awareness()
        self.opener: UserId | None = None
        self.snapshot_bytes = 0
        self.update_bytes = 0
