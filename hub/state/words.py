"""What statuses and levels are called, and the sign that stands for them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Language = Literal["zh", "en"]


class Word(NamedTuple):
    """One thing in each language, and its sign."""

    mark: str
    zh: str
    en: str

    def spoken(self, language: Language) -> str:
        """The word in that language."""
        return self.zh if language == "zh" else self.en


STATUSES: Final[Mapping[str, Word]] = {
    "succeeded": Word("✅", "已完成", "succeeded"),
    "failed": Word("❌", "失败", "failed"),
    "canceled": Word("⏹️", "已取消", "canceled"),
    "expired": Word("⌛", "已过期", "expired"),
}
"""How a task ends."""

LEVELS: Final[Mapping[str, Word]] = {
    "debug": Word("🔍", "调试", "debug"),
    "info": Word("ℹ️", "信息", "info"),
    "success": Word("✅", "成功", "success"),
    "warning": Word("⚠️", "警告", "warning"),
    "error": Word("❌", "错误", "error"),
    "critical": Word("🚨", "严重", "critical"),
}

DEFAULT_LEVEL: Final = "info"
"""Of an item that has none."""

COMMAS: Final[Mapping[Language, str]] = {"zh": "、", "en": ", "}
"""Between the elements of a list."""
