"""Items of inboxes and spaces: create, read, change, delete."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from litestar.types import ASGIApp

from hub.engine.actions import Actions, Created, ItemFilter
from hub.engine.users import ME
from hub.errors import BadField, BadId, BadValue, ClockAhead, Exists, Limit, NotFound, UnknownTopic
from hub.model import Hlc, TopicName, UserId
from hub.server.http.answer import NO_CONTENT, json_answer
from hub.server.http.bodies import (
    MAX_PAGE,
    MAX_TARGETS,
    ChangesBody,
    ItemBody,
    ItemQuery,
    ManyBody,
    StampQuery,
)
from hub.server.http.call import Call
from hub.server.http.problems import document
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Item, ItemPage, ManyResults
from hub.state.names import inbox_of

_item_body: Final = msgspec.json.Decoder(ItemBody)
_many_body: Final = msgspec.json.Decoder(ManyBody)
_changes_body: Final = msgspec.json.Decoder(ChangesBody)

_SCOPES: Final = ("user", "publish", "admin")
_OWNERS: Final = (("users", "{user}", "inbox"), ("spaces", "{space}", "space"))
_LOCATION: Final = {"Location": "Path of the item."}


class ItemRoutes:
    """Routes of items, the same for inboxes and spaces."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions

    def routes(self) -> Sequence[Route]:
        """All of them."""
        found = [self._create_many_route()]
        for owner, parameter, noun in _OWNERS:
            path = f"/v1/{owner}/{parameter}/items"
            found += self._collection_routes(path, noun)
            found += self._single_routes(f"{path}/{{id}}", noun)
        return found

    def _collection_routes(self, path: str, noun: str) -> Sequence[Route]:
        return (
            Route(
                "POST",
                path,
                self.create,
                f"create_{noun}_item",
                "items",
                "Create a notification or task",
                {
                    201: Reply("Created.", Item, headers=_LOCATION),
                    200: Reply("The same was there already.", Item, headers=_LOCATION),
                },
                scopes=_SCOPES,
                body=ItemBody,
                refusals=(Exists, BadField, BadId, BadValue, ClockAhead, Limit, UnknownTopic),
            ),
            Route(
                "GET",
                path,
                self.list,
                f"list_{noun}_items",
                "items",
                "List items, newest first",
                {200: Reply("A page of items.", ItemPage)},
                scopes=("user", "admin"),
                query=ItemQuery,
                refusals=(BadId, BadValue, UnknownTopic),
            ),
        )

    def _single_routes(self, path: str, noun: str) -> Sequence[Route]:
        refusals = (BadId, BadField, BadValue, ClockAhead, NotFound, UnknownTopic)
        return (
            Route(
                "GET",
                path,
                self.read,
                f"get_{noun}_item",
                "items",
                "Get an item, from history too",
                {200: Reply("The item.", Item)},
                scopes=_SCOPES,
                refusals=(BadId, NotFound, UnknownTopic),
            ),
            Route(
                "PATCH",
                path,
                self.change,
                f"change_{noun}_item",
                "items",
                "State fields of an item",
                {200: Reply("The item as it stands now, also where a statement lost.", Item)},
                scopes=_SCOPES,
                body=ChangesBody,
                refusals=refusals,
            ),
            Route(
                "DELETE",
                path,
                self.delete,
                f"delete_{noun}_item",
                "items",
                "State that an item is deleted",
                {204: Reply("Deleted.")},
                scopes=("user", "admin"),
                query=StampQuery,
                refusals=refusals,
            ),
        )

    def _create_many_route(self) -> Route:
        return Route(
            "POST",
            "/v1/items",
            self.create_many,
            "create_items",
            "items",
            "Create the same item in many inboxes and spaces",
            {200: Reply("What became of each.", ManyResults)},
            f"At most {MAX_TARGETS} targets, `me` is the caller. Each is taken or refused on its own.",
            scopes=("publish", "admin"),
            body=ManyBody,
            refusals=(BadField, BadId, BadValue),
        )

    async def create(self, call: Call) -> ASGIApp:
        """201 with the item, 200 if the same was there."""
        record: dict[str, Any] = msgspec.to_builtins(await call.json(_item_body))
        name, hlc = record.pop("id", None), record.pop("hlc", None)
        topic = call.topic
        item, created = await self._actions.create(call.identity, topic, name, record, hlc)
        location = f"/v1/{_collection(topic)}/items/{item['id']}".encode()
        return json_answer(item, 201 if created else 200, [(b"location", location)])

    async def create_many(self, call: Call) -> ASGIApp:
        """One result a target."""
        body = await call.json(_many_body)
        topics = _targets(body, call.identity.user)
        record: dict[str, Any] = msgspec.to_builtins(body)
        name = record.pop("id", None)
        record.pop("users", None)
        record.pop("spaces", None)
        made = await self._actions.create_many(call.identity, topics, name, record)
        ids = [each.item["id"] for each in made if each.item is not None]
        return json_answer({"id": ids[0] if ids else name, "results": [_result(each) for each in made]})

    async def read(self, call: Call) -> ASGIApp:
        """One item."""
        return json_answer(await self._actions.item(call.identity, call.topic, call.path["id"]))

    async def list(self, call: Call) -> ASGIApp:
        """A page of items."""
        query = call.query(ItemQuery)
        which = ItemFilter(query.kind, query.unread, query.status, moment(query.since), query.history)
        page = await self._actions.items(
            call.identity, call.topic, which, min(query.limit, MAX_PAGE), query.cursor
        )
        return json_answer({"items": page.items, "next": page.next})

    async def change(self, call: Call) -> ASGIApp:
        """The item after the statements."""
        changes: dict[str, Any] = msgspec.to_builtins(await call.json(_changes_body))
        hlc = changes.pop("hlc", None)
        if not changes.keys() - {"attempt"}:
            raise BadValue("state at least one field")
        return json_answer(
            await self._actions.change(call.identity, call.topic, call.path["id"], changes, hlc)
        )

    async def delete(self, call: Call) -> ASGIApp:
        """No content."""
        hlc = call.query(StampQuery).hlc
        stamp = None if hlc is None else Hlc(hlc)
        await self._actions.change(call.identity, call.topic, call.path["id"], {"deleted": True}, stamp)
        return NO_CONTENT


