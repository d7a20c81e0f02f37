"""Works of a ledger that change it: pushes, and items that leave for history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from hub.engine.ledger import LedgerPart
from hub.engine.retention import closed_at
from hub.engine.stated import PROGRESS, STATUS, Guard, Stated
from hub.engine.topics import Ledger
from hub.engine.turn import Turn
from hub.engine.work import Work
from hub.errors import Refusal
from hub.model import Actor, ItemId, Json, Milliseconds, Registers, Seq, Slot
from hub.ports import HistoryRow
from hub.state.attempts import TERMINAL
from hub.state.fields import fits
from hub.state.names import ALL
from hub.state.weights import FINAL, ITEM, READ_UPTO
from hub.state.weights import slot as slot_of

_DECIDED = (STATUS, ITEM)
"""After a statement on one of these the hub looks whether the task ended."""


def _may_decide(stated: Stated) -> bool:
    """Whether the hub may make an event of it: only then it matters who a space's members are."""
    if stated.field == STATUS:
        return cast("list[Json]", stated.value)[1] in TERMINAL
    return stated.field == ITEM


class Joining(Work[Ledger]):
    """Statements of one actor, taken whole or not at all. Whoever extends it tells how it ended.

    Args:
        origin: the session they came from, 0 for none.
        guard: looks at the record of each item first.
    """

    __slots__ = ("actor", "guard", "origin", "stated", "won")

    def __init__(
        self, topic: Ledger, stated: Sequence[Stated], actor: Actor, origin: int, guard: Guard | None = None
    ) -> None:
        self.topic = topic
        self.stated = stated
        self.actor = actor
        self.origin = origin
        self.guard = guard
        self.won = False

    def wants(self, turn: Turn) -> None:
        """The registers that the statements join, the records of their items, and what finalizing looks
        at.
        """
        if self.topic.kind == "space":
            self.want_members(turn)
        name, entries = self.topic.name, turn.known(self.topic.name)
        for stated in self.stated:
            item, field, _, _ = stated
            entry = entries.get(item)
            if entry is None:
                entry = entries[item] = turn.memory.cache.entry(name, item)
            slot: Slot = slot_of(field, self.actor) if field == READ_UPTO else field  # type: ignore[assignment]  # as slot_of
            if slot not in entry:
                turn.seek(name, item, slot, entry)
            if item != ALL and "/" not in item:
                if ITEM not in entry:
                    turn.seek(name, item, ITEM, entry)
                if field in _DECIDED:
                    turn.want_record(name, item)
            if field in _DECIDED or (field == PROGRESS and stated.relative):
                self._want_end(turn, item)

    def _want_end(self, turn: Turn, item: ItemId) -> None:
        """Whether and how a task ended."""
        if item != ALL and "/" not in item:
            turn.want(self.topic.name, item, STATUS)
            turn.want(self.topic.name, item, FINAL)

    def want_members(self, turn: Turn) -> None:
        """An event in a space concerns its members."""
        if self.topic.kind == "space" and any(map(_may_decide, self.stated)):
            turn.wanted.members.add(self.topic.name)

    def join(self, turn: Turn) -> None:
        """Join each statement; the first that is refused takes all of them back."""
        part = turn.part(self.topic)
        mark = part.mark() if len(self.stated) > 1 else None
        self.won = False
        for index, stated in enumerate(self.stated):
            try:
                if part.state(stated, self.actor, self.guard):
                    self.won = True
                else:
                    turn.duplicate_statements += 1
            except Refusal as refusal:
                if mark is not None:
                    part.rollback(mark)
                refusal.at = index
                raise
        if self.won:
            part.came_from(self.origin)


class Write(Joining):
    """As ``Joining``, told by calls.

    Args:
        done: called with the seq they are saved under (the topic's present one where nothing won).
        refused: called with the reason.
    """

    __slots__ = ("done", "refused")

    def __init__(
        self,
        topic: Ledger,
        stated: Sequence[Stated],
        actor: Actor,
        origin: int,
        done: Callable[[Seq], None],
        refused: Callable[[Refusal], None],
        guard: Guard | None = None,
    ) -> None:
        # Not by super(): a call for each statement.
        self.topic = topic
        self.stated = stated
        self.actor = actor
        self.origin = origin
        self.guard = guard
        self.won = False
        self.done = done
        self.refused = refused

    def settle(self) -> None:
        """Saved."""
        self.done(self.topic.seq)

    def fail(self, refusal: Refusal) -> None:
        """Not taken."""
        self.refused(refusal)


