"""A ledger as this device has it: the hub's registers with the own outbox laid over. No I/O."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hub.model import Actor, Hlc, ItemId, Register, Registers, Seq, Slot, Statement
from hub.protocol.body import statements_of
from hub.protocol.frames import pack, unpack
from hub.protocol.native_device import No
from hub.state.clock import HybridClock
from hub.state.join import LedgerRegisters, join_into
from hub.state.retention import closed_at
from hub.state.weights import ITEM, field_of, slot, weight
from tongbu.errors import OutboxFull, Refusal
from tongbu.items import RefusedStatement
from tongbu.outbox import Entry, Outbox
from tongbu.store import Batch
from tongbu.topics import HEAD_BYTES, Limits, Topic, packed_size

MAX_OUTBOX = 100_000
"""Statements that may wait in one ledger."""

Watch = Callable[[set[ItemId] | None], None]
"""Called with the items whose registers changed; None for all."""


class LedgerTopic(Topic):
    """One replicated ledger.

    ``watches`` hear of every change, whoever made it.
    """

    def __init__(self, name: str, incarnation: int, seq: int, clock: HybridClock) -> None:
        super().__init__(name, incarnation, seq)
        self.outbox = Outbox(name)
        self.watches: list[Watch] = []
        self._clock = clock
        self._registers: LedgerRegisters = {}
        self._away: list[Entry] = []

    # ------------------------------------------------------------------ looking

    def names(self) -> set[ItemId]:
        """Every item of which anything is known."""
        return self._registers.keys() | {entry.statement.item for entry in self.outbox}

    def registers(self, item: ItemId) -> Registers:
        """What stands for one item, own unsent statements included. Not to be changed."""
        return self.outbox.lay_over(item, self._registers.get(item, {}))

    def held(self) -> LedgerRegisters:
        """The hub's word alone. Not to be changed."""
        return self._registers

    # ------------------------------------------------------------------ loading

    def load(self, rows: Iterable[Sequence[Any]]) -> None:
        """Registers as the store has them: (item, slot, packed value, hlc, actor, seq)."""
        for item, where, value, hlc, actor, seq in rows:
            statement = Statement(ItemId(item), field_of(where), unpack(value), Hlc(hlc), Actor(actor))
            register = Register(statement.value, statement.hlc, _shared(actor), Seq(seq), weight(statement))
            self._registers.setdefault(statement.item, {})[Slot(sys.intern(where))] = register

    def reenter(self, number: int, item: str, field: str, packed: bytes, hlc: Hlc, actor: Actor) -> None:
        """An entry of the outbox as the store has it."""
        entry = Entry(number, Statement(ItemId(item), sys.intern(field), unpack(packed), hlc, actor))
        entry.kept = True
        self.outbox.add(entry)

    # ------------------------------------------------------------------ stating

    def check_room(self, statements: int) -> None:
        """Whether so many more may wait. Raises ``OutboxFull``."""
        if len(self.outbox) + statements > MAX_OUTBOX:
            raise OutboxFull

    def enter(self, number: int, statement: Statement, batch: Batch) -> Entry:
        """A statement of this device, checked before."""
        entry = self.outbox.enter(number, statement, batch)
        self._touch({statement.item})
        return entry

    def withdraw(self, entry: Entry) -> None:
        """The store did not take it."""
        self.outbox.drop(entry, Batch())
        self._touch({entry.statement.item})

    def restamp(self, hlcs: Iterable[Hlc], batch: Batch) -> None:
        """Lower unsent stamps; see ``Outbox.restamp``."""
        self._touch(self.outbox.restamp(hlcs, batch))

    def sign(self, actor: Actor) -> None:
        """The device has its id."""
        self._touch(self.outbox.sign(actor))

    # ------------------------------------------------------------------ Topic

    def state_vector(self) -> bytes | None:
        """None: a ledger has none."""
        return None

    def oldest(self) -> int | None:
        """Of the outbox."""
        return self.outbox.oldest

    def bring(self, body: list[Any], seq: int, full: bool, replaced: bool, batch: Batch) -> None:
        """Join what the hub relays; ``full`` replaces all but the outbox."""
        statements = statements_of(body)
        if full:
            self._registers = {}
            batch.put("clear_registers", self.name)
        touched = {each.item for each in statements if self._join(each, Seq(seq), batch)}
        if full:
            self._touch(None)
        else:
            self._touch(touched)

    def _join(self, statement: Statement, seq: Seq, batch: Batch) -> bool:
        self._clock.observe(statement.hlc)
        statement = statement._replace(field=sys.intern(statement.field), actor=_shared(statement.actor))
        if statement.field == ITEM and statement.item in self._registers:
            self._registers[statement.item].pop(ITEM, None)
        if not join_into(self._registers, statement, seq):
            return False
        item, field, value, hlc, actor = statement
        batch.put("put_register", self.name, item, slot(field, actor), pack(value), hlc, actor, seq)
        return True

    def next_push(self, limits: Limits, refused: Callable[[RefusedStatement], None], batch: Batch) -> Any:
        """Statements in order, as many as one push may hold."""
        size = HEAD_BYTES
        body: list[tuple[Any, ...]] = []
        too_big: list[Entry] = []
        for entry in self.outbox:
            if not entry.kept or len(body) >= limits.statements:
                break
            stated = entry.statement[:4]
            more = packed_size(stated)
            if more + HEAD_BYTES > limits.message:
                too_big.append(entry)
                continue
            if size + more > limits.message:
                break
            size += more
            entry.away = True
            body.append(stated)
            self._away.append(entry)
        for told in self._give_up(too_big, "too_big", "the statement is larger than the hub takes", batch):
            refused(told)
        return body or None

    def settle(self, seq: int, batch: Batch) -> None:
        """What was pushed is saved: it stands among the hub's registers, nothing that is shown changes."""
        for entry in self._away:
            self.outbox.drop(entry, batch)
            if entry.statement.field == ITEM and ITEM in self._registers.get(entry.statement.item, {}):
                self._clock.observe(entry.statement.hlc)  # the hub relayed its own version of the record
            else:
                self._join(entry.statement, Seq(seq), batch)
        self._away.clear()

    def unanswered(self) -> None:
        """It is pushed again."""
        for entry in self._away:
            entry.away = False
        self._away.clear()

    def refused(self, no: No, batch: Batch) -> list[RefusedStatement]:
        """The statement at fault is given up, or all of the push; the rest waits again.

        With an item's record goes what was stated about it: the item is not what this device thinks it is.
        """
        at_fault = list(self._away)
        if no.at is not None and no.at < len(at_fault):
            at_fault = [at_fault[no.at]]
        self.unanswered()
        given_up: dict[int, Entry] = {}
        for entry in at_fault:
            given_up[entry.number] = entry
            if entry.statement.field == ITEM:
                given_up |= {other.number: other for other in self.outbox.of(entry.statement.item)}
        return self._give_up(given_up.values(), no.code, no.message, batch)

    def doubt(self) -> bool:
        """The hub calls a stamp ahead: whether the clock can be set and the push said again."""
        again = not any(entry.doubted for entry in self._away)
        for entry in self._away:
            entry.doubted = True
        return again

    def give_up(self, no: Refusal, batch: Batch) -> list[RefusedStatement]:
        """The ledger can't be opened: nothing of the outbox can be said."""
        return self._give_up([entry for entry in self.outbox if entry.kept], no.code, no.message, batch)

    def _give_up(
        self, entries: Iterable[Entry], code: str, message: str, batch: Batch
    ) -> list[RefusedStatement]:
        told = []
        for entry in list(entries):
            self.outbox.drop(entry, batch)
            told.append(self._told(entry, code, message))
        self._touch({ItemId(each.item) for each in told})
        return told

    def _told(self, entry: Entry, code: str, message: str) -> RefusedStatement:
        item, field, value, _, _ = entry.statement
        return RefusedStatement(self.name, item, field, value, code, message)

    # ------------------------------------------------------------------ forgetting

    def forget_closed(self, before: int, batch: Batch) -> None:
        """Items closed before a time (ms) are in the hub's history: they are not held any longer."""
        gone = {
            item
            for item, registers in self._registers.items()
            if (closed := closed_at(registers)) is not None
            and closed < before
            and not self.outbox.holds(item)
        }
        for item in gone:
            del self._registers[item]
            batch.put("forget_item", self.name, item)
        self._touch(gone)

    def _touch(self, items: set[ItemId] | None) -> None:
        if items is None or items:
            for watch in list(self.watches):
                watch(items)


def _shared(actor: str) -> Actor:
    """Few actors state much: their names are held once."""
    return Actor(sys.intern(actor))
