"""``hub serve`` as its operator meets it: what it prints, how it ends, when it refuses to start."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import io
import ipaddress
import json
import shutil
import signal
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.model import Json
from hub.protocol.native import SUBPROTOCOL
from hub.protocol.native_device import GoingAway, Ok, decode, hello
from hub.storage.migrations import SCHEMA_VERSION
from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess, run_hub
from tests.kit.devices import NativeDevice

TASK: Json = {"kind": "task", "title": "备份"}


def sentence(done_stderr: str) -> str:
    """What a user who got something wrong is told: one line, no traceback."""
    lines = done_stderr.strip().splitlines()
    assert len(lines) == 1, done_stderr
    assert lines[0].startswith("hub: ")
    return lines[0]


def fingerprints(folder: Path) -> dict[str, tuple[str, int, int]]:
    """Each file's content, mode and time of change."""
    return {
        path.name: (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mode,
            path.stat().st_mtime_ns,
        )
        for path in folder.iterdir()
    }


def following(log: Path, seconds: float = 5.0) -> Iterator[str]:
    """The log's lines, those too that are written later, for so long."""
    deadline = time.monotonic() + seconds
    with log.open() as lines:
        while time.monotonic() < deadline:
            yield lines.readline()


def is_token(line: str) -> bool:
    return line.startswith("eyJ") and line.endswith("\n")


# ---------------------------------------------------------------------- output


async def test_stdout_carries_the_ready_line_alone_and_stderr_one_json_object_a_line(
    hub_process: HubProcess,
) -> None:
    token = hub_process.token("ann")
    assert (await hub_process.http("POST", "/v1/users/me/items", TASK, token))[0] == 201
    assert (await hub_process.http("GET", "/nowhere"))[0] == 404
    async with NativeDevice(hub_process.native_url, token) as device:
        await device.open("inbox/ann")
    assert await hub_process.stop() == 0
    assert hub_process.stdout == f"ready http://127.0.0.1:{hub_process.port}\n"
    events = [json.loads(line)["event"] for line in hub_process.log.read_text().splitlines()]
    assert (events[0], events[-1]) == ("hub.started", "hub.stopped")


async def test_a_ready_hub_answers_at_once_on_the_port_it_told(hub_process: HubProcess) -> None:
    assert hub_process.port != 0
    status, readiness = await hub_process.http("GET", "/readyz")
    assert (status, readiness["ready"]) == (200, True)


async def test_dev_tells_a_token_that_works_and_welcomes_pages_of_localhost(make_hub: MakeHub) -> None:
    hub = make_hub(options=["--dev"])
    hub.start()
    token = next(filter(is_token, following(hub.log))).strip()
    assert (await hub.http("GET", "/v1/users/me/counts", token=token))[0] == 200
    page = {"additional_headers": {"Origin": "http://localhost:5173"}}
    async with websockets.connect(f"{hub.yjs_url}/notes?token={token}", **page):  # type: ignore[arg-type]  # one option of many
        pass
    stranger = {"additional_headers": {"Origin": "http://example.org"}}
    with pytest.raises(websockets.InvalidStatus, match="403"):
        await websockets.connect(f"{hub.yjs_url}/notes?token={token}", **stranger)  # type: ignore[arg-type]  # as above
    assert await hub.stop() == 0
    assert hub.stdout == f"ready {hub.url}\n"


async def test_a_body_that_is_too_large_is_answered_before_the_connection_is_closed(
    hub_process: HubProcess,
) -> None:
    token = hub_process.token("ann")
    for _ in range(10):  # a reset comes by chance
        body = io.BytesIO(b"x" * 3_000_000)
        status, problem = await hub_process.http("POST", "/v1/users/me/items", token=token, data=body)
        assert (status, problem["code"]) == (413, "too_big")


# ---------------------------------------------------------------------- ending


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_drains_devices_are_told_when_to_come_back_and_the_exit_code_is_0(
    make_hub: MakeHub, number: int
) -> None:
    hub = make_hub(settings={"server.drain_timeout": 8})
    hub.start()
    token = hub.token("ann")
    async with (
        NativeDevice(hub.native_url, token) as phone,
        NativeDevice(hub.native_url, token) as laptop,
        websockets.connect(f"{hub.yjs_url}/notes?token={token}") as editor,
    ):
        started = time.monotonic()
        hub.running.send_signal(number)
        assert [await phone.ended(), await laptop.ended()] == [4503, 4503]
        await editor.wait_closed()
        assert editor.close_code == 4503
        assert await hub.ended() == 0
        assert time.monotonic() - started < 3, "nothing was in flight, so nothing is waited for"
    told = [phone.state.going_away, laptop.state.going_away]
    assert all(each is not None and each.retry_after > 0 for each in told)
    assert told[0] != told[1], "they don't all come back at once"


