"""``hub send``: what it asks of the hub, and what it prints."""

from __future__ import annotations

import io
from typing import Any

import pytest

from hub.cli import calls, run
from hub.cli.failures import CommandFailed, HubUnreachable
from hub.state.names import is_item_id

Output = pytest.CaptureFixture[str]
TO_A_HUB = ["--url", "http://127.0.0.1:8787", "--token", "s3cr3t"]


class Asked:
    """Takes the place of ``Calls``: remembers what was posted and answers with it."""

    posted: list[tuple[str, Any]]
    failure: CommandFailed | None

    def __init__(self, _remote: object) -> None:
        return

    async def __aenter__(self) -> Asked:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def post(self, path: str, body: Any) -> Any:
        Asked.posted.append((path, body))
        if Asked.failure is not None:
            raise Asked.failure
        return body


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> type[Asked]:
    monkeypatch.delenv("TONGBU_USER", raising=False)
    Asked.posted, Asked.failure = [], None
    monkeypatch.setattr(calls, "Calls", Asked)
    return Asked


def test_a_title_is_enough_and_its_id_is_printed(asked: type[Asked], capsys: Output) -> None:
    assert run(["send", "Backup done", *TO_A_HUB]) == 0
    ((path, record),) = asked.posted
    assert path == "/v1/users/me/items"
    assert record == {"kind": "notification", "title": "Backup done", "id": record["id"]}
    assert is_item_id(record["id"])
    assert capsys.readouterr().out == record["id"] + "\n"


def test_every_option_becomes_a_part_of_the_record(asked: type[Asked]) -> None:
    options = ["--body", "b", "--level", "error", "--tag", "x", "--tag", "y", "--source", "cron"]
    options += ["--link", "https://example.org", "--id", "disk-1", "--to", "ann"]
    assert run(["send", "t", *options, *TO_A_HUB]) == 0
    assert asked.posted == [
        (
            "/v1/users/ann/items",
            {
                "kind": "notification",
                "title": "t",
                "body": "b",
                "level": "error",
                "source": "cron",
                "link": "https://example.org",
                "tags": ["x", "y"],
                "id": "disk-1",
            },
        )
    ]


def test_a_space_and_names_that_a_path_could_take_for_something_else(asked: type[Asked]) -> None:
    assert run(["send", "t", "--space", "team", *TO_A_HUB]) == 0
    assert run(["send", "t", "--to", "../x?y", *TO_A_HUB]) == 0
    assert [path for path, _ in asked.posted] == ["/v1/spaces/team/items", "/v1/users/..%2Fx%3Fy/items"]


def test_a_body_comes_from_stdin_without_its_colours(
    asked: type[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\r\n\x1b[31mred\x1b[0m \xff\n")))
    assert run(["send", "t", "--body", "-", *TO_A_HUB]) == 0
    assert asked.posted[0][1]["body"] == "a\nred \ufffd\n"


def test_a_body_that_is_too_long_is_not_sent(
    asked: type[Asked], monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"x" * 70_000)))
    assert run(["send", "t", "--body", "-", *TO_A_HUB]) == 1
    assert asked.posted == []
    assert "tail -n 50" in capsys.readouterr().err


def test_when_no_hub_answers_it_says_how_to_try_again(asked: type[Asked], capsys: Output) -> None:
    asked.failure = HubUnreachable("No hub answers.")
    assert run(["send", "t", *TO_A_HUB]) == 3
    output = capsys.readouterr()
    assert output.out == ""
    assert f"--id {asked.posted[0][1]['id']}" in output.err


@pytest.mark.parametrize("options", [["--to", "ann", "--space", "team"], ["--level", "loud"], ["--url", "x"]])
def test_wrong_options_ask_nothing(asked: type[Asked], capsys: Output, options: list[str]) -> None:
    assert run(["send", "t", *TO_A_HUB, *options]) == 2
    assert asked.posted == []
    assert "s3cr3t" not in capsys.readouterr().err
