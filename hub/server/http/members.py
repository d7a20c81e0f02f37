"""Members of spaces and documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.people import People
from hub.errors import BadId, BadValue, Limit, NotFound
from hub.model import Scope
from hub.server.http.answer import NO_CONTENT, json_answer
from hub.server.http.bodies import MAX_PAGE, MemberBody, PageQuery
from hub.server.http.call import Call
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Member, MemberPage

_member_body: Final = msgspec.json.Decoder(MemberBody)
_SHARED: Final = (("/v1/spaces/{space}/members", "space"), ("/v1/docs/{name}/members", "doc"))


class MemberRoutes:
    """Routes of members, the same for spaces and documents."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> Sequence[Route]:
        """All of them."""
        found: list[Route] = []
        for path, noun in _SHARED:
            found += self._seeing(path, f"{path}/{{user}}", noun)
            found += self._sharing(f"{path}/{{user}}", noun)
        return found

    def _seeing(self, path: str, single: str, noun: str) -> Sequence[Route]:
        return (
            Route(
                "GET",
                path,
                self.list,
                f"list_{noun}_members",
                "members",
                "List members by name",
                {200: Reply("A page of members.", MemberPage)},
                "For members with write access.",
                scopes=("user", "admin"),
                query=PageQuery,
                refusals=(BadId, BadValue, NotFound),
            ),
            Route(
                "GET",
                single,
                self.read,
                f"get_{noun}_member",
                "members",
                "Get a user's access",
                {200: Reply("The member.", Member)},
                "Anybody may get their own, members with write access everybody's.",
                scopes=("user", "publish", "admin"),
                refusals=(BadId, NotFound),
            ),
        )

    def _sharing(self, single: str, noun: str) -> Sequence[Route]:
        scopes: tuple[Scope, ...] = ("user", "admin") if noun == "doc" else ("admin",)
        who = "For members with write access." if noun == "doc" else ""
        return (
            Route(
                "PUT",
                single,
                self.put,
                f"put_{noun}_member",
                "members",
                "Give a user access",
                {200: Reply("The member.", Member)},
                f"{who} Creates the {'document' if noun == 'doc' else noun} and the user as needed.".strip(),
                scopes=scopes,
                body=MemberBody,
                refusals=(BadId, BadValue, Limit),
            ),
            Route(
                "DELETE",
                single,
                self.delete,
                f"delete_{noun}_member",
                "members",
                "Take a user's access away",
                {204: Reply("Taken away, on open connections too.")},
                who,
                scopes=scopes,
                refusals=(BadId, NotFound),
            ),
        )

    async def list(self, call: Call) -> ASGIApp:
        """A page of members."""
        query = call.query(PageQuery)
        limit, after = min(query.limit, MAX_PAGE), query.cursor or ""
        members = await self._people.members(call.identity, call.topic)
        rest = [(user, access) for user, access in members if user > after]
        items = [Member(user, access) for user, access in rest[:limit]]
        return json_answer({"items": items, "next": items[-1].user if len(rest) > limit else None})

    async def put(self, call: Call) -> ASGIApp:
        """The member."""
        body = await call.json(_member_body)
        await self._people.put_member(call.identity, call.topic, call.user, body.access)
        return json_answer(Member(call.user, body.access))

    async def read(self, call: Call) -> ASGIApp:
        """The member."""
        access = await self._people.member(call.identity, call.topic, call.user)
        return json_answer(Member(call.user, access))

    async def delete(self, call: Call) -> ASGIApp:
        """No content."""
        await self._people.delete_member(call.identity, call.topic, call.user)
        return NO_CONTENT
