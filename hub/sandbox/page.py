"""The page at ``/``: one file, no other resource, and a policy under which nothing else runs."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def page() -> tuple[bytes, Mapping[str, str]]:
    """The file, and the headers it is served with."""
    html = files("hub.sandbox").joinpath("page.html").read_bytes()
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(html, b'script')}",
            f"style-src {_hash(html, b'style')}",
            "connect-src 'self'",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    )
    return html, {
        "Content-Security-Policy": policy,
        "Content-Type": "text/html; charset=utf-8",
        "Cache-Control": "no-cache",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _hash(html: bytes, tag: bytes) -> str:
    """The policy's word for the file's one inline script or style."""
    (text,) = re.findall(rb"<%b>(.*?)</%b>" % (tag, tag), html, re.DOTALL)
    return f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'"
