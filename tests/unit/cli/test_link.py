"""``hub link``: what it asks of the hub, and what it prints."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hub.cli import calls, run
from hub.cli.failures import HubUnreachable
from hub.ports import SystemClock

Output = pytest.CaptureFixture[str]
TO_A_HUB = ["--url", "https://hub.example.org/", "--token", "s3cr3t"]


class Asked:
    """Takes the place of ``Calls``: gives a code."""

    posted: list[tuple[str, Any]]
    failure: HubUnreachable | None
    expires_at: int

    def __init__(self, _remote: object) -> None:
        return

    async def __aenter__(self) -> Asked:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def post(self, path: str, body: Any, *, holds: str) -> Any:
        Asked.posted.append((path, body))
        assert holds == "code"
        if Asked.failure is not None:
            raise Asked.failure
        return {"code": "7KQ4M2XJ", "expires_at": Asked.expires_at}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> type[Asked]:
    monkeypatch.delenv("TONGBU_USER", raising=False)
    Asked.posted, Asked.failure, Asked.expires_at = [], None, SystemClock().now() + 120_000
    monkeypatch.setattr(calls, "Calls", Asked)
    return Asked


def test_an_address_is_printed_that_the_web_inbox_takes_the_code_of(
    asked: type[Asked], capsys: Output
) -> None:
    assert run(["link", *TO_A_HUB]) == 0
    assert asked.posted == [("/v1/devices/link", {})]
    output = capsys.readouterr()
    assert output.out == "https://hub.example.org/#code=7KQ4M2XJ\n"
    assert "once" in output.err
    assert "7KQ4M2XJ" not in output.err


def test_as_json_for_programs(asked: type[Asked], capsys: Output) -> None:
    assert run(["link", *TO_A_HUB, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "link": "https://hub.example.org/#code=7KQ4M2XJ",
        "code": "7KQ4M2XJ",
        "expires_at": asked.expires_at,
    }


def test_without_a_hub_nothing_is_printed_but_why(asked: type[Asked], capsys: Output) -> None:
    asked.failure = HubUnreachable("No hub answers.")
    assert run(["link", *TO_A_HUB]) == 3
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "hub: No hub answers.\n")
