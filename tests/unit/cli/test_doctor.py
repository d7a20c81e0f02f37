"""``hub doctor``: one line a check, what to do where it is not well, exit code 1 where it failed."""

from __future__ import annotations

import fcntl
import http.server
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.cli import checks, run
from hub.cli.finding import Finding
from hub.config import Config, load
from hub.identity.secret import load_secret
from hub.storage.folder import DATABASE_NAME, LOCK_NAME
from hub.storage.migrations import APPLICATION_ID, SCHEMA_VERSION


@pytest.fixture
def config(tmp_path: Path) -> Config:
    os.chmod(tmp_path, 0o700)
    return load(None, {"storage.data": str(tmp_path)})


def only(check: Callable[[Config], Iterator[Finding]], config: Config) -> Finding:
    (finding,) = check(config)
    return finding


def header(version: int, application: int = APPLICATION_ID) -> bytes:
    return (
        b"SQLite format 3\0"
        + bytes(44)
        + struct.pack(">i", version)
        + bytes(4)
        + struct.pack(">i", application)
        + bytes(28)
    )


def test_doctor_tells_a_line_for_every_check_and_fails_for_a_wrong_config(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "hub.toml").write_text("[server]\nprot = 1\n")
    assert run(["doctor", "--data", str(tmp_path / "data"), "--config", str(tmp_path / "hub.toml")]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("fail  config")
    subjects = {line[6:17].strip() for line in lines if not line.startswith(" ")}
    assert subjects == {
        "config", "python", "packages", "data folder", "lock", "database", "secret", "disk", "open files",
        "address", "port", "clock",
    }  # fmt: skip  # nothing of channels: they are not known
    assert not (tmp_path / "data").exists()


def test_doctor_succeeds_where_nothing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (checks.check_python, checks.check_packages))
    monkeypatch.setattr(checks, "DELIVERY", ())
    assert run(["doctor", "--data", str(tmp_path)]) == 0
    assert "fail" not in capsys.readouterr().out


def test_doctor_fails_where_one_check_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_bytes(b"short")
    monkeypatch.setattr(checks, "CHECKS", (checks.check_secret, checks.check_python))
    assert run(["doctor", "--data", str(tmp_path)]) == 1
    assert "→ bring it back from a backup" in capsys.readouterr().out


def test_a_missing_package_fails(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "PACKAGES", ("uvloop", "no-such-package"))
    found = only(checks.check_packages, config)
    assert (found.level, found.text) == ("fail", "missing: no-such-package")


def test_a_folder_that_others_may_enter_is_warned_about(config: Config, tmp_path: Path) -> None:
    assert only(checks.check_folder, config).level == "ok"
    os.chmod(tmp_path, 0o755)
    assert only(checks.check_folder, config).level == "warn"


def test_a_folder_that_is_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = load(None, {"storage.data": str(tmp_path / "file")})
    assert only(checks.check_folder, config).level == "fail"


def test_a_folder_still_to_be_made_is_well(tmp_path: Path) -> None:
    config = load(None, {"storage.data": str(tmp_path / "a" / "b")})
    assert only(checks.check_folder, config).level == "ok"
    assert only(checks.check_space, config).level in {"ok", "warn"}


def test_a_running_hub_is_seen_by_its_lock(config: Config, tmp_path: Path) -> None:
    with (tmp_path / LOCK_NAME).open("w") as file:
        file.write("4711\n")
        file.flush()
        assert "no hub is running" in only(checks.check_lock, config).text
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "(process 4711)" in only(checks.check_lock, config).text
    assert "no hub is running" in only(checks.check_lock, config).text


@pytest.mark.parametrize(
    ("content", "level", "told"),
    [
        (b"", "ok", "empty"),
        (header(SCHEMA_VERSION), "ok", f"schema {SCHEMA_VERSION}, "),
        (header(SCHEMA_VERSION - 1), "ok", "the next start brings it"),
        (header(SCHEMA_VERSION + 1), "fail", "newer version"),
        (header(SCHEMA_VERSION, 1), "fail", "another program"),
        (b"junk" * 30, "fail", "not a SQLite file"),
    ],
)
def test_a_database_is_judged_by_its_header_and_left_alone(
    config: Config, tmp_path: Path, content: bytes, level: str, told: str
) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(content)
    found = only(checks.check_schema, config)
    assert found.level == level
    assert told in found.text
    assert [entry.name for entry in tmp_path.iterdir()] == [DATABASE_NAME]


