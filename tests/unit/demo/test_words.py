"""The demo says the same in both languages."""

from __future__ import annotations

import string

from hub.demo.words import NAMES, WORDS


def placeholders(sentence: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_sentence_is_there_in_both_languages_with_the_same_values() -> None:
    english, chinese = WORDS["en"], WORDS["zh"]
    assert english.keys() == chinese.keys()
    assert {key: placeholders(english[key]) for key in english} == {
        key: placeholders(chinese[key]) for key in chinese
    }


def test_everybody_has_a_name_in_both_languages() -> None:
    assert NAMES["en"].keys() == NAMES["zh"].keys()
