"""The web inbox: built files under ``hub/static``, read once, served from memory.

What the build names by its content (``assets/``) may be kept for ever; everything else is asked for again
each time and answered 304 while it is the same. Any address that is not the API's shows the page to a
browser, so that a link into the inbox works; programs get the API's own answer there.
"""

from __future__ import annotations

import gzip
import mimetypes
from hashlib import sha256
from pathlib import Path
from typing import Final

from litestar.types import HTTPScope

from hub.server.http.answer import Answer, Header
from hub.server.http.call import header

STATIC: Final = Path(__file__).resolve().parents[2] / "static"
"""Where the build lies in the installed package."""

PAGE_SECURITY: Final[tuple[Header, ...]] = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        b"manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
"""On every file of the page: nothing runs but what the hub serves, and it talks to the hub alone."""

TEMPLATE: Final = "/{page}"
"""What the page's files are counted as."""

_API: Final = frozenset({"v1", "yjs", "hocuspocus", "healthz", "readyz", "metrics", "openapi.json", "assets"})
_INDEX: Final = "index.html"
_WORTH_COMPRESSING: Final = 512
_TYPES: Final = {
    ".webmanifest": "application/manifest+json",
    ".js": "text/javascript",
    ".ico": "image/x-icon",
}
_FOR_EVER: Final[Header] = (b"cache-control", b"public, max-age=31536000, immutable")
_ASK_AGAIN: Final[Header] = (b"cache-control", b"no-cache")
_BY_ENCODING: Final[Header] = (b"vary", b"accept, accept-encoding")


class Page:
    """One file, as it is sent."""

    __slots__ = ("_plain", "_same", "_small", "_tag")

    def __init__(self, name: str, content: bytes) -> None:
        media_type = _media_type(name)
        self._tag = f'"{sha256(content).hexdigest()[:32]}"'
        kept = _FOR_EVER if name.startswith("assets/") else _ASK_AGAIN
        headers: list[Header] = [kept, (b"etag", self._tag.encode()), _BY_ENCODING]
        self._plain = Answer(200, content, media_type, headers)
        self._small = self._plain
        if len(content) >= _WORTH_COMPRESSING and not media_type.startswith(b"image/png"):
            packed = gzip.compress(content, 9, mtime=0)
            self._small = Answer(200, packed, media_type, [*headers, (b"content-encoding", b"gzip")])
        self._same = Answer(304, b"", media_type, headers)

    def answer(self, scope: HTTPScope) -> Answer:
        """Whole or compressed, or only that it is still the same (RFC 9110 §13.1.2)."""
        known = header(scope, b"if-none-match")
        if known is not None and self._tag in known:
            return self._same
        return self._small if "gzip" in (header(scope, b"accept-encoding") or "") else self._plain


class Pages:
    """All files of the page.

    Args:
        folder: where they lie; none there, none served.
    """

    def __init__(self, folder: Path = STATIC) -> None:
        self._pages = {
            name: Page(name, path.read_bytes())
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not (name := path.relative_to(folder).as_posix()).startswith(".")
        }

    def find(self, scope: HTTPScope) -> Answer | None:
        """What a request for a file of the page, or by a browser for any of its addresses, is answered."""
        if scope["method"] not in ("GET", "HEAD"):
            return None
        name = scope["path"][1:]
        page = self._pages.get(name) if name != _INDEX else None
        if page is None and name.partition("/")[0] not in _API and wants_page(scope):
            page = self._pages.get(_INDEX)
        return None if page is None else page.answer(scope)


def wants_page(scope: HTTPScope) -> bool:
    """Whether somebody opens an address in a browser."""
    return "text/html" in (header(scope, b"accept") or "")


def _media_type(name: str) -> bytes:
    suffix = Path(name).suffix
    media_type = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    is_text = media_type.startswith("text/") or media_type.endswith("json")
    return f"{media_type}; charset=utf-8".encode() if is_text else media_type.encode()