async def test_what_is_being_saved_when_the_signal_comes_is_saved_and_acknowledged(make_hub: MakeHub) -> None:
    hub = make_hub(tweaks={"commit_seconds": 0.4})
    hub.start()
    async with NativeDevice(hub.native_url, hub.token("ann")) as device:
        inbox = await device.open("inbox/ann")
        device.state.act("inbox/ann", "backup", "item", TASK)
        await device.push()
        # Another push, answered while the commit is under way, tells that the first one has arrived.
        assert await device.push_raw("inbox/ann", [["?", "read", True, 1]])
        assert inbox.outbox, "the commit is still under way"
        hub.running.send_signal(signal.SIGTERM)
        assert await device.ended() == 4503
        assert not inbox.outbox, "acknowledged before the end"
        kinds = [type(message) for message in device.state.received]
        assert kinds.index(GoingAway) < len(kinds) - 1 - kinds[::-1].index(Ok), "told first, then answered"
    assert await hub.ended() == 0
    hub.start()
    assert (await hub.http("GET", "/v1/users/me/items/backup", token=hub.token("ann")))[0] == 200


async def test_a_device_that_hangs_and_an_open_stream_hold_the_end_up_no_longer_than_drain_timeout(
    make_hub: MakeHub,
) -> None:
    hub = make_hub(settings={"server.drain_timeout": 2})
    hub.start()
    token = hub.token("ann")
    silent = socket.create_connection(("127.0.0.1", hub.port))
    hanging = await websockets.connect(hub.native_url, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)])
    await hanging.send(hello(token, None, "hanging", "test"))
    await hanging.recv()
    hanging.transport.pause_reading()  # never answers the close frame
    async with aiohttp.ClientSession() as session:
        stream = await session.get(
            f"{hub.url}/v1/users/me/stream", headers={"Authorization": f"Bearer {token}"}
        )
        await stream.content.readline()
        started = time.monotonic()
        assert await hub.stop() == 0
        assert time.monotonic() - started < 3
        with contextlib.suppress(aiohttp.ClientError):
            await stream.content.read()
    hanging.transport.abort()
    await hanging.wait_closed()
    silent.close()


# ---------------------------------------------------------------------- not starting


async def test_a_second_hub_on_the_same_folder_does_not_start_and_names_the_first(
    hub_process: HubProcess,
) -> None:
    second = run_hub("serve", "--data", str(hub_process.data), "--port", "0")
    assert (second.returncode, second.stdout) == (2, "")
    assert f"in use by another hub (process {hub_process.pid})" in sentence(second.stderr)
    assert (await hub_process.http("GET", "/readyz"))[0] == 200


async def test_a_folder_is_free_again_after_a_kill(hub_process: HubProcess) -> None:
    hub_process.kill()
    hub_process.start()
    assert (await hub_process.http("GET", "/readyz"))[0] == 200


def test_a_port_that_is_taken_is_one_sentence(hub_process: HubProcess, tmp_path: Path) -> None:
    second = run_hub("serve", "--data", str(tmp_path / "other"), "--port", str(hub_process.port))
    assert (second.returncode, second.stdout) == (2, "")
    assert str(hub_process.port) in sentence(second.stderr)


async def test_a_folder_of_a_newer_version_is_refused_untouched(hub_process: HubProcess) -> None:
    assert await hub_process.stop() == 0
    data = hub_process.data
    with contextlib.closing(sqlite3.connect(data / "tongbu.db")) as database:
        database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = fingerprints(data)
    refused = run_hub("serve", "--data", str(data), "--port", "0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "newer version" in sentence(refused.stderr)
    assert fingerprints(data) == before


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprot = 1\n", "server.prot"),
        ("[sever]\nport = 1\n", "sever"),
        ("[server]\ndrain_timeout = 0\n", "server.drain_timeout"),
        ("[limits]\nstatements = 0\n", "limits.statements"),
        ("[server]\nport = \n", "TOML"),
        ("[server]\ntls_cert = 'chain.pem'\n", "server.tls_key"),
    ],
)
def test_a_mistake_in_the_settings_is_one_sentence_that_names_it(
    tmp_path: Path, text: str, named: str
) -> None:
    file = tmp_path / "hub.toml"
    file.write_text(text)
    refused = run_hub("serve", "--data", str(tmp_path / "data"), "--config", str(file), "--port", "0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert named in sentence(refused.stderr)
    assert str(file) in refused.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--config", "/nonexistent/hub.toml"],
        ["--tls-cert", "/nonexistent/chain.pem", "--tls-key", "/nonexistent/key.pem"],
        ["--host", "192.0.2.1"],
        ["--data", "/dev/null/data"],
    ],
)
def test_what_is_not_there_is_one_sentence(tmp_path: Path, options: list[str]) -> None:
    refused = run_hub("serve", "--data", str(tmp_path / "data"), "--port", "0", *options)
    assert (refused.returncode, refused.stdout) == (2, "")
    sentence(refused.stderr)


