"""Devices: list, rename, revoke."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadId, BadValue, NotFound
from hub.model import Device, DeviceId
from hub.server.http.answer import NO_CONTENT, json_answer
from hub.server.http.bodies import MAX_PAGE, DeviceBody, PageQuery
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import DeviceAnswer, DevicePage

_body: Final = msgspec.json.Decoder(DeviceBody)


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
                "`connected`: a connection of that device is open now.",
                scopes=("user", "admin"),
                query=PageQuery,
                refusals=(BadId, BadValue),
            ),
            Route(
                "PATCH",
                "/v1/users/{user}/devices/{device}",
                self.rename,
                "rename_device",
                "devices",
                "Rename a device",
                {200: Reply("The device.", DeviceAnswer)},
                "The name stands from then on, whatever the device calls itself.",
                scopes=("user", "admin"),
                body=DeviceBody,
                refusals=(BadId, BadValue, NotFound),
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
        )

    async def list(self, call: Call) -> ASGIApp:
        """A page of devices."""
        query = call.query(PageQuery)
        devices = await self._people.devices(call.identity, call.user)
        start = _after(devices, query.cursor)
        end = start + min(query.limit, MAX_PAGE)
        following = devices[end - 1].device if end < len(devices) else None
        connected = self._people.connected(call.identity, call.user)
        items = [_answer(device, connected) for device in devices[start:end]]
        return json_answer({"items": items, "next": following})

    async def rename(self, call: Call) -> ASGIApp:
        """The device."""
        body = await call.json(_body)
        device = call.path["device"]
        renamed = await self._people.rename(call.identity, call.user, device, body.name)
        return json_answer(_answer(renamed, self._people.connected(call.identity, call.user)))

    async def revoke(self, call: Call) -> ASGIApp:
        """No content."""
        await self._people.revoke(call.identity, call.user, call.path["device"])
        return NO_CONTENT


def _answer(device: Device, connected: Collection[DeviceId]) -> DeviceAnswer:
    return DeviceAnswer(**asdict(device), connected=device.device in connected)


def _after(devices: Sequence[Device], cursor: str | None) -> int:
    """Where the page after ``cursor``, a device's id, begins."""
    if cursor is None:
        return 0
    for place, device in enumerate(devices, 1):
        if device.device == cursor:
            return place
    raise BadValue("cursor: not one that this list gave")
