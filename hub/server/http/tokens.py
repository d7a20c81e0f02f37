"""Tokens: renewal."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ASGIApp

from hub.engine.people import People
from hub.server.http.answer import json_answer
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Renewal


class TokenRoutes:
    """Routes of tokens."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> Sequence[Route]:
        """All of them."""
        return (
            Route(
                "POST",
                "/v1/token/renew",
                self.renew,
                "renew_token",
                "tokens",
                "Get a fresh token",
                {200: Reply("One for the same user, device and scopes. The old one runs out.", Renewal)},
                scopes=("user", "publish", "admin"),
            ),
        )

    async def renew(self, call: Call) -> ASGIApp:
        """The token and when it expires."""
        return json_answer(self._people.renew(call.identity)._asdict())