def test_a_damaged_database_is_one_sentence_and_stays_as_it_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "tongbu.db").write_bytes(b"not a database, but longer than a header " * 100)
    before = (data / "tongbu.db").read_bytes()
    refused = run_hub("serve", "--data", str(data), "--port", "0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert str(data) in sentence(refused.stderr)
    assert (data / "tongbu.db").read_bytes() == before


# ---------------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.test")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return chain, private


async def test_with_a_certificate_http_and_websockets_speak_tls_only(
    make_hub: MakeHub, certificate: tuple[Path, Path]
) -> None:
    chain, key = certificate
    hub = make_hub(options=["--tls-cert", str(chain), "--tls-key", str(key)])
    hub.start()
    assert hub.url == f"https://127.0.0.1:{hub.port}"
    trusting = ssl.create_default_context(cafile=str(chain))
    token = hub.token("ann")
    assert (await hub.http("POST", "/v1/users/me/items", TASK, token, ssl=trusting))[0] == 201
    async with websockets.connect(
        hub.native_url, subprotocols=[websockets.Subprotocol(SUBPROTOCOL)], ssl=trusting
    ) as socket_:
        await socket_.send(hello(token, None, "phone", "test"))
        message = await socket_.recv()
        assert isinstance(message, bytes)
        assert decode(message)
    with pytest.raises(aiohttp.ClientError):
        async with aiohttp.ClientSession() as session, session.get(hub.url.replace("https", "http")):
            pass
    assert await hub.stop() == 0


# ---------------------------------------------------------------------- the other commands


async def test_a_token_made_while_the_hub_runs_is_good_and_stays_good_after_a_restart(
    hub_process: HubProcess,
) -> None:
    made = run_hub("token", "--data", str(hub_process.data), "--user", "安@example.org", "--scope", "user")
    assert made.returncode == 2, "a name outside the alphabet"
    sentence(made.stderr)
    made = run_hub(
        "token", "--data", str(hub_process.data), "--user", "ann", "--scope", "publish", "--ttl", "1h"
    )
    assert (made.returncode, made.stderr) == (0, "")
    token = made.stdout.strip()
    assert (await hub_process.http("POST", "/v1/users/bob/items", TASK, token))[0] == 201
    assert (await hub_process.http("GET", "/v1/users/me/items", token=token))[0] == 403
    assert await hub_process.stop() == 0
    hub_process.start()
    assert (await hub_process.http("POST", "/v1/users/bob/items", TASK, token))[0] == 201


async def test_doctor_finds_a_running_hub_well_and_changes_nothing(hub_process: HubProcess) -> None:
    settings = hub_process.config
    settings.write_text(f"[server]\nport = {hub_process.port}\n")
    before = {name for name in fingerprints(hub_process.data) if not name.endswith(("-wal", "-shm"))}
    done = run_hub("doctor", "--data", str(hub_process.data), "--config", str(settings))
    assert "fail" not in done.stdout
    assert done.returncode == 0
    assert f"a hub is running on this folder (process {hub_process.pid})" in done.stdout
    assert f"the hub at 127.0.0.1:{hub_process.port} is ready" in done.stdout
    assert await hub_process.stop() == 0
    stopped = fingerprints(hub_process.data)
    assert set(stopped) == before
    assert run_hub("doctor", "--data", str(hub_process.data), "--config", str(settings)).returncode == 0
    assert fingerprints(hub_process.data) == stopped


def test_doctor_fails_where_the_hub_would(tmp_path: Path) -> None:
    settings = tmp_path / "hub.toml"
    settings.write_text("[server]\nprot = 1\n")
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    shutil.copy(settings, data / "tongbu.db")
    done = run_hub("doctor", "--data", str(data), "--config", str(settings))
    assert done.returncode == 1
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("fail")]
    assert failed == ["config", "database"]
