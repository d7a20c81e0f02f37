"""The words a channel adds to a message, in the languages it speaks. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from hub.model import Message

Language = Literal["zh", "en"]
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


_STATUSES: Final[Mapping[str, tuple[Mapping[Language, str], Tone, str]]] = {
    "succeeded": ({"zh": "已完成", "en": "Succeeded"}, "info", "✅"),
    "failed": ({"zh": "失败", "en": "Failed"}, "warning", "❌"),
    "canceled": ({"zh": "已取消", "en": "Canceled"}, "comment", "⏹️"),
    "expired": ({"zh": "已过期", "en": "Expired"}, "warning", "⌛"),
}
_LEVELS: Final[Mapping[str, tuple[Mapping[Language, str], Tone, str]]] = {
    "success": ({"zh": "成功", "en": "Success"}, "info", "✅"),
    "warning": ({"zh": "警告", "en": "Warning"}, "warning", "⚠️"),
    "error": ({"zh": "错误", "en": "Error"}, "warning", "❌"),
    "critical": ({"zh": "严重", "en": "Critical"}, "warning", "🚨"),
}
DETAILS: Final[Mapping[Language, str]] = {"zh": "查看详情", "en": "Details"}
WHOLE: Final[Mapping[Language, str]] = {"zh": "查看全文", "en": "Read all of it"}
COLON: Final[Mapping[Language, str]] = {"zh": "：", "en": ": "}


def headline(message: Message) -> Headline | None:
    """A task's end, or the level of a notification that has a noteworthy one."""
    entry = _STATUSES.get(message.event.status or "") or _LEVELS.get(message.level)
    if entry is None:
        return None
    words, tone, sign = entry
    return Headline(words[message.language], tone, sign)
