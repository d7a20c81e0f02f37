"""What every HTTP request passes before and after its route: names, origins, headers, counting.

An ASGI application around Litestar's. It

- lets document names hold ``/``, which Litestar's routes can't: the name is passed on with ``%2F`` in it;
- refuses requests under a name that isn't the hub's, where it can tell (see ``ServerSettings.knows_host``);
- answers preflights and marks answers for the origins of ``server.origins`` (Fetch Standard §3.2);
- serves the files of the web inbox;
- adds the security headers;
- counts, by route, never by address.
"""

from __future__ import annotations

from time import perf_counter
from typing import Final
from urllib.parse import unquote

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from hub.config import ServerSettings
from hub.errors import Forbidden, Refusal
from hub.server.http.answer import PROBLEM, Answer, Header, encode_json
from hub.server.http.call import header
from hub.server.http.event_stream import is_stream
from hub.server.http.pages import PAGE_SECURITY, TEMPLATE, Pages, wants_page
from hub.server.http.problems import document
from hub.telemetry.metrics import Metrics

SECURITY: Final[tuple[Header, ...]] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""On every answer: nothing is kept by caches, run, framed, told to other sites or guessed at."""

_PREFLIGHT: Final[tuple[Header, ...]] = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, PATCH, DELETE"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Last-Event-ID"),
    (b"access-control-max-age", b"600"),
)
_EXPOSED: Final[Header] = (b"access-control-expose-headers", b"Location, Retry-After, WWW-Authenticate")
_METRICS: Final = "/metrics"
_DOCS: Final = "/v1/docs/"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Front:
    """The hub's HTTP application.

    Args:
        app: Litestar.
        server: whose origins are welcome.
        metrics: what is counted.
        pages: the web inbox.
    """

    def __init__(self, app: ASGIApp, server: ServerSettings, metrics: Metrics, pages: Pages) -> None:
        self._app = app
        self._server = server
        self._metrics = metrics
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the lifespan (ASGI)."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(self._metrics, scope, send, self._origin_headers(scope))
        if self._is_rebound(scope):
            refusal = Forbidden("this is no name of the hub; see `server.origins`")
            await _refused(refusal)(scope, receive, exchange.send)
        elif _is_preflight(scope):
            await self._preflight(scope)(scope, receive, exchange.send)
        elif (page := self._pages.find(scope)) is not None:
            scope["path_template"] = TEMPLATE
            exchange.security = PAGE_SECURITY
            await page(scope, receive, exchange.send)
        else:
            scope["path"] = escape_document_name(scope["path"], scope["raw_path"])
            await self._app(scope, receive, exchange.send)

    def _origin_headers(self, scope: HTTPScope) -> tuple[Header, ...]:
        """What tells a browser that the page's origin may see the answer."""
        origin = header(scope, b"origin")
        if origin is None:
            return ()
        if not self._server.allows_origin(origin, header(scope, b"host")):
            return ((b"vary", b"Origin"),)
        allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
        return (allowed, (b"vary", b"Origin"), _EXPOSED)

    def _preflight(self, scope: HTTPScope) -> Answer:
        if self._server.allows_origin(header(scope, b"origin"), header(scope, b"host")):
            return Answer(204, headers=_PREFLIGHT)
        return _refused(Forbidden("this origin is not in server.origins"))

    def _is_rebound(self, scope: HTTPScope) -> bool:
        """Whether a page of somebody else may be asking, to whom its own name leads here. Programs send no
        ``Origin`` and need a token; ``/metrics`` and the page need none, so they are for those who know the
        hub's name."""
        host, origin = header(scope, b"host"), header(scope, b"origin")
        if self._server.knows_host(host):
            return False
        if scope["path"] == _METRICS or wants_page(scope):
            return True
        return not self._server.allows_origin(origin, host)


class _Exchange:
    """One request and its answer: adds headers, counts when the answer is complete."""

    __slots__ = ("_headers", "_lasts", "_metrics", "_scope", "_send", "_started", "_status", "security")

    def __init__(self, metrics: Metrics, scope: HTTPScope, send: Send, headers: tuple[Header, ...]) -> None:
        self._scope = scope
        self._metrics = metrics
        self._send = send
        self._headers = headers
        self.security = SECURITY
        self._status = 0
        self._lasts = False
        self._started = perf_counter()

    async def send(self, message: Message) -> None:
        """Pass a message on (ASGI)."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._lasts = is_stream(message["headers"])
            message["headers"] = [*message["headers"], *self.security, *self._headers]
        elif message["type"] == "http.response.body" and not message["more_body"]:
            self._count()
        await self._send(message)

    def _count(self) -> None:
        method = self._scope["method"] if self._scope["method"] in _METHODS else "other"
        route = self._scope.get("path_template") or "unmatched"
        self._metrics.http_requests[method, route, self._status] += 1
        if not self._lasts:
            self._metrics.http_seconds.observe(perf_counter() - self._started)


def escape_document_name(path: str, raw_path: bytes) -> str:
    """The path with the slashes of a document's name as ``%2F``; any other path as it is.

    ``/v1/docs/a/b/members/kim`` becomes ``/v1/docs/a%2Fb/members/kim``. Who escapes the name themselves
    may have names with ``/members/`` in them, too.

    Args:
        path: percent-decoded.
        raw_path: as it was sent.
    """
    if not path.startswith(_DOCS):
        return path
    if b"%2f" in raw_path.lower():
        segments = raw_path.decode("ascii", "replace").split("/")
        return "/".join(unquote(segment).replace("/", "%2F") for segment in segments)
    rest = path[len(_DOCS) :].rstrip("/")
    name, found, user = rest.rpartition("/members/")
    if found and "/" not in user:
        return f"{_DOCS}{name.replace('/', '%2F')}/members/{user}"
    if rest.endswith("/members"):
        return f"{_DOCS}{rest[: -len('/members')].replace('/', '%2F')}/members"
    return path


def _refused(refusal: Refusal) -> Answer:
    return Answer(refusal.status, encode_json(document(refusal)), PROBLEM)


def _is_preflight(scope: HTTPScope) -> bool:
    return (
        scope["method"] == "OPTIONS"
        and header(scope, b"origin") is not None
        and header(scope, b"access-control-request-method") is not None
    )
