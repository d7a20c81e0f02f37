"""Texts that fit: divided by the bytes that a vendor counts. Pure.

A text that is too long goes out in parts, ``(1/3)`` below each, divided where a paragraph, a line, a sentence
or a word ends (see ``passage`` for what is never divided). Fences are closed and opened again. What doesn't
fit into ``MAX_PARTS`` is cut, with "…" and a link to the whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hub.channels.passage import MAX_CLOSING, MAX_OPENING, Passage, size

MAX_PARTS: Final = 3
MIN_BUDGET: Final = 64
"""Bytes; with less there is no room for what a part carries besides its text."""
CUT: Final = "…"

_NUMBER_SIZE: Final = len("\n(1/3)")
_GAP: Final = "\n\n"
_CARRIED: Final = _NUMBER_SIZE + size(f"\n{CUT}") + len(_GAP) + MAX_OPENING + MAX_CLOSING + 2
"""Bytes that a part may need besides its text and its ending."""
_WASTE: Final = 1 / 8
"""Of a part: what may stay empty because no good place to divide was nearer."""

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_ENDS: Final = re.compile(r"\r\n?|[\u2028\u2029]")
_ENDS_WITH_FENCE: Final = re.compile(r"(?:^|\n) {0,3}(?:`{3,}|~{3,})[^\n]*\Z")
_SURROGATES: Final = re.compile(r"[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Ending:
    """What stands below the last part: ``whole`` if the text is all there, ``cut`` if it was cut. One that
    leaves no room for the text is left out."""

    whole: str = ""
    cut: str = ""


def below(text: str, gap: str = " ") -> str:
    """The text with what must stand before more on its last line: a fence ends with its line."""
    return text + ("\n" if _ENDS_WITH_FENCE.search(text) else gap)


def clean(text: str) -> str:
    """The text without control characters and halves of code points; lines end with ``\\n``."""
    return _CONTROLS.sub("", _SURROGATES.sub("\ufffd", _LINE_ENDS.sub("\n", text)))


def line(text: str) -> str:
    """The text cleaned, on one line."""
    return " ".join(clean(text).split())


def shorten(text: str, budget: int) -> str:
    """The text, cut with "…" where it has more than ``budget`` bytes (at least 3)."""
    if len(text) <= budget and size(text) <= budget:
        return text
    passage = Passage(text[: budget + 1], markup=False)
    return text[: passage.seam(0, budget - size(CUT), budget)].rstrip() + CUT


def split(text: str, budget: int, ending: Ending | None = None, markup: bool = True) -> tuple[str, ...]:
    """The text in at least one and at most ``MAX_PARTS`` parts of at most ``budget`` bytes each.

    Nothing but blanks where it was divided gets lost, unless the last part says that it was cut.

    Args:
        text: a clean one.
        budget: bytes, at least ``MIN_BUDGET``.
        ending: below the last part.
        markup: whether links, fonts and fences mean something to who shows it.
    """
    most = MAX_PARTS * budget
    division = _Division(
        Passage(text[: most + 1], markup),
        longer=len(text) > most,
        ending=_fitting(ending or Ending(), budget),
    )
    if (whole := division.rest(0, budget)) is not None:
        return (whole,)
    parts = division.parts(budget - _NUMBER_SIZE)
    if len(parts) > 1:
        parts = [f"{part}\n({number}/{len(parts)})" for number, part in enumerate(parts, 1)]
    return tuple(_hard_cut(part, budget) for part in parts)


@dataclass(frozen=True, slots=True)
class _Division:
    """One text on its way into parts. ``longer``: there is more than the passage holds."""

    passage: Passage
    longer: bool
    ending: Ending

    def parts(self, room: int) -> list[str]:
        """The parts, without their numbers, of ``room`` bytes each."""
        parts: list[str] = []
        start = 0
        while len(parts) < MAX_PARTS - 1 and start < len(self.passage.text):
            if (rest := self.rest(start, room)) is not None:
                return [*parts, rest]
            stop = self._stop(start, room, MAX_PARTS - 1 - len(parts))
            if self.passage.text[start:stop].strip():
                parts.append(self._part(start, stop))
            start = self._beginning(stop)
        return [*parts, self.rest(start, room) or self._cut(start, room)]

    def rest(self, start: int, room: int) -> str | None:
        """The last part, from ``start`` on; None if it doesn't fit."""
        opening, text = self._opening(start), self.passage.text[start:]
        if self.longer or self.passage.size(start) > room:
            return None
        unclosed = self.passage.unclosed()
        closing = f"\n{unclosed.closing}" if unclosed else ""
        part = _ended(opening + text.rstrip() + closing, self.ending.whole)
        return part if size(part) <= room else None

    def _stop(self, start: int, room: int, later: int) -> int:
        """Where the part from ``start`` on ends, when ``later`` more may follow: not so early that these
        can't hold the rest, if they can hold it at all."""
        needed = self.passage.size(start) + size(self.ending.whole) - later * (room - self._carried())
        room -= size(self._opening(start)) + self._reserve()
        least = room // 2
        if needed <= room:
            least = min(max(least, needed + round(later * room * _WASTE)), room)
        return self.passage.seam(start, room, least)

    def _part(self, start: int, stop: int) -> str:
        text = self._opening(start) + self.passage.text[start:stop].rstrip()
        fence = self.passage.fence(stop)
        return f"{text}\n{fence.closing}" if fence else text

    def _cut(self, start: int, room: int) -> str:
        opening = self._opening(start)
        room -= size(opening) + self._reserve() + size(f"\n{CUT}") + size(_GAP) + size(self.ending.cut)
        stop = self.passage.seam(start, room, room * 7 // 8) if room > 0 else start
        fence = self.passage.fence(stop)
        text = below(opening + self.passage.text[start:stop].rstrip(), "") + CUT
        return _ended(f"{text}\n{fence.closing}" if fence else text, self.ending.cut)

    def _opening(self, start: int) -> str:
        fence = self.passage.fence(start)
        return f"{fence.opening}\n" if fence else ""

    def _beginning(self, stop: int) -> int:
        """Where the part after ``stop`` begins: blank lines between parts are left out."""
        text = self.passage.text
        while stop < len(text) and text[stop] == "\n" and self.passage.fence(stop) is None:
            stop += 1
        return stop

    def _reserve(self) -> int:
        """Bytes to close a fence, should the part end within one."""
        return MAX_CLOSING + 1 if self.passage.fences else 0

    def _carried(self) -> int:
        return MAX_OPENING + 1 + self._reserve() if self.passage.fences else 0


def _fitting(ending: Ending, budget: int) -> Ending:
    room = budget - _CARRIED
    return Ending(*(text if size(text) <= room else "" for text in (ending.whole, ending.cut)))


def _ended(text: str, ending: str) -> str:
    return f"{text}{_GAP}{ending}" if text.strip() and ending else text + ending


def _hard_cut(text: str, budget: int) -> str:
    """What holds whatever else went wrong: at most so many bytes, no broken code point."""
    return text.encode()[:budget].decode(errors="ignore")
