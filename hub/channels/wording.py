"""The words a channel adds to a message, in the languages it speaks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hub.model import Message
from hub.state.words import LEVELS, STATUSES, Language

Tone = Literal["info", "warning", "comment"]
"""Good, bad, neutral: as WeCom names its colours."""


@dataclass(frozen=True, slots=True)
class Headline:
    """How it ended, or how bad it is, in a word."""

    words: str
    tone: Tone
    sign: str

    def __str__(self) -> str:
        return f"{self.sign} {self.words}"


_TONES: Final[Mapping[str, Tone]] = {
    "succeeded": "info",
    "failed": "warning",
    "canceled": "comment",
    "expired": "warning",
    "success": "info",
    "warning": "warning",
    "error": "warning",
    "critical": "warning",
}
"""Of each end and of each level that is noteworthy."""
DETAILS: Final[Mapping[Language, str]] = {"zh": "查看详情", "en": "Details"}
WHOLE: Final[Mapping[Language, str]] = {"zh": "查看全文", "en": "Read all of it"}
COLON: Final[Mapping[Language, str]] = {"zh": "：", "en": ": "}


def headline(message: Message) -> Headline | None:
    """A task's end, or the level of a notification that has a noteworthy one."""
    told = message.event.status or message.level
    tone = _TONES.get(told)
    if tone is None:
        return None
    word = STATUSES.get(told) or LEVELS[told]
    return Headline(word.spoken(message.language).capitalize(), tone, word.mark)
