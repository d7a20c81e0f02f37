"""``hub.cli.remote``: which hub, and as whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.cli import run
from hub.cli.failures import WrongOptions
from hub.cli.remote import Remote, is_this_machine, remote_of, speaker
from hub.errors import BadId
from hub.identity.secret import load_secret
from hub.identity.tokens import LocalTokens
from hub.model import UserId
from hub.ports import SystemClock

LOCAL = "http://127.0.0.1:8787"
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TONGBU_URL", "TONGBU_TOKEN", "TONGBU_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def tokens(folder: Path) -> LocalTokens:
    return LocalTokens(load_secret(folder, create=True), SystemClock())


def token_for(user: str, folder: Path) -> str:
    return tokens(folder).issue(UserId(user), ["user"], 60)


def test_a_token_is_signed_with_the_folder_of_this_machine_for_the_scopes_the_command_needs(
    tmp_path: Path,
) -> None:
    signed_by = tokens(tmp_path / "data")
    remote = remote_of(LOCAL, None, None, None, None, ("user", "publish"))
    identity = signed_by.verify(remote.token())
    assert identity.user == "dev"
    assert identity.scopes == {"user", "publish"}
    assert remote_of(LOCAL + "/", None, None, tmp_path / "data", "ann", ("user",)).user == "ann"
    assert remote.url == LOCAL


def test_a_token_signed_here_never_goes_to_another_machine_unless_its_folder_is_named(tmp_path: Path) -> None:
    tokens(tmp_path / "data")
    with pytest.raises(WrongOptions, match="A token is needed for"):
        remote_of("https://hub.example.org", None, None, None, None, ("user",))
    named = remote_of("https://hub.example.org", None, None, tmp_path / "data", None, ("user",))
    assert speaker(named.token()) == "dev"


def test_a_token_stands_above_the_folder_and_a_file_above_the_token(tmp_path: Path) -> None:
    ann, bob = (token_for(user, tmp_path / "data") for user in ("ann", "bob"))
    assert remote_of(LOCAL, ann, None, tmp_path / "data", None, ("user",)).token() == ann
    (tmp_path / "token").write_text(bob + "\n")
    remote = remote_of(LOCAL, ann, tmp_path / "token", None, None, ("user",))
    assert (remote.token(), remote.user) == (bob, "bob")


def test_a_user_beside_the_token_of_another_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(WrongOptions, match="speaks for ann, not for bob"):
        remote_of(LOCAL, token_for("ann", tmp_path), None, None, "bob", ("user",))


def test_without_any_token_it_is_said_how_to_get_one() -> None:
    with pytest.raises(WrongOptions, match=r"TONGBU_TOKEN.*--token-file.*--data"):
        remote_of(LOCAL, None, None, None, None, ("user",))


def test_a_user_who_is_none_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    tokens(tmp_path / "data")
    with pytest.raises(BadId):
        remote_of(LOCAL, None, None, None, "a b", ("user",))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8787",
        "ftp://h",
        "http://",
        "http://u:secret@h",
        "http://h?token=secret",
        "http://h:99999",
    ],
)
def test_an_address_that_is_none_or_holds_a_secret_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(WrongOptions) as refused:
        remote_of(url, "t", None, None, None, ("user",))
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("token", ["", "two words", "tök", "x" * 5000])
def test_a_token_that_can_be_none_is_refused_without_repeating_it(token: str) -> None:
    with pytest.raises(WrongOptions) as refused:
        remote_of(LOCAL, token, None, None, None, ("user",))
    assert not token or token not in refused.value.message


def test_a_token_is_not_part_of_what_is_shown_of_a_remote() -> None:
    assert "s3cr3t" not in repr(Remote(LOCAL, None, lambda: "s3cr3t"))
    assert "s3cr3t" not in repr(remote_of(LOCAL, "s3cr3t", None, None, None, ("user",)))


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1", True),
        ("http://127.1.2.3", True),
        ("http://[::1]:8787", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.org", False),
        ("http://0.0.0.0", False),
    ],
)
def test_only_loopback_is_this_machine(url: str, local: bool) -> None:
    assert is_this_machine(url) is local


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.W10.c", "a.bnVsbA.c", "a.eyJzdWIiOjF9.c"])
def test_a_token_that_names_nobody_is_nobodys(token: str) -> None:
    assert speaker(token) is None


@pytest.mark.parametrize(
    "command",
    [
        ["send", "x"],
        ["tail"],
        ["events"],
        ["deliveries", "list"],
        ["channel", "list"],
        ["task", "run", "true"],
    ],
)
def test_without_a_hub_or_a_token_a_command_says_so_with_its_exit_code(
    command: list[str], capsys: Output, tmp_path: Path
) -> None:
    assert run(command) == 2
    assert "A token is needed" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ["send"],
        ["tail"],
        ["task", "run"],
        ["events"],
        ["deliveries", "list"],
        ["deliveries", "show"],
        ["deliveries", "retry"],
        ["channel", "list"],
        ["channel", "test"],
    ],
    ids=" ".join,
)
def test_help_teaches_with_examples_and_warns_of_tokens_in_ps(command: list[str], capsys: Output) -> None:
    assert run([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Examples:" in text
    assert f"hub {' '.join(command)}" in text
    assert "others see it in ps" in " ".join(text.replace("│", " ").split())
