"""Commands that write for as long as somebody reads: ``hub tail | head`` ends with ``head``."""

from __future__ import annotations

import asyncio
import os
import stat
import sys
from collections.abc import Coroutine


async def while_read(work: Coroutine[object, object, None]) -> None:
    """Do the work until it ends, or until nobody reads the pipe that stdout is."""
    task, gone = asyncio.ensure_future(work), asyncio.Event()
    pipe, loop = _pipe(), asyncio.get_running_loop()

    def reader_gone() -> None:
        gone.set()
        task.cancel()

    if pipe is not None:
        loop.add_reader(pipe, reader_gone)  # the end one writes to is "readable" once the other is closed
    try:
        await task
    except asyncio.CancelledError:
        if not gone.is_set():
            raise
    finally:
        if pipe is not None:
            loop.remove_reader(pipe)


def _pipe() -> int | None:
    try:
        number = sys.stdout.fileno()
        return number if stat.S_ISFIFO(os.fstat(number).st_mode) else None
    except (OSError, ValueError):  # replaced or closed
        return None
