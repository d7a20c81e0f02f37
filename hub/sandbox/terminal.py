"""What arrives, for a terminal: a small panel, or one plain line. Pure.

What a message says can't move the cursor or change colours: control characters are left out.
"""

from __future__ import annotations

import re
import time
import unicodedata
from typing import Final

from rich.panel import Panel
from rich.text import Text

from hub.sandbox.robot import Call

MAX_WIDTH: Final = 72
"""Columns of a panel at most."""
_COLOURS: Final = {"info": "green", "comment": "bright_black", "warning": "yellow"}
_MARKDOWN: Final = re.compile(
    r"""(?sx)
      ^ \#{1,6} [ ] (?P<heading> [^\n]+ )
    | ^ > [ ]? (?P<quote> [^\n]* )
    | <font \s color="(?P<colour> info | comment | warning )"> (?P<coloured> .*? ) </font>
    | \*\* (?P<bold> [^*\n] [^\n]*? ) \*\*
    | \[ (?P<label> [^\]\n]+ ) \] \( (?P<url> https?://[^\s)]+ ) \)
    | ` (?P<code> [^`\n]+ ) `
    """,
    re.MULTILINE,
)
_LOST: Final = {"timeout": "no answer sent", "half": "half an answer sent", "slow": "answered late"}


def panel(call: Call) -> Panel:
    """One call as a small box: green for received, yellow where the sender was not told, red for refused."""
    lost = _LOST.get(call.answer) if call.taken else None
    style = "red" if not call.taken else "yellow" if lost else "green"
    words = (
        _words(call) if call.taken else Text(clean(call.content) or "(nothing readable)", style="dim strike")
    )
    return Panel(
        words,
        title=Text(f"{clock_time(call)} {_key(call)}", style="dim"),
        subtitle=Text(_verdict(call, lost), style=style),
        title_align="left",
        subtitle_align="left",
        border_style=style,
        width=None if words.cell_len < MAX_WIDTH else MAX_WIDTH,
        expand=False,
    )


def line(call: Call) -> str:
    """One call in one line."""
    lost = _LOST.get(call.answer) if call.taken else None
    said = " / ".join(part for part in clean(call.content).splitlines() if part.strip())
    return f"{clock_time(call)} {_key(call)}{_verdict(call, lost)}: {said}"


def clock_time(call: Call) -> str:
    """When it came, by this machine's time zone."""
    return time.strftime("%H:%M:%S", time.localtime(call.at / 1000))


def clean(text: str) -> str:
    """Without control characters, but with its line breaks."""
    return "".join(
        mark if mark == "\n" or unicodedata.category(mark) not in ("Cc", "Cs") else " " for mark in text
    )


def _key(call: Call) -> str:
    return f"…{clean(call.key)} " if call.key else ""


def _verdict(call: Call, lost: str | None) -> str:
    if call.taken:
        return f"received, {lost}" if lost else "received"
    reason = clean(call.errmsg).partition(", hint:")[0]
    return f"not received, {call.answer} {reason}".rstrip()


def _words(call: Call) -> Text:
    words = clean(call.content)
    text = marked(words) if call.msgtype.startswith("markdown") else Text(words)
    for name in call.mentioned:
        text.append(f" @{clean(name).removeprefix('@')}", style="cyan")
    return text


def marked(words: str, style: str = "") -> Text:
    """The vendor's subset of markdown as styled text."""
    text, start = Text(style=style), 0
    for found in _MARKDOWN.finditer(words):
        text.append(words[start : found.start()])
        text.append_text(_styled(found))
        start = found.end()
    return text.append(words[start:])


def _styled(found: re.Match[str]) -> Text:
    match found.lastgroup:
        case "heading":
            return marked(found["heading"], "bold")
        case "quote":
            return Text("▏").append_text(marked(found["quote"], "dim"))
        case "coloured":
            return marked(found["coloured"], _COLOURS[found["colour"]])
        case "bold":
            return marked(found["bold"], "bold")
        case "code":
            return Text(found["code"], style="cyan")
    return Text(found["label"], style=f"link {found['url']} underline blue")
