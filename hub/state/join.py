"""Joining: the heavier statement stands, in whatever order and however often statements come."""

from __future__ import annotations

from hub.model import ItemId, Register, Registers, Seq, Statement
from hub.state.weights import slot, weight

LedgerRegisters = dict[ItemId, Registers]
"""Registers of many items of one topic."""


def registered(statement: Statement, seq: Seq) -> Register:
    """The register a statement becomes where nothing stands, saved under ``seq``."""
    return Register(statement.value, statement.hlc, statement.actor, seq, weight(statement))


def join(standing: Register | None, statement: Statement, seq: Seq) -> Register | None:
    """The register that replaces ``standing``, saved under ``seq``; None if the statement loses or equals."""
    register = registered(statement, seq)
    if standing is not None and register.weight <= standing.weight:
        return None
    return register


def join_into(ledger: LedgerRegisters, statement: Statement, seq: Seq) -> bool:
    """Join one statement into registers in place; whether it stands now."""
    where = slot(statement.field, statement.actor)
    registers = ledger.setdefault(statement.item, {})
    register = join(registers.get(where), statement, seq)
    if register is None:
        return False
    registers[where] = register
    return True