def moment(text: str | None) -> int | None:
    """A time as milliseconds since 1970, from those or from ISO 8601 (in UTC where it names no zone).

    Raises:
        BadValue: neither.
    """
    if text is None:
        return None
    try:
        # A "+" that wasn't escaped arrives as a blank.
        time = int(text) if text.isdecimal() else _iso(text.replace(" ", "+"))
    except ValueError:
        raise BadValue("since: milliseconds since 1970, or ISO 8601") from None
    if not 0 <= time < 2**53:
        raise BadValue("since: out of range")
    return time


def _iso(text: str) -> int:
    time = datetime.fromisoformat(text)
    return round((time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp() * 1000)


def _targets(body: ManyBody, caller: UserId) -> Sequence[TopicName]:
    """The topics to create in, each once, users first; ``me`` is the caller."""
    topics = dict.fromkeys(inbox_of(caller if user == ME else user) for user in body.users)
    topics.update(dict.fromkeys(TopicName(f"space/{space}") for space in body.spaces))
    if not 1 <= len(topics) <= MAX_TARGETS:
        raise BadValue(f"users and spaces: 1 to {MAX_TARGETS} in all")
    return tuple(topics)


def _result(made: Created) -> dict[str, Any]:
    if made.refusal is not None:
        return {"topic": made.topic, "status": made.refusal.status, "problem": document(made.refusal)}
    return {"topic": made.topic, "status": 201 if made.created else 200}


def _collection(topic: TopicName) -> str:
    """``users/<user>`` or ``spaces/<space>``."""
    kind, _, name = topic.partition("/")
    return f"{'users' if kind == 'inbox' else 'spaces'}/{name}"
