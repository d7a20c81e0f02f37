"""Bringing into memory what a work needs and a turn can't wait for: whole ledgers, documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.engine.document import Document
from hub.engine.documents import DocumentResidence
from hub.engine.tail import Overlay, Tail
from hub.engine.topics import DocumentTopic, Ledger
from hub.engine.view import LedgerView
from hub.model import Seq
from hub.ports import Clock, RegisterRow, Store
from hub.protocol.body import decode_updates

EVERYTHING = Seq(-1)


class Content:
    """A ledger's registers above a seq: what the store held, and the tail when it was asked.

    The topic is parked while it loads, so what was committed before is in one of the two even if a folding
    pass ends meanwhile; what comes after is in the tail.
    """

    __slots__ = ("above", "held", "rows")

    def __init__(self, above: Seq, rows: Sequence[RegisterRow], held: list[Overlay]) -> None:
        self.above = above
        self.rows = rows
        self.held = held

    def laid_over(self, tail: Iterable[Overlay]) -> Overlay:
        """Every register above the seq, the newest of each."""
        found = {(row.key.item, row.key.slot): row.register for row in self.rows}
        for ledger in (*self.held, *tail):
            found |= {key: register for key, register in ledger.items() if register.seq > self.above}
        return found


class Loader:
    """Reads from the store on behalf of works."""

    __slots__ = ("_clock", "_documents", "_store", "_tail")

    def __init__(self, store: Store, tail: Tail, clock: Clock, documents: DocumentResidence) -> None:
        self._store = store
        self._tail = tail
        self._clock = clock
        self._documents = documents

    async def content(self, ledger: Ledger, above: Seq) -> Content:
        """The registers above a seq; ``EVERYTHING`` for all."""
        held = self._tail.ledgers(ledger.name)
        return Content(above, await self._store.ledger(ledger.name, above), held)

    async def view(self, ledger: Ledger) -> None:
        """Make the ledger's view resident; it tells how much the ledger really holds."""
        if ledger.view is not None:
            return
        content = await self.content(ledger, EVERYTHING)
        view = LedgerView(content.laid_over(self._tail.ledgers(ledger.name)), self._clock.now())
        ledger.view, ledger.live, ledger.unknown = view, view.live, view.unknown

    async def document(self, topic: DocumentTopic) -> None:
        """Make the document resident."""
        if topic.document is not None:
            return
        held = self._tail.updates(topic.name, Seq(-1))
        stored = await self._store.document(topic.name)
        folded = stored.updates[-1].seq if stored.updates else stored.snapshot_seq
        rows = [*stored.updates, *(row for row in held if row.seq > folded)]
        updates = [update for row in rows for update in decode_updates(row.body)]
        topic.document = Document.load(stored.snapshot, updates, stored.client_ids, self._documents.limits)
        topic.document.claims = topic.awareness.claims
        topic.snapshot_bytes = len(stored.snapshot)
        topic.update_bytes = sum(len(row.body) for row in rows)
        self._documents.admit(topic)
