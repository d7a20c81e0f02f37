"""Where each item of a document stands, as far as the scan must know.

A *list* is what items are ordered in: the elements of one shared type, or the successive values of one of its
keys. An item names its list by its parent (and key), or by neighbours in it. Two rules follow:

- Neighbours stand in one list. yrs links items by pointers and does not check; across lists, collecting
  a deleted type leaves pointers to freed memory behind.
- Shared types nest 64 deep at most. All items of a list are equally deep: the number of types around them.

What is remembered is one mark for each run of clocks of a client that stand in the same list: a keyed hash
of the list's name, what the structs are (items, shared types, deleted items, GC) and the depth. Text that
one client types is one run, whatever its length. Clocks of a client only grow, so runs are appended in order
and found by bisection.

*Pairs.* Yjs counts text in UTF-16 units and may cut a surrogate pair, yrs can't (``stand_ins``). So the
clocks of the low halves are remembered too, and which of them an update cuts.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import MutableSequence
from typing import Final

from hub.engine.update_reader import DELETED, GC, TYPE, Block, Id
from hub.errors import Refused

MAX_TYPE_DEPTH: Final = 64
"""Deleting nested types recurses in yrs: 40,000 of them end the process."""

_DEPTH_BITS: Final = 8
_FLAG_BITS: Final = 3
_DEPTH: Final = 2**_DEPTH_BITS - 1
_TYPE: Final = 1 << _DEPTH_BITS
_DELETED: Final = 2 << _DEPTH_BITS
_GONE: Final = 3 << _DEPTH_BITS
"""GC, and what becomes GC because its list is gone: in no list, at no depth."""
_KIND: Final = _GONE
_PLACE: Final = ~_KIND
"""The list and the depth."""
_KEYED: Final = 4 << _DEPTH_BITS
"""The list is the values of a key."""
_LIST_SHIFT: Final = _DEPTH_BITS + _FLAG_BITS
_LIST_MASK: Final = 2**53 - 1

Span = tuple[int, int, int]
"""A client id, a first clock, the clock after the last."""


class Runs:
    """The marks of one client, from some clock on without a hole."""

    __slots__ = ("marks", "starts")

    def __init__(self, starts: MutableSequence[int], marks: MutableSequence[int]) -> None:
        self.starts = starts
        self.marks = marks

    def find(self, clock: int) -> int:
        """The mark at a clock not before the first."""
        starts = self.starts
        if clock >= starts[-1]:
            return self.marks[-1]
        return self.marks[bisect_right(starts, clock) - 1]


class Placement:
    """Where the items of a document stand."""

    __slots__ = ("pairs", "runs")

    def __init__(self) -> None:
        self.runs: dict[int, Runs] = {}
        """By client id, from clock 0 on."""
        self.pairs: dict[int, MutableSequence[int]] = {}
        """By client id, the clocks of low halves in ascending order."""

    def take(self, placing: Placing) -> None:
        """Make what an accepted update adds part of this."""
        for client, added in placing.runs.items():
            runs = self.runs.get(client)
            if runs is None:
                self.runs[client] = Runs(array("I", added.starts), array("Q", added.marks))
            else:
                runs.starts.extend(added.starts)
                runs.marks.extend(added.marks)
        if placing.paired:
            self._take_pairs(placing)

    def goes_on(self, client: int, length: int) -> bool:
        """Whether a string of so many units behind the client's last one stands where that does, and needs no
        mark of its own. The document holds something of the client."""
        if self.pairs:
            return False
        mark = self.runs[client].marks[-1]
        return mark == _GONE or not (mark & _KIND or (mark & _KEYED and length > 1))

    def __len__(self) -> int:
        return sum(len(runs.starts) for runs in self.runs.values()) + sum(map(len, self.pairs.values()))

    def _take_pairs(self, placing: Placing) -> None:
        for client, lows in placing.pairs.items():
            self.pairs.setdefault(client, array("I")).extend(lows)
        for client in {client for client, _ in placing.cuts}:
            lows = [low for low in self.pairs[client] if (client, low) not in placing.cuts]
            self.pairs[client] = array("I", lows)


class Placing:
    """What one update adds to a placement."""

    __slots__ = ("_held", "cuts", "overwritten", "paired", "pairs", "runs")

    def __init__(self, held: Placement) -> None:
        self._held = held
        self.runs: dict[int, Runs] = {}
        """By client id; no run where the mark goes on that the client's last struct has."""
        self.pairs: dict[int, MutableSequence[int]] = {}
        self.paired = bool(held.pairs)
        """Whether any string may hold a pair."""
        self.cuts: set[Id] = set()
        """The low halves of the pairs that the update cuts."""
        self.overwritten: list[Span] = []
        """Structs that are several values of one key."""

    def place(self, client: int, block: Block, held: int) -> None:
        """Place a struct that ends above ``held``, what the document holds of the client.

        Raises:
            Refused: its neighbours stand in different lists, its parent is not a shared type, it is one and
                nested too deep, or it does not stand where the part of it stands that is held.
        """
        kind = block.kind
        mark = _GONE if kind == GC else self._place(block)
        start = block.clock
        if start < held:
            start = held
            if self._beside((client, held - 1)) != mark:
                raise Refused("a struct stands elsewhere than the part of it that is held")
        if mark & _KEYED and block.length > 1 and kind != DELETED:
            self.overwritten.append((client, start, block.clock + block.length))
        if kind in _MARKED and mark != _GONE:
            mark |= _kind_mark(kind, mark)
        self._add(client, start, mark)
        if block.pairs:
            self._add_pairs(client, block, held)
        if self.paired:
            self.cut_beside(block)

    def cut_beside(self, block: Block) -> None:
        """A struct parts what it stands between."""
        if block.origin is not None:
            self.cut(block.origin[0], block.origin[1] + 1)
        if block.right_origin is not None:
            self.cut(*block.right_origin)

    def cut(self, client: int, clock: int) -> None:
        """The units at ``clock - 1`` and ``clock`` are parted."""
        for pairs in (self.pairs, self._held.pairs):
            lows = pairs.get(client, ())
            index = bisect_left(lows, clock)
            if index < len(lows) and lows[index] == clock:
                self.cuts.add((client, clock))

    def _add(self, client: int, start: int, mark: int) -> None:
        runs = self.runs.get(client)
        last = runs or self._held.runs.get(client)
        if last is not None and last.marks[-1] == mark:
            return
        if runs is None:
            self.runs[client] = Runs([start], [mark])
        else:
            runs.starts.append(start)
            runs.marks.append(mark)

    def _add_pairs(self, client: int, block: Block, held: int) -> None:
        self.paired = True
        lows = [block.clock + offset for offset in block.pairs]
        if held in lows:
            self.cuts.add((client, held))
        self.pairs.setdefault(client, []).extend([low for low in lows if low > held])

    def _place(self, block: Block) -> int:
        """List and depth of an item, or ``_GONE``."""
        origin, right_origin = block.origin, block.right_origin
        if origin is not None:
            place = self._beside(origin)
            if right_origin is not None and self._beside(right_origin) != place:
                raise Refused("neighbours stand in different lists")
            return place
        if right_origin is not None:
            return self._beside(right_origin)
        if block.parent is not None:
            return self._within(block.parent, block.key)
        if block.key is None:
            return _list(f"r{block.root}")
        return _list(f"s{len(block.root)} {block.root} {block.key}") | _KEYED

    def _beside(self, neighbour: Id) -> int:
        """List and depth of what stands there, or ``_GONE``."""
        mark = self._find(neighbour)
        return mark & _PLACE if mark != _GONE else _GONE

    def _within(self, parent: Id, key: str | None) -> int:
        mark = self._find(parent)
        kind = mark & _KIND
        if kind == _TYPE:
            client, clock = parent
            depth = (mark & _DEPTH) + 1
            if key is None:
                return _list(f"p{client} {clock}") | depth
            return _list(f"q{client} {clock} {key}") | _KEYED | depth
        if kind == 0:
            raise Refused("a parent is not a shared type")
        return _GONE

    def _find(self, id: Id) -> int:
        client, clock = id
        runs = self.runs.get(client)
        if runs is None or clock < runs.starts[0]:
            runs = self._held.runs[client]
        return runs.find(clock)


_MARKED: Final = frozenset((TYPE, DELETED))


def _kind_mark(kind: int, place: int) -> int:
    if kind == DELETED:
        return _DELETED
    if place & _DEPTH >= MAX_TYPE_DEPTH:
        raise Refused("shared types are nested deeper than 64")
    return _TYPE


def _list(name: str) -> int:
    # Python keys the hashes of strings with random bits, so nobody finds two names of one hash.
    return (hash(name) & _LIST_MASK) << _LIST_SHIFT
