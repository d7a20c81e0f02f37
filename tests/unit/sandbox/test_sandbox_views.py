"""The sandbox's JSON, and its lines in a terminal."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from hub.model import Milliseconds
from hub.sandbox import views
from hub.sandbox.faults import KINDS, Fault
from hub.sandbox.page import page
from hub.sandbox.robot import Call
from hub.sandbox.terminal import clock_time, line, panel


def call(content: str, **changes: Any) -> Call:
    fields: dict[str, Any] = {
        "number": 1, "at": Milliseconds(1_700_000_000_000), "key": "a1b2", "msgtype": "markdown",
        "content": content, "mentioned": (), "taken": True, "answer": "0", "errmsg": "ok", "used": 1,
        "blocked_until": None,
    }  # fmt: skip
    return Call(**fields | changes)


def shown(what: Call) -> str:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, color_system="standard")
    console.print(panel(what))
    text = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    return str(text)


def test_a_line_says_when_whether_and_what() -> None:
    received = call("# Done\n\nwell")
    assert line(received) == f"{clock_time(received)} …a1b2 received: # Done / well"
    refused = call("x", taken=False, answer="45009", errmsg="api freq out of limit, hint: [1], from ip: y")
    assert line(refused).endswith("not received, 45009 api freq out of limit: x")
    lost = call("x", answer="timeout", errmsg="")
    assert line(lost).endswith("received, no answer sent: x")


def test_a_panel_shows_markdown_as_the_group_sees_it() -> None:
    text = shown(call('### <font color="info">Done</font>\n> **214** checks [Open](https://x.example/a)'))
    assert "#" not in text.replace("#3", "")
    assert "**" not in text
    assert "<font" not in text
    assert "Done" in text
    assert "https://x.example/a" in text, "as a terminal's link"


@pytest.mark.parametrize("msgtype", ["text", "markdown"])
def test_no_message_moves_the_cursor(msgtype: str) -> None:
    nasty = call("a\x1b[2Jb\x07\x9b31mc\rd\ud800", msgtype=msgtype)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800]", line(nasty))
    assert "\x1b[2J" not in shown(nasty)
    assert "\x9b" not in shown(nasty)


def test_a_fault_is_read_from_json() -> None:
    asked = json.dumps({"kind": "slow", "times": None, "key": "k", "seconds": 1}).encode()
    assert views.read_fault(asked) == Fault("slow", None, "k", 1.0)
    assert views.read_fault(b'{"kind": "-1"}') == Fault("-1", 1)


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"kind": "x"}, {"kind": 502}, {"kind": "502", "times": "2"}, {"kind": "502", "times": True},
        {"kind": "502", "key": 3}, {"kind": "slow", "seconds": "1"}, {"kind": "502", "extra": 1}, [], "502",
    ],
)  # fmt: skip
def test_what_is_no_fault_is_refused_with_a_sentence(asked: object) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        views.read_fault(json.dumps(asked).encode())


def test_of_a_faults_key_only_the_end_is_shown() -> None:
    assert views.fault_record(Fault("502", key="0f1e2d3c-a1b2"))["key"] == "a1b2"
    assert views.fault_record(Fault("502", key="short"))["key"] is None


def test_the_page_has_nothing_from_elsewhere_and_never_makes_markup_of_text() -> None:
    html = page()[0].decode()
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=.(?!data:)", html)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=", html)
    policy = page()[1]["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy


def test_an_empty_page_says_that_it_shows_what_came_since_the_start() -> None:
    """Receipts in the inbox outlive it: nobody must think that their messages got lost."""
    html = page()[0].decode()
    assert "What came since the sandbox was started is shown" in html
    assert "沙箱本次启动以来的消息" in html


def test_the_page_offers_every_fault() -> None:
    html = page()[0].decode()
    offered = re.search(r"const GROUPS = (\[\[.*\]\]);", html)
    assert offered is not None
    assert sorted(kind for group in json.loads(offered[1]) for kind in group) == sorted(KINDS)
