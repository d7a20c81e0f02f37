"""What concerns a whole inbox: its counts, and read-all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.actions import Actions
from hub.errors import BadId, BadValue, ClockAhead, NotFound
from hub.model import Counts, Hlc
from hub.server.http.answer import json_answer
from hub.server.http.bodies import ReadAllBody
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route

_read_all_body: Final = msgspec.json.Decoder(ReadAllBody)


class InboxRoutes:
    """Routes of inboxes."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def routes(self) -> Sequence[Route]:
        """All of them."""
        path = "/v1/users/{user}"
        return (
            Route(
                "GET",
                f"{path}/counts",
                self.counts,
                "get_counts",
                "inbox",
                "Count what is unread, unseen and open",
                {200: Reply("The counts.", Counts)},
                scopes=("user", "admin"),
                refusals=(BadId, NotFound),
            ),
            Route(
                "POST",
                f"{path}/read-all",
                self.read_all,
                "read_all",
                "inbox",
                "Mark notifications read, up to an order",
                {200: Reply("The counts after.", Counts)},
                scopes=("user", "admin"),
                body=ReadAllBody,
                optional_body=True,
                refusals=(BadId, BadValue, ClockAhead, NotFound),
            ),
        )

    async def counts(self, call: Call) -> ASGIApp:
        """The counts of an inbox."""
        return json_answer(await self._actions.counts(call.identity, call.topic))

    async def read_all(self, call: Call) -> ASGIApp:
        """The counts after."""
        body = await call.optional_json(_read_all_body, ReadAllBody())
        stamp = None if body.hlc is None else Hlc(body.hlc)
        return json_answer(await self._actions.read_all(call.identity, call.topic, body.upto, stamp))
