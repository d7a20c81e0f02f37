"""Ending what waited too long for a channel that stands still, or is not there any more."""

from __future__ import annotations

from typing import Final

from hub.delivery.policy import expired, is_old
from hub.delivery.recording import Record, Recorder
from hub.delivery.surroundings import Surroundings

PAGE: Final = 100
"""Rows at a time."""


async def end_old(channel: str, reason: str, recorder: Recorder, hub: Surroundings) -> None:
    """End a channel's due rows that are older than ``delivery.max_age``, page by page while there are any.

    Raises ``Unavailable``.
    """
    await hub.time.keep_up()
    while True:
        frame, now = hub.time.frame, hub.time.now()
        page = await hub.outbox.due(channel, now, PAGE)
        if hub.time.is_behind(frame):
            await hub.time.keep_up()
            continue
        ages = [(row, hub.rules(row).max_age) for row in page if not recorder.holds(row.id)]
        old = [expired(row, reason, now, age) for row, age in ages if is_old(row, now, age)]
        if not old:
            return
        await recorder.record(*(Record(row, (), frame) for row in old))
