"""One statement for many keys: asking key by key costs more than finding the row."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Collection, Iterator
from typing import Any, Final

_VALUES: Final = re.compile(r"VALUES (\([?, ]+\))")
_TOGETHER: Final = 32
"""So many keys save nearly all that more would save. The rest goes one by one: so a query has two forms, each
prepared once."""


class ManyKeys:
    """A query that looks up one row of ``VALUES``, made to look up several."""

    __slots__ = ("_many", "_one")

    def __init__(self, query: str) -> None:
        self._one = query
        self._many = _VALUES.sub(lambda values: f"VALUES {', '.join([values[1]] * _TOGETHER)}", query)

    def rows(
        self, connection: sqlite3.Connection, keys: Collection[tuple[str, ...]]
    ) -> Iterator[tuple[Any, ...]]:
        """The rows of all keys, in no order."""
        order = list(keys)
        together = len(order) - len(order) % _TOGETHER
        for start in range(0, together, _TOGETHER):
            bound = [column for key in order[start : start + _TOGETHER] for column in key]
            yield from connection.execute(self._many, bound)
        for key in order[together:]:
            yield from connection.execute(self._one, key)
