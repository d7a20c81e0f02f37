"""The OpenAPI 3.1 document, made from the routes and the types of their bodies and answers."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import msgspec

from hub.errors import (
    BadField,
    BadRequest,
    BadValue,
    Forbidden,
    Internal,
    Refusal,
    TooBig,
    Unauthorized,
    Unavailable,
)
from hub.server.http.bodies import DOCUMENT_NAME, ITEM_ID, NAME
from hub.server.http.problems import title
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import Problem

_SCHEMA: Final = "#/components/schemas/{name}"
_PROBLEM: Final = "application/problem+json"
_SCHEME: Final = "token"
_DESCRIPTION: Final = (
    "Notifications and tasks in the same state on every device. Times are milliseconds since 1970. "
    "Errors are problem documents (RFC 9457) with a stable `code`. `me` stands for the caller where a path "
    "names a user."
)
_PARAMETERS: Final = {
    "user": ("A user's name; `me` is the caller.", NAME),
    "space": ("A space's name.", NAME),
    "name": ("A document's name; it may hold `/`.", DOCUMENT_NAME),
    "id": ("An item's id.", ITEM_ID),
    "device": ("A device's id.", NAME),
}
_PARAMETERS_OF: Final = {
    ("deliveries", "id"): ("A delivery's id.", ITEM_ID),
    ("channels", "name"): ("A channel's name.", NAME),
}
"""By tag, where a name means something else."""


def openapi_document(routes: Sequence[Route], version: str) -> dict[str, Any]:
    """The whole document."""
    schemas = _Schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tongbu",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({route.tag for route in routes})],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                _SCHEME: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                f"{_SCHEME}_in_query": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


class _Schemas:
    """The schemas of all types the routes name. ``of`` gives the reference or the plain schema."""

    def __init__(self, routes: Sequence[Route]) -> None:
        types: list[Any] = [Problem]
        for route in routes:
            types += [route.query, route.body, *(reply.content for reply in route.replies.values())]
        named = [each for each in types if each is not None]
        found, self.components = msgspec.json.schema_components(named, ref_template=_SCHEMA)
        self._found = list(zip(named, found, strict=True))
        self._queries = {route.query.__name__ for route in routes if route.query is not None}
        self.properties = {name: self.components.pop(name) for name in self._queries}

    def of(self, wanted: Any) -> dict[str, Any]:
        return next(schema for kind, schema in self._found if kind == wanted)


def _operation(route: Route, schemas: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {"operationId": route.id, "tags": [route.tag], "summary": route.summary}
    description = _description(route)
    if description:
        operation["description"] = description
    parameters = [*_path_parameters(route), *_query_parameters(route, schemas)]
    if parameters:
        operation["parameters"] = parameters
    if route.body is not None:
        content = {kind: {"schema": schemas.of(route.body)} for kind in route.body_types}
        operation["requestBody"] = {"required": not route.optional_body, "content": content}
    operation["responses"] = _responses(route, schemas)
    operation["security"] = _security(route)
    return operation


def _description(route: Route) -> str:
    """What is told besides the summary; the scopes above all."""
    scopes = " or ".join(f"`{scope}`" for scope in route.scopes)
    return f"{route.description} Scope {scopes}.".strip() if scopes else route.description


def _security(route: Route) -> list[dict[str, list[str]]]:
    if not route.scopes:
        return []
    ways: list[dict[str, list[str]]] = [{_SCHEME: []}]
    return [*ways, {f"{_SCHEME}_in_query": []}] if route.token_in_query else ways


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    told = {name: _PARAMETERS_OF.get((route.tag, name)) or _PARAMETERS[name] for name in names}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "pattern": pattern},
        }
        for name, (description, pattern) in told.items()
    ]


def _query_parameters(route: Route, schemas: _Schemas) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    properties: dict[str, dict[str, Any]] = schemas.properties[route.query.__name__]["properties"]
    found = ((name, _without_null(schema)) for name, schema in properties.items() if name != "token")
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema["description"],
            "schema": {key: value for key, value in schema.items() if key != "description"},
        }
        for name, schema in found
    ]


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is there or not; it is never null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    return choices[0] if len(choices) == 1 else schema


def _responses(route: Route, schemas: _Schemas) -> dict[str, Any]:
    responses = {str(status): _reply(reply, schemas) for status, reply in route.replies.items()}
    by_status: dict[int, list[type[Refusal]]] = {}
    for refusal in _refusals(route):
        by_status.setdefault(refusal.status, []).append(refusal)
    for status, refusals in sorted(by_status.items()):
        codes = ", ".join(f"`{refusal.code}`: {title(refusal)}" for refusal in refusals)
        responses[str(status)] = {
            "description": f"{HTTPStatus(status).phrase}. {codes}",
            "content": {_PROBLEM: {"schema": schemas.of(Problem)}},
        }
    return responses


def _refusals(route: Route) -> list[type[Refusal]]:
    """What the route refuses with: its own, and what comes with a token, a query or a body."""
    found = dict.fromkeys(route.refusals)
    if route.scopes:
        found.update(dict.fromkeys((Unauthorized, Forbidden, Unavailable)))
    if route.query is not None or route.body is not None:
        found.update(dict.fromkeys((BadRequest, BadValue)))
    if route.body is not None:
        found.update(dict.fromkeys((BadField, TooBig)))
    found[Internal] = None
    return list(found)


def _reply(reply: Reply, schemas: _Schemas) -> dict[str, Any]:
    response: dict[str, Any] = {"description": reply.description}
    if reply.content is not None:
        response["content"] = {kind: {"schema": schemas.of(reply.content)} for kind in reply.media_types}
    if reply.streamed:
        response["content"][reply.streamed] = {"schema": {"type": "string"}}
    if reply.headers:
        response["headers"] = {
            name: {"description": text, "schema": {"type": "string"}} for name, text in reply.headers.items()
        }
    return response
