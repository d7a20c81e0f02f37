"""What a WeCom group robot takes: one request body in, one message or the vendor's error out. Pure.

Limits: https://developer.work.weixin.qq.com/document/path/99110. All sizes are bytes of UTF-8.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_BYTES: Final = {"text": 2048, "markdown": 4096, "markdown_v2": 4096}
MAX_IMAGE: Final = 2 * 1024 * 1024
MAX_ARTICLES: Final = 8
MAX_TITLE: Final = 128
MAX_DESCRIPTION: Final = 512
MAX_GLIMPSE: Final = 300
"""Characters shown of what was refused."""
IMAGE_KINDS: Final = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
"""By their first bytes."""


@dataclass(frozen=True, slots=True)
class RobotMessage:
    """What the group sees. ``content`` is the text as sent, for pictures, files and cards what they are."""

    msgtype: str
    content: str
    mentioned: tuple[str, ...] = ()


class Rejected(Exception):
    """The vendor does not take it: ``code`` and the vendor's words."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(code, words)
        self.code = code
        self.words = words


def read(body: bytes) -> RobotMessage:
    """The message of one request.

    Raises:
        Rejected: no JSON object (47001), unknown type (40008), nothing in it (44004), too long or a field
            missing (40058), or what is said at the single types.
    """
    request = _object(body)
    msgtype = request.get("msgtype")
    if not isinstance(msgtype, str) or msgtype not in _READERS:
        raise Rejected(40008, "invalid message type")
    content = request.get(msgtype)
    if not isinstance(content, dict):
        raise Rejected(44004, "empty content")
    return _READERS[msgtype](msgtype, content)


def glimpse(body: bytes) -> RobotMessage | None:
    """What a refused request wanted to say, as far as it can be read; None for nothing."""
    try:
        request = _object(body)
    except Rejected:
        return None
    msgtype = request.get("msgtype")
    content = request.get(msgtype) if isinstance(msgtype, str) else None
    words = content.get("content") if isinstance(content, dict) else None
    if not isinstance(msgtype, str):
        return None
    return RobotMessage(msgtype[:32], words[:MAX_GLIMPSE] if isinstance(words, str) else "")


def _object(body: bytes) -> dict[str, object]:
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        raise Rejected(47001, "data format error") from None
    if not isinstance(request, dict):
        raise Rejected(47001, "data format error")
    return request


def _text(msgtype: str, content: Mapping[str, object]) -> RobotMessage:
    text = _string(msgtype, content, "content")
    if not text:
        raise Rejected(44004, "empty content")
    limit = MAX_BYTES[msgtype]
    if _size(text) > limit:
        raise _invalid(f"{msgtype}.content exceed max length {limit}")
    mentioned = content.get("mentioned_list") if msgtype == "text" else None
    names = mentioned if isinstance(mentioned, list) else []
    return RobotMessage(msgtype, text, tuple(name for name in names if isinstance(name, str))[:100])


def _image(msgtype: str, content: Mapping[str, object]) -> RobotMessage:
    try:
        picture = base64.b64decode(_string(msgtype, content, "base64"), validate=True)
    except (ValueError, binascii.Error):
        raise _invalid("image.base64 is not base64") from None
    if not picture:
        raise Rejected(44004, "empty content")
    if len(picture) > MAX_IMAGE:
        raise Rejected(45001, "media size out of limit")
    kind = next((name for start, name in IMAGE_KINDS.items() if picture.startswith(start)), None)
    if kind is None:
        raise Rejected(40005, "invalid file type")
    digest = hashlib.md5(picture, usedforsecurity=False).hexdigest()
    if _string(msgtype, content, "md5").lower() != digest:
        raise Rejected(301019, "md5 not match")
    return RobotMessage(msgtype, f"{kind}, {-(-len(picture) // 1024)} KiB")


def _news(msgtype: str, content: Mapping[str, object]) -> RobotMessage:
    articles = content.get("articles")
    if not isinstance(articles, list) or not 1 <= len(articles) <= MAX_ARTICLES:
        raise Rejected(45008, "article count out of limit")
    return RobotMessage(msgtype, "\n\n".join(map(_article, articles)))


def _article(article: object) -> str:
    """Title, description and address, the first two cut as the vendor cuts them."""
    if not isinstance(article, dict):
        raise _invalid("news.articles is no list of objects")
    title, url = (_string("news.articles", article, name) for name in ("title", "url"))
    if not title or not url:
        raise _invalid(f"missing field `news.articles.{'url' if title else 'title'}`")
    description = article.get("description")
    words = _cut(description, MAX_DESCRIPTION) if isinstance(description, str) else ""
    return "\n".join(filter(None, (_cut(title, MAX_TITLE), words, url)))


def _media(msgtype: str, content: Mapping[str, object]) -> RobotMessage:
    media = _string(msgtype, content, "media_id")
    if not 1 <= len(media) <= 512:
        raise Rejected(40007, "invalid media_id")
    return RobotMessage(msgtype, media)


def _card(msgtype: str, content: Mapping[str, object]) -> RobotMessage:
    if content.get("card_type") not in ("text_notice", "news_notice"):
        raise _invalid("invalid template_card.card_type")
    if not isinstance(content.get("card_action"), dict):
        raise _invalid("missing field `template_card.card_action`")
    main = content.get("main_title")
    found = [main.get("title"), main.get("desc")] if isinstance(main, dict) else []
    words = [part for part in (*found, content.get("sub_title_text")) if isinstance(part, str) and part]
    if not words:
        raise _invalid("missing field `template_card.main_title.title`")
    return RobotMessage(msgtype, "\n".join(words))


_READERS: Final[Mapping[str, Callable[[str, Mapping[str, object]], RobotMessage]]] = {
    "text": _text,
    "markdown": _text,
    "markdown_v2": _text,
    "image": _image,
    "news": _news,
    "file": _media,
    "voice": _media,
    "template_card": _card,
}


def _string(place: str, fields: Mapping[str, object], name: str) -> str:
    """A text field; "" where it is missing."""
    value = fields.get(name, "")
    if not isinstance(value, str):
        raise _invalid(f"{place}.{name} is not a string")
    return value


def _invalid(words: str) -> Rejected:
    return Rejected(40058, f"{words}. invalid Request Parameter")


def _size(text: str) -> int:
    """Bytes, also of what JSON can say and UTF-8 can't (a lone surrogate)."""
    return len(text.encode(errors="surrogatepass"))


def _cut(text: str, limit: int) -> str:
    return text.encode(errors="replace")[:limit].decode(errors="ignore")
