"""A WeCom group robot (消息推送): ``POST /cgi-bin/webhook/send?key=…``.

Text of 2,048 bytes or markdown of 4,096, 20 messages a minute, no message id, no idempotency
(https://developer.work.weixin.qq.com/document/path/99110).
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any, Final

from hub.channels import wecom_codes, wecom_layout
from hub.channels.outbound import Outbound, address
from hub.channels.passage import size
from hub.channels.text import below, shorten, split
from hub.config.outward import WecomRobotSettings
from hub.errors import BadValue
from hub.model import Message, Outcome
from hub.ports import ChannelTraits, Clock, SystemClock

LIMITS: Final = {"markdown": 4096, "text": 2048}
"""Bytes of ``content``, by type of message."""
MARK_ROOM: Final = 16
"""Bytes of them that are left for the short id of a repetition."""
BURST: Final = 5
PER_MINUTE: Final = 15
"""Together the vendor's 20 in any minute."""
REMEMBERED: Final = 1000
"""Messages of which it is known that the vendor gave an unknown code."""

_PATH: Final = ("cgi-bin", "webhook", "send")


class WecomRobot:
    """Implements ``ports.Channel``.

    Args:
        name: the channel's.
        settings: its section.
        call_timeout: seconds a call may take.
        clock: tells when a vendor's day ends.

    Raises:
        BadConfig: the address is none.
    """

    def __init__(
        self, name: str, settings: WecomRobotSettings, call_timeout: float, clock: Clock | None = None
    ) -> None:
        self.name = name
        self._format = settings.format
        self._mentioned = settings.mentioned
        self._clock = clock or SystemClock()
        url = address(name, settings.base_url)
        self._url = url.joinpath(*_PATH).with_query({"key": settings.key})
        self._outbound = Outbound(call_timeout, allow_private=True)
        self._doubted: OrderedDict[str, None] = OrderedDict()
        self.traits = ChannelTraits(
            kind="wecom_robot",
            idempotent=False,
            parallel=1,
            burst=BURST,
            per_minute=PER_MINUTE,
            allow_core=settings.allow_core,
            mask=settings.mask,
            language=settings.language,
            host=url.host_port_subcomponent or "",
            recipient=settings.key,
        )

    def render(self, message: Message) -> tuple[bytes, ...]:
        """See ``ports.Channel``. Mentions go with the first part."""
        if self._format == "markdown":
            content, ending = wecom_layout.markdown(message, self._mentioned)
        else:
            content, ending = wecom_layout.plain(message)
        if not content.strip():
            raise BadValue("there is nothing to say")
        budget = LIMITS[self._format] - MARK_ROOM
        parts = split(content, budget, ending, markup=self._format == "markdown")
        return tuple(self._body(part, first=place == 0) for place, part in enumerate(parts))

    def repeated(self, body: bytes, mark: str) -> bytes:
        """See ``ports.Channel``: `` #a1b2c3`` at the end."""
        message = json.loads(body)
        kind = message["msgtype"]
        short_id = "#" + mark.lstrip("#")[: MARK_ROOM - 2]
        content = shorten(message[kind]["content"], LIMITS[kind] - size(short_id) - 1)
        message[kind]["content"] = below(content) + short_id
        return _encode(message)

    async def send(self, body: bytes, key: str) -> Outcome:
        """See ``ports.Channel``. A code that is not known is taken for a passing trouble once a message."""
        answer = await self._outbound.post(self._url, body)
        if isinstance(answer, Outcome):
            return answer
        outcome = wecom_codes.judge(answer, self._clock.now())
        if outcome is None:
            outcome = wecom_codes.unknown(answer, again=self._doubt(key))
        return outcome

    async def close(self) -> None:
        """See ``ports.Channel``."""
        await self._outbound.close()

    def _body(self, content: str, first: bool) -> bytes:
        inner: dict[str, Any] = {"content": content}
        if first and self._format == "text" and (mentioned := wecom_layout.people(self._mentioned)):
            inner["mentioned_list"] = mentioned
        return _encode({"msgtype": self._format, self._format: inner})

    def _doubt(self, key: str) -> bool:
        """Whether the message was answered by an unknown code before; from now on it was."""
        before = key in self._doubted
        self._doubted[key] = None
        if len(self._doubted) > REMEMBERED:
            self._doubted.popitem(last=False)
        return before


def _encode(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
