"""What a storage tells about itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a storage holds: its file, the write-ahead log beside it, and turns not folded yet."""

    database_bytes: int
    wal_bytes: int
    journal_rows: int