class ItemWrite(Joining):
    """A write that is answered with items as they stand after it: HTTP and commands.

    Args:
        done: called with the work, which has its items by then.
        refused: called with the reason.
    """

    __slots__ = ("_done", "_part", "_refused", "_shown", "seq")

    def __init__(
        self,
        topic: Ledger,
        stated: Sequence[Stated],
        actor: Actor,
        done: Callable[[ItemWrite], None],
        refused: Callable[[Refusal], None],
        guard: Guard | None = None,
    ) -> None:
        super().__init__(topic, stated, actor, 0, guard)
        self._done = done
        self._refused = refused
        self._shown = {each.item for each in stated}
        self._part: LedgerPart | None = None
        self.seq = Seq(0)
        """It is saved under; the topic's present one where nothing won."""

    def wants(self, turn: Turn) -> None:
        """Whole items, which hold every register that is joined or looked at, and the marks that say what is
        read: a task is read by its own word alone."""
        name = self.topic.name
        self.want_members(turn)
        for item in self._shown:
            turn.want_item(name, item)
        if len(self._shown) > 1 or not any(map(_makes_task, self.stated)):
            turn.want_item(name, ALL)

    def join(self, turn: Turn) -> None:
        """Join, and remember where the registers are."""
        self._part = turn.part(self.topic)
        super().join(turn)

    def settle(self) -> None:
        """Saved."""
        self.seq = self.topic.seq
        done = self._done
        # Who waits will hold this work: a circle, were the work to hold who waits.
        del self._done, self._refused
        done(self)

    def fail(self, refusal: Refusal) -> None:
        """Not taken."""
        refused = self._refused
        del self._done, self._refused
        refused(refusal)

    def found(self) -> tuple[Registers, Registers]:
        """All registers of the first item stated on, and those of ``*`` where they concern it, after the
        turn."""
        assert self._part is not None
        return self._part.registers(self.stated[0].item), self._part.registers(ALL)


def _makes_task(stated: Stated) -> bool:
    """Whether the statement stands only where its item is a task."""
    if stated.field == ITEM:
        return cast("dict[str, Json]", stated.value)["kind"] == "task"
    return not fits(stated.field, "notification")


class Retire(Work[Ledger]):
    """Items that were closed before a time leave the live registers for history.

    An item with statements in the tail stays: what isn't folded can't be moved. The next sweep takes it.
    ``done`` is called with the number of items that stayed.
    """

    __slots__ = ("_before", "_done", "_items", "_moved")

    late = True

    def __init__(
        self, topic: Ledger, items: Sequence[ItemId], before: Milliseconds, done: Callable[[int], None]
    ) -> None:
        super().__init__(topic)
        self._items = items
        self._before = before
        self._done = done
        self._moved: list[ItemId] = []

    def wants(self, turn: Turn) -> None:
        """The items as wholes."""
        for item in self._items:
            turn.want_item(self.topic.name, item)

    def join(self, turn: Turn) -> None:
        """Move what is still closed; the floor rises to the highest seq among what moved."""
        part = turn.part(self.topic)
        floor = self.topic.floor
        moved: list[tuple[ItemId, Registers]] = []
        for item in self._items:
            registers = part.registers(item)
            closed = closed_at(registers)
            if closed is None or closed >= self._before or self._fresh(turn, part, item):
                continue
            record: Any = registers[ITEM].value
            row = HistoryRow(self.topic.name, item, record["order"], turn.now, registers)
            turn.batch.retired.append(row)
            floor = max(floor, *(register.seq for register in registers.values()))
            self._moved.append(item)
            moved.append((item, registers))
        if self._moved:
            part.retired = [*part.retired, *moved]
            part.floor = floor
            turn.batch.floors.append((self.topic.name, floor))

    def settle(self) -> None:
        """Moved."""
        self._done(len(self._items) - len(self._moved))

    def fail(self, refusal: Refusal) -> None:
        """All stayed, to be tried again."""
        self._done(0)

    def _fresh(self, turn: Turn, part: LedgerPart, item: ItemId) -> bool:
        in_overlay = any(name == item for name, _ in part.overlay)
        return in_overlay or bool(turn.memory.tail.item(self.topic.name, item))
