"""A text and where it may be divided. Pure.

What belongs together: a code point; what a reader sees as one character (an emoji of several joined ones, a
flag, a letter with its accents: most of Unicode's UAX 29); in markup a link ``[..](..)``, a ``<font …>`` with
its content, an address, the line of a fence. Places are indexes into the text, sizes are bytes of UTF-8.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

ZERO_WIDTH_JOINER: Final = "\u200d"
MAX_OPENING: Final = 16
"""Bytes of a fence's first line that is repeated whole; of a longer one only the marker is."""
MAX_CLOSING: Final = 8
"""A marker longer than this is no fence."""

_FENCE: Final = re.compile(
    rf"^ {{0,3}}(?P<marker>`{{3,{MAX_CLOSING}}}|~{{3,{MAX_CLOSING}}})(?P<info>[^`\n]*)$", re.M
)
_TOGETHER: Final = re.compile(
    r"""(?xm)
      ^ [ ]{0,3} (?: `{3,} | ~{3,} ) [^\n]* $
    | !? \[ [^\[\]\n]* \] \( [^()\s]* \)
    | < font \b [^<>\n]* > [^<\n]* </font>
    | < [@/a-zA-Z] [^<>\n]* >
    | https?:// [!-~]+
    """
)
_WOULD_OPEN: Final = re.compile(r"(?<=[^\n])(?= {0,3}(?:`{3}|~{3}))")
"""Places within a line from which on a part would begin with a fence that was none."""
_BREAKS: Final = (
    re.compile(r"\n[ \t]*\n\s*"),
    re.compile(r"\n"),
    re.compile(r"[。！？；…][”’」』）]*+(?![。！？；…])|[.!?;][\"')]*+\s"),
    re.compile(r"\s+"),
)
"""Ends of a paragraph, a line, a sentence, a word: the first is the best."""


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode())


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: from ``start``, where its first line begins, to ``end``, after its last one.

    ``opening`` begins it again elsewhere, ``closing`` ends it; ``closed``: whether its author did.
    """

    start: int
    end: int
    opening: str
    closing: str
    closed: bool


class Passage:
    """One text, looked through once.

    Args:
        text: any text that UTF-8 can hold.
        markup: whether links, fonts and fences mean something in it.
    """

    def __init__(self, text: str, markup: bool) -> None:
        self.text = text
        self.fences = tuple(_fences(text)) if markup else ()
        self._offsets = list(accumulate(map(_utf8_size, text), initial=0))
        self._characters = list(_characters(text))
        self._seams = _undivided(self._characters, text) if markup else self._characters
        seams = frozenset(self._seams)
        self._breaks = [
            [match.end() for match in pattern.finditer(text) if match.end() in seams] for pattern in _BREAKS
        ]

    def size(self, start: int) -> int:
        """Bytes from a place to the end."""
        return self._offsets[-1] - self._offsets[start]

    def fence(self, place: int) -> Fence | None:
        """The fenced block that is open at a place."""
        return next((fence for fence in self.fences if fence.start < place < fence.end), None)

    def unclosed(self) -> Fence | None:
        """The block that its author left open."""
        return self.fences[-1] if self.fences and not self.fences[-1].closed else None

    def seam(self, start: int, room: int, least: int) -> int:
        """Where to divide: the best place after ``start`` with at most ``room`` bytes before it, and at least
        ``least`` wherever a paragraph, line, sentence or word ends there. ``start`` if nothing fits."""
        begin = self._offsets[start]
        furthest = max(start, bisect_right(self._offsets, begin + room) - 1)
        for places in self._breaks:
            place = _last(places, furthest)
            if place > start and self._offsets[place] - begin >= least:
                return place
        for places in (self._seams, self._characters):
            if (place := _last(places, furthest)) > start:
                return place
        return furthest


def _last(places: Sequence[int], furthest: int) -> int:
    """The last of the places up to ``furthest``; 0 for none."""
    index = bisect_right(places, furthest)
    return places[index - 1] if index else 0


def _undivided(places: list[int], text: str) -> list[int]:
    """The places that lie within no markup and make none."""
    inside: set[int] = set()
    for match in _TOGETHER.finditer(text):
        inside.update(range(match.start() + 1, match.end()))
    inside.update(match.start() for match in _WOULD_OPEN.finditer(text))
    return [place for place in places if place not in inside]


def _fences(text: str) -> Iterator[Fence]:
    """The fenced blocks, one after another: a block ends with a marker of its own kind, at least as long."""
    opened: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opened is None:
            opened = line
        elif line["marker"].startswith(opened["marker"]) and not line["info"].strip():
            yield _fence(opened, line.end(), closed=True)
            opened = None
    if opened is not None:
        yield _fence(opened, len(text) + 1, closed=False)


def _fence(opened: re.Match[str], end: int, closed: bool) -> Fence:
    first, marker = opened[0].strip(), opened["marker"]
    return Fence(opened.start(), end, first if size(first) <= MAX_OPENING else marker, marker, closed)


def _utf8_size(character: str) -> int:
    code = ord(character)
    return 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4


def _characters(text: str) -> Iterator[int]:
    """Every place where what a reader sees as one character ends."""
    flag_letters = 0
    for place in range(1, len(text)):
        before, after = text[place - 1], text[place]
        flag_letters = flag_letters + 1 if _is_flag_letter(before) else 0
        if _is_flag_letter(after) and flag_letters % 2:
            continue
        if (before, after) != ("\r", "\n") and before != ZERO_WIDTH_JOINER and not _extends(after):
            yield place
    if text:
        yield len(text)


def _extends(character: str) -> bool:
    """Whether it belongs to what stands before: accents, variation selectors, skin tones, joiners, tags of
    flags, the vowels and ends of Korean syllables."""
    return character >= "\u0300" and (
        character == ZERO_WIDTH_JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
        or "\u1160" <= character <= "\u11ff"
        or unicodedata.category(character).startswith("M")
    )


def _is_flag_letter(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
