"""``hub.telemetry.logs``: one line an event on the given stream, and never a secret in it."""

from __future__ import annotations

import io
import json
import logging
from typing import Any

import pytest

from hub.telemetry import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_off_a_terminal_an_event_is_one_json_line_with_its_fields() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    logs.get("engine").info("engine.turn_saved", statements=3, text="同步\n2")
    (line,) = lines(stream)
    assert line["event"] == "engine.turn_saved"
    assert (line["component"], line["level"], line["statements"]) == ("engine", "info", 3)
    assert line["text"] == "同步\n2"
    assert line["timestamp"].endswith("Z")
    assert list(line)[:4] == ["timestamp", "level", "event", "component"]


def test_on_a_terminal_an_event_is_one_readable_line_without_control_characters_from_fields() -> None:
    stream = Terminal()
    logs.configure(stream=stream)
    logs.get("engine").info("engine.turn_saved", device="\x1b[2J\n")
    assert stream.getvalue().count("\n") == 1
    assert "engine.turn_saved" in stream.getvalue()
    assert "\x1b[2J" not in stream.getvalue()


def test_a_logger_made_before_configure_obeys_it() -> None:
    log = logs.get("early")
    stream = io.StringIO()
    logs.configure("warning", stream)
    log.info("early.quiet")
    log.warning("early.told")
    assert [line["event"] for line in lines(stream)] == ["early.told"]


def test_libraries_are_heard_from_warnings_on_in_the_same_form() -> None:
    stream = io.StringIO()
    logs.configure("debug", stream)
    logging.getLogger("uvicorn.error").info("quiet")
    logging.getLogger("uvicorn.error").warning("GET /v1/connect?token=%s", TOKEN)
    (line,) = lines(stream)
    assert line["logger"] == "uvicorn.error"
    assert line["event"] == "GET /v1/connect?token=***"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"got {TOKEN}.", "got ***"),
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ("authorization: basic YW5uOnB3ZA==", "authorization: basic ***"),
        ("/v1/connect?token=abc&x=1", "/v1/connect?token=***&x=1"),
        ("https://api.example/send?key=abc-1", "https://api.example/send?key=***"),
        ("?access_token=abc&corpsecret=def", "?access_token=***&corpsecret=***"),
        ('{"secret": "abc", "a": 1}', '{"secret": "***", "a": 1}'),
        ("server.tls_key: must be set", "server.tls_key: must be set"),
        ("the key is missing", "the key is missing"),
    ],
)
def test_what_looks_like_a_secret_is_masked_in_texts(text: str, masked: str) -> None:
    assert logs.mask(text) == masked


def test_secrets_are_masked_in_fields_however_deep_and_in_tracebacks() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError as error:
        logs.get("a").exception(
            f"a.b {TOKEN}",
            token="s3cret",
            body=b"s3cret",
            headers={"authorization": ["s3cret"], "x": [f"Bearer {TOKEN}"]},
            error=error,
        )
    assert "s3cret" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()
    (line,) = lines(stream)
    assert "ValueError: bad ***" in line["exception"]
    assert line["body"] == "<6 bytes>"


def test_every_text_passes_the_guard_and_numbers_stay() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream, guard=lambda text: text.replace("13800138000", "(a phone)"))
    try:
        raise ValueError("for 13800138000")
    except ValueError:
        logs.get("a").exception(
            "a.b 13800138000",
            user="13800138000",
            number=13800138000,
            nested={"13800138000": ["to 13800138000", 13800138000]},
            error=ValueError("13800138000"),
        )
    logging.getLogger("a").warning("from %s", "13800138000")
    line, foreign = lines(stream)
    assert (line["event"], line["user"], line["error"]) == ("a.b (a phone)", "(a phone)", "(a phone)")
    assert line["number"] == 13800138000
    assert line["nested"] == {"(a phone)": ["to (a phone)", 13800138000]}
    assert "ValueError: for (a phone)" in line["exception"]
    assert foreign["event"] == "from (a phone)"
    assert stream.getvalue().count("13800138000") == 2


def test_the_guard_sees_a_text_before_its_middle_is_lost() -> None:
    guarded = logs.mask(
        "a" * (logs.MAX_TEXT // 2 - 5) + "13800138000" + "b" * logs.MAX_TEXT, lambda text: text[:9]
    )
    assert guarded == "a" * 9


def test_what_the_guard_leaves_holds_no_secret() -> None:
    assert logs.mask(f"a {TOKEN}", lambda text: text + "!") == "a ***!"


def test_a_long_text_loses_its_middle() -> None:
    assert len(logs.mask("a" * 1_000_000 + "end")) < logs.MAX_TEXT + 10
    assert logs.mask("a" * 1_000_000 + "end").endswith("end")


def test_fields_nested_without_end_are_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)
    stream = io.StringIO()
    logs.configure(stream=stream)
    logs.get("a").info("a.b", field=endless)
    assert "…" in stream.getvalue()


def test_a_stream_that_can_not_be_written_stops_nothing() -> None:
    logs.configure(stream=Broken())
    logs.get("a").info("a.b")
    logging.getLogger("a").error("b")
