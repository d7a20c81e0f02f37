"""Users: list, create or rename, get, remove."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadId, BadValue, NotFound
from hub.model import User
from hub.server.http.answer import NO_CONTENT, json_answer
from hub.server.http.bodies import MAX_PAGE, PageQuery, UserBody
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import UserPage

_user_body: Final = msgspec.json.Decoder(UserBody)


class UserRoutes:
    """Routes of users."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> Sequence[Route]:
        """All of them."""
        path = "/v1/users/{user}"
        return (
            Route(
                "GET",
                "/v1/users",
                self.list,
                "list_users",
                "users",
                "List users by name",
                {200: Reply("A page of users.", UserPage)},
                scopes=("admin",),
                query=PageQuery,
                refusals=(BadValue,),
            ),
            Route(
                "PUT",
                path,
                self.put,
                "put_user",
                "users",
                "Create or rename a user",
                {201: Reply("Created.", User), 200: Reply("Renamed, or as before.", User)},
                scopes=("admin",),
                body=UserBody,
                optional_body=True,
                refusals=(BadId, BadValue),
            ),
            Route(
                "GET",
                path,
                self.read,
                "get_user",
                "users",
                "Get a user",
                {200: Reply("The user.", User)},
                "Anybody may get themselves.",
                scopes=("user", "publish", "admin"),
                refusals=(BadId, NotFound),
            ),
            Route(
                "DELETE",
                path,
                self.delete,
                "delete_user",
                "users",
                "Remove a user, their memberships and devices",
                {204: Reply("Removed, and disconnected. The inbox stays.")},
                scopes=("admin",),
                refusals=(BadId, NotFound),
            ),
        )

    async def list(self, call: Call) -> ASGIApp:
        """A page of users."""
        query = call.query(PageQuery)
        limit = min(query.limit, MAX_PAGE)
        users = await self._people.users(call.identity, query.cursor or "", limit + 1)
        more = len(users) > limit
        return json_answer({"items": users[:limit], "next": users[limit - 1].user if more else None})

    async def put(self, call: Call) -> ASGIApp:
        """201 or 200 with the user."""
        body = await call.optional_json(_user_body, UserBody())
        user, created = await self._people.put_user(call.identity, call.user, body.name)
        return json_answer(user, 201 if created else 200)

    async def read(self, call: Call) -> ASGIApp:
        """The user."""
        return json_answer(await self._people.user(call.identity, call.user))

    async def delete(self, call: Call) -> ASGIApp:
        """No content."""
        await self._people.delete_user(call.identity, call.user)
        return NO_CONTENT
