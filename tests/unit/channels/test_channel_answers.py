"""What answers mean: by status, by ``Retry-After``, by WeCom's codes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.channels.answers import DEFAULT_WAIT, MAX_WAIT, by_status, retry_after
from hub.channels.outbound import Answer
from hub.channels.wecom_codes import CODES, judge, unknown
from hub.model import Milliseconds, Outcome
from tests.kit.clocks import START

NOW = Milliseconds(START)
"""Tue, 14 Nov 2023 22:13:20 GMT, 06:13:20 in China."""
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
HTML = b"<html><body><h1>Sign in</h1></body></html>"


def says(code: Any, words: str = "words", status: int = 200) -> Answer:
    return Answer(status, json.dumps({"errcode": code, "errmsg": words}).encode())


def judged(answer: Answer) -> Outcome:
    outcome = judge(answer, NOW)
    assert outcome is not None
    return outcome


# --------------------------------------------------------------------------- HTTP


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *(
            (200, "ok"),
            (201, "ok"),
            (204, "ok"),
            (301, "bad_config"),
            (308, "bad_config"),
            (304, "bad_config"),
        ),
        *((400, "bad_message"), (413, "bad_message"), (422, "bad_message"), (499, "bad_message")),
        *((401, "bad_config"), (403, "bad_config"), (404, "bad_config"), (410, "bad_config")),
        *((408, "retry"), (500, "retry"), (502, "retry"), (503, "retry"), (504, "retry"), (599, "retry")),
        *((429, "rate_limited"), (100, "retry"), (700, "retry"), (999, "retry")),
    ],
)
def test_a_status_has_its_class(status: int, kind: str) -> None:
    assert by_status(Answer(status, b""), NOW).kind == kind


def test_a_gateway_that_gave_up_waiting_leaves_doubt_and_others_do_not() -> None:
    assert by_status(Answer(504, b""), NOW).arrival == "unknown"
    assert by_status(Answer(502, b""), NOW).arrival == "refused"


def test_too_many_waits_as_long_as_it_says_or_a_minute() -> None:
    assert by_status(Answer(429, b"", retry_after="7"), NOW).until == 7
    assert by_status(Answer(429, b""), NOW).until == DEFAULT_WAIT
    outcome = by_status(Answer(503, b"", retry_after="30"), NOW)
    assert (outcome.kind, outcome.until) == ("rate_limited", 30)


@pytest.mark.parametrize(
    ("value", "date", "seconds"),
    [
        ("120", "", 120),
        (" 5 ", "", 5),
        ("0", "", 1),
        ("999999", "", MAX_WAIT),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "", 60),
        ("Tue, 14 Nov 2023 22:14:20 GMT", "Tue, 14 Nov 2023 22:14:10 GMT", 10),
        ("Tue, 14 Nov 2023 22:14:20 -0000", DATE, 60),
        ("Mon, 13 Nov 2023 22:14:20 GMT", DATE, 1),
        ("Tue, 14 Nov 2033 22:13:20 GMT", DATE, MAX_WAIT),
        ("", DATE, None),
        ("soon", DATE, None),
        ("-5", DATE, None),
        ("1.5", DATE, None),
        ("²", DATE, None),
        ("9" * 400, DATE, None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", DATE, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_capped(value: str, date: str, seconds: float | None) -> None:
    assert retry_after(value, date, NOW) == seconds


@given(st.text(), st.text())
def test_no_header_breaks_reading_it(value: str, date: str) -> None:
    seconds = retry_after(value, date, NOW)
    assert seconds is None or 1 <= seconds <= MAX_WAIT


# --------------------------------------------------------------------------- WeCom


@pytest.mark.parametrize("code", sorted(CODES))
def test_a_known_code_has_its_class_whatever_the_status(code: int) -> None:
    for status in (200, 400, 404, 500, 502):
        outcome = judged(says(code, status=status))
        assert (outcome.kind, outcome.arrival, outcome.code) == (CODES[code][0], "refused", str(code))


@pytest.mark.parametrize("status", [200, 403, 500])
def test_errcode_0_is_taken_whatever_the_status(status: int) -> None:
    assert judged(says(0, "ok", status)).kind == "ok"
    assert judged(Answer(status, b'\xef\xbb\xbf{"errcode":0}')).kind == "ok"


@pytest.mark.parametrize(
    ("words", "kind", "until"),
    [
        ("api freq out of limit, hint: [170]", "rate_limited", 60),
        ("api minute freq out of limit", "rate_limited", 60),
        ("api freq out of limit per hour", "rate_limited", 3600),
        ("接口每小时调用超限", "rate_limited", 3600),
        ("api daily freq out of limit", "quota", 64_000),
        ("api freq out of limit of the day", "quota", 64_000),
        ("当天发送次数超限", "quota", 64_000),
        ("holiday, yesterday, hint: [1day]", "rate_limited", 60),
    ],
)
def test_45009_waits_for_its_window(words: str, kind: str, until: float) -> None:
    outcome = judged(says(45009, words))
    assert (outcome.kind, outcome.until, outcome.code) == (kind, until, "45009")


def test_an_unknown_code_is_refused_for_now_and_then_for_good() -> None:
    assert judge(says(77777), NOW) is None
    first, second = unknown(says(77777), again=False), unknown(says(77777), again=True)
    assert (first.kind, first.arrival, first.code) == ("retry", "refused", "77777")
    assert second.kind == "bad_message"


@pytest.mark.parametrize(
    "body",
    [
        *(
            HTML,
            b"",
            b"{",
            b'{"errcode":',
            b"null",
            b"[]",
            b"0",
            b"ok",
            b'{"errmsg":"ok"}',
            b'{"errcode":"0"}',
        ),
        *(b'{"errcode":true}', b'{"errcode":null}', b'{"errcode":1.5}', b'{"errcode":' + b"9" * 6000 + b"}"),
        *(b"[" * 60_000, b'{"a":' * 10_000, b"\xff\xfe", '{"errcode":0}'.encode("utf-16")),
    ],
)
def test_a_success_that_cannot_be_read_leaves_doubt(body: bytes) -> None:
    outcome = judged(Answer(200, body))
    assert (outcome.kind, outcome.arrival) == ("retry", "unknown")


@pytest.mark.parametrize(
    ("status", "kind"), [(429, "rate_limited"), (500, "retry"), (502, "retry"), (404, "bad_config")]
)
def test_a_page_in_place_of_an_answer_is_judged_by_its_status(status: int, kind: str) -> None:
    outcome = judged(Answer(status, HTML))
    assert (outcome.kind, outcome.arrival) == (kind, "refused")


@given(st.integers(100, 999), st.binary(max_size=200) | st.sampled_from([HTML]))
def test_any_answer_has_an_outcome(status: int, body: bytes) -> None:
    outcome = judge(Answer(status, body), NOW) or unknown(Answer(status, body), again=False)
    assert outcome.kind != "ok" or b'"errcode"' in body


def test_the_vendors_own_words_are_not_passed_on() -> None:
    for code in (45009, 93000, 77777):
        answer = says(code, "the secret message, hourly")
        assert "secret" not in str(judge(answer, NOW) or unknown(answer, again=True))
