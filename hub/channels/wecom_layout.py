"""A message as a WeCom group robot shows it: its markdown, or plain text. Pure.

WeCom's markdown is a small one: headings, bold, links, code, quotes, ``<font color="info|comment|warning">``
and the mention ``<@userid>``; it has no escape character
(https://developer.work.weixin.qq.com/document/path/99110). So what comes from users keeps its emphasis, and
what would be a link, a mention or a tag in it is written with a full-width character, which means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeGuard

from hub.channels.text import Ending, clean, line
from hub.channels.wording import COLON, DETAILS, WHOLE, headline
from hub.model import Message

MAX_MENTIONS: Final = 50
EVERYBODY: Final = "@all"

_USER_ID: Final = re.compile(r"[A-Za-z0-9_.@-]{1,64}")
_TAG: Final = re.compile(r"<(?=\s*[@/!?A-Za-z])")
_LINK: Final = re.compile(r"\]([^\S\n]*)\(")
_URL: Final = re.compile(r"https?://[^\s<>\"\\]+", re.I)


def markdown(message: Message, mentioned: Sequence[str]) -> tuple[str, Ending]:
    """The message in WeCom's markdown, and what stands below it."""
    if message.custom is not None:
        head = [_templated(clean(message.custom), message.link)]
    else:
        head = [_bold(line(message.title)), _status(message, _coloured)]
    mentions = " ".join(f"<@{user}>" for user in people(mentioned) if user != EVERYBODY)
    content = _layout([*head, mentions], harmless(_body(message)))
    return content, _ending(message, _markdown_link)


def plain(message: Message) -> tuple[str, Ending]:
    """The message in plain text, and what stands below it."""
    if message.custom is not None:
        head = [harmless(clean(message.custom))]
    else:
        head = [harmless(line(message.title)), _status(message, lambda words, _tone: words)]
    return _layout(head, harmless(_body(message))), _ending(message, _plain_link)


def harmless(text: str) -> str:
    """The text without tags, mentions and links that WeCom would see in it."""
    return _LINK.sub(r"]\1（", _TAG.sub("＜", text))


def people(mentioned: Iterable[str]) -> list[str]:
    """Those of the user ids that WeCom could have given out, and ``@all``; not endlessly many."""
    return [user for user in mentioned if _USER_ID.fullmatch(user)][:MAX_MENTIONS]


def _layout(head: Iterable[str], body: str) -> str:
    """The lines of the head, a blank line, the body; without what is empty."""
    upper = "\n".join(text for text in head if text.strip())
    return "\n\n".join(text for text in (upper, body.rstrip()) if text.strip())


def _body(message: Message) -> str:
    return clean(message.text) if message.custom is None else ""


def _status(message: Message, coloured: Callable[[str, str], str]) -> str:
    found = headline(message)
    words = [coloured(str(found), found.tone)] if found else []
    if message.source and (source := harmless(line(message.source))):
        words.append(coloured(source, "comment"))
    return " · ".join(words)


def _templated(text: str, link: str | None) -> str:
    """What a template made: it may link to the item's own address, as ``[words]({link})``."""
    if not _is_link(link):
        return harmless(text)
    return f"]({_target(link)})".join(map(harmless, text.split(f"]({link})")))


def _bold(title: str) -> str:
    """Bold, whatever stands in it."""
    return f"**{harmless(title.replace('**', '＊＊').replace('`', '′'))}**" if title else ""


def _coloured(words: str, tone: str) -> str:
    return f'<font color="{tone}">{words.replace("<", "＜")}</font>'


def _ending(message: Message, link: Callable[[str, str, str], str]) -> Ending:
    """The link; one that a template made says itself whether it wants one, until it is cut."""
    if not _is_link(message.link):
        return Ending()
    language = message.language
    whole = link(DETAILS[language], COLON[language], message.link) if message.custom is None else ""
    return Ending(whole, link(WHOLE[language], COLON[language], message.link))


def _markdown_link(words: str, _colon: str, url: str) -> str:
    return f"[{words}]({_target(url)})"


def _target(url: str) -> str:
    """The address without what would end it in markdown."""
    return clean(url).replace("(", "%28").replace(")", "%29")


def _is_link(url: str | None) -> TypeGuard[str]:
    return url is not None and _URL.fullmatch(url) is not None


def _plain_link(words: str, colon: str, url: str) -> str:
    return f"{words}{colon}{clean(url)}"
