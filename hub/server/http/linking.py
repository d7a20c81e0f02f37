"""Linking a device: a code that a signed-in device shows, and the token it is traded for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadValue, Limit, NotFound
from hub.server.http.answer import json_answer
from hub.server.http.bodies import ClaimBody
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Claim, Code

_claim_body: Final = msgspec.json.Decoder(ClaimBody)


class LinkRoutes:
    """Routes that bring a device in."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "POST",
                "/v1/devices/link",
                self.link,
                "link_device",
                "devices",
                "Get a code for another device",
                {200: Reply("A code for one use, valid for two minutes by default.", Code)},
                scopes=("user",),
                refusals=(Limit,),
            ),
            Route(
                "POST",
                "/v1/devices/claim",
                self.claim,
                "claim_device",
                "devices",
                "Trade a code for a token",
                {200: Reply("A token bound to the device id that was issued.", Claim)},
                body=ClaimBody,
                refusals=(BadValue, Limit, NotFound),
            ),
        )

    async def link(self, call: Call) -> ASGIApp:
        """A code."""
        return json_answer(self._people.link(call.identity)._asdict())

    async def claim(self, call: Call) -> ASGIApp:
        """A token; nobody needs to be known for this."""
        body = await call.json(_claim_body)
        claimed = await self._people.claim(body.code, body.name, body.platform)
        return json_answer(claimed._asdict())
