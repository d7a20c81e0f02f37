"""Devices: list, revoke, link, claim."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadId, BadValue, Limit, NotFound
from hub.model import Device
from hub.server.http.answer import NO_CONTENT, json_answer
from hub.server.http.bodies import MAX_PAGE, ClaimBody, PageQuery
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Claim, Code, DevicePage

_claim_body: Final = msgspec.json.Decoder(ClaimBody)


class DeviceRoutes:
    """Routes of devices."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "GET",
                "/v1/users/{user}/devices",
                self.list,
                "list_devices",
                "devices",
                "List a user's devices, oldest first",
                {200: Reply("A page of devices, revoked ones included.", DevicePage)},
                scopes=("user", "admin"),
                query=PageQuery,
                refusals=(BadId, BadValue),
            ),
            Route(
                "DELETE",
                "/v1/users/{user}/devices/{device}",
                self.revoke,
                "revoke_device",
                "devices",
                "Revoke a device",
                {204: Reply("Revoked for good, and disconnected.")},
                scopes=("user", "admin"),
                refusals=(BadId, NotFound),
            ),
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

    async def list(self, call: Call) -> ASGIApp:
        """A page of devices."""
        query = call.query(PageQuery)
        devices = await self._people.devices(call.identity, call.user)
        start = _after(devices, query.cursor)
        end = start + min(query.limit, MAX_PAGE)
        following = devices[end - 1].device if end < len(devices) else None
        return json_answer({"items": devices[start:end], "next": following})

    async def revoke(self, call: Call) -> ASGIApp:
        """No content."""
        await self._people.revoke(call.identity, call.user, call.path["device"])
        return NO_CONTENT

    async def link(self, call: Call) -> ASGIApp:
        """A code."""
        return json_answer(self._people.link(call.identity)._asdict())

    async def claim(self, call: Call) -> ASGIApp:
        """A token; nobody needs to be known for this."""
        body = await call.json(_claim_body)
        claimed = await self._people.claim(body.code, body.name, body.platform)
        return json_answer(claimed._asdict())


def _after(devices: Sequence[Device], cursor: str | None) -> int:
    """Where the page after ``cursor``, a device's id, begins."""
    if cursor is None:
        return 0
    for place, device in enumerate(devices, 1):
        if device.device == cursor:
            return place
    raise BadValue("cursor: not one that this list gave")
