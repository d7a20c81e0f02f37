"""``hub.cli.greeting``: what ``hub serve --dev`` prints can be pasted and opened as it stands."""

from __future__ import annotations

import shlex
from pathlib import Path

import msgspec
import pytest

from hub.cli import greeting
from hub.config import Config


def config(folder: Path) -> Config:
    plain = Config()
    return msgspec.structs.replace(plain, storage=msgspec.structs.replace(plain.storage, data=str(folder)))


def first_command(words: str) -> list[str]:
    return shlex.split(words.partition("Try it:\n\n")[2].splitlines()[0])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of somebody who started the hub by ``.venv/bin/hub``, which no shell finds."""
    monkeypatch.chdir(tmp_path)
    command = tmp_path / ".venv" / "bin" / "hub"
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    monkeypatch.setattr("sys.argv", [".venv/bin/hub", "serve", "--dev"])
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


def test_the_first_command_names_the_hub_that_runs_here(folder: Path) -> None:
    words = greeting.greeting("http://127.0.0.1:8787", config(Path("data")))
    assert first_command(words) == [".venv/bin/hub", "send", "Hello"]


def test_where_a_shell_finds_it_its_name_is_enough(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder / ".venv" / "bin"))
    assert greeting.command() == "hub"


def test_another_program_of_that_name_is_not_taken_for_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder / "hub"
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    assert greeting.command() == ".venv/bin/hub"


def test_another_port_and_folder_are_part_of_the_first_command(folder: Path) -> None:
    words = greeting.greeting("http://127.0.0.1:9000", config(folder / "a b"))
    given = [
        ".venv/bin/hub",
        "send",
        "Hello",
        "--url",
        "http://127.0.0.1:9000",
        "--data",
        str(folder / "a b"),
    ]
    assert first_command(words) == given


@pytest.mark.parametrize("everywhere", ["http://0.0.0.0:8787", "http://[::]:8787"])
def test_of_a_hub_on_all_addresses_one_is_told_that_others_reach(
    folder: Path, monkeypatch: pytest.MonkeyPatch, everywhere: str
) -> None:
    monkeypatch.setattr(greeting, "_own_address", lambda: "192.168.1.20")
    words = greeting.greeting(everywhere, config(Path("data")))
    assert "http://192.168.1.20:8787/#token=" in words
    assert "0.0.0.0" not in words
    assert "[::]" not in words
    assert first_command(words) == [".venv/bin/hub", "send", "Hello"]


def test_an_address_that_was_chosen_stays() -> None:
    assert greeting.reachable("http://127.0.0.2:8787") == "http://127.0.0.2:8787"
