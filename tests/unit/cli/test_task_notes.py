"""``hub.cli.task.notes``: what is told of a command, without what looks like a secret."""

from __future__ import annotations

import pytest

from hub.cli.task.listening import Heard
from hub.cli.task.notes import MAX_NOTE, note_of, title_of
from hub.cli.task.reporting import end_of, signal_name

KEY = "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("password=hunter", "hunter"),
        ("DB_PASSWORD: hunter", "hunter"),
        ('{"api_key": "xyz12345"}', "xyz12345"),
        ("mysql --password hunter -h db", "hunter"),
        ("curl --db-token=abc x", "abc"),
        ("postgres://root:pw1@db/x", "pw1"),
        ("Authorization: Bearer abcdefgh1234", "abcdefgh1234"),
        ("using token a1b2c3", "a1b2c3"),
        ("ghp_" + "a1B2" * 9, "a1B2"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        (f"key is {KEY}", KEY),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln", "eyJzdWIi"),
        ("sha " + "0123456789abcdef" * 4, "0123456789abcdef"),
        ("-----BEGIN PRIVATE KEY-----MIIE", "MIIE"),
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str, secret: str) -> None:
    assert secret not in note_of(line)
    assert "***" in note_of(line)
    assert secret not in title_of(["sh", "-c", line])


@pytest.mark.parametrize(
    "line",
    [
        "passed 12 tests",
        "token expired",
        "the secret is out",
        "numpy-1.26.4-cp311-cp311-manylinux_2_17_x86_64.whl",
        "550e8400-e29b-41d4-a716-446655440000",
        "/home/ann/projects/tongbu/hub/cli/task/notes.py",
        "已完成：三个文件",
    ],
)
def test_what_does_not_stays(line: str) -> None:
    assert note_of(line) == line


def test_a_note_is_one_short_line_without_escape_sequences() -> None:
    assert note_of("\x1b[31mred\x1b[0m\tand\x07 \u202eback") == "red and back"
    assert len(note_of("word " * 1000)) == MAX_NOTE


def test_a_title_is_the_command_as_one_would_type_it() -> None:
    assert title_of(["sh", "-c", "make test"]) == "sh -c 'make test'"
    assert title_of([""]) == "''"
    assert title_of(["\x1b"]) == "''"


@pytest.mark.parametrize(
    ("returncode", "note", "end"),
    [
        (0, "", (True, "")),
        (0, "built", (True, "built")),
        (3, "", (False, "exit 3")),
        (3, "error: no such file", (False, "exit 3: error: no such file")),
        (-9, "", (False, "killed by SIGKILL")),
        (-15, "bye", (False, "killed by SIGTERM: bye")),
    ],
)
def test_how_it_ended_is_told_before_what_it_said_last(
    returncode: int, note: str, end: tuple[bool, str]
) -> None:
    assert end_of(returncode, Heard(0.5, note)) == end


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert signal_name(40) == "signal 40"
