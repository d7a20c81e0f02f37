"""Routes: a method and a path, what handles it, and what the world is told about it.

``openapi`` makes the document from these, so what is served and what is documented can't part.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from litestar.types import ASGIApp

from hub.errors import Refusal
from hub.server.http.call import Call

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Reply:
    """One documented answer. ``content`` is its type, None for none; ``media_types`` how it comes;
    ``streamed`` the media type as which it comes without end, "" where it never does."""

    description: str
    content: Any = None
    media_types: tuple[str, ...] = ("application/json",)
    streamed: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    """One operation.

    Attributes:
        method: of HTTP.
        path: parameters in braces.
        handle: takes the call, returns the answer, raises ``errors.Refusal``s.
        id: the operation's id.
        tag: the noun it belongs to.
        summary: one line.
        description: more, where one line is not enough.
        scopes: any of which the token needs; () where a token is not needed.
        query: the struct of its query parameters.
        body: the type of its body.
        body_types: the formats a body may have.
        optional_body: whether the body may be missing.
        replies: answers by status.
        refusals: what it refuses with, besides what every route does.
        token_in_query: whether ``?token=`` is taken, too.
        max_body: bytes of a body, None for ``limits.http_body``.
    """

    method: Method
    path: str
    handle: Callable[[Call], Awaitable[ASGIApp]]
    id: str
    tag: str
    summary: str
    replies: Mapping[int, Reply]
    description: str = ""
    scopes: tuple[str, ...] = ()
    query: type[Any] | None = None
    body: Any = None
    body_types: tuple[str, ...] = ("application/json",)
    optional_body: bool = False
    refusals: tuple[type[Refusal], ...] = ()
    token_in_query: bool = False
    max_body: int | None = None
