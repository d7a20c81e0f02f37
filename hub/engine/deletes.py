"""What a Yjs update deletes, and whether another one deletes all of that, too. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from hub.engine.update_reader import UpdateReader

Ranges = dict[int, list[tuple[int, int]]]
"""By client id: (first clock, clock after the last), in order and apart from each other."""


def read_deletes(reader: UpdateReader) -> Ranges:
    """What the update that is read deletes. Raises ``Refused`` where it is no update."""
    for _ in range(reader.uint()):
        structs, _client, clock = reader.uint(), reader.client(), reader.uint()
        for _ in range(structs):
            clock += reader.block(clock).length
    deletes: Ranges = {}
    for _ in range(reader.uint()):
        client, count = reader.client(), reader.uint()
        found = ((reader.uint(), reader.uint()) for _ in range(count))
        deletes[client] = _joined(sorted((start, start + length) for start, length in found))
    reader.finish()
    return deletes


def _joined(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in ranges:
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def covers(all_of_them: Ranges, some: Ranges) -> bool:
    """Whether everything in ``some`` is in ``all_of_them``."""
    return all(_within(all_of_them.get(client, []), ranges) for client, ranges in some.items())


def _within(ranges: list[tuple[int, int]], some: list[tuple[int, int]]) -> bool:
    """Both are in order, so one pass through either."""
    place = iter(ranges)
    start = end = 0
    for first, last in some:
        while end < last:
            found = next(place, None)
            if found is None:
                return False
            start, end = found
        if first < start:
            return False
    return True
