"""Errors as problem documents (RFC 9457): ``application/problem+json`` with a stable ``code``.

``{type, title, status, detail, code}``, and ``retry_after`` (ms) where there is one; ``at`` only within the
answers of ``POST /v1/sync``, the one route that takes pushes.

==================== ======= ==============================================================
code                 status  when
==================== ======= ==============================================================
every refusal's own  its own see ``hub.errors``
unauthorized         401     no token, or one that is invalid, expired or whose device was revoked
not_found            404     no such route or thing
method_not_allowed   405     the route exists, the method does not; ``Allow`` tells which do
upgrade_required     426     the path takes WebSocket connections only
==================== ======= ==============================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException

from hub.errors import BadRequest, Internal, NotFound, Refusal, TooBig, Unauthorized, Unavailable
from hub.server.http.answer import PROBLEM, encode_json
from hub.telemetry import logs

TYPE: Final = "urn:tongbu:problem:"
"""A problem's ``type`` is this and its code."""

_log = logs.get("http")


class MethodNotAllowed(Refusal):
    """The route does not take this method."""

    code = "method_not_allowed"
    status = 405


class UpgradeRequired(Refusal):
    """This path takes WebSocket connections only."""

    code = "upgrade_required"
    status = 426


class NotReady(Unavailable):
    """The hub doesn't do its work right now; ``checks`` tell which part.

    Args:
        checks: what was looked at, by name.
    """

    def __init__(self, checks: Mapping[str, Any]) -> None:
        super().__init__("not ready; `checks` tell why")
        self.checks = checks


_HEADERS: Final[Mapping[type[Refusal], Mapping[str, str]]] = {
    Unauthorized: {"www-authenticate": "Bearer"},
    TooBig: {"connection": "close"},
    UpgradeRequired: {"upgrade": "websocket", "connection": "upgrade"},
}
_ROUTING: Final[Mapping[int, type[Refusal]]] = {400: BadRequest, 405: MethodNotAllowed, 413: TooBig}


def title(problem: type[Refusal]) -> str:
    """The sentence that all problems of a kind share."""
    return (problem.__doc__ or problem.code).partition("\n")[0]


def document(refusal: Refusal, *, of_push: bool = False) -> dict[str, Any]:
    """The problem document of a refusal. ``state_vector`` is bytes, for the format it goes out in.

    Args:
        refusal: what was wrong.
        of_push: whether the sender stated the statements. Where the hub made them of a request, ``at``, a
            place among them, would tell nothing and is left out.
    """
    problem: dict[str, Any] = {
        "type": TYPE + refusal.code,
        "title": title(type(refusal)),
        "status": refusal.status,
        "detail": refusal.message,
        "code": refusal.code,
    }
    for name in ("at", "retry_after", "state_vector") if of_push else ("retry_after",):
        value = getattr(refusal, name)
        if value is not None:
            problem[name] = value
    return problem


def problem_response(refusal: Refusal, extra: Mapping[str, Any] | None = None) -> Response[bytes]:
    """The whole answer; ``extra`` are further members of the document."""
    headers = dict(_HEADERS.get(type(refusal), {}))
    if refusal.retry_after is not None:
        headers["retry-after"] = str(-(-refusal.retry_after // 1000))
    return Response(
        encode_json({**document(refusal), **(extra or {})}),
        status_code=refusal.status,
        media_type=PROBLEM.decode(),
        headers=headers,
    )


def on_refusal(_request: Request[Any, Any, Any], refusal: Refusal) -> Response[bytes]:
    """Answer what a handler refused."""
    if isinstance(refusal, NotReady):
        return problem_response(refusal, {"ready": False, "checks": refusal.checks})
    return problem_response(refusal)


def on_routing_error(_request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Answer what Litestar refused before a handler was found."""
    kind = _ROUTING.get(error.status_code)
    if kind is None:
        return problem_response(NotFound("there is no such route"))
    response = problem_response(kind(error.detail if kind is BadRequest else None))
    response.headers.update({name.lower(): value for name, value in (error.headers or {}).items()})
    return response


def on_failure(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """Answer what nobody foresaw; the log tells the operator, without the address, which may hold a token."""
    _log.error(
        "http.failed",
        method=request.scope["method"],
        route=request.scope.get("path_template", ""),
        exc_info=error,
    )
    return problem_response(Internal())
