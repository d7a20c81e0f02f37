"""What a WeCom robot says, and what nobody can make it say."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, Literal

import pytest
from hypothesis import given, settings

from hub.channels.passage import size
from hub.channels.wecom_robot import LIMITS, WecomRobot
from hub.config import WecomRobotSettings
from hub.errors import BadValue
from hub.model import Message
from tests.kit.clocks import StillClock
from tests.kit.messages import FAILED, NOTIFICATION, TASK, messages

Format = Literal["markdown", "text"]


def robot(format: Format = "markdown", mentioned: tuple[str, ...] = ()) -> WecomRobot:
    return WecomRobot(
        "ops", WecomRobotSettings(key="k", format=format, mentioned=mentioned), 5.0, StillClock()
    )


def bodies(
    message: Message, format: Format = "markdown", mentioned: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    rendered = [json.loads(body) for body in robot(format, mentioned).render(message)]
    assert {body["msgtype"] for body in rendered} == {format}
    return [body[format] for body in rendered]


def said(message: Message, format: Format = "markdown") -> str:
    [body] = bodies(message, format)
    content: str = body["content"]
    return content


def test_a_task_that_succeeded_in_chinese() -> None:
    assert said(TASK) == (
        "**部署 web v2**\n"
        '<font color="info">✅ 已完成</font> · <font color="comment">ci</font>\n\n'
        "37 个文件已更新。\n耗时 42 秒。\n\n"
        "[查看详情](https://ci.example.com/runs/7)"
    )


def test_a_task_that_failed_in_english() -> None:
    assert said(FAILED) == (
        "**Deploy web v2**\n"
        '<font color="warning">❌ Failed</font> · <font color="comment">ci</font>\n\n'
        "exit code 1\n\n"
        "[Details](https://ci.example.com/runs/7)"
    )


def test_a_notification_shows_its_level_where_it_says_something() -> None:
    assert said(NOTIFICATION) == (
        '**Disk almost full**\n<font color="warning">🚨 Critical</font>\n\n/var is at 97 %.'
    )
    assert said(replace(NOTIFICATION, level="info", text="")) == "**Disk almost full**"


def test_plain_text_has_no_markup() -> None:
    assert said(TASK, "text") == (
        "部署 web v2\n✅ 已完成 · ci\n\n37 个文件已更新。\n耗时 42 秒。\n\n"
        "查看详情：https://ci.example.com/runs/7"
    )


@pytest.mark.parametrize(
    ("status", "words", "tone"),
    [
        ("succeeded", "✅ 已完成", "info"),
        ("failed", "❌ 失败", "warning"),
        ("canceled", "⏹️ 已取消", "comment"),
        ("expired", "⌛ 已过期", "warning"),
    ],
)
def test_each_end_has_its_word_and_colour(status: str, words: str, tone: str) -> None:
    event = replace(TASK.event, status=status)
    assert f'<font color="{tone}">{words}</font>' in said(replace(TASK, event=event))


def test_what_a_template_made_stands_alone() -> None:
    assert said(replace(TASK, custom="**v2** is live")) == "**v2** is live"


def test_a_template_may_link_to_the_items_own_address_and_to_no_other() -> None:
    message = replace(TASK, link="https://example.com/a_(b)")
    custom = "[run](https://example.com/a_(b)) [bank](https://evil.example) <@all>"
    assert said(replace(message, custom=custom)) == (
        "[run](https://example.com/a_%28b%29) [bank]（https://evil.example) ＜@all>"
    )


def test_what_a_template_made_gets_a_link_to_the_whole_when_it_is_cut() -> None:
    last = bodies(replace(TASK, custom="字" * 10_000))[-1]["content"]
    assert last.endswith("…\n\n[查看全文](https://ci.example.com/runs/7)\n(3/3)")


# --------------------------------------------------------------------------- mentions


def test_markdown_mentions_people_in_its_first_part_and_nobody_can_be_everybody() -> None:
    first, *others = bodies(replace(TASK, text="字" * 2000), "markdown", ("zhang", "li.si@corp", "@all"))
    assert "\n<@zhang> <@li.si@corp>\n\n" in first["content"]
    assert "@all" not in first["content"]
    assert all("<@" not in other["content"] for other in others)


def test_text_mentions_people_and_everybody_with_its_first_part() -> None:
    first, *others = bodies(replace(TASK, text="字" * 1000), "text", ("zhang", "@all"))
    assert first["mentioned_list"] == ["zhang", "@all"]
    assert all("mentioned_list" not in other for other in others)
    assert "mentioned_list" not in bodies(TASK, "text")[0]


def test_what_can_be_no_user_id_is_not_mentioned() -> None:
    assert "<@" not in bodies(TASK, "markdown", ("a b", "x><@all", ""))[0]["content"]


# --------------------------------------------------------------------------- what users write


OWN = r'<font color="(info|warning|comment)">|</font>|\[(查看详情|查看全文|Details|Read all of it)\]\(https:'
EVIL = "<@all> [your bank](https://evil.example) <font color=\"warning\">!</font> </font> <a href='x'>"


@pytest.mark.parametrize("field", ["title", "text", "source", "custom"])
@pytest.mark.parametrize("format", ["markdown", "text"])
def test_no_field_injects_a_mention_a_link_or_a_font(field: str, format: Format) -> None:
    evil: Any = {field: EVIL}
    content = said(replace(NOTIFICATION, **evil), format)
    outside = content.replace('<font color="warning">🚨 Critical</font>', "").replace(
        '<font color="comment">', ""
    )
    outside = outside.removesuffix("</font>") if field != "source" else outside.replace("</font>", "", 1)
    assert "<" not in outside
    assert "](" not in content


@given(messages())
@settings(max_examples=100, deadline=None)
def test_only_the_robots_own_markup_is_in_what_it_says(message: Message) -> None:
    for body in bodies(message):
        others = re.sub(OWN, "…", body["content"])
        assert re.search(r"<\s*[@/A-Za-z]|\][^\S\n]*\(", others) is None


def test_a_title_stays_bold_and_on_one_line() -> None:
    assert said(replace(NOTIFICATION, title="a **b** `c`\r\n# d", level="info", text="")) == (
        "**a ＊＊b＊＊ ′c′ # d**"
    )


def test_a_source_does_not_end_its_colour() -> None:
    content = said(replace(NOTIFICATION, source="ci<", level="info", text=""))
    assert content.endswith('<font color="comment">ci＜</font>')


def test_emphasis_and_code_of_a_text_stay() -> None:
    text = "## Done\n**bold** `code`\n> quote\n```sh\nmake\n```"
    assert text in said(replace(TASK, text=text))


def test_a_link_keeps_its_brackets_to_itself() -> None:
    assert said(replace(TASK, link="https://example.com/a_(b)")).endswith("(https://example.com/a_%28b%29)")


def test_what_is_no_link_is_not_shown_as_one() -> None:
    assert "javascript" not in said(replace(TASK, link="javascript:alert(1)"))


def test_a_message_without_a_word_is_refused() -> None:
    with pytest.raises(BadValue):
        robot().render(replace(NOTIFICATION, custom=" \x00\n"))


# --------------------------------------------------------------------------- limits


@given(messages())
@settings(max_examples=60, deadline=None)
def test_every_part_and_its_repetition_are_within_the_vendors_limit(message: Message) -> None:
    for format in ("markdown", "text"):
        channel = robot(format, ("zhang",))
        for body in channel.render(message):
            again = channel.repeated(body, "a1b2c3")
            assert size(json.loads(body)[format]["content"]) + len(" #a1b2c3") <= LIMITS[format]
            content = json.loads(again)[format]["content"]
            assert re.sub(r"[ \n]#a1b2c3$", "", content) == json.loads(body)[format]["content"]


def test_a_mark_never_makes_a_body_too_long() -> None:
    body = json.dumps(
        {"msgtype": "text", "text": {"content": "字" * 682, "mentioned_list": ["zhang"]}}
    ).encode()
    again = json.loads(robot("text").repeated(body, "#a1b2c3" * 9))["text"]
    assert size(again["content"]) <= LIMITS["text"]
    assert "… #a1b2c3#" in again["content"]
    assert again["mentioned_list"] == ["zhang"]


def test_a_mark_itself_is_short() -> None:
    [body] = robot().render(TASK)
    assert json.loads(robot().repeated(body, "a" * 9000))["markdown"]["content"].endswith(" #" + "a" * 14)


def test_a_mark_leaves_a_fence_closed() -> None:
    message = replace(TASK, custom="```\nx = 1\n```")
    again = json.loads(robot().repeated(robot().render(message)[0], "a1b2c3"))
    assert again["markdown"]["content"] == "```\nx = 1\n```\n#a1b2c3"


def test_a_long_message_goes_in_numbered_parts() -> None:
    contents = [body["content"] for body in bodies(replace(TASK, text="一行字。\n" * 500))]
    assert [content[-5:] for content in contents] == ["(1/2)", "(2/2)"]
    assert all(size(content) > 2000 for content in contents)


def test_the_robot_keeps_to_twenty_a_minute() -> None:
    traits = robot().traits
    assert traits.burst + traits.per_minute <= 20
    assert (traits.parallel, traits.idempotent) == (1, False)
    assert "k'" not in repr(traits)
