"""Personal data in texts that leave the hub: telephone and identity-card numbers of mainland China."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

_NUMBERS: Final = re.compile(
    r"(?<![0-9A-Za-z])(?:(?P<identity_card>[1-9]\d{5}(?:19|20)\d{9}[\dXx])|(?P<phone>1[3-9]\d{9}))(?![0-9A-Za-z])"
)


def mask_personal(text: str) -> tuple[str, Counter[str]]:
    """The text with personal numbers masked (``138****8000``, ``110105********002X``), everything else as it
    was, and how many were found by kind: ``phone``, ``identity_card``.
    """
    found: Counter[str] = Counter()

    def masked(match: re.Match[str]) -> str:
        kind, number = str(match.lastgroup), match[0]
        found[kind] += 1
        return f"{number[:3]}****{number[-4:]}" if kind == "phone" else f"{number[:6]}********{number[-4:]}"

    return _NUMBERS.sub(masked, text), found
