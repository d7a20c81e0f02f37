"""What ``hub doctor`` finds of deliveries in the data folder, whether a hub runs on it or not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from hub.cli.finding import Finding
from hub.cli.terminal import date_time
from hub.config import Config
from hub.errors import HubError, StartError
from hub.model import Milliseconds
from hub.storage.folder import DATABASE_NAME
from hub.storage.looking import Backlog, backlogs, is_to_scrub, looking

LATE: Final = 300.0
"""Seconds after which what is due should have left."""


def check_outbox(config: Config) -> Iterator[Finding]:
    """Whether anything is dead, late, or on its way to a channel that is no longer there."""
    if not (config.data_folder / DATABASE_NAME).exists():
        return
    late = Milliseconds(int((time.time() - LATE) * 1000))
    try:
        with looking(config.data_folder, leave_no_trace=True) as connection:
            found, interrupted = backlogs(connection, late), is_to_scrub(connection)
    except StartError:
        return  # what is wrong with the database is another check's to say
    except HubError as error:
        yield Finding("warn", "deliveries", error.message, "look again; if it stays so, bring back a backup")
        return
    if interrupted:
        advice = "stop the hub and run hub user erase NAME once more: it finishes"
        yield Finding("warn", "erasure", "one was interrupted; bytes of it may still be in the file", advice)
    yield from (_told(backlog, backlog.channel in config.channels) for backlog in found)
    if not found:
        yield Finding("ok", "deliveries", "none waits, none is dead")


def _told(backlog: Backlog, configured: bool) -> Finding:
    channel, since = backlog.channel, date_time(backlog.oldest)
    if backlog.dead:
        return Finding(
            "warn", "deliveries", f"{backlog.count} dead by {channel}, the oldest since {since}",
            f"see why: hub deliveries list --state dead --channel {channel}\n"
            f"send again: hub deliveries retry --state dead --channel {channel}",
        )  # fmt: skip
    waiting = f"{backlog.count} on their way by {channel}, the oldest since {since}"
    if not configured:
        advice = f"configure [channels.{channel}] again, or let them die at delivery.max_age"
        return Finding("warn", "deliveries", f"{waiting}; there is no such channel any more", advice)
    if backlog.late:
        return Finding(
            "warn", "deliveries", f"{waiting}; {backlog.late} should have left",
            f"see whether the hub runs, and why: hub channel list; then: hub channel test {channel}\n"
            f"see them: hub deliveries list --state pending --channel {channel}",
        )  # fmt: skip
    return Finding("ok", "deliveries", waiting)
