"""What commands write: texts of others without what a terminal takes for commands, times, bars, columns."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import typer

BAR: Final = 10
"""Cells of a progress bar."""

_SEQUENCE: Final = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_BLANKS: Final = re.compile(r"\s+")


def plain(text: str) -> str:
    """Without escape sequences, controls and marks that reorder what is shown; tabs and line breaks stay."""
    return _CONTROLS.sub("", _SEQUENCE.sub("", text).replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """``plain``, with every run of blanks and line breaks as one blank."""
    return _BLANKS.sub(" ", plain(text)).strip()


def width(text: str) -> int:
    """Cells that a text takes in a terminal."""
    return sum(_cells(character) for character in text)


def cut(text: str, cells: int) -> str:
    """At most so many cells of the text, ``…`` for what is left out."""
    if width(text) <= cells:
        return text
    room, kept = cells - 1, []
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept.append(character)
    return "".join(kept) + "…"


def clock_time(milliseconds: object) -> str:
    """The local time of day, ``12:03:41``; "" for none."""
    moment = _moment(milliseconds)
    return f"{moment:%H:%M:%S}" if moment else ""


def date_time(milliseconds: object) -> str:
    """Local date and time, ``2026-03-01 12:03:41``; "" for none."""
    moment = _moment(milliseconds)
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""


def bar(progress: float) -> str:
    """``████░░░░░░  40%``."""
    full = int(min(max(progress, 0.0), 1.0) * BAR)
    return f"{'█' * full}{'░' * (BAR - full)} {int(progress * 100):>3}%"


def columns(rows: Iterable[Sequence[object]], widths: Sequence[int]) -> Iterable[str]:
    """Rows as lines; what is longer than its column stays whole and moves the rest."""
    for row in rows:
        cells = [one_line("" if cell is None else str(cell)) for cell in row]
        padded = [cell + " " * (size - width(cell)) for cell, size in zip(cells, widths, strict=False)]
        yield "  ".join([*padded, *cells[len(padded) :]]).rstrip()


def write_json(value: Any) -> None:
    """One object as one line."""
    write(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def write(line: str) -> None:
    """One line on stdout, at once; what the terminal can't show as ``?``. Who reads no more, as ``head``, has
    enough: the command is over (``typer.Exit``)."""
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(line.encode(encoding, "replace").decode(encoding), flush=True)
    except BrokenPipeError:
        _stop_writing()
        raise typer.Exit from None


def tell(sentence: str) -> None:
    """One line for a person, on stderr."""
    print(f"hub: {sentence}", file=sys.stderr, flush=True)


def _stop_writing() -> None:
    """What is left in the buffer must not fail again when the interpreter ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _moment(milliseconds: object) -> datetime | None:
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000)
    except (OverflowError, ValueError, OSError):
        return None


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Cf", "Me", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "FW" else 1
