"""Works of a ledger that only look: opens, single items, whole views. Each sees what was queued before it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from hub.engine.loading import EVERYTHING, Content, Loader
from hub.engine.stated import statement_of
from hub.engine.tail import Tail
from hub.engine.topics import Ledger
from hub.engine.turn import Turn
from hub.engine.work import Work
from hub.errors import Refusal
from hub.model import Incarnation, ItemId, Registers, Seq, Statement
from hub.state.names import ALL

log = structlog.get_logger("hub.engine")


class Catch(Work[Ledger]):
    """Bring a reader up to date from ``(incarnation, seq)``; 0, 0 for a reader that has nothing.

    ``done`` is called between turns with (full, statements): becoming a reader in it leaves no gap and makes
    no double.
    """

    __slots__ = ("_content", "_done", "_full", "_incarnation", "_refused", "_seq", "_tail")

    def __init__(
        self,
        topic: Ledger,
        incarnation: Incarnation,
        seq: Seq,
        done: Callable[[bool, list[Statement]], None],
        refused: Callable[[Refusal], None],
    ) -> None:
        super().__init__(topic)
        self._incarnation = incarnation
        self._seq = seq
        self._done = done
        self._refused = refused
        self._content: Content | None = None
        self._full = False

    def _lacks_all(self) -> bool:
        ledger = self.topic
        if self._incarnation != ledger.incarnation or self._seq < ledger.floor:
            return True
        if self._seq > ledger.seq:
            self._alarm()
            return True
        return False

    def _alarm(self) -> None:
        """Somebody has what the hub never had: history was lost, or the claim is wrong. Said once a topic:
        whoever repeats the claim does not fill the log."""
        ledger = self.topic
        if not ledger.alarmed:
            ledger.alarmed = True
            log.error("topic.seq_ahead", topic=ledger.name, seq=ledger.seq, reader_seq=self._seq)

    def load(self, loader: Loader) -> Awaitable[None] | None:
        """The registers above the seq, unless the reader is in sync."""
        if self._content is not None or self.in_memory():
            return None
        return self._load(loader)

    def in_memory(self) -> bool:
        """Whether the store isn't needed: the reader is in sync, or there is nothing. Decides whether it
        lacks all."""
        ledger, self._full = self.topic, self._lacks_all()
        return ledger.seq == 0 or (not self._full and self._seq == ledger.seq)

    async def _load(self, loader: Loader) -> None:
        self._content = await loader.content(self.topic, EVERYTHING if self._full else self._seq)

    def join(self, turn: Turn) -> None:
        """Nothing is joined; the tail is needed after the commit."""
        self.look(turn.memory.tail)

    def look(self, tail: Tail) -> None:
        """Where to look when it is settled."""
        self._tail = tail

    def settle(self) -> None:
        """Answer with everything, or with what lies above the reader's seq, this turn included. Which of
        the two was decided when it was loaded: this turn may have raised the floor since."""
        full, ledger = self._full, self.topic
        above = EVERYTHING if full else self._seq
        if ledger.seq == 0 or above == ledger.seq:
            self._done(full, [])
            return
        content = self._content or Content(above, (), [])
        registers = content.laid_over(self._tail.ledgers(ledger.name))
        self._done(full, [statement_of(key, r) for key, r in registers.items() if r.seq > above])

    def fail(self, refusal: Refusal) -> None:
        """Could not be read."""
        self._refused(refusal)


class ReadItem(Work[Ledger]):
    """One item from the live registers or from history, and the marks that say whether it is read.

    ``marks`` names the item that holds these.
    """

    __slots__ = ("_done", "_item", "_marks", "_refused", "_turn")

    def __init__(
        self,
        topic: Ledger,
        item: ItemId,
        done: Callable[[Registers, Registers], None],
        refused: Callable[[Refusal], None],
        marks: ItemId = ALL,
    ) -> None:
        super().__init__(topic)
        self._item = item
        self._marks = marks
        self._done = done
        self._refused = refused
        self._turn: Turn | None = None

    def wants(self, turn: Turn) -> None:
        """The item and the marks as wholes."""
        turn.want_item(self.topic.name, self._item)
        turn.want_item(self.topic.name, self._marks)

    def join(self, turn: Turn) -> None:
        """Nothing is joined."""
        self._turn = turn

    def settle(self) -> None:
        """Answer with the item's registers (empty: unknown) and the marks."""
        assert self._turn is not None
        part = self._turn.part(self.topic)
        self._done(part.registers(self._item), part.registers(self._marks))

    def fail(self, refusal: Refusal) -> None:
        """Could not be read."""
        self._refused(refusal)


class UseView(Work[Ledger]):
    """Something that needs the whole ledger derived. ``done`` runs between turns, with the view resident."""

    __slots__ = ("_done", "_refused")

    def __init__(
        self, topic: Ledger, done: Callable[[Ledger], None], refused: Callable[[Refusal], None]
    ) -> None:
        super().__init__(topic)
        self._done = done
        self._refused = refused

    def load(self, loader: Loader) -> Awaitable[None] | None:
        """The whole ledger, unless it is resident."""
        return loader.view(self.topic) if self.topic.view is None else None

    def settle(self) -> None:
        """The view is as of the last commit."""
        self._done(self.topic)

    def fail(self, refusal: Refusal) -> None:
        """Could not be read."""
        self._refused(refusal)
