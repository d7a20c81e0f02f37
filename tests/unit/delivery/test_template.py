"""``hub.delivery.template``: what the placeholders of a route's template say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from hub.config.placeholders import PLACEHOLDERS
from hub.delivery.template import MAX_FILLED, fill
from hub.errors import BadValue
from hub.model import Message
from hub.state.attempts import TERMINAL
from hub.state.records import LEVELS as RECORD_LEVELS
from hub.state.words import LEVELS, STATUSES
from tests.kit.messages import FAILED, NOTIFICATION, TASK, messages


@pytest.mark.parametrize(
    ("template", "message", "said"),
    [
        ("{mark} {title}：{status}\n{text}\n{link}", TASK, None),
        ("{title}: {status} ({mark})", FAILED, "Deploy web v2: failed (❌)"),
        ("{source}/{tags}/{user}/{attempt}/{kind}", TASK, "ci/deploy、web/ann/1/task"),
        ("{item} {topic}", TASK, "deploy-7 inbox/ann"),
        ("[{status}{attempt}{link}{source}{tags}]", NOTIFICATION, "[]"),
        ("{mark} {level}", NOTIFICATION, "🚨 critical"),
        ("{level}", replace(NOTIFICATION, language="zh"), "严重"),
        ("{data[commit]}, {data[files]}", TASK, "4ff3f85, 37"),
        ("{{{title}}}", FAILED, "{Deploy web v2}"),
    ],
)
def test_placeholders_say_what_the_message_holds(template: str, message: Message, said: str | None) -> None:
    expected = f"✅ {TASK.title}：已完成\n{TASK.text}\n{TASK.link}" if said is None else said
    assert fill(template, message) == expected


@pytest.mark.parametrize(
    ("template", "data", "said"),
    [
        ("{data[a][b][1]}", {"a": {"b": ["x", "y"]}}, "y"),
        ("{data[a b]}", {"a b": "x"}, "x"),
        ("{data[0]}", {"0": "x"}, "x"),
        ("{data}", {"a": [True, None, 1.5, "图"]}, '{"a": [true, null, 1.5, "图"]}'),
        ("{data}", "x", "x"),
        ("{data[a]}", {"a": False}, "false"),
        ("-{data[a]}-", {"a": None}, "--"),
    ],
)
def test_data_is_reached_by_its_keys_and_what_is_no_text_stands_as_json(
    template: str, data: Any, said: str
) -> None:
    assert fill(template, replace(TASK, data=data)) == said


@pytest.mark.parametrize(
    ("template", "data"),
    [
        ("{data[a]}", {"b": "s3cret"}),
        ("{data[a]}", None),
        ("{data[a]}", "s3cret"),
        ("{data[a]}", ["s3cret"]),
        ("{data[1]}", ["s3cret"]),
        ("{data[-1]}", ["s3cret"]),
        ("{data[²]}", ["s3cret"]),
        ("{data[9999999999999999999999]}", ["s3cret"]),
        ("{data[a][b]}", {"a": "s3cret"}),
        ("{data[__class__]}", {"a": "s3cret"}),
    ],
)
def test_data_that_is_not_there_is_refused_without_telling_what_is(template: str, data: Any) -> None:
    with pytest.raises(
        BadValue, match=r"^the template asks for \{data\[.*\}, which the item does not"
    ) as caught:
        fill(template, replace(TASK, data=data))
    assert "s3cret" not in caught.value.message


def test_a_template_that_says_nothing_or_without_end_is_refused() -> None:
    with pytest.raises(BadValue, match="makes no text"):
        fill("{link}\n{source}", NOTIFICATION)
    with pytest.raises(BadValue, match=f"makes more than {MAX_FILLED} characters"):
        fill("{text}" * 5, replace(TASK, text="x" * (MAX_FILLED // 4)))


def test_what_a_message_says_is_never_taken_for_a_template() -> None:
    assert fill("{title}", replace(TASK, title="{text} {{x}} {")) == "{text} {{x}} {"


@given(messages())
def test_every_placeholder_says_something_of_any_message(message: Message) -> None:
    fill("x" + "".join(f"{{{name}}}" for name in PLACEHOLDERS if name not in ("text", "data")), message)


def test_every_end_and_every_level_has_its_words() -> None:
    assert set(STATUSES) == set(TERMINAL)
    assert set(LEVELS) == set(RECORD_LEVELS)
    assert all(word.mark and word.zh and word.en for word in [*STATUSES.values(), *LEVELS.values()])
