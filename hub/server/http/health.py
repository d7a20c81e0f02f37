"""What operators and machines ask: is it alive, does it work, how much; and what is this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from litestar.types import ASGIApp

from hub.errors import Unavailable
from hub.server.http.answer import Answer, json_answer
from hub.server.http.call import Call
from hub.server.http.problems import NotReady, UpgradeRequired
from hub.server.http.route import Reply, Route
from hub.server.http.shapes import About, Health, Readiness
from hub.telemetry.metrics import CONTENT_TYPE, Metrics


class Readable(Protocol):
    """Tells whether the hub does its work."""

    def ready(self) -> tuple[bool, Mapping[str, Any]]:
        """Whether writes are taken, and what was looked at, by name, as JSON without secrets."""
        ...


class HealthRoutes:
    """Routes that need no token."""

    def __init__(self, health: Readable, metrics: Metrics, version: str) -> None:
        self._health = health
        self._metrics = metrics
        self._version = version

    def routes(self) -> Sequence[Route]:
        """All of them."""
        page = (CONTENT_TYPE.partition(";")[0],)
        return (
            Route("GET", "/", self.about, "about", "health", "What this is", {200: Reply("This.", About)}),
            Route(
                "GET",
                "/healthz",
                self.alive,
                "healthz",
                "health",
                "Whether the process lives",
                {200: Reply("It does.", Health)},
            ),
            Route(
                "GET",
                "/readyz",
                self.ready,
                "readyz",
                "health",
                "Whether the hub does its work",
                {200: Reply("It does; the checks by name.", Readiness)},
                "When it doesn't, the problem document carries `ready` and `checks` as well.",
                refusals=(Unavailable,),
            ),
            Route(
                "GET",
                "/metrics",
                self.metrics,
                "metrics",
                "health",
                "Numbers for Prometheus",
                {200: Reply("In Prometheus's text format.", str, page)},
            ),
            Route(
                "GET",
                "/v1/connect",
                self.connect,
                "connect",
                "health",
                "Where sockets connect",
                {},
                "WebSocket only, subprotocol `tongbu.v1`.",
                refusals=(UpgradeRequired,),
            ),
        )

    async def about(self, _call: Call) -> ASGIApp:
        """A few words for whoever opens the address."""
        return json_answer(About("Tongbu", self._version, "/openapi.json", "/v1/connect"))

    async def alive(self, _call: Call) -> ASGIApp:
        """Always."""
        return json_answer(Health("ok"))

    async def ready(self, _call: Call) -> ASGIApp:
        """200, or 503 with what is wrong."""
        ready, checks = self._health.ready()
        if not ready:
            raise NotReady(checks)
        return json_answer({"ready": True, "checks": checks})

    async def metrics(self, _call: Call) -> ASGIApp:
        """The page."""
        return Answer(200, self._metrics.render(), CONTENT_TYPE.encode())

    async def connect(self, _call: Call) -> ASGIApp:
        """Only sockets find something here."""
        raise UpgradeRequired
