"""``hub.config``: defaults are safe and finite; what is wrong is named with file, key and what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub import config
from hub.config import Config, ServerSettings, load
from hub.errors import BadConfig


def written(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text)
    return path


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(BadConfig) as caught:
        load(written(folder, text))
    return caught.value.message


def test_without_a_file_there_are_the_documented_defaults() -> None:
    found = load()
    assert found == Config()
    assert (found.server.host, found.server.port) == ("127.0.0.1", 8787)
    assert found.data_folder == Path("data")


def test_every_numeric_default_lies_within_its_own_bounds() -> None:
    for section, table in config.settings().items():
        given = {f"{section}.{name}": value for name, value in table.items() if value is not None}
        assert load(None, given) == Config()


def test_the_file_is_read_and_the_command_line_stands_above_it(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\nport = 9000\nhost = '0.0.0.0'\n[limits]\nretention = 60\n")
    found = load(path, {"server.port": 9001, "server.host": None})
    assert (found.server.host, found.server.port) == ("0.0.0.0", 9001)
    assert found.limits.retention == 60


def test_limits_on_the_wire_are_whole_numbers_and_retention_is_milliseconds() -> None:
    limits = load(None, {"limits.retention": 1.5}).limits_on_wire()
    assert limits["retention"] == 1500
    assert limits["message"] == 1024 * 1024
    assert all(type(value) is int for value in limits.values())


def test_paths_in_the_file_start_from_its_folder_but_not_those_of_the_command_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[server]\ntls_cert = 'a.pem'\ntls_key = '/b.pem'\n[storage]\ndata = 'd'\n")
    found = load(path)
    assert found.server.tls_cert == str(tmp_path / "a.pem")
    assert found.server.tls_key == "/b.pem"
    assert found.data_folder == tmp_path / "d"
    assert load(path, {"storage.data": "e"}).data_folder == Path("e")


def test_a_text_may_come_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_HOST", "::1")
    (tmp_path / "origin").write_text("https://a.example\n")
    path = written(tmp_path, "[server]\nhost = 'env:HUB_HOST'\norigins = ['file:origin']\n")
    assert load(path).server.host == "::1"
    assert load(path).server.origins == ("https://a.example",)


@pytest.mark.parametrize(
    ("text", "key", "allowed"),
    [
        ("[server]\nport = 'x'", "server.port", "a whole number from 0 to 65535"),
        ("[server]\nport = 65536", "server.port", "a whole number from 0 to 65535"),
        ("[server]\nport = true", "server.port", "a whole number from 0 to 65535"),
        ("[connection]\nbeat = nan", "connection.beat", "a number from 0.001 to 25"),
        ("[limits]\nretention = inf", "limits.retention", "a number from 0.001"),
        ("[limits]\nmessage = 0", "limits.message", "a whole number from 1024"),
        ("[server]\nhost = ''", "server.host", "a text that is not empty"),
        ("[server]\ntls_key = ''", "server.tls_key", "a text that is not empty"),
        ("[server]\norigins = ['a.example']", "server.origins[0]", "an origin such as"),
        ("[server]\norigins = 'https://a.example'", "server.origins", "a list"),
        ("[server]\ntls_cert = 'a'", "server.tls_key", "set both or neither"),
        ("[server]\ntrusted_proxies = ['x']", "server.trusted_proxies", "addresses or networks"),
        ("[connection]\nidle = 5", "connection.idle", "more than connection.beat"),
        ("[limits]\ndocument = 2048", "limits.document", "at least limits.message"),
        ("[server]\nprot = 1", "server.prot", "[server] has host, port,"),
        ("[serve]\nport = 1", "serve", "there are server, connection,"),
        ("port = 1", "port", "a section such as [server]"),
        ("[[server]]\nport = 1", "server", "a section such as [server]"),
        ("[server]\nhost = 'env:HUB_ABSENT'", "server.host", "no variable HUB_ABSENT"),
        ("[server]\nhost = 'file:absent'", "server.host", "can't be read: No such file"),
    ],
)
def test_what_is_wrong_is_told_with_file_key_and_what_is_allowed(
    tmp_path: Path, text: str, key: str, allowed: str
) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith(f"{tmp_path / 'hub.toml'}: {key}: ")
    assert allowed in message


def test_a_refused_value_is_not_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_ORIGIN", "s3cret")
    for text in ("[server]\norigins = ['env:HUB_ORIGIN']", "[limits]\nmessage = 's3cret'"):
        assert "s3cret" not in refusal(tmp_path, text)


def test_what_the_command_line_says_wrong_is_told_as_such() -> None:
    with pytest.raises(BadConfig, match=r"^command line: server\.port: must be a whole number"):
        load(None, {"server.port": 70_000})


def test_a_mistake_in_the_file_is_told_even_where_the_command_line_stands_above_it(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"hub\.toml: server\.port: must be"):
        load(written(tmp_path, "[server]\nport = 70000\n"), {"server.port": 0})


def test_file_and_command_line_may_each_bring_half_of_what_goes_together(tmp_path: Path) -> None:
    found = load(written(tmp_path, "[server]\ntls_cert = '/a'\n"), {"server.tls_key": "/b"})
    assert (found.server.tls_cert, found.server.tls_key) == ("/a", "/b")


@pytest.mark.parametrize("text", ["[server", "a = " + "[" * 5000, "\x00", "# \udcff", "#" * (config.MIB + 1)])
def test_what_is_not_toml_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hub.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(BadConfig, match=r"hub\.toml: the file is "):
        load(path)


def test_a_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match="can't be read: No such file"):
        load(tmp_path / "hub.toml")


@pytest.mark.parametrize(
    ("origins", "origin", "host", "welcome"),
    [
        ((), None, None, True),
        ((), "https://hub.example", "hub.example", True),
        ((), "http://localhost:8787", "localhost:8787", True),
        ((), "http://localhost:9999", "localhost:8787", False),
        ((), "null", "hub.example", False),
        (("https://a.example",), "https://a.example", "hub.example", True),
        (("https://a.example",), "https://A.example", "hub.example", True),
        (("https://a.example",), "http://a.example", "hub.example", False),
        (("https://a.example",), "https://a.example.evil.example", "hub.example", False),
        (("https://a.example",), "https://a.example:444", "hub.example", False),
        (("http://localhost:*",), "http://localhost", "hub.example", True),
        (("http://localhost:*",), "http://localhost:5173", "hub.example", True),
        (("http://localhost:*",), "http://localhost:5173.evil.example", "hub.example", False),
        (("http://localhost:*",), "http://localhost.evil.example", "hub.example", False),
        (("*",), "null", "hub.example", True),
    ],
)
def test_only_pages_of_the_hub_and_of_listed_origins_are_welcome(
    origins: tuple[str, ...], origin: str | None, host: str | None, welcome: bool
) -> None:
    assert ServerSettings(host="0.0.0.0", origins=origins).allows_origin(origin, host) is welcome


@pytest.mark.parametrize(
    ("settings", "host", "known"),
    [
        ({}, "localhost:8787", True),
        ({}, "LOCALHOST", True),
        ({}, "127.0.0.1:8787", True),
        ({}, "127.8.8.8", True),
        ({}, "[::1]:8787", True),
        ({}, "hub.localhost:8787", True),
        ({}, None, True),
        ({}, "evil.example:8787", False),
        ({}, "localhost.evil.example", False),
        ({}, "10.0.0.1", False),
        ({}, "", False),
        ({"host": "::1"}, "evil.example", False),
        ({"host": "localhost"}, "evil.example", False),
        ({"origins": ("https://hub.example:444",)}, "hub.example", True),
        ({"origins": ("https://hub.example",)}, "evil.example", False),
        ({"origins": ("*",)}, "evil.example", True),
        ({"trusted_proxies": ("127.0.0.1",)}, "hub.example", True),
        ({"host": "0.0.0.0"}, "hub.example", True),
        ({"host": "192.0.2.1"}, "hub.example", True),
    ],
)
def test_a_hub_on_loopback_knows_its_names(settings: dict[str, Any], host: str | None, known: bool) -> None:
    server = ServerSettings(**settings)
    assert server.knows_host(host) is known
    if host is not None:
        assert server.allows_origin(f"http://{host}", host) is known
