"""Deliveries: what is on its way out of the hub, what arrived, what is dead. Never what it says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.types import ASGIApp

from hub.errors import BadValue, NotFound
from hub.model import DeliveryRow
from hub.ports import DeliveryFilter
from hub.server.http.answer import json_answer
from hub.server.http.bodies import MAX_PAGE, DeliveryQuery
from hub.server.http.call import Call
from hub.server.http.desk import Desk
from hub.server.http.filters import checked, item_of, number_of, topic_of
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Delivery, DeliveryPage
from hub.state.names import is_item_id, is_name

_PATH = "/v1/deliveries"


class DeliveryRoutes:
    """Routes of deliveries."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "GET",
                _PATH,
                self.list,
                "list_deliveries",
                "deliveries",
                "List deliveries, newest first",
                {200: Reply("A page of deliveries.", DeliveryPage)},
                scopes=("admin",),
                query=DeliveryQuery,
                refusals=(BadValue,),
            ),
            Route(
                "GET",
                f"{_PATH}/{{id}}",
                self.read,
                "get_delivery",
                "deliveries",
                "Get a delivery",
                {200: Reply("The delivery.", Delivery)},
                scopes=("admin",),
                refusals=(NotFound,),
            ),
            Route(
                "POST",
                f"{_PATH}/{{id}}/retry",
                self.retry,
                "retry_delivery",
                "deliveries",
                "Send a delivery again",
                {200: Reply("The delivery as it stands then.", Delivery)},
                "What is dead, suppressed or partial is rendered anew and sent whatever was read meanwhile; "
                "what is pending goes now; what is leased or sent stays as it is.",
                scopes=("admin",),
                refusals=(NotFound,),
            ),
        )

    async def list(self, call: Call) -> ASGIApp:
        """A page."""
        query = call.query(DeliveryQuery)
        limit = min(query.limit, MAX_PAGE)
        rows = await self._desk.deliveries(call.identity, _filter(query), number_of(query.cursor), limit + 1)
        shown = rows[:limit]
        more = str(shown[-1][0]) if len(rows) > limit else None
        return json_answer({"items": [delivery_answer(row) for _, row in shown], "next": more})

    async def read(self, call: Call) -> ASGIApp:
        """One."""
        return json_answer(delivery_answer(await self._desk.delivery(call.identity, call.path["id"])))

    async def retry(self, call: Call) -> ASGIApp:
        """One, on its way again."""
        return json_answer(delivery_answer(await self._desk.retry(call.identity, call.path["id"])))


def delivery_answer(row: DeliveryRow) -> dict[str, Any]:
    """A delivery as the API tells it. ``at`` is the event's."""
    return {
        "id": row.id,
        "event": row.event.id,
        "item": row.event.item,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "due": row.due,
        "error": row.error,
        "ref": row.ref,
        "user": row.user,
        "topic": row.event.topic,
        "route": row.route,
        "at": row.event.at,
        "ended_at": row.ended_at,
    }


def _filter(query: DeliveryQuery) -> DeliveryFilter:
    return DeliveryFilter(
        query.state,
        None if query.channel is None else checked("channel", query.channel, is_name),
        None if query.event is None else checked("event", query.event, is_item_id),
        item_of(query.item),
        topic_of(query.topic),
    )
