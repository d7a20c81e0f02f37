"""``hub.config.placeholders``: a template's syntax reaches into nothing."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.config.placeholders import PLACEHOLDERS, Placeholder, parse


def test_a_template_is_literal_text_and_placeholders_in_order() -> None:
    assert parse("a {title}: {data[host][0]} {{b}}") == (
        "a ",
        Placeholder("title"),
        ": ",
        Placeholder("data", ("host", "0")),
        " {",
        "b}",
    )


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{titel}", "there is no {titel}; there are {title}, {status}"),
        ("{}", "a placeholder is a name"),
        ("{0}", "there is no {0}"),
        ("{title.__class__}", "a placeholder is a name"),
        ("{data.x}", "a placeholder is a name"),
        ("{data[a].b}", "a placeholder is a name"),
        ("{data[a}", "braces must come in pairs"),
        ("{data[]}", "a placeholder is a name"),
        ("{title[0]}", "only data has keys"),
        ("{title!r}", "a placeholder takes no : and no !"),
        ("{title:>10}", "a placeholder takes no : and no !"),
        ("{title:{text}}", "a placeholder takes no : and no !"),
        ("{title", "braces must come in pairs"),
        ("title}", "braces must come in pairs"),
        ("{ti{tle}", "braces must come in pairs"),
    ],
)
def test_what_is_no_template_is_refused_with_a_sentence(template: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        parse(template)


@given(st.text(st.sampled_from("{}[]!:.ab_0 \ntitle") | st.characters(), max_size=30))
def test_any_text_is_a_template_or_refused(template: str) -> None:
    with suppress(ValueError):
        for part in parse(template):
            assert isinstance(part, str) or part.name in PLACEHOLDERS


@given(st.text())
def test_escaped_text_means_itself(text: str) -> None:
    assert "".join(map(str, parse(text.replace("{", "{{").replace("}", "}}")))) == text
