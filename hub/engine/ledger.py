"""Statements in, registers out: one ledger's joins within one turn. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from hub.engine.residence import ABSENT, Brief
from hub.engine.retention import closed_at
from hub.engine.stated import (
    PROGRESS,
    STATUS,
    UNSTAMPED,
    Guard,
    Stated,
    Uncertain,
    current_attempt,
    sealed_attempt,
    standing_progress,
    statement_of,
)
from hub.engine.tail import ItemSlot, Overlay
from hub.engine.topics import Ledger
from hub.errors import BadField, BadValue, Exists, Limit
from hub.model import (
    Actor,
    AuditRow,
    DeliveryRow,
    Hlc,
    ItemId,
    Json,
    Register,
    Registers,
    Seq,
    Slot,
    Statement,
    made,
)
from hub.ports import HistoryRow, JournalRow
from hub.protocol.body import encode_statements
from hub.state.attempts import FIRST_STATUS, MAX_ATTEMPT, TERMINAL, reopen
from hub.state.clock import stamp
from hub.state.fields import TASK_FIELDS
from hub.state.join import registered
from hub.state.names import ALL
from hub.state.records import same_content
from hub.state.weights import FINAL, ITEM, READ_UPTO, field_of, weight_of
from hub.state.weights import slot as slot_of

if TYPE_CHECKING:
    from hub.engine.turn import Turn


Mark = tuple[int, int, int, int, int]
"""A point to which ``LedgerPart.rollback`` returns: length of ``undo``; items, live, unknown, order."""

SPACE_MARK_AHEAD = 60_000
"""Milliseconds after the clock up to which a space may be marked read."""
_REOPENING = frozenset({Slot("archived"), Slot("deleted"), STATUS})


class LedgerPart:
    """The overlay of one ledger in one turn: what stood before, and what this turn states over it.

    Most turns state something and nothing else: what holds the rest is None until there is any.
    """

    __slots__ = (
        "altered",
        "audits",
        "before",
        "entries",
        "floor",
        "joined",
        "ledger",
        "origin",
        "overlay",
        "retired",
        "row",
        "seq",
        "settled",
        "turn",
        "undo",
    )

    def __init__(self, ledger: Ledger, turn: Turn) -> None:
        self.ledger = ledger
        self.turn = turn
        self.entries = turn.known(ledger.name)
        self.seq = Seq(ledger.seq + 1)
        self.overlay: Overlay = {}
        self.altered: set[ItemSlot] | None = None
        self.origin: int | None = None
        self.undo: list[tuple[ItemSlot, Register | None]] = []
        self.before = self.mark()
        self.floor = ledger.floor
        self.row: JournalRow | None = None
        self.retired: Sequence[tuple[ItemId, Registers]] = ()
        self.joined: dict[ItemId, Registers] | None = None
        self.settled: list[DeliveryRow] | None = None
        self.audits: list[AuditRow] | None = None

    def came_from(self, origin: int) -> None:
        """A session brought something that won; 0: none did, or several."""
        self.origin = origin if self.origin in (None, origin) else 0

    def settle(self, row: DeliveryRow, audits: Sequence[AuditRow]) -> None:
        """A delivery ended."""
        self.settled, self.audits = self.settled or [], self.audits or []
        self.settled.append(row)
        self.audits.extend(audits)

    @property
    def saves(self) -> bool:
        """Whether the turn's transaction holds anything of this ledger."""
        return bool(self.overlay or self.retired or self.joined or self.settled)

    # ------------------------------------------------------------------ looking

    def standing(self, item: ItemId, slot: Slot) -> Register | None:
        """What stands, this turn's joins included."""
        found = self.overlay.get((item, slot))
        return found if found is not None else self.stood(item, slot)

    def stood(self, item: ItemId, slot: Slot) -> Register | None:
        """What stood before this turn, in history too."""
        entry = self.entries.get(item)
        known = entry.get(slot) if entry is not None else None
        if known is not None and known is not ABSENT:
            return known
        found = self.turn.standing(self.ledger.name, item, slot)
        if found is None and (row := self.turn.history(self.ledger.name, item)) is not None:
            return row.registers.get(slot)
        return found

    def record(self, item: ItemId, standing: Register) -> Register:
        """An item's record as saved, where ``standing`` is but its ``Brief``: the work has asked for it."""
        if not isinstance(standing, Brief):
            return standing
        return self.turn.record(self.ledger.name, item)

    def registers(self, item: ItemId) -> Registers:
        """All registers of an item that was asked for as a whole, this turn's joins included."""
        if self.joined is not None and item in self.joined:
            return self.joined[item]
        row = self.turn.history(self.ledger.name, item)
        found = self.turn.registers(self.ledger.name, item)
        if row is not None:
            found = {**row.registers, **found}
        for (name, slot), register in self.overlay.items():
            if name == item:
                found[slot] = register
        return found

    def changes(self) -> list[tuple[ItemSlot, Register]]:
        """What this turn set, one after another, also what it set again since."""
        after = dict(self.overlay)
        changes: list[tuple[ItemSlot, Register]] = []
        for key, before in reversed(self.undo):
            changes.append((key, after[key]))
            if before is not None:
                after[key] = before
        return changes[::-1]

    # ------------------------------------------------------------------ joining

    def mark(self) -> Mark:
        """A point to which ``rollback`` returns."""
        ledger = self.ledger
        return len(self.undo), ledger.items, ledger.live, ledger.unknown, ledger.order

    def rollback(self, mark: Mark) -> None:
        """Take back every join since the mark: a push is taken whole or not at all."""
        joins, *counts = mark
        while len(self.undo) > joins:
            key, before = self.undo.pop()
            if before is None:
                self.overlay.pop(key, None)
                if self.altered is not None:
                    self.altered.discard(key)
            else:
                self.overlay[key] = before
        ledger = self.ledger
        ledger.items, ledger.live, ledger.unknown, ledger.order = counts

    def drop(self) -> None:
        """The commit failed: the ledger is as it was before the turn."""
        self.rollback(self.before)

    def state(self, stated: Stated, actor: Actor, guard: Guard | None = None) -> bool:
        """Join one statement; True if it now stands. Where it raises, nothing was changed.

        Raises:
            Refusal: what the guard raises, who is shown the item's record first.
            BadField: the field does not fit the item's kind.
            Exists: a record with other content stands under the id.
            Limit: too many items, or too many statements on unknown items.
            Uncertain: perhaps too many.
        """
        item, field, value, hlc = stated
        plain = item != ALL and "/" not in item
        record = self.standing(item, ITEM) if plain or guard is not None else None
        if guard is not None:
            guard(cast("dict[str, Json]", record.value) if record is not None else None)
        if field == ITEM:
            return self._create(stated, actor, record)
        slot: Slot = slot_of(field, actor) if field == READ_UPTO else field  # type: ignore[assignment]  # as slot_of
        key = (item, slot)
        joined = self.overlay.get(key)
        standing = joined if joined is not None else self.stood(item, slot)
        unknown = record is None and plain and standing is None
        self._check_target(stated, record, plain, unknown)
        if hlc == UNSTAMPED or field == STATUS or (field == PROGRESS and stated.relative):
            value, hlc = self._meant(stated, standing)
        weight = weight_of(field, value, hlc, actor)
        if standing is not None:
            if weight <= standing.weight:
                return False
            if slot in _REOPENING and self._may_reopen(item, standing, value):
                self.ledger.live += 1
        if unknown:
            self.ledger.unknown += 1
        self.undo.append((key, joined))
        self.overlay[key] = made(Register, (value, hlc, actor, self.seq, weight))
        if value is not stated.value:
            self._alter(key)
        return True

    def add(self, item: ItemId, field: str, value: Json, hlc: Hlc, actor: Actor) -> None:
        """State what the hub itself decided; its author is told like everybody else."""
        register = registered(Statement(item, field, value, hlc, actor), self.seq)
        self._set((item, slot_of(field, actor)), register, altered=True)

    def _create(self, stated: Stated, actor: Actor, standing: Register | None) -> bool:
        record = cast("dict[str, Json]", stated.value)
        if standing is not None:
            saved = self.record(stated.item, standing)
            if same_content(cast("dict[str, Json]", saved.value), record):
                return False
            raise Exists
        self._check_room()
        ledger = self.ledger
        order = max(ledger.order + 1, self.turn.now)
        value: Json = {**record, "by": actor, "at": self.turn.now, "order": order}
        hlc = stated.hlc if stated.hlc != UNSTAMPED else self._stamp(None)
        register = registered(Statement(stated.item, ITEM, value, hlc, actor), self.seq)
        self._set((stated.item, ITEM), register, altered=True)
        ledger.order = order
        ledger.items += 1
        ledger.live += 1
        return True

    def _check_room(self) -> None:
        limits, ledger = self.turn.limits, self.ledger
        if ledger.items >= limits.items:
            raise Limit(f"this topic holds {limits.items} items, the most it may ever hold")
        if ledger.live >= limits.open_items:
            self._be_certain()
            raise Limit(f"this topic holds {limits.open_items} open items; finish, archive or delete some")

    def _be_certain(self) -> None:
        if self.ledger.view is None:
            raise Uncertain

    def _may_reopen(self, item: ItemId, standing: Register, value: Json) -> bool:
        """Whether a closed item may live again by a value: ``live`` is never too low."""
        if isinstance(value, list):
            final = self.standing(item, FINAL)
            return final is not None and cast("int", value[0]) > sealed_attempt(final)
        return value is False and standing.value is True

    def _check_target(self, stated: Stated, record: Register | None, plain: bool, unknown: bool) -> None:
        """``plain``: what is stated on is an item; ``unknown``: one not known yet, stated on for the first
        time."""
        field = stated.field
        if not plain:
            if field == READ_UPTO:
                self._check_mark(stated)
        elif record is None:
            if unknown:
                self._check_unknown()
        elif field in TASK_FIELDS and record.value["kind"] != "task":  # type: ignore[call-overload, index]  # a record
            raise BadField(f"a notification has no field {field}")

    def _check_mark(self, stated: Stated) -> None:
        """A mark can't swallow what has not arrived. A space's orders aren't known in the inbox: its marks
        end ``SPACE_MARK_AHEAD`` after the clock."""
        latest = (
            max(self.ledger.order, self.turn.now - 1)
            if stated.item == ALL
            else self.turn.now + SPACE_MARK_AHEAD
        )
        if cast("int", stated.value) > latest:
            raise BadValue("read_upto is at most the order of the last item")

    def _check_unknown(self) -> None:
        if self.ledger.unknown >= self.turn.limits.unknown:
            self._be_certain()
            raise Limit(
                f"{self.turn.limits.unknown} statements wait for items not known yet, the most allowed"
            )

    def _stamp(self, standing: Register | None) -> Hlc:
        return stamp(self.turn.now, standing.hlc if standing else None)

    def _meant(self, stated: Stated, standing: Register | None) -> tuple[Json, Hlc]:
        """Value and stamp of a statement that leaves a part of them to what stands, or may reopen."""
        hlc = stated.hlc if stated.hlc != UNSTAMPED else self._stamp(standing)
        if stated.field in (STATUS, PROGRESS):
            return self._value(stated, hlc), hlc
        return stated.value, hlc

    def _value(self, stated: Stated, hlc: Hlc) -> Json:
        """What a status or progress means here and now."""
        value = stated.value
        if not isinstance(value, list):
            return value
        final = self.standing(stated.item, FINAL)
        if value[0] is None:
            status = self.standing(stated.item, STATUS)
            value = [current_attempt(status, final), *value[1:]]
        if value[1] is None:
            value = [value[0], standing_progress(self.standing(stated.item, PROGRESS), value[0]), *value[2:]]
        if stated.field == STATUS:
            return self._reopened(stated, value, hlc, self._ended(stated.item, final))
        return value

    def _reopened(self, stated: Stated, value: Json, hlc: Hlc, ended: Json) -> Json:
        meant = reopen(value, hlc, ended)
        if meant == [MAX_ATTEMPT, FIRST_STATUS] and ended is not None:
            raise BadValue(f"the task ended {MAX_ATTEMPT} times; there is no further attempt")
        return meant

    def _ended(self, item: ItemId, final: Register | None) -> Json:
        """How the latest sealed attempt ended. What this very turn ends counts, or it would matter which
        pushes share a turn."""
        status = self.overlay.get((item, STATUS))
        if status is None or self.standing(item, ITEM) is None:
            return final.value if final else None
        attempt, word = cast("tuple[int, str]", status.value)
        if word not in TERMINAL or attempt <= sealed_attempt(final):
            return final.value if final else None
        return {"attempt": attempt, "hlc": status.hlc}

    def _set(self, key: ItemSlot, register: Register, *, altered: bool) -> None:
        self.undo.append((key, self.overlay.get(key)))
        self.overlay[key] = register
        if altered:
            self._alter(key)

    def _alter(self, key: ItemSlot) -> None:
        """Its author is told of it like everybody else."""
        if self.altered is None:
            self.altered = set()
        self.altered.add(key)

    # ------------------------------------------------------------------ closing the turn

    def join_history(self) -> None:
        """Items in history that were stated on: those that live again come back whole, the others are
        joined where they are and make no seq."""
        if not self.turn.found.history:
            return
        name = self.ledger.name
        for item in {item for item, _ in self.overlay}:
            row = self.turn.history(name, item)
            if row is not None:
                self._return(row, self.registers(item))

    def _return(self, row: HistoryRow, registers: Registers) -> None:
        if closed_at(registers) is None:
            self.ledger.live += 1
            for slot, register in registers.items():
                key = (row.item, slot)
                self.overlay[key] = register._replace(seq=self.seq)
                self._alter(key)
            self.turn.batch.revived.append((row.topic, row.item))
            return
        if self.joined is None:
            self.joined = {}
        self.joined[row.item] = registers
        for slot in registers:
            self.overlay.pop((row.item, slot), None)
        self.turn.batch.joined.append(HistoryRow(row.topic, row.item, row.order, row.moved_at, registers))

    def body(self) -> bytes:
        """This turn's statements as the journal and the wire hold them."""
        return encode_statements(
            [(item, field_of(slot), r[0], r[1], r[2]) for (item, slot), r in self.overlay.items()]
        )

    def altered_body(self) -> bytes:
        """The part that the hub changed or added; b"" for none."""
        if not self.altered:
            return b""
        return encode_statements(
            [statement_of(key, self.overlay[key]) for key in self.overlay if key in self.altered]
        )
