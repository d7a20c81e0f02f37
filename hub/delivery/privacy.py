"""Personal numbers of mainland China in texts that leave the hub or enter its log. Pure.

============= ================================================ =====================
kind          what is found                                    what is left of it
============= ================================================ =====================
phone         11 digits from 13 to 19 on, as one run or        ``138****8000``
              3-4-4; after ``86`` or ``0086``, too
identity_card 18 characters (GB 11643-1999), also as 6-8-4;    ``110105********002X``
              the 15 digits issued until 1999                  ``110105******123``
============= ================================================ =====================

Numbers are found as a reader sees them: full-width and other forms that Unicode's NFKC makes one ASCII
character count as that, what takes no room (zero-width spaces, marks of direction) may stand between them;
between the groups stand up to three blanks, hyphens or middle dots. A number with a digit or letter right
beside it is part of something longer (a time in ms, an order's number, hex) and is left alone, and so is a
decimal fraction. Everything but the number itself stays as it was, byte for byte.

An identity card has a province, a month and a day. Its check digit only adds confidence: a right one lets a
day such as the 30th of February pass; a wrong one (a slip of the pen is as personal) needs a real date of the
20th or 21st century.

Every pattern has a greatest length and no nested repetition, so that the time taken is in proportion to the
text, whatever it holds.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

_COMPATIBLE: Final = re.compile(
    "[\u00a0-\u00ba\u017f\u02b0-\u02b8\u02e1-\u02e3\u0387\u1d2c-\u1d65\u1d9c-\u1dbb\u2000-\u202f"
    "\u205f-\u209c\u2102-\u217f\u2460-\u2468\u24b6-\u24ea\u2c7c\u2c7d\u3000\ua7f2-\ua7f4\ufb29"
    "\ufe35-\ufe6a\uff05-\uff65\U000107a5\U0001d400-\U0001d6a3\U0001d7ce-\U0001d7ff"
    "\U0001f12b-\U0001f149\U0001fbf0-\U0001fbf9]"
)
"""Where the characters live that NFKC makes one ASCII character or one of the dividers below."""

_PROVINCES: Final = "1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9]"
"""GB/T 2260, the residents of Hong Kong, Macao and Taiwan, and (9) foreigners who live in China."""
_MONTH_DAY: Final = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_DIVIDER: Final = r"[-\ ·•‧・‐‒–—―−]{1,3}"
"""Between the groups of a telephone number, NFKC applied."""

_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
"""What takes no room: soft hyphens, zero widths, joiners, marks of direction."""

_NUMBER: Final = re.compile(
    rf"""(?x)
      # Nothing longer to the left; the end of an escape sequence (%20, \n) is no letter of the text.
      (?: (?<! [0-9A-Za-z] ) (?<! (?<![0-9])0\. ) | (?<= %[0-9A-Fa-f][0-9A-Fa-f] ) | (?<= \\[nrt] ) )
      (?: (?P<identity_card>
            (?: {_PROVINCES} ) [0-9]{{4}} (?P<gap> [-\ ]? )
            (?P<born> (?:18|19|20) [0-9]{{2}} {_MONTH_DAY} ) (?P=gap)
            [0-9]{{3}} [0-9Xx]
          )
        | (?P<old_card> (?: {_PROVINCES} ) [0-9]{{4}} (?P<born_19> [0-9]{{2}} {_MONTH_DAY} ) [0-9]{{3}} )
        | (?: (?:00)? 86 )?
          (?P<phone> 1[3-9][0-9] (?: [0-9]{{8}} | {_DIVIDER} [0-9]{{4}} {_DIVIDER} [0-9]{{4}} ) )
      )
      (?! [0-9A-Za-z] ) (?! \.[0-9] )                          # nothing longer to the right
    """
)

_CHECK_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"
"""By the weighted sum modulo 11: GB 11643-1999, the ISO 7064 MOD 11-2 system."""


def mask_personal(text: str) -> tuple[str, Counter[str]]:
    """The text with the middle of personal numbers starred out, and how many there were by kind.

    A message is masked whole, before it is split. Masking again changes nothing.
    """
    found: Counter[str] = Counter()
    text = _masked(text, text, range(len(text)), found)
    if not text.isascii() and _INVISIBLE.search(text):
        places = [place for place, each in enumerate(text) if not _INVISIBLE.match(each)]
        text = _masked(text, "".join(text[place] for place in places), places, found)
    return text, found


def without_personal(text: str) -> str:
    """``mask_personal`` for a log, which doesn't count."""
    return mask_personal(text)[0]


def _masked(text: str, seen: str, places: Sequence[int], found: Counter[str]) -> str:
    """The text without the numbers that are in what is ``seen`` of it, each character of which stands in the
    text at its place; ``found`` counts them."""
    parts: list[str] = []
    copied = 0
    for match in _NUMBER.finditer(_folded(seen)):
        named = _named(match)
        if named is None:
            continue
        group, kind, shown = named
        found[kind] += 1
        parts += text[copied : places[match.start(group)]], shown
        copied = places[match.end(group) - 1] + 1
    return "".join((*parts, text[copied:])) if parts else text


def _named(match: re.Match[str]) -> tuple[str, str, str] | None:
    """The pattern's group, the kind and what is shown instead; None for what is no such number."""
    if (phone := match["phone"]) is not None:
        return "phone", "phone", f"{phone[:3]}****{phone[-4:]}"
    if (card := match["identity_card"]) is not None:
        number = card.replace(match["gap"], "") if match["gap"] else card
        if not _has_check_digit(number) and not _is_date(match["born"]):
            return None
        return "identity_card", "identity_card", f"{card[:6]}********{card[-4:]}"
    card = match["old_card"]
    return (
        ("old_card", "identity_card", f"{card[:6]}******{card[-3:]}")
        if _is_date("19" + match["born_19"])
        else None
    )


def _has_check_digit(number: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_CHECK_WEIGHTS, number[:17], strict=True))
    return _CHECK_DIGITS[total % 11] == number[17].upper()


def _is_date(digits: str) -> bool:
    """Whether ``YYYYMMDD`` is a day of the 20th or 21st century."""
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:])).year >= 1900
    except ValueError:
        return False


def _folded(text: str) -> str:
    """The text with every character as NFKC has it where that is one character: places stay the same."""
    return text if text.isascii() else _COMPATIBLE.sub(_fold, text)


def _fold(match: re.Match[str]) -> str:
    return _compatible(match[0])


@lru_cache(maxsize=4096)
def _compatible(character: str) -> str:
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character
