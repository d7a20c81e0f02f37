"""What goes wrong on demand: each fault so many times or until cleared, for one key or for all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeGuard, get_args

FaultKind = Literal[
    "93000", "45009", "-1", "40058", "500", "502", "429", "timeout", "half", "refuse", "html", "slow"
]
"""What the sender meets.

========== ================================================== ==========================================
kind       the answer                                         the message
========== ================================================== ==========================================
93000      the key is not valid                               not taken
45009      too many messages                                  not taken
-1         the system is busy                                 not taken
40058      the content is too long                            not taken
500, 502   that status with a page in HTML                    not taken
429        that status with Retry-After                       not taken
html       200 with a page in HTML, as a proxy's sign-in      not taken
refuse     the connection is closed before the body is read   not taken
timeout    none, the connection stays open                    taken
half       the first half, then the connection is closed      taken
slow       the right one, ``seconds`` late                    taken
========== ================================================== ==========================================
"""
KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)
MAX_FAULTS: Final = 100
MAX_TIMES: Final = 10_000
MAX_SECONDS: Final = 3600.0
DEFAULT_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to go wrong.

    Attributes:
        kind: what.
        times: for how many calls still; None until cleared.
        key: for calls with that key; None for any.
        seconds: how late (``slow``), or what Retry-After says (``429``).
    """

    kind: FaultKind
    times: int | None = 1
    key: str | None = None
    seconds: float = DEFAULT_SECONDS


class Faults:
    """The faults still to come. The oldest that fits a call is the one it meets."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    @property
    def waiting(self) -> Sequence[Fault]:
        """In the order they were asked for."""
        return tuple(self._waiting)

    def add(self, fault: Fault) -> None:
        """Ask for one.

        Raises:
            ValueError: a number out of its bounds, or too many faults; the sentence says which.
        """
        if fault.times is not None and not 1 <= fault.times <= MAX_TIMES:
            raise ValueError(f"times is 1 to {MAX_TIMES}, or null for until cleared")
        if not 0 <= fault.seconds <= MAX_SECONDS:
            raise ValueError(f"seconds is 0 to {MAX_SECONDS:g}")
        if len(self._waiting) >= MAX_FAULTS:
            raise ValueError(f"{MAX_FAULTS} faults wait already; clear them first")
        self._waiting.append(fault)

    def take(self, key: str) -> Fault | None:
        """The fault that a call with this key meets, used up by one; None for none."""
        for place, fault in enumerate(self._waiting):
            if fault.key is None or fault.key == key:
                self._use(place, fault)
                return fault
        return None

    def clear(self) -> None:
        """None of them is to come."""
        self._waiting.clear()

    def _use(self, place: int, fault: Fault) -> None:
        if fault.times == 1:
            del self._waiting[place]
        elif fault.times is not None:
            self._waiting[place] = replace(fault, times=fault.times - 1)


def is_kind(text: object) -> TypeGuard[FaultKind]:
    """Whether it is one of ``KINDS``."""
    return text in KINDS
