"""A task's attempts: statuses, their ranks, and how a task is reopened."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from hub.model import Json

RANK: Final[Mapping[str, int]] = MappingProxyType(
    {
        "queued": 0,
        "running": 1,
        "paused": 1,
        "input_required": 1,
        "succeeded": 2,
        "failed": 2,
        "canceled": 2,
        "expired": 2,
    }
)
"""How far each status is from the start; within an attempt a higher rank outweighs a lower."""

FINAL_RANK: Final = 2
TERMINAL: Final = frozenset(status for status, rank in RANK.items() if rank == FINAL_RANK)
"""The statuses that end an attempt."""

FIRST_ATTEMPT: Final = 1
MAX_ATTEMPT: Final = 2**31 - 1
FIRST_STATUS: Final = "queued"
"""A task nobody has stated a status of is ``[1, "queued"]``."""


def reopen(value: Any, hlc: int, final: Any) -> Json:
    """The status a statement means, given how the task's latest sealed attempt ended.

    A ``queued`` for an attempt that was decided by an earlier statement asks for the next attempt. Everything
    else means what it says.

    Args:
        value: ``[attempt, status]``, as stated.
        hlc: the statement's stamp.
        final: the value of the task's ``final`` register, None if no attempt is sealed.
    """
    if final is None or value[1] != FIRST_STATUS:
        return value  # type: ignore[no-any-return]  # registers hold Json; the field decides the shape
    attempt: int = value[0]
    if attempt != final["attempt"] or hlc <= final["hlc"] or attempt >= MAX_ATTEMPT:
        return value  # type: ignore[no-any-return]  # as above
    return [attempt + 1, FIRST_STATUS]
