"""What the log tells of deliveries and channels: ids, codes, reasons; never a body, a key or an address."""

from __future__ import annotations

from hub.delivery.alerts import Notice
from hub.delivery.gate import Change, Standstill
from hub.model import DeliveryRow, Outcome
from hub.telemetry.logs import get

log = get("hub.delivery")


def tell_end(row: DeliveryRow) -> None:
    """A delivery ended, and that is on disk."""
    fields = {
        "delivery": row.id,
        "event_id": row.event.id,
        "channel": row.channel,
        "attempts": row.attempts,
    }
    match row.state:
        case "sent":
            log.info("delivery.sent", **fields)
        case "suppressed":
            log.info("delivery.suppressed", **fields, reason=row.error)
        case "partial":
            log.error("delivery.partial", **fields, reason=row.error)
        case _:
            log.error("delivery.dead", **fields, reason=row.error)


def tell_retry(row: DeliveryRow, outcome: Outcome) -> None:
    """A delivery waits after a call."""
    log.info(
        "delivery.retry",
        delivery=row.id,
        event_id=row.event.id,
        channel=row.channel,
        outcome=outcome.kind,
        code=outcome.code,
        retries=row.retries,
        due=row.due,
    )


def tell_pause(channel: str, outcome: Outcome, notice: Notice) -> None:
    """A channel is paused; an ``alert`` is for somebody to see to it."""
    if notice != "nothing":
        write = log.error if notice == "alert" else log.info
        write("channel.paused", channel=channel, code=outcome.code, reason=outcome.error)


def tell_change(channel: str, change: Change, outcome: Outcome, stands: Standstill) -> None:
    """A channel other than paused stands still from now on, or no more."""
    if change == "resumed":
        log.info("channel.resumed", channel=channel)
    else:
        log.warning("channel.waiting", channel=channel, state=change, code=outcome.code, seconds=stands.wait)
