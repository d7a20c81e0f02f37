"""All cases."""

from __future__ import annotations

from typing import Final

from bench.micro import delivery, documents, frames, ledgers, messages, storage
from bench.micro.case import Case

CASES: Final[tuple[Case, ...]] = (
    *frames.CASES,
    *messages.CASES,
    *ledgers.CASES,
    *documents.CASES,
    *storage.CASES,
    *delivery.CASES,
)
