"""``hub serve``: what it sets up before the hub runs."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from hub.cli import run
from hub.telemetry import logs


def test_personal_numbers_do_not_enter_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)

    async def ends_at_once(*_: object, **__: object) -> None:
        logs.get("test").info("test.told", user="13800138000", port=8787)

    monkeypatch.setattr("hub.app.serve", ends_at_once)
    assert run(["serve", "--data", str(tmp_path)]) == 0
    (line,) = map(json.loads, stream.getvalue().splitlines())
    assert (line["user"], line["port"]) == ("138****8000", 8787)
