"""What a check of ``hub doctor`` found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it; advice may have several lines."""

    level: Level
    subject: str
    text: str
    advice: str = ""