def test_a_secret_others_could_read_is_warned_about_and_a_damaged_one_fails(
    config: Config, tmp_path: Path
) -> None:
    assert only(checks.check_secret, config).level == "ok"
    load_secret(tmp_path, create=True)
    assert only(checks.check_secret, config).level == "ok"
    os.chmod(tmp_path / "secret", 0o640)
    assert only(checks.check_secret, config).advice == f"chmod 600 {tmp_path / 'secret'}"
    (tmp_path / "secret").write_bytes(b"short")
    assert only(checks.check_secret, config).level == "fail"


@pytest.mark.parametrize(("free", "level"), [(2**40, "ok"), (checks.SPACE_NEEDED, "warn"), (1, "fail")])
def test_little_room_on_the_disk_is_told(
    config: Config, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": free}))
    assert only(checks.check_space, config).level == level


@pytest.mark.parametrize(("soft", "level"), [(-1, "ok"), (65536, "ok"), (1024, "warn"), (100, "fail")])
def test_few_open_files_are_told(
    config: Config, monkeypatch: pytest.MonkeyPatch, soft: int, level: str
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _what: (soft, soft))
    found = only(checks.check_files, config)
    assert found.level == level
    assert bool(found.advice) == (level != "ok")


@pytest.mark.parametrize(
    ("settings", "level"),
    [
        ({}, "ok"),
        ({"server.host": "localhost"}, "ok"),
        ({"server.host": "::1"}, "ok"),
        ({"server.host": "0.0.0.0"}, "warn"),
        ({"server.tls_cert": "/no/cert", "server.tls_key": "/no/key"}, "fail"),
    ],
)
def test_tokens_in_the_clear_are_warned_about(settings: dict[str, object], level: str) -> None:
    assert only(checks.check_listen, load(None, settings)).level == level


@pytest.fixture
def server() -> Iterator[type[http.server.BaseHTTPRequestHandler]]:
    """An HTTP server on a free port that answers with ``Answer.status``."""

    class Answer(http.server.BaseHTTPRequestHandler):
        status = 200
        port = 0

        def do_GET(self) -> None:
            self.send_response(self.status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as listening:
        Answer.port = listening.server_port
        thread = threading.Thread(target=listening.serve_forever, args=(0.01,))
        thread.start()
        yield Answer
        listening.shutdown()
        thread.join()


def asked(server: type, folder: Path) -> Config:
    return load(None, {"server.port": server.port, "storage.data": str(folder)})  # type: ignore[attr-defined]  # the handler's own attribute


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A data folder on which a hub runs."""
    with (tmp_path / LOCK_NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield tmp_path


@pytest.mark.parametrize(
    ("status", "level", "told"),
    [(200, "ok", "is ready"), (503, "fail", "not ready"), (404, "fail", "another program's")],
)
def test_a_port_in_use_is_asked_who_is_there(
    server: type, locked: Path, status: int, level: str, told: str
) -> None:
    server.status = status  # type: ignore[attr-defined]  # the handler's own attribute
    found = only(checks.check_port, asked(server, locked))
    assert found.level == level
    assert told in found.text


@pytest.mark.parametrize("status", [200, 503])
def test_a_hub_that_answers_for_another_folder_is_warned_about(
    server: type, tmp_path: Path, status: int
) -> None:
    server.status = status  # type: ignore[attr-defined]  # the handler's own attribute
    found = only(checks.check_port, asked(server, tmp_path))
    assert found.level == "warn"
    assert f"does not run on {tmp_path}" in found.text
    assert "--port" in found.advice


def test_doctor_looks_at_the_address_it_is_given(
    server: type, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "CHECKS", (checks.check_listen, checks.check_port))
    port = str(server.port)  # type: ignore[attr-defined]  # the handler's own attribute
    assert run(["doctor", "--data", str(tmp_path), "--host", "127.0.0.1", "--port", port]) == 0
    assert f"warn  port         a hub answers at 127.0.0.1:{port}" in capsys.readouterr().out
    assert run(["doctor", "--data", str(tmp_path), "--host", "192.0.2.1"]) == 1
    assert "can't listen on 192.0.2.1:8787" in capsys.readouterr().out


def test_a_free_port_is_well_and_an_address_of_another_machine_fails() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    assert only(checks.check_port, load(None, {"server.port": port})).level == "ok"
    assert only(checks.check_port, load(None, {"server.host": "192.0.2.1"})).level == "fail"


@pytest.mark.parametrize(("now", "level"), [(0, "fail"), (checks.EARLIEST_TIME, "fail"), (2**33, "ok")])
def test_a_clock_before_the_databases_last_change_fails(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, now: int, level: str
) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"")
    os.utime(tmp_path / DATABASE_NAME, (2**32, 2**32))
    monkeypatch.setattr("time.time", lambda: now)
    assert only(checks.check_clock, config).level == level
