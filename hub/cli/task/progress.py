"""How far a command is, from the lines it writes. Pure.

Read as progress: ``37%``, ``[ 37%] Building``, ``objects:  37% (3/8)``, ``Downloading 37%``; ``3/10``,
``[3/10] cc``, ``Step 3/10``; ``Step 3 of 10``, ``3 of 10``. Not read as such: a percentage or fraction in the
middle of a sentence, dates, versions, paths.
"""

from __future__ import annotations

import re
from typing import Final

from hub.cli.terminal import plain

MAX_LINE: Final = 4096
"""Bytes of a line that are looked at."""
RECENT: Final = 32
"""Lines of one chunk that are looked at: who writes many at once shall not wait for it."""

_DIGITS = r"[0-9]{1,12}"
_COUNTED = (
    r"(?:step|stage|phase|part|task|test|file|page|item|batch|epoch|iteration|iter|round|job|chunk|layer|"
    r"package|image|frame|record|row|object|progress)s?"
)
_NOTHING_BEFORE = r"^[^\w%]{0,40}"
_WORDS_BEFORE = r"^[^0-9%]{0,200}[^\w%.,/+-]"
_PERCENT = r"(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,6})?)[ ]?%(?![\w%])"
_FRACTION = rf"(?P<done>{_DIGITS})[ ]?/[ ]?(?P<all>{_DIGITS})(?![\w/%]|[.,:-][0-9])"
_OF = rf"(?P<done>{_DIGITS}) of (?P<all>{_DIGITS})(?![\w/%.,-]*[0-9])"

_PERCENTS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NOTHING_BEFORE}(?<![.,+-]){_PERCENT}",
        rf"[\[(][ ]{{0,8}}{_PERCENT}[ ]{{0,8}}[\])]",
        rf"[:|\]█▏▎▍▌▋▊▉][ ]{{0,8}}{_PERCENT}",
        rf"(?<![\w.,+-]){_PERCENT}[ ]{{0,8}}(?:[|\[(]|(?:done|completed?|finished)\b)",
        rf"{_WORDS_BEFORE}{_PERCENT}[ .…]{{0,8}}$",
        rf"(?<![\w.,+-]){_PERCENT}[ ]{{1,8}}[0-9.]{{1,12}}[kmgt]?i?b/s",
    )
)
_FRACTIONS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NOTHING_BEFORE}(?<![.,/+-]){_FRACTION}",
        rf"[\[(](?:[^\[\]()]{{0,40}}[ ])?{_FRACTION}[ ]{{0,8}}[\])]",
        rf"\b{_COUNTED}[ :#]{{1,4}}[\[(]?{_FRACTION}",
        rf"{_NOTHING_BEFORE}(?<![.,/+-]){_OF}",
        rf"\b{_COUNTED}[ :#]{{1,4}}[\[(]?{_OF}",
    )
)


def progress_of(line: str) -> float | None:
    """0 to 1 where the line tells progress, else None. Looks at the first ``MAX_LINE`` characters."""
    share = percent_of(line)
    return share if share is not None else _fraction_of(line[:MAX_LINE])


def percent_of(line: str) -> float | None:
    """Likewise of percentages alone: also good for the beginning of a line whose end is not there yet."""
    for pattern in _PERCENTS:
        found = pattern.search(line[:MAX_LINE])
        if found is not None and (share := float(found["percent"])) <= 100:
            return share / 100
    return None


def _fraction_of(line: str) -> float | None:
    for pattern in _FRACTIONS:
        found = pattern.search(line)
        if found is not None and 0 <= int(found["done"]) <= int(found["all"]) > 0:
            return int(found["done"]) / int(found["all"])
    return None


class LineReader:
    """Turns what a command writes into lines. A carriage return ends one, too: it is how bars are redrawn."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that are complete with this chunk, at most the last ``RECENT``, without escape sequences;
        of each the first ``MAX_LINE`` bytes."""
        first, *more = chunk.replace(b"\r", b"\n").split(b"\n")
        self._keep(first)
        if not more:
            return []
        ended = [bytes(self._rest), *more[:-1]][-RECENT:]
        self._rest.clear()
        self._keep(more[-1])
        return [line for line in map(_text, ended) if line]

    @property
    def rest(self) -> str:
        """The line that is not complete yet."""
        return _text(self._rest)

    def _keep(self, part: bytes) -> None:
        self._rest += part[: MAX_LINE - len(self._rest)]


def _text(line: bytes | bytearray) -> str:
    return plain(line[:MAX_LINE].decode("utf-8", "replace")).strip()
