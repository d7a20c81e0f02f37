"""What is told of a command's output and of its command line: one line, without what looks like a secret."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import Final

from hub.cli.terminal import one_line
from hub.state.values import MAX_TITLE
from hub.telemetry.logs import MASK, mask

MAX_NOTE: Final = 200
"""Characters of a line that are told."""

_WORD: Final = (
    r"(?i:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)"
)
_VALUE: Final = r"[^\s\"',;&)]{1,256}"
_SECRET: Final = re.compile(
    "|".join(
        (
            r"(?P<address>[a-z][a-z0-9+.-]{1,20}://[^\s/:@]{0,64}:)[^\s/@]{1,256}(?=@)",
            rf"(?P<option>--?[\w-]{{0,40}}{_WORD}[ =][\"']?){_VALUE}",
            rf"(?P<pair>{_WORD}[\"']?[ ]{{0,3}}[:=][ ]{{0,3}}[\"']?){_VALUE}",
            rf"(?P<words>{_WORD} )(?=\S*[^\sA-Za-z]|\S{{16}}){_VALUE}",
            r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
            r"\bgh[pousr]_\w{20,255}|\bglpat-[\w-]{16,64}|\bxox[abeprs]-[\w-]{10,255}",
            r"\bsk-[\w-]{20,255}|\bwhsec_[\w+/=]{16,255}|-----BEGIN [A-Z ]{1,40}-----\S*",
            r"(?<![\w/.-])(?=[\w+=-]{0,255}[a-z])(?=[\w+=-]{0,255}[A-Z])(?=[\w+=-]{0,255}[0-9])[\w+=-]{32,256}",
            r"\b[0-9a-fA-F]{32,256}\b",
        )
    )
)
"""Passwords in addresses, options and assignments; tokens of well-known kinds; what looks random."""
_KEPT: Final = ("address", "option", "pair", "words")
"""What stands before a secret and may be told."""


def note_of(line: str) -> str:
    """A line of output, to be shown on devices."""
    return _cut(masked(one_line(line)), MAX_NOTE)


def title_of(command: Sequence[str]) -> str:
    """A command line as a title."""
    return _cut(masked(shlex.join(map(one_line, command))), min(MAX_TITLE, MAX_NOTE)) or "?"


def masked(text: str) -> str:
    """Without what looks like a password, token or key."""
    return _SECRET.sub(lambda found: next(filter(None, map(found.group, _KEPT)), "") + MASK, mask(text))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
