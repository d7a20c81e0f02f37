"""``hub serve --sandbox``: what would go to WeChat goes to a sandbox that runs beside the hub."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import aiohttp
import pytest

from hub.cli import run
from hub.config import Config, WebhookSettings, WecomRobotSettings
from hub.storage.folder import DataFolder

Output = pytest.CaptureFixture[str]
ROBOT_AND_WEBHOOK = """
[channels.ops]
kind = "wecom_robot"
key = "the-real-key"

[channels.ci]
kind = "webhook"
base_url = "https://ci.example.org/hook"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

[[routes]]
channels = ["ops", "ci"]
"""


class Hub:
    """Stands in for ``hub.app``: remembers its configuration, and asks the sandbox while both run."""

    def __init__(self) -> None:
        self.config = Config()
        self.answered: object = None

    async def serve(self, config: Config, *, on_ready: Callable[[str], None]) -> None:
        self.config = config
        on_ready("http://127.0.0.1:1234")
        for channel in config.channels.values():
            if isinstance(channel, WecomRobotSettings):
                url = f"{channel.base_url}/cgi-bin/webhook/send?key={channel.key}"
                said = {"msgtype": "text", "text": {"content": "hello"}}
                async with aiohttp.ClientSession() as session, session.post(url, json=said) as response:
                    self.answered = await response.json(content_type=None)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    stand_in = Hub()
    module = ModuleType("hub.app")
    module.serve = stand_in.serve  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, "hub.app", module)
    return stand_in


def test_without_channels_every_tasks_end_goes_there(hub: Hub, tmp_path: Path, capsys: Output) -> None:
    assert run(["serve", "--data", str(tmp_path), "--sandbox"]) == 0
    assert hub.answered == {"errcode": 0, "errmsg": "ok"}
    assert [route.name for route in hub.config.routes] == ["tasks", "errors"]
    output = capsys.readouterr()
    assert output.out == "ready http://127.0.0.1:1234\n"
    (robot,) = hub.config.channels.values()
    assert f"What WeChat would receive: {robot.base_url!s}" in output.err


def test_configured_robots_send_there_and_nothing_else_changes(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(ROBOT_AND_WEBHOOK)
    assert run(["serve", "--data", str(tmp_path), "--config", str(file), "--sandbox"]) == 0
    robot, webhook = hub.config.channels["ops"], hub.config.channels["ci"]
    assert isinstance(robot, WecomRobotSettings)
    assert isinstance(webhook, WebhookSettings)
    assert str(robot.base_url).startswith("http://127.0.0.1:")
    assert str(webhook.base_url) == "https://ci.example.org/hook"
    assert len(hub.config.routes) == 1
    assert hub.answered == {"errcode": 0, "errmsg": "ok"}


@pytest.mark.parametrize(("spoken", "language"), [("zh_CN.UTF-8", "zh"), ("en_US.UTF-8", "en"), ("", "en")])
def test_the_sandbox_speaks_the_terminals_language(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoken: str, language: str
) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", spoken)
    assert run(["serve", "--data", str(tmp_path), "--sandbox"]) == 0
    assert hub.config.channels["sandbox"].language == language


def test_a_folder_in_use_is_told_before_a_sandbox_starts(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    async def never(*_: object, **__: object) -> None:
        raise AssertionError("a sandbox started")

    monkeypatch.setattr("hub.sandbox.server.Sandbox.start", never)
    first = DataFolder(tmp_path)
    first.open()
    try:
        assert run(["serve", "--data", str(tmp_path), "--sandbox"]) == 2
    finally:
        first.close()
    assert "is in use by another hub" in capsys.readouterr().err
