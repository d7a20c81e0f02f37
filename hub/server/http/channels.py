"""Channels: the ways out of the hub, and whether they work. Never their keys or addresses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.types import ASGIApp

from hub.errors import NotFound
from hub.server.http.answer import json_answer
from hub.server.http.call import Call
from hub.server.http.desk import ChannelView, Desk
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import ChannelPage, ChannelTest

_PATH = "/v1/channels"


class ChannelRoutes:
    """Routes of channels."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "GET",
                _PATH,
                self.list,
                "list_channels",
                "channels",
                "List the channels and how they are",
                {200: Reply("All of them, in the order of the configuration.", ChannelPage)},
                scopes=("admin",),
            ),
            Route(
                "POST",
                f"{_PATH}/{{name}}/test",
                self.test,
                "test_channel",
                "channels",
                "Send a test message by a channel",
                {200: Reply("How that went.", ChannelTest)},
                "Answers once the vendor did. A success lifts the pause of a channel whose configuration was "
                "wrong.",
                scopes=("admin",),
                refusals=(NotFound,),
            ),
        )

    async def list(self, call: Call) -> ASGIApp:
        """All of them on one page: as many as are configured."""
        views = await self._desk.channels(call.identity)
        return json_answer({"items": [_channel_answer(view) for view in views], "next": None})

    async def test(self, call: Call) -> ASGIApp:
        """How the call ended, also where it failed."""
        outcome = await self._desk.test(call.identity, call.path["name"])
        return json_answer({"ok": outcome.kind == "ok", "outcome": outcome.kind, "error": outcome.error})


def _channel_answer(view: ChannelView) -> dict[str, Any]:
    return {
        "name": view.name,
        "kind": view.kind,
        "host": view.host,
        "state": view.state,
        "reason": view.reason,
        "until": view.until,
        "waiting": view.waiting,
    }
