"""How the vendor answers, word for word. Pure.

The shape of ``errmsg`` is that of real answers: the words, a hint, the caller's address, where to read more.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from hub.model import Milliseconds

JSON: Final = "application/json; charset=UTF-8"
HTML: Final = "text/html; charset=utf-8"
WORDS: Final[Mapping[int, str]] = {
    -1: "system busy",
    40058: "markdown.content exceed max length 4096. invalid Request Parameter",
    43002: "require POST method",
    45002: "message content size out of limit",
    45009: "api freq out of limit",
    93000: "invalid webhook url",
}
"""By code, of the errors that don't depend on the body."""
STATUS_WORDS: Final = {200: "Sign in", 500: "Internal Server Error", 502: "Bad Gateway"}

Manner = Literal["whole", "half", "never", "late"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP response, and the ``manner`` in which it is sent: ``never``: the caller waits in vain;
    ``late``: after ``seconds``."""

    body: bytes
    status: int = 200
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    manner: Manner = "whole"
    seconds: float = 0.0


def success() -> Answer:
    """The message was taken."""
    return Answer(b'{"errcode":0,"errmsg":"ok"}')


def failure(code: int, words: str) -> Answer:
    """The vendor refuses: as always with status 200."""
    return Answer(json.dumps({"errcode": code, "errmsg": words}, separators=(",", ":")).encode())


def sentence(code: int, words: str, now: Milliseconds, number: int, address: str) -> str:
    """The vendor's ``errmsg``; ``number`` makes its hint one of a kind."""
    more = f"https://open.work.weixin.qq.com/devtool/query?e={code}"
    return f"{words}, hint: [{now // 1000}{number:015d}], from ip: {address}, more info at {more}"


def page(status: int) -> Answer:
    """A gateway's page in place of the vendor's answer."""
    words = STATUS_WORDS[status]
    html = f"<html>\r\n<head><title>{words}</title></head>\r\n<body><h1>{words}</h1></body>\r\n</html>\r\n"
    return Answer(html.encode(), status, HTML)


def too_many(seconds: float) -> Answer:
    """A gateway's 429. ``Retry-After`` is in whole seconds."""
    return Answer(
        b"Too Many Requests\r\n", 429, "text/plain; charset=utf-8", {"Retry-After": str(math.ceil(seconds))}
    )
