"""What the scan remembers of a document's items: where shared types stand, and which strings can be cut.

Nesting. The *level* of a shared type counts the types around it and itself; the *depth* of any item is the
level of the type that holds it, 0 in a root. An item given by its neighbours stands where they stand, so
depths must be known of neighbours too. Remembered are all shared types, all deleted structs (a type may
have been there) and all other items at depth 16 or more. What is not remembered is therefore at depth 15
at most and counts as that: a type beside it is of level 16. So a level told is never too low, and at most
16 too high.

Surrogate pairs. Yjs counts UTF-16 units; where an edit cuts a pair, Yjs turns both halves into U+FFFD. yrs
can't cut there (it moves the cut and corrupts clocks), so the scan tells which pairs an update cuts.

Clocks of one client only grow, so everything here is appended in order and found by bisection.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final

from hub.engine.update_reader import DELETED, GC, TYPE, Block, Id
from hub.errors import Refused

MAX_TYPE_LEVEL: Final = 64
"""Deleting nested types recurses in yrs: 40,000 levels end the process."""
UNKNOWN_DEPTH: Final = 15

_DEPTH: Final = 0xFF
_IS_ITEM: Final = 0x100
_IS_TYPE: Final = 0x200
_IS_DELETED: Final = 0x300
_IS_GC: Final = 0x400
_CAN_HOLD: Final = frozenset((_IS_TYPE, _IS_DELETED, _IS_GC))
_UNKNOWN: Final = _IS_ITEM | UNKNOWN_DEPTH


class Marks:
    """Runs of clocks of one client with one mark each (kind | depth or level), and its surrogate pairs."""

    __slots__ = ("_ends", "_marks", "_starts", "pairs")

    def __init__(self) -> None:
        self._starts = array("I")
        self._ends = array("I")
        self._marks = array("H")
        self.pairs = array("I")
        """The clock of each low half."""

    def add(self, start: int, end: int, mark: int) -> None:
        """Mark clocks beyond all marked before."""
        if self._ends and self._ends[-1] == start and self._marks[-1] == mark:
            self._ends[-1] = end
            return
        self._starts.append(start)
        self._ends.append(end)
        self._marks.append(mark)

    def find(self, clock: int) -> int:
        """The mark at a clock, 0 for none."""
        index = bisect_right(self._starts, clock) - 1
        return self._marks[index] if index >= 0 and clock < self._ends[index] else 0

    def pair_at(self, clock: int) -> bool:
        """Whether the unit at ``clock`` is the low half of a pair."""
        index = bisect_left(self.pairs, clock)
        return index < len(self.pairs) and self.pairs[index] == clock

    def forget_pair(self, clock: int) -> None:
        """The pair was replaced."""
        index = bisect_left(self.pairs, clock)
        if index < len(self.pairs) and self.pairs[index] == clock:
            self.pairs.pop(index)

    def extend(self, later: Marks) -> None:
        """Take over the marks of later clocks."""
        if later._starts:
            self.add(later._starts[0], later._ends[0], later._marks[0])
            self._starts.extend(later._starts[1:])
            self._ends.extend(later._ends[1:])
            self._marks.extend(later._marks[1:])
        self.pairs.extend(later.pairs)

    def __len__(self) -> int:
        return len(self._starts) + len(self.pairs)


class Placement:
    """The marks of all clients: a document's, or what one update adds over those ``below``."""

    __slots__ = ("_below", "_clamps", "_marks", "cuts", "deep", "paired")

    def __init__(self, below: Placement | None = None, clamps: bool = False) -> None:
        self._marks: dict[int, Marks] = {}
        self._below = below
        self._clamps = clamps
        self.cuts: set[Id] = set()
        """The low halves of the pairs that the update cuts."""
        self.deep: bool = below is not None and below.deep
        """Whether an item may lie at depth 16 or more."""
        self.paired: bool = below is not None and below.paired
        """Whether a string may hold a pair."""

    def place(self, client: int, block: Block, start: int) -> None:
        """Remember a new struct of which the document holds what lies below ``start``.

        Raises:
            Refused: its parent is not a shared type, or it nests too deep.
        """
        if self.paired or block.pairs:
            self._cut_beside(client, block, start)
        kind = block.kind
        if kind == GC:
            mark = _IS_GC
        else:
            depth = self._depth(block)
            if kind == TYPE:
                mark = _IS_TYPE | self._level(depth + 1)
            elif kind == DELETED:
                mark = _IS_DELETED | depth
            else:
                mark = _IS_ITEM | depth if depth > UNKNOWN_DEPTH else 0
        if mark:
            self._of(client).add(start, block.clock + block.length, mark)
        if block.pairs:
            self._of(client).pairs.extend([low for low in _lows(block) if low > start])
            self.paired = True

    def cut(self, client: int, clock: int) -> None:
        """The update parts the units at ``clock - 1`` and ``clock``."""
        if self._pair_at(client, clock):
            self.cuts.add((client, clock))

    def take(self, later: Placement) -> None:
        """Make what an accepted update added part of this."""
        for client, marks in later._marks.items():
            held = self._marks.get(client)
            if held is None:
                self._marks[client] = marks
            else:
                held.extend(marks)
        self.forget_pairs(later.cuts)
        self.deep = self.deep or later.deep
        self.paired = self.paired or later.paired

    def forget_pairs(self, lows: Iterable[Id]) -> None:
        """These pairs are no more."""
        for client, clock in lows:
            if client in self._marks:
                self._marks[client].forget_pair(clock)

    def count(self) -> int:
        """How many runs and pairs are remembered."""
        return sum(map(len, self._marks.values()))

    def _of(self, client: int) -> Marks:
        marks = self._marks.get(client)
        if marks is None:
            marks = self._marks[client] = Marks()
        return marks

    def _find(self, id: Id) -> int:
        marks = self._marks.get(id[0])
        mark = marks.find(id[1]) if marks is not None else 0
        if mark == 0 and self._below is not None:
            return self._below._find(id)
        return mark or _UNKNOWN

    def _pair_at(self, client: int, clock: int) -> bool:
        marks = self._marks.get(client)
        if marks is not None and marks.pair_at(clock):
            return True
        return self._below is not None and self._below._pair_at(client, clock)

    def _level(self, level: int) -> int:
        if level > MAX_TYPE_LEVEL:
            if not self._clamps:
                raise Refused("shared types are nested deeper than 64")
            level = MAX_TYPE_LEVEL
        if level > UNKNOWN_DEPTH:
            self.deep = True
        return level

    def _depth(self, block: Block) -> int:
        if block.parent is not None:
            return self._within(block.parent)
        # yrs takes the left neighbour's parent, or where that is gone the right one's.
        left = 0 if block.origin is None else self._beside(block.origin)
        return left if block.right_origin is None else max(left, self._beside(block.right_origin))

    def _within(self, parent: Id) -> int:
        mark = self._find(parent)
        kind = mark & ~_DEPTH
        if kind not in _CAN_HOLD:
            raise Refused("a parent is not a shared type")
        return mark & _DEPTH if kind == _IS_TYPE else 0

    def _beside(self, neighbour: Id) -> int:
        mark = self._find(neighbour)
        depth = mark & _DEPTH
        return depth - 1 if mark & ~_DEPTH == _IS_TYPE else depth

    def _cut_beside(self, client: int, block: Block, start: int) -> None:
        if block.origin is not None:
            self.cut(block.origin[0], block.origin[1] + 1)
        if block.right_origin is not None:
            self.cut(*block.right_origin)
        if block.pairs and start in _lows(block):
            self.cuts.add((client, start))


def _lows(block: Block) -> list[int]:
    return [block.clock + offset for offset in block.pairs]
