"""One statement for many rows: asking and writing row by row costs more than finding their places, and the
thread takes Python's lock anew for each step.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any, Final

_VALUES: Final = re.compile(r"VALUES (\([?, ]+\))")
_TOGETHER: Final = 32
"""So many rows save nearly all that more would save. The rest goes one by one: so a query has two forms, each
prepared once."""

Row = tuple[Any, ...]


class ManyRows:
    """A query over one row of ``VALUES``, made to take several."""

    __slots__ = ("_many", "_one")

    def __init__(self, query: str) -> None:
        self._one = query
        self._many = _VALUES.sub(lambda values: f"VALUES {', '.join([values[1]] * _TOGETHER)}", query)

    def read(self, connection: sqlite3.Connection, keys: Iterable[Row]) -> Iterator[Row]:
        """What each of the keys finds, in no order."""
        for query, bound in self._bound(keys):
            yield from connection.execute(query, bound)

    def write(self, connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
        """Write each of the rows, in order."""
        for query, bound in self._bound(rows):
            connection.execute(query, bound)

    def _bound(self, rows: Iterable[Row]) -> Iterator[tuple[str, Row]]:
        rows = iter(rows)
        while len(together := tuple(islice(rows, _TOGETHER))) == _TOGETHER:
            yield self._many, tuple(chain.from_iterable(together))
        for row in together:
            yield self._one, row
