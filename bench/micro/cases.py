"""All cases."""

from __future__ import annotations

from typing import Final

from bench.micro import connections, delivery, documents, engine, frames, ledgers, messages, storage
from bench.micro.case import Case
from bench.micro.floor import FLOOR

CASES: Final[tuple[Case, ...]] = (
    FLOOR,
    *frames.CASES,
    *connections.CASES,
    *messages.CASES,
    *ledgers.CASES,
    *documents.CASES,
    *engine.CASES,
    *storage.CASES,
    *delivery.CASES,
)
