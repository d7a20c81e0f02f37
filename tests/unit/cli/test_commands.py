"""The command line: what goes to stdout and stderr, and the exit codes."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import structlog

from hub import __main__ as entry
from hub.cli import run
from hub.config import Config
from hub.errors import DataFolderInUse
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import Identity
from hub.ports import SystemClock

Output = pytest.CaptureFixture[str]


def identity(data: Path, token: str) -> Identity:
    return LocalTokens(load_secret(data, create=False), SystemClock()).verify(token.strip())


class Hub:
    """Stands in for ``hub.app``: remembers how it was started."""

    def __init__(self) -> None:
        self.config = Config()
        self.error: Exception | None = None

    async def serve(self, config: Config, *, on_ready: Callable[[str], None]) -> None:
        assert type(asyncio.get_running_loop()).__module__ == "uvloop"
        if self.error is not None:
            raise self.error
        self.config = config
        structlog.get_logger("x").info("x.started")
        on_ready("http://127.0.0.1:1234")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    stand_in = Hub()
    module = ModuleType("hub.app")
    module.serve = stand_in.serve  # type: ignore[attr-defined]  # a module made by hand
    monkeypatch.setitem(sys.modules, "hub.app", module)
    return stand_in


def test_serve_prints_the_ready_line_alone_on_stdout(hub: Hub, tmp_path: Path, capsys: Output) -> None:
    assert run(["serve", "--data", str(tmp_path), "--port", "0"]) == 0
    assert capsys.readouterr().out == "ready http://127.0.0.1:1234\n"
    assert (hub.config.server.port, hub.config.data_folder) == (0, tmp_path)


def test_serve_lets_options_stand_above_the_file(hub: Hub, tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("[server]\nport = 1\nhost = '::1'\n[limits]\ntopics = 3\n")
    assert run(["serve", "--config", str(file), "--port", "2"]) == 0
    assert (hub.config.server.port, hub.config.server.host, hub.config.limits.topics) == (2, "::1", 3)


def test_dev_tells_a_working_token_on_stderr_and_welcomes_local_pages(
    hub: Hub, tmp_path: Path, capsys: Output
) -> None:
    assert run(["serve", "--data", str(tmp_path), "--dev"]) == 0
    output = capsys.readouterr()
    assert output.out == "ready http://127.0.0.1:1234\n"
    (token,) = [line for line in output.err.splitlines() if line.startswith("eyJ")]
    assert identity(tmp_path, token).user == "dev"
    assert identity(tmp_path, token).scopes == {"user", "publish"}
    assert f"curl -H 'Authorization: Bearer {token}'" in output.err
    assert "http://127.0.0.1:1234/v1/users/me/items" in output.err
    assert hub.config.server.allows_origin("http://localhost:5173", "x")
    assert not hub.config.server.allows_origin("http://a.example", "x")


def test_without_dev_no_token_is_told(hub: Hub, tmp_path: Path, capsys: Output) -> None:
    assert run(["serve", "--data", str(tmp_path)]) == 0
    assert "eyJ" not in capsys.readouterr().err
    assert not hub.config.server.allows_origin("http://localhost:5173", "x")


def test_why_the_hub_does_not_start_is_one_sentence(hub: Hub, tmp_path: Path, capsys: Output) -> None:
    hub.error = DataFolderInUse("The folder is in use.")
    assert run(["serve", "--data", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "hub: The folder is in use.\n"


def test_a_wrong_setting_is_one_sentence(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "hub.toml").write_text("[server]\nprot = 1\n")
    assert run(["serve", "--config", str(tmp_path / "hub.toml")]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"hub: {tmp_path}/hub.toml: server.prot: no such setting;")
    assert output.err.count("\n") == 1


def test_token_prints_just_a_token_of_the_user_for_30_days(tmp_path: Path, capsys: Output) -> None:
    before = SystemClock().now()
    assert run(["token", "--data", str(tmp_path / "data"), "--user", "ann"]) == 0
    output = capsys.readouterr()
    assert output.out.count("\n") == 1
    found = identity(tmp_path / "data", output.out)
    assert (found.user, found.device) == ("ann", None)
    assert found.scopes == {"user"}
    assert abs(found.expires_at - before - 30 * 86_400_000) < 10_000


def test_a_token_that_needed_a_new_secret_says_so_on_stderr_and_the_next_does_not(
    tmp_path: Path, capsys: Output
) -> None:
    command = ["token", "--data", str(tmp_path / "data"), "--user", "ann"]
    assert run(command) == 0
    first = capsys.readouterr()
    assert first.out.count("\n") == 1
    assert first.err.startswith(f"hub: made a new secret, {tmp_path / 'data' / 'secret'}.")
    assert run(command) == 0
    assert capsys.readouterr().err == ""


def test_where_no_folder_can_be_made_the_token_says_that_it_cant_be_written(
    tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "file").write_text("")
    assert run(["token", "--data", str(tmp_path / "file" / "data"), "--user", "ann"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "can't be written" in output.err
    assert "does not exist" not in output.err


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
def test_a_folder_in_proc_cant_be_written_either(capsys: Output) -> None:
    assert run(["token", "--data", "/proc/foo", "--user", "ann"]) == 2
    assert "/proc/foo/secret can't be written" in capsys.readouterr().err


@pytest.mark.parametrize("scopes", [["--scope", "user", "--scope", "publish"], ["--scope", "user publish"]])
def test_token_takes_device_scopes_and_ttl(tmp_path: Path, capsys: Output, scopes: list[str]) -> None:
    command = ["token", "--data", str(tmp_path), "--user", "ann", "--device", "d1", "--ttl", "12h", *scopes]
    assert run(command) == 0
    found = identity(tmp_path, capsys.readouterr().out)
    assert found.device == "d1"
    assert found.scopes == {"user", "publish"}
    assert abs(found.expires_at - SystemClock().now() - 12 * 3_600_000) < 10_000


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--user", "hub"], "A user's name is"),
        (["--user", "a b"], "A user's name is"),
        (["--user", "ann", "--device", ""], "A device's id is"),
        (["--user", "ann", "--scope", "root"], "scopes admin, publish, user"),
        (["--user", "ann", "--ttl", "soon"], "--ttl"),
        (["--user", "ann", "--ttl", "0"], "A token lives"),
        (["--user", "ann", "--ttl", "9999w"], "A token lives"),
        ([], "--user"),
    ],
)
def test_a_token_that_would_be_refused_is_not_made(
    tmp_path: Path, capsys: Output, options: list[str], told: str
) -> None:
    assert run(["token", "--data", str(tmp_path), *options]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert told in output.err
    assert "Traceback" not in output.err


@pytest.mark.parametrize("command", ["serve", "token", "doctor"])
def test_help_teaches_with_examples(capsys: Output, command: str) -> None:
    assert run([command, "--help"]) == 0
    help_text = capsys.readouterr().out
    assert "Examples:" in help_text
    assert f"hub {command} --" in help_text


def test_help_lists_the_commands(capsys: Output) -> None:
    assert run(["--help"]) == 0
    help_text = capsys.readouterr().out
    assert all(command in help_text for command in ("serve", "token", "doctor"))


def test_without_the_servers_packages_the_command_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    for name in [name for name in sys.modules if name.startswith("hub.cli")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "typer", None)
    with pytest.raises(SystemExit) as end:
        entry.main()
    assert end.value.code == 2
    assert capsys.readouterr().err == (
        "hub: the server's packages are not installed (typer is missing). "
        "Install them: pip install 'tongbu[server]'\n"
    )


def test_a_hole_in_the_hub_itself_is_not_taken_for_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("hub.cli")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hub.config", None)
    with pytest.raises(ModuleNotFoundError):
        importlib.reload(entry).main()
