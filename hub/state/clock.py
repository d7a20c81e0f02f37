"""Hybrid logical clocks: ``hlc = milliseconds × 1024 + counter``, below 2⁵³ so that JavaScript holds it.

Two stamps compare as integers. The counter keeps apart what happens within one millisecond; overflowing
it simply borrows from the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from hub.model import Hlc, Milliseconds

COUNTER_BITS: Final = 10
MAX_COUNTER: Final = 2**COUNTER_BITS - 1
MAX_HLC: Final = Hlc(2**53 - 1)
MAX_MILLISECONDS: Final = Milliseconds(MAX_HLC >> COUNTER_BITS)
MAX_AHEAD: Final = 60_000
"""Milliseconds a stamp may lie ahead of the hub's wall clock."""


def hlc_of(milliseconds: int, counter: int = 0) -> Hlc:
    """The stamp of a time. ``counter`` is 0 to 1023."""
    return Hlc((milliseconds << COUNTER_BITS) + counter)


def milliseconds_of(hlc: int) -> Milliseconds:
    """The time of a stamp, in ms since 1970."""
    return Milliseconds(hlc >> COUNTER_BITS)


def stamp(now: int, standing: int | None = None) -> Hlc:
    """The stamp the hub gives to what was stated without one.

    Args:
        now: the hub's wall clock, in ms.
        standing: the stamp that stands in the register, if any: what is stated now comes after it.
    """
    wall = now << COUNTER_BITS
    return Hlc(wall if standing is None or wall > standing else standing + 1)


def latest(now: int) -> Hlc:
    """The greatest stamp that is not ahead of the hub's wall clock ``now`` (ms)."""
    return Hlc((now + MAX_AHEAD) << COUNTER_BITS | MAX_COUNTER)


def is_ahead(hlc: int, now: int) -> bool:
    """Whether a stamp lies more than 60 s ahead of the hub's wall clock ``now`` (ms)."""
    return hlc >> COUNTER_BITS > now + MAX_AHEAD


def lowered(stamps: Sequence[int], hub_now: int) -> list[Hlc]:
    """Unsent stamps, with those beyond the hub's ``now`` (ms) brought down to it.

    What was before stays before, what was equal stays equal, and no stamp is raised. Up to 1,024 different
    stamps find room within ``hub_now`` itself.
    """
    limit = hlc_of(hub_now, MAX_COUNTER)
    beyond = sorted({each for each in stamps if each > limit})
    latest = max((each for each in stamps if each <= limit), default=-1)
    first = max(hlc_of(hub_now), latest + 1)
    replacement = {each: Hlc(first + place) for place, each in enumerate(beyond)}
    return [replacement.get(each, Hlc(each)) for each in stamps]


class HybridClock:
    """A device's clock: near the hub's time, after everything it has seen, never backwards.

    Args:
        wall: the device's own wall clock, in ms.
        last: the highest stamp made before a restart.
        seen: the highest stamp known to be with the hub before a restart.
    """

    __slots__ = ("_last", "_offset", "_seen", "_wall")

    def __init__(self, wall: Callable[[], int], last: int = 0, seen: int = 0) -> None:
        self._wall = wall
        self._offset = 0
        self._last = max(last, seen)
        self._seen = seen

    @property
    def last(self) -> Hlc:
        """The highest stamp made or seen."""
        return Hlc(self._last)

    @property
    def seen(self) -> Hlc:
        """The highest stamp known to be with the hub."""
        return Hlc(self._seen)

    def now(self) -> Milliseconds:
        """The hub's time as far as the device can tell, in ms."""
        return Milliseconds(self._wall() + self._offset)

    def synchronize(self, hub_now: int) -> None:
        """Take the hub's ``now`` (ms), just received, for the present time."""
        self._offset = hub_now - self._wall()

    def tick(self) -> Hlc:
        """A new stamp, later than every one made or seen."""
        self._last = min(max(self.now() << COUNTER_BITS, self._last + 1), MAX_HLC)
        return Hlc(self._last)

    def observe(self, hlc: int) -> None:
        """Note a stamp that the hub holds (relayed, or acknowledged): the next one comes after it."""
        self._seen = max(self._seen, hlc)
        self._last = max(self._last, hlc)

    def lower(self, stamps: Iterable[int], hub_now: int) -> list[Hlc]:
        """Lower all unsent stamps (see ``lowered``) and go on from there.

        Every stamp this clock made is either unsent, so among ``stamps``, or seen. The clock forgets that it
        ran ahead: the next tick follows the lowered stamps and what was seen.
        """
        self.synchronize(hub_now)
        unsent = lowered(list(stamps), hub_now)
        ran_ahead = self._last > hlc_of(hub_now, MAX_COUNTER)
        self._last = max(self._seen, *unsent, 0 if ran_ahead else self._last)
        return unsent
