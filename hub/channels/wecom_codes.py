"""What WeCom's ``errcode`` means for delivery: one table. Pure.

WeCom answers HTTP 200 whatever happened, and JSON with any content type, so the body is judged. Codes:
https://developer.work.weixin.qq.com/document/path/90313; their classes as practice has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from hub.channels.answers import by_status
from hub.channels.outbound import Answer
from hub.model import Milliseconds, Outcome, OutcomeKind

OK: Final = 0
TOO_OFTEN: Final = 45009
"""Too many calls in a minute (blocked for 60 s), an hour or a day (until midnight in China)."""

CODES: Final[Mapping[int, tuple[OutcomeKind, str]]] = {
    -1: ("retry", "the system is busy"),
    6000: ("retry", "another call was changing the same"),
    45033: ("retry", "too many calls at once"),
    40014: ("refresh_token", "the access token is not valid"),
    42001: ("refresh_token", "the access token has expired"),
    40001: ("bad_config", "the secret is wrong"),
    40013: ("bad_config", "the corp id is wrong"),
    40056: ("bad_config", "the agent id is wrong"),
    40091: ("bad_config", "the secret is not valid"),
    41001: ("bad_config", "the access token is missing"),
    43012: ("bad_config", "the application has no callback"),
    48002: ("bad_config", "the application may not call this"),
    48006: ("bad_config", "the right to call this was taken away"),
    50003: ("bad_config", "the application is disabled"),
    60020: ("bad_config", "the hub's address is not on the list of trusted ones"),
    93000: ("bad_config", "the key is wrong, or the robot was removed"),
    93004: ("bad_config", "the robot is stopped"),
    93008: ("bad_config", "the robot is not in the group"),
    301002: ("bad_config", "the application may not do this"),
    40007: ("bad_message", "the media is not valid"),
    40008: ("bad_message", "the type of message is not valid"),
    40033: ("bad_message", "a character is not valid"),
    40058: ("bad_message", "a parameter is not valid or too long"),
    42014: ("bad_message", "the task id was used before"),
    44004: ("bad_message", "the content is empty"),
    45002: ("bad_message", "the content is too long"),
    45008: ("bad_message", "there are too many articles"),
    82001: ("bad_message", "nobody to send to was named"),
    82004: ("bad_message", "a parameter is not valid"),
    46004: ("bad_recipient", "there is no such person"),
    60111: ("bad_recipient", "there is no such person"),
    81013: ("bad_recipient", "nobody of those named can be reached"),
}
"""By code: the class, and what an operator reads. The vendor's own words may repeat what was sent, so they
are not passed on."""

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 86_400.0
_CHINA: Final = 8 * _HOUR
"""China's time is UTC+8 all year."""
_BY_HOUR: Final = re.compile(r"\b(?:hour|hourly)\b|小时", re.I)
_BY_DAY: Final = re.compile(r"\b(?:day|daily)\b|[每当单一今][天日]", re.I)


class _Reply(msgspec.Struct):
    errcode: Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]
    errmsg: Any = ""


def judge(answer: Answer, now: Milliseconds) -> Outcome | None:
    """The outcome of a call to WeCom; None for an ``errcode`` that is not in the table (see ``unknown``)."""
    reply = _read(answer.body)
    if reply is None:
        return _without_words(answer, now)
    if reply.errcode == OK:
        return Outcome("ok", code="0")
    if reply.errcode == TOO_OFTEN:
        return _too_often(str(reply.errmsg), now)
    if reply.errcode not in CODES:
        return None
    kind, words = CODES[reply.errcode]
    return Outcome(kind, "refused", error=f"errcode {reply.errcode}: {words}", code=str(reply.errcode))


def unknown(answer: Answer, *, again: bool) -> Outcome:
    """The outcome of an ``errcode`` that is not in the table: refused for now, and if it comes ``again`` for
    good."""
    reply = _read(answer.body)
    code = str(reply.errcode) if reply else ""
    words = f"errcode {code}, see https://open.work.weixin.qq.com/devtool/query?e={code}"
    return Outcome("bad_message" if again else "retry", "refused", error=words, code=code)


def _without_words(answer: Answer, now: Milliseconds) -> Outcome:
    """An answer that is not WeCom's, or only half of it. One that says success may well have been taken."""
    outcome = by_status(answer, now)
    if outcome.kind != "ok":
        return outcome
    return Outcome("retry", "unknown", error="the answer can't be read", code=outcome.code)


def _too_often(words: str, now: Milliseconds) -> Outcome:
    error = f"errcode {TOO_OFTEN}: too many calls"
    if _BY_DAY.search(words):
        until = _DAY - (now / 1000 + _CHINA) % _DAY
        return Outcome("quota", "refused", until=until, error=f"{error} today", code=str(TOO_OFTEN))
    until = _HOUR if _BY_HOUR.search(words) else _MINUTE
    return Outcome("rate_limited", "refused", until=until, error=error, code=str(TOO_OFTEN))


def _read(body: bytes) -> _Reply | None:
    try:
        return msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"), type=_Reply)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
