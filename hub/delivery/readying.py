"""A due row made ready for its call: rendered and leased; or ended, where nothing is to be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hub.delivery.policy import ended, has_ended, leased, put_off
from hub.delivery.preparation import Ended, prepare
from hub.delivery.surroundings import Flight, Surroundings
from hub.errors import Internal, Unavailable
from hub.model import DeliveryRow
from hub.ports import Channel
from hub.telemetry.logs import get

log = get("hub.delivery")


async def made_ready(row: DeliveryRow, frame: int, channel: Channel, hub: Surroundings) -> Flight:
    """The row, leased (not saved yet), ended, or pending still: put off, for the hub fails on its item.

    Args:
        row: a pending one.
        frame: when it was read, see ``SteadyClock``.
        channel: by which it leaves.
        hub: what is around.

    Raises:
        Unavailable: it can't be known now.
    """
    masked: Mapping[str, int] = {}
    row = _unsuited(row, channel.traits.kind, hub)
    if not has_ended(row) and len(row.bodies) <= row.part:
        try:
            row, masked = await _rendered(row, channel, hub)
        except Internal:
            log.error("delivery.put_off", delivery=row.id, channel=row.channel)
            return Flight(put_off(row, hub.time.now(), hub.rules(row)), {}, frame)
    if not has_ended(row) and not row.part:
        row = await _unless_said(row, hub)
    if not has_ended(row):
        row = leased(row, hub.time.now(), hub.call_limit)
    return Flight(row, masked, frame)


def _unsuited(row: DeliveryRow, kind: str, hub: Surroundings) -> DeliveryRow:
    """The row without bodies that another kind of channel rendered, which had this one's name before. Where
    that one's vendor has a part of them, or may have, nothing can be gone on with: it ended."""
    if not row.bodies or row.rendered_by == kind:
        return row
    if row.part or row.unsure:
        doubt = "; it may have arrived" if row.unsure else ""
        reason = f"the message was begun by a channel of kind {row.rendered_by}, this one is {kind}{doubt}"
        return ended(row, "dead", reason, hub.time.now())
    return replace(row, bodies=())


async def _rendered(
    row: DeliveryRow, channel: Channel, hub: Surroundings
) -> tuple[DeliveryRow, Mapping[str, int]]:
    """The row with its bodies, and what was masked in them. An error of ours ends this delivery only.

    Of a message that is shorter now than what was taken of it, or was begun by another kind of channel, all
    is sent.
    """
    event, now = row.event, hub.time.now()
    try:
        standing = await hub.items.standing(event.topic, event.item, row.user)
        prepared = prepare(row, standing, hub.router.route(row.route), channel, now)
    except (Unavailable, Internal):
        raise
    except Exception as error:
        log.error("delivery.unprepared", delivery=row.id, channel=row.channel, error=type(error).__name__)
        prepared = Ended("dead", f"The hub failed to prepare the message ({type(error).__name__}).")
    if isinstance(prepared, Ended):
        return ended(row, prepared.state, prepared.error, now), {}
    if not prepared.bodies:
        return ended(row, "dead", "There is nothing to say.", now), {}
    kind = channel.traits.kind
    part = row.part if row.rendered_by in ("", kind) and row.part < len(prepared.bodies) else 0
    return replace(row, bodies=prepared.bodies, rendered_by=kind, part=part), prepared.masked


def says_the_same(one: DeliveryRow, other: DeliveryRow) -> bool:
    """Whether they are one message to two members of a space. Of these the second is asked again once the
    lease of the first is on disk: one that did not leave suppresses nobody."""
    shared = one.event.user is None and one.event.id == other.event.id
    return shared and one.bodies == other.bodies


async def _unless_said(row: DeliveryRow, hub: Surroundings) -> DeliveryRow:
    """The row, suppressed where the same words go to another member of its space by the same channel."""
    if row.event.user is not None:
        return row
    twin = await hub.outbox.twin(row)
    if twin is None:
        return row
    return ended(row, "suppressed", f"the same message went out as {twin}", hub.time.now())
