"""The audit's chain: each line's hash covers the line and the hash before it. Pure.

A hash is the SHA-256, in hex, of the RFC 8785 bytes of ``[previous hash, number, {field: value, …}]`` with
the fields of ``model.AuditRow``; the line before the first has number 0 and 64 zeros. So a line that was
changed, put between others or removed shows, to whoever kept any later hash. Old lines go from the front
only; the last that went stays behind as an ``Anchor``, and the rest verifies from there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import rfc8785

from hub.model import AuditRow


class Anchor(NamedTuple):
    """What the next line is chained to: the number and hash of the line before it."""

    number: int
    hash: str


GENESIS = Anchor(0, "0" * 64)
"""Before the first line."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A row in its place in the chain. ``number`` counts up by one from 1."""

    number: int
    row: AuditRow
    hash: str

    @property
    def anchor(self) -> Anchor:
        """What the next line is chained to."""
        return Anchor(self.number, self.hash)


def chain(anchor: Anchor, rows: Iterable[AuditRow]) -> list[AuditLine]:
    """The lines that ``rows`` make after ``anchor``."""
    lines: list[AuditLine] = []
    for row in rows:
        number = anchor.number + 1
        lines.append(AuditLine(number, row, _hash(anchor, number, row)))
        anchor = lines[-1].anchor
    return lines


def first_broken(anchor: Anchor, lines: Sequence[AuditLine]) -> int | None:
    """The number that the first line after ``anchor`` should have that is not as it was made; None where all
    are. Lines missing at the end show only to whoever knows a later hash."""
    for line in lines:
        expected = anchor.number + 1
        if line.number != expected or line.hash != _hash(anchor, expected, line.row):
            return expected
        anchor = line.anchor
    return None


def _hash(previous: Anchor, number: int, row: AuditRow) -> str:
    return hashlib.sha256(rfc8785.dumps([previous.hash, number, asdict(row)])).hexdigest()
