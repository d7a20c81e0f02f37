"""Messages to render, and their parts, for everybody's tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st

from hub.model import Event, ItemId, Message, Milliseconds, TopicName, UserId

AT: Final = Milliseconds(1_767_323_045_678)
"""2026-01-02T03:04:05.678Z."""

FINALIZED: Final = Event(
    id="01KE00000000000000000EVENT",
    type="task.finalized",
    topic=TopicName("inbox/ann"),
    item=ItemId("deploy-7"),
    attempt=1,
    status="succeeded",
    at=AT,
)
RAISED: Final = Event(
    id="01KE0000000000000000RAISED",
    type="notification.raised",
    topic=TopicName("inbox/ann"),
    item=ItemId("disk-full"),
    attempt=0,
    status=None,
    at=AT,
)

TASK: Final = Message(
    event=FINALIZED,
    user=UserId("ann"),
    kind="task",
    title="部署 web v2",
    text="37 个文件已更新。\n耗时 42 秒。",
    link="https://ci.example.com/runs/7",
    level="info",
    source="ci",
    tags=("deploy", "web"),
    language="zh",
    data={"commit": "4ff3f85", "files": 37},
)
"""A task that succeeded, in Chinese."""

FAILED: Final = replace(
    TASK,
    event=replace(FINALIZED, status="failed"),
    title="Deploy web v2",
    text="exit code 1",
    language="en",
)

NOTIFICATION: Final = Message(
    event=RAISED,
    user=UserId("ann"),
    kind="notification",
    title="Disk almost full",
    text="/var is at 97 %.",
    link=None,
    level="critical",
    source=None,
    tags=(),
    language="en",
)
"""A notification without a link or source."""

SAMPLES: Final = (TASK, FAILED, NOTIFICATION)

FAMILY: Final = "👨‍👩‍👧‍👦"
"""Seven code points, 25 bytes, one character to who reads it."""
FLAG: Final = "🇨🇳"
WAVING: Final = "👋🏽"

_PIECES: Final = st.sampled_from(
    [
        *("\n", "\n\n", " ", "。", ". ", "！", "字", "a", "word ", "**", "# ", "> ", "- ", "`", "…"),
        *("```\n", "```python\n", "\n```\n", "~~~~\n", "````a long info string\n"),
        *(FAMILY, FLAG, WAVING, "e\u0301", "❤️", "🏴\U000e0067\U000e0062\U000e007f", "\r\n", "\u200d"),
        *("[a](https://example.com/b)", "![a](b)", "[", "](", ")", "<", ">", "@all", "<@all>", "<@ann>"),
        *('<font color="warning">red</font>', "<font color=", "</font>", "https://example.com/a?b=c#d"),
        *("(1/3)", "#a1b2c3", "\t", "\x00", "\u2028", "\ufeff"),
    ]
)
rich_text = st.lists(_PIECES | st.text(max_size=40), max_size=60).map("".join)
"""Texts made of what makes dividing and escaping hard."""
long_text = st.builds(lambda text, times: text * times, rich_text, st.integers(1, 60))

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def messages() -> st.SearchStrategy[Message]:
    """Any message: also with texts that no item could hold."""
    return st.builds(
        Message,
        event=st.sampled_from([FINALIZED, RAISED, replace(FINALIZED, status="failed")]),
        user=st.just(UserId("ann")),
        kind=st.sampled_from(["task", "notification"]),
        title=rich_text.map(lambda text: f"t{text}"),
        text=long_text,
        link=st.none()
        | st.just("https://example.com/a(b)")
        | st.text(max_size=30).map(lambda text: f"https://example.com/{text}")
        | st.integers(1, 6000).map(lambda length: "https://example.com/" + "a" * length),
        level=st.sampled_from(["debug", "info", "success", "warning", "error", "critical"]),
        source=st.none() | rich_text,
        tags=st.lists(st.text(max_size=10), max_size=3).map(tuple),
        language=st.sampled_from(["zh", "en"]),
        custom=st.none() | long_text.map(lambda text: f"c{text}"),
        data=_json,
    )
