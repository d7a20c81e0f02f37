"""``build``: routes, Litestar and the front put together into the hub's HTTP application.

Litestar routes and keeps the handlers apart; bodies, answers and the OpenAPI document are our own (see
``call``, ``answer``, ``openapi``), because its conversions are lenient and its responses dear.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from typing import Any, Final

from litestar import Litestar, Request
from litestar.enums import HttpMethod
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, HTTPScope, Receive

from hub.config import Config
from hub.engine.actions import Actions
from hub.engine.people import People
from hub.errors import Refusal
from hub.model import Identity, Milliseconds, UserId
from hub.ports import Authenticator, Clock
from hub.server.http.answer import Answer, encode_json
from hub.server.http.call import Call
from hub.server.http.channels import ChannelRoutes
from hub.server.http.deliveries import DeliveryRoutes
from hub.server.http.desk import Desk
from hub.server.http.devices import DeviceRoutes
from hub.server.http.event_stream import Streams
from hub.server.http.events import EventRoutes
from hub.server.http.front import Front
from hub.server.http.gate import Gate
from hub.server.http.health import HealthRoutes, Readable
from hub.server.http.inbox import InboxRoutes
from hub.server.http.items import ItemRoutes
from hub.server.http.linking import LinkRoutes
from hub.server.http.members import MemberRoutes
from hub.server.http.openapi import openapi_document
from hub.server.http.pages import Pages
from hub.server.http.problems import on_failure, on_refusal, on_routing_error
from hub.server.http.route import Reply, Route
from hub.server.http.stream import STREAM, StreamRoutes
from hub.server.http.sync import SyncRoutes
from hub.server.http.tokens import TokenRoutes
from hub.server.http.users import UserRoutes
from hub.telemetry.metrics import Metrics

NOBODY: Final = Identity(UserId(""), frozenset(), Milliseconds(0))
"""Who calls a route that needs no token."""

_SYNC_FACTOR: Final = 4
"""A sync may bring several topics' pushes, and base64 adds a third."""

Handle = Callable[[HTTPScope, Receive], Awaitable[ASGIApp]]


def build(
    actions: Actions,
    people: People,
    desk: Desk,
    authenticator: Authenticator,
    health: Readable,
    metrics: Metrics,
    clock: Clock,
    config: Config,
) -> Front:
    """The HTTP application (ASGI) over an engine.

    Args:
        actions: items, counts, streams, sync.
        people: users, members, devices.
        desk: events, deliveries, channels.
        authenticator: verifies tokens.
        health: tells whether the hub works.
        metrics: counted here, and shown at ``/metrics``.
        clock: tells what has expired.
        config: ``server.origins``, ``limits.http_body``, ``limits.message``, ``limits.topics``.
    """
    version = _version()
    limits = config.limits
    streams = Streams(clock)
    routes = [
        *ItemRoutes(actions).routes(),
        *UserRoutes(people).routes(),
        *InboxRoutes(actions).routes(),
        *StreamRoutes(actions, streams).routes(),
        *SyncRoutes(actions, people, limits.topics, _SYNC_FACTOR * limits.message).routes(),
        *MemberRoutes(people).routes(),
        *DeviceRoutes(people).routes(),
        *LinkRoutes(people).routes(),
        *TokenRoutes(people).routes(),
        *EventRoutes(desk, people, streams).routes(),
        *DeliveryRoutes(desk).routes(),
        *ChannelRoutes(desk).routes(),
        *HealthRoutes(health, metrics, version).routes(),
    ]
    routes.append(_openapi_route(routes, version))
    gate = Gate(authenticator, people, clock)
    return Front(_litestar(routes, gate, limits.http_body), config.server, metrics, Pages())


def _litestar(routes: Sequence[Route], gate: Gate, max_body: int) -> Litestar:
    by_path: dict[str, dict[str, Handle]] = {}
    for route in routes:
        by_path.setdefault(route.path, {})[route.method] = _handle(route, gate, route.max_body or max_body)
    return Litestar(
        [_handler(path, handles) for path, handles in by_path.items()],
        exception_handlers={
            Refusal: on_refusal,
            HTTPException: on_routing_error,
            Exception: on_failure,
        },
        # Litestar's own would log addresses, which may hold tokens; and the environment is no configuration.
        logging_config=None,
        debug=False,
        pdb_on_exception=False,
        openapi_config=None,
    )


def _handle(route: Route, gate: Gate, max_body: int) -> Handle:
    """Identify the caller, then do what the route does."""
    handle, is_open, token_in_query = route.handle, not route.scopes, route.token_in_query

    async def identified(scope: HTTPScope, receive: Receive) -> ASGIApp:
        identity = NOBODY if is_open else await gate.identify(scope, token_in_query)
        return await handle(Call(identity, scope, receive, max_body))

    return identified


def _handler(path: str, handles: dict[str, Handle]) -> HTTPRouteHandler:
    """Litestar's handler of a path, for all its methods; ``HEAD`` is ``GET``, whose body the server drops."""
    if "GET" in handles and not path.endswith(STREAM):
        handles["HEAD"] = handles["GET"]
    allowed = Answer(204, headers=[(b"allow", ", ".join(sorted([*handles, "OPTIONS"])).encode())])

    async def options(_scope: HTTPScope, _receive: Receive) -> ASGIApp:
        return allowed

    handles["OPTIONS"] = options

    async def handler(request: Request[Any, Any, Any]) -> ASGIApp:
        scope = request.scope
        return await handles[scope["method"]](scope, request.receive)

    return HTTPRouteHandler(
        path.replace("}", ":str}"),
        http_method=[HttpMethod(each) for each in handles],
        name=path,
        status_code=200,
    )(handler)


def _openapi_route(routes: Sequence[Route], version: str) -> Route:
    """The document's own route; the document holds it, too."""

    async def read(_call: Call) -> ASGIApp:
        return Answer(200, document)

    route = Route(
        "GET",
        "/openapi.json",
        read,
        "openapi",
        "health",
        "This document",
        {200: Reply("OpenAPI 3.1.", dict[str, Any])},
    )
    document = encode_json(openapi_document([*routes, route], version))
    return route


def _version() -> str:
    try:
        return installed("tongbu")
    except PackageNotFoundError:
        return "0"
