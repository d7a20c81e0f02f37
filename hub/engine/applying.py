"""What a commit makes of memory: a ledger's overlay becomes its state. No I/O."""

from __future__ import annotations

from hub.engine.ledger import LedgerPart
from hub.engine.turn import Memory
from hub.model import Milliseconds


def apply_ledger(part: LedgerPart, memory: Memory, now: Milliseconds) -> None:
    """A ledger's part of a turn is on disk."""
    ledger, row = part.ledger, part.row
    if part.retired:
        _apply_retired(part, memory)
    if row is None:
        return
    ledger.seq = row.seq
    memory.tail.add_ledger(ledger.row(), part.overlay, row.number, len(row.body))
    memory.cache.put_all(ledger.name, part.overlay, part.entries)
    if ledger.view is not None:
        ledger.view.apply(part.overlay, now)
        ledger.live, ledger.unknown = ledger.view.live, ledger.view.unknown


def _apply_retired(part: LedgerPart, memory: Memory) -> None:
    """Items left for history."""
    ledger = part.ledger
    ledger.floor = part.floor
    for item, registers in part.retired:
        for slot in registers:
            memory.cache.forget((ledger.name, item, slot))
    if ledger.view is not None:
        ledger.view.forget(item for item, _ in part.retired)
    if part.row is None:
        memory.tail.active.topics[ledger.name] = ledger.row()
