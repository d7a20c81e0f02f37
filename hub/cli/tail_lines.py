"""An item as one line of ``hub tail``: time, mark, progress, title, what it is about, receipts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.text import Text

from hub.cli.terminal import bar, clock_time, one_line

MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "queued": ("…", "dim"),
    "running": ("▶", "cyan"),
    "paused": ("‖", "yellow"),
    "input_required": ("?", "bold yellow"),
    "succeeded": ("✓", "green"),
    "failed": ("✗", "bold red"),
    "canceled": ("⊘", "dim"),
    "expired": ("⌛", "dim"),
}
"""Mark and style of a task's status."""
UNREAD: Final = ("●", "bold")
READ: Final = ("○", "dim")
ARCHIVED: Final = ("▫", "dim")
LEVELS: Final[Mapping[str, str]] = {
    "debug": "dim",
    "success": "green",
    "warning": "yellow",
    "error": "red",
    "critical": "bold red",
}
RECEIPTS: Final[Mapping[str, tuple[str, str]]] = {
    "sent": ("✓", "green"),
    "partial": ("◐", "yellow"),
    "suppressed": ("–", "dim"),
    "dead": ("✗", "red"),
}
"""Mark and style of what became of a delivery."""
MAX_BODY_SHOWN: Final = 120
"""Characters of a body or note on the line."""
_MOVING: Final = ("running", "paused", "input_required")


def item_line(item: Mapping[str, Any], at: object) -> Text:
    """One item; ``at`` is the time to show, ms."""
    line = Text(no_wrap=True, overflow="ellipsis")
    line.append(f"{clock_time(at):<8}  ", "dim")
    mark, style = _mark(item)
    line.append(f"{mark}  ", style)
    if item.get("kind") == "task" and item.get("status") in _MOVING and item.get("progress"):
        line.append(f"{bar(float(item['progress']))}  ", "cyan")
    line.append(one_line(str(item.get("title") or "")), "bold" if mark == UNREAD[0] else "")
    for text, faint in _about(item):
        line.append(f"  {text}", faint)
    for text, faint in receipts(item):
        line.append(f"  {text}", faint)
    return line


def receipts(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """``→ ops 12:03 ✓`` for each channel the item left by, with its style, the earliest first."""
    sent = item.get("sent")
    known = [(name, each) for name, each in (sent or {}).items() if isinstance(each, Mapping)]
    known.sort(key=lambda pair: (pair[1].get("at") or 0, pair[0]))
    shown = []
    for name, each in known:
        mark, style = RECEIPTS.get(str(each.get("state")), ("?", "dim"))
        shown.append((f"→ {one_line(name)} {clock_time(each.get('at'))[:5]} {mark}", style))
    return shown


def _mark(item: Mapping[str, Any]) -> tuple[str, str]:
    if item.get("archived") or item.get("deleted"):
        return ARCHIVED
    if item.get("kind") == "task":
        return MARKS.get(str(item.get("status")), ("·", ""))
    return READ if item.get("read") else UNREAD


def _about(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Status in words where it ended or waits, level, note or body, tags, snooze."""
    parts = []
    status, level = item.get("status"), str(item.get("level") or "")
    if status not in (None, "queued", "running"):
        parts.append((one_line(str(status)).replace("_", " "), MARKS.get(str(status), ("", ""))[1]))
    if level in LEVELS:
        parts.append((level, LEVELS[level]))
    text = one_line(str(item.get("note") or item.get("body") or ""))
    if text:
        parts.append((f"{text[:MAX_BODY_SHOWN]}{'…' if len(text) > MAX_BODY_SHOWN else ''}", "dim"))
    parts += [(f"#{one_line(str(tag))}", "blue") for tag in item.get("tags") or ()]
    if item.get("snoozed"):
        parts.append((f"until {clock_time(item['snoozed'])[:5]}", "dim"))
    return parts
