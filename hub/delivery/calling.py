"""One call to a vendor, which ends in any case."""

from __future__ import annotations

import asyncio

from hub.delivery.surroundings import Surroundings
from hub.model import Outcome
from hub.ports import Channel
from hub.telemetry.logs import get

log = get("hub.delivery")


async def call(channel: Channel, body: bytes, key: str, hub: Surroundings) -> Outcome:
    """How it ended. A channel that breaks its promise (raises, or goes on for ever) gave no answer."""
    sending = asyncio.ensure_future(channel.send(body, key))
    timer = hub.timers.schedule(hub.call_limit, lambda: _cancel(sending))
    try:
        await asyncio.wait([sending])
    finally:
        timer.cancel()
        if not sending.done():
            sending.cancel()
            await asyncio.wait([sending])
    outcome = _outcome(channel.name, sending)
    hub.metrics.delivery_calls[channel.name, outcome.kind] += 1
    return outcome


def _cancel(sending: asyncio.Future[Outcome]) -> None:
    sending.cancel()


def _outcome(channel: str, sending: asyncio.Future[Outcome]) -> Outcome:
    if sending.cancelled():
        return Outcome("retry", "unknown", error="no answer in time")
    if (error := sending.exception()) is not None:
        log.error("channel.failed", channel=channel, error=type(error).__name__)
        return Outcome("retry", "unknown", error=f"the channel failed ({type(error).__name__})")
    return sending.result()
