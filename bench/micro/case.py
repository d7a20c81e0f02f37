"""What is measured, before it is told what."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import NamedTuple

Act = Callable[[], object]


class Case(NamedTuple):
    """One function with what it needs. ``name``: the subject, a colon, what is done. ``make`` gives a fresh
    act in a context that ends with it. ``calls``: how many the guard counts; the act bears ten times as many.
    """

    name: str
    make: Callable[[], AbstractContextManager[Act]]
    calls: int = 200

    @property
    def subject(self) -> str:
        """The part of the hub it is about."""
        return self.name.partition(":")[0]


def case(name: str, make: Callable[[], Act], calls: int = 200) -> Case:
    """A case that leaves nothing behind."""
    return Case(name, lambda: nullcontext(make()), calls)
