"""Standard Webhooks: the event and its item as JSON, signed (https://www.standardwebhooks.com, v1.0.0).

::

    POST <base_url>
    webhook-id: the same for every call of one delivery
    webhook-timestamp: seconds since 1970, of this call
    webhook-signature: v1,<base64 of HMAC-SHA256(secret, "id.timestamp.body")>
        one for each secret, divided by blanks

    {"type": "task.finalized", "timestamp": "2026-01-02T03:04:05.678Z",
     "data": {"event": {id, type, topic, user, item, attempt, status, at},
              "item": {id, kind, title, text, link, level, source, tags, data}, "user", "custom"?}}
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from hub.channels.answers import by_status
from hub.channels.outbound import Outbound, address
from hub.channels.text import shorten
from hub.config.outward import WebhookSettings
from hub.errors import BadConfig
from hub.model import Json, Message, Milliseconds, Outcome
from hub.ports import ChannelTraits, Clock

SECRET_PREFIX: Final = "whsec_"
MAX_BODY: Final = 512 * 1024
"""Bytes; an item's record has at most 128 KiB. ``data`` is left out of what is larger."""
MAX_TITLE: Final = 4 * 1024
MAX_TEXT: Final = 64 * 1024
"""Bytes of UTF-8; what is longer is cut with "…"."""
MAX_SHORT: Final = 2 * 1024
"""Bytes of everything else that is one line."""
MAX_TAGS: Final = 32
PARALLEL: Final = 8


class Webhook:
    """Implements ``ports.Channel``.

    Args:
        name: the channel's.
        settings: its section.
        call_timeout: seconds a call may take.
        clock: stamps the calls.

    Raises:
        BadConfig: a secret is not base64, or the address is none.
    """

    def __init__(self, name: str, settings: WebhookSettings, call_timeout: float, clock: Clock) -> None:
        self.name = name
        self._clock = clock
        self._url = address(name, settings.base_url)
        self._secrets = _secrets(name, settings.secret)
        self._outbound = Outbound(call_timeout, allow_private=settings.allow_private)
        self.traits = ChannelTraits(
            kind="webhook",
            idempotent=True,
            parallel=PARALLEL,
            burst=0,
            per_minute=0,
            allow_core=settings.allow_core,
            mask=settings.mask,
            language=settings.language,
            host=self._url.host_port_subcomponent or "",
            recipient=settings.base_url,
        )

    def render(self, message: Message) -> tuple[bytes, ...]:
        """See ``ports.Channel``: always one body."""
        body = _encode(_payload(message, _sound(message.data)))
        return (body if len(body) <= MAX_BODY else _encode(_payload(message, None)),)

    def repeated(self, body: bytes, mark: str) -> bytes:
        """See ``ports.Channel``: the receiver knows the ``webhook-id``."""
        return body

    async def send(self, body: bytes, key: str) -> Outcome:
        """See ``ports.Channel``."""
        timestamp = self._clock.now() // 1000
        headers = {
            "webhook-id": key,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secrets, key, timestamp, body),
        }
        answer = await self._outbound.post(self._url, body, headers)
        return answer if isinstance(answer, Outcome) else by_status(answer, self._clock.now())

    async def close(self) -> None:
        """See ``ports.Channel``."""
        await self._outbound.close()


def sign(secrets: Sequence[bytes], key: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: one signature for each secret. ``timestamp`` in seconds."""
    signed = f"{key}.{timestamp}.".encode() + body
    digests = (hmac.digest(secret, signed, hashlib.sha256) for secret in secrets)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _secrets(name: str, text: str) -> tuple[bytes, ...]:
    """The secrets, divided by blanks, with or without ``whsec_`` and padding."""
    try:
        secrets = tuple(_secret(each.removeprefix(SECRET_PREFIX)) for each in text.split())
    except (binascii.Error, ValueError):
        secrets = ()
    if not secrets or not all(secrets):
        raise BadConfig(f'channels.{name}.secret is "whsec_" and base64; several are divided by blanks')
    return secrets


def _secret(encoded: str) -> bytes:
    return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)


def _payload(message: Message, data: Json) -> dict[str, Any]:
    event = message.event
    body: dict[str, Any] = {
        "type": event.type,
        "timestamp": _moment(event.at),
        "data": {
            "event": {
                "id": event.id,
                "type": event.type,
                "topic": event.topic,
                "user": event.user,
                "item": event.item,
                "attempt": event.attempt,
                "status": event.status,
                "at": event.at,
            },
            "item": {
                "id": event.item,
                "kind": message.kind,
                "title": shorten(_valid(message.title), MAX_TITLE),
                "text": shorten(_valid(message.text), MAX_TEXT),
                "link": None if message.link is None else shorten(_valid(message.link), MAX_TITLE),
                "level": message.level,
                "source": None if message.source is None else shorten(_valid(message.source), MAX_SHORT),
                "tags": [shorten(_valid(tag), MAX_SHORT) for tag in message.tags[:MAX_TAGS]],
                "data": data,
            },
            "user": message.user,
        },
    }
    if message.custom is not None:
        body["data"]["custom"] = shorten(_valid(message.custom), MAX_TEXT)
    return body


def _moment(at: Milliseconds) -> str:
    """ISO 8601 in UTC with milliseconds."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _valid(text: str) -> str:
    """The text with halves of code points replaced: UTF-8 can't hold them."""
    return text.encode("utf-8", "replace").decode()


def _sound(value: Json) -> Json:
    """JSON that every receiver can read: no NaN, no halves of code points."""
    match value:
        case str():
            return _valid(value)
        case float() if not math.isfinite(value):
            return None
        case list():
            return [_sound(each) for each in value]
        case dict():
            return {_valid(key): _sound(each) for key, each in value.items()}
        case _:
            return value


def _encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
