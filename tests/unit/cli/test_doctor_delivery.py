"""``hub doctor`` on channels, routes and what waits: what is wrong, what to do, and nothing sent."""

from __future__ import annotations

import http.server
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hub.cli import channels_check, run
from hub.cli.channels_check import check_channels
from hub.cli.finding import Finding
from hub.cli.outbox_check import check_outbox
from hub.cli.routes_check import FIRST_CHANNEL, check_routes
from hub.config import Config, load
from hub.model import Delivery, Event, ItemId, Milliseconds, TopicName, UserId
from hub.ports import Batch
from hub.storage.folder import DATABASE_NAME
from hub.storage.sqlite import SqliteStorage

KEY = "693a91f6-7a0c-4bc4-97a0-0ec25efa5aaa"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PUBLIC, PRIVATE = "93.184.216.34", "10.1.2.3"

Configured = Callable[[str], Config]


@pytest.fixture
def configured(tmp_path: Path) -> Configured:
    """A configuration from its text."""

    def read(text: str) -> Config:
        file = tmp_path / "hub.toml"
        file.write_text(text)
        return load(file, {"storage.data": str(tmp_path / "data")})

    return read


def robot(base_url: str, key: str = KEY) -> str:
    return f'[channels.ops]\nkind = "wecom_robot"\nkey = "{key}"\nbase_url = "{base_url}"\n'


def webhook(base_url: str, more: str = "") -> str:
    return f'[channels.hook]\nkind = "webhook"\nsecret = "{SECRET}"\nbase_url = "{base_url}"\n{more}\n'


class Vendor:
    """A host that answers every request, and remembers it."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        vendor = self
        self.requests: list[str] = []
        self.ahead = 0.0
        self.silent = False

        class Answers(http.server.BaseHTTPRequestHandler):
            def handle_one_request(self) -> None:
                vendor.requests.append(self.rfile.readline().decode().strip())
                while self.rfile.readline().strip():
                    pass
                self.close_connection = True
                if not vendor.silent:
                    date = formatdate(time.time() + vendor.ahead, usegmt=True)
                    self.wfile.write(f"HTTP/1.1 404 Not Found\r\nDate: {date}\r\n\r\n".encode())

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # refused handshakes
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()
    yield vendor
    vendor.stop()


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What host names lead to; nobody else is asked."""
    known: dict[str, list[str]] = {}

    def look_up(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        if host not in known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in known[host]]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    return known


@pytest.fixture
def unreached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls go nowhere and succeed."""
    monkeypatch.setattr(channels_check, "_greeted", lambda _place, _addresses: None)


def channel_findings(config: Config) -> list[tuple[str, str, str]]:
    return [(each.level, each.text, each.advice) for each in check_channels(config)]


# ----------------------------------------------------------------------------- channels


def test_a_host_that_answers_is_well_and_got_neither_key_nor_message(
    configured: Configured, vendor: Vendor
) -> None:
    config = configured(
        robot(f"http://127.0.0.1:{vendor.port}") + webhook(f"http://127.0.0.1:{vendor.port}/secret")
    )
    told = channel_findings(config)
    assert [level for level, _, _ in told] == ["ok", "ok"]
    assert all("clocks agree; no message was sent" in text for _, text, _ in told)
    assert vendor.requests == ["HEAD / HTTP/1.1"] * 2


def test_a_host_that_hangs_up_can_be_reached_all_the_same(configured: Configured, vendor: Vendor) -> None:
    vendor.silent = True
    ((level, text, _),) = channel_findings(configured(robot(f"http://127.0.0.1:{vendor.port}")))
    assert (level, "can be reached" in text, "clocks" in text) == ("ok", True, False)


@pytest.mark.parametrize(("ahead", "words"), [(-300, "ahead of"), (300, "behind")])
def test_a_clock_that_differs_is_told(
    configured: Configured, vendor: Vendor, ahead: float, words: str
) -> None:
    vendor.ahead = ahead
    ((level, text, advice),) = channel_findings(configured(robot(f"http://127.0.0.1:{vendor.port}")))
    assert level == "warn"
    assert f"s {words} that of 127.0.0.1" in text
    assert "NTP" in advice


def test_a_refused_connection_fails_with_its_reason(configured: Configured, vendor: Vendor) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
        ((level, text, _),) = channel_findings(configured(robot(f"http://127.0.0.1:{port}")))
    assert (level, text) == ("fail", f"ops: no connection to 127.0.0.1:{port}: Connection refused")


def test_a_name_that_can_not_be_resolved_fails(configured: Configured, names: dict[str, list[str]]) -> None:
    ((level, text, advice),) = channel_findings(configured(webhook("https://hook.example/secret-path")))
    assert (level, text) == ("fail", "hook: hook.example can't be resolved (Name or service not known)")
    assert "channels.hook.base_url" in advice


def test_a_name_server_that_is_silent_is_not_waited_for(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()
    monkeypatch.setattr(channels_check, "PATIENCE", 0.01)
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: ended.wait(20))
    ((level, text, _),) = channel_findings(configured(robot("https://qyapi.example")))
    ended.set()
    assert (level, text) == ("fail", "ops: qyapi.example can't be resolved in time")


@pytest.mark.parametrize(
    ("addresses", "more", "level"),
    [
        ([PUBLIC], "", "ok"),
        ([PRIVATE], "", "fail"),
        ([PUBLIC, PRIVATE], "", "fail"),
        (["::ffff:169.254.1.1"], "", "fail"),
        ([PRIVATE], "allow_private = true", "ok"),
    ],
)
@pytest.mark.usefixtures("unreached")
def test_a_name_that_leads_to_a_private_address_fails_unless_that_is_allowed(
    configured: Configured, names: dict[str, list[str]], addresses: list[str], more: str, level: str
) -> None:
    names["hook.example"] = addresses
    ((found, text, advice),) = channel_findings(configured(webhook("https://hook.example/x", more)))
    assert found == level
    if level == "fail":
        assert "leads to a private address" in text
        assert "channels.hook.allow_private = true" in advice


@pytest.mark.parametrize(
    ("addresses", "scheme", "warned"),
    [([PUBLIC], "http", True), ([PUBLIC], "https", False), ([PRIVATE], "http", False)],
)
@pytest.mark.usefixtures("unreached")
def test_http_over_the_internet_is_warned_about(
    configured: Configured, names: dict[str, list[str]], addresses: list[str], scheme: str, warned: bool
) -> None:
    names["robot.example"] = addresses
    told = channel_findings(configured(robot(f"{scheme}://robot.example")))
    assert ("warn" in [level for level, _, _ in told]) is warned
    assert any("in the clear" in text for _, text, _ in told) is warned


@pytest.mark.parametrize(
    ("key", "warned"), [(KEY, False), (KEY.upper(), False), ("abc", True), (f"key={KEY}", True)]
)
@pytest.mark.usefixtures("unreached")
def test_a_key_that_looks_like_none_is_warned_about_and_not_shown(
    configured: Configured, names: dict[str, list[str]], key: str, warned: bool
) -> None:
    names["qyapi.weixin.qq.com"] = [PUBLIC]
    told = channel_findings(configured(robot("https://qyapi.weixin.qq.com", key)))
    assert ("warn" in [level for level, _, _ in told]) is warned
    assert key not in repr(told)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that it signed itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).add_extension(alternative, critical=False)
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    signed = builder.sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "vendor.pem"
    path.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, *plain))
    return path


@pytest.fixture
def tls_vendor(certificate: Path) -> Iterator[Vendor]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    vendor = Vendor(context)
    yield vendor
    vendor.stop()


def test_a_certificate_nobody_trusts_fails(configured: Configured, tls_vendor: Vendor) -> None:
    ((level, text, _),) = channel_findings(configured(robot(f"https://127.0.0.1:{tls_vendor.port}")))
    assert level == "fail"
    assert "the certificate of 127.0.0.1 is not trusted" in text


def test_a_trusted_certificate_is_well(
    configured: Configured, tls_vendor: Vendor, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr("ssl.create_default_context", lambda: trusting)
    ((level, text, _),) = channel_findings(configured(robot(f"https://127.0.0.1:{tls_vendor.port}")))
    assert (level, "can be reached over TLS, clocks agree" in text) == ("ok", True)


def test_tls_with_who_speaks_none_fails(configured: Configured, vendor: Vendor) -> None:
    ((level, text, _),) = channel_findings(configured(robot(f"https://127.0.0.1:{vendor.port}")))
    assert level == "fail"
    assert f"no TLS with 127.0.0.1:{vendor.port}" in text


# ----------------------------------------------------------------------------- routes

CHANNELS = robot("https://robot.example") + webhook("https://hook.example/x")
BOTH = '[[routes]]\nchannels = ["ops", "hook"]\n'


def route(match: str, channels: str = '"ops", "hook"') -> str:
    return f"[[routes]]\nmatch = {{ {match} }}\nchannels = [{channels}]\n"


def route_findings(config: Config) -> list[str]:
    return [f"{each.level} {each.text}" for each in check_routes(config)]


def test_without_a_channel_the_lines_to_write_are_told(configured: Configured) -> None:
    (found,) = check_routes(configured(""))
    assert (found.level, found.advice) == ("warn", FIRST_CHANNEL)


def test_the_lines_to_write_are_a_configuration(
    configured: Configured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WECOM_OPS_KEY", KEY)
    lines = "\n".join(line.strip() for line in FIRST_CHANNEL.splitlines() if line.startswith("    "))
    (found,) = check_routes(configured(lines))
    assert found.level == "ok"


def test_without_a_route_nothing_leaves(configured: Configured) -> None:
    (found,) = check_routes(configured(CHANNELS))
    assert (found.level, found.text) == ("warn", "none: nothing leaves the hub")
    assert 'channels = ["ops"]' in found.advice


def test_a_channel_that_no_route_uses_is_told(configured: Configured) -> None:
    assert route_findings(configured(CHANNELS + route('kind = "task"', '"ops"'))) == [
        "warn no route sends to hook"
    ]


@pytest.mark.parametrize(
    ("routes", "unreachable"),
    [
        ([BOTH, route('kind = "task"')], ["route-2"]),
        ([route('kind = "task"'), BOTH], []),
        ([route('kind = "task"'), route('kind = "notification"'), BOTH], ["route-3"]),
        ([route('kind = "task"'), route('status = "failed"')], ["route-2"]),
        ([route('kind = "notification"'), route('status = "failed"')], []),
        ([route('status = "failed"'), route('kind = "task"')], []),
        ([route('level = ["error", "critical"]'), route('level = "error"')], ["route-2"]),
        ([route('level = "error"'), route('level = ["error", "critical"]')], []),
        ([route('tags = "a"'), route('tags = "a", source = "ci"')], ["route-2"]),
        ([route('tags = "a", source = "ci"'), route('tags = "a"')], []),
        ([route('user = "*"'), route('kind = "task"')], ["route-2"]),
        ([route('source = "*"'), route('kind = "task"')], []),  # an item may have no source
        ([route('user = "ann"'), route('user = "bob"')], []),
    ],
)
def test_a_route_that_is_never_reached_is_told(
    configured: Configured, routes: list[str], unreachable: list[str]
) -> None:
    told = route_findings(configured(CHANNELS + "".join(routes)))
    assert [line.split()[1] for line in told if "never reached" in line] == unreachable
    if not unreachable:
        assert [line.split()[0] for line in told] == ["ok"]


def test_a_route_that_contradicts_itself_is_told(configured: Configured) -> None:
    told = route_findings(configured(CHANNELS + route('kind = "notification", status = "failed"') + BOTH))
    assert told == ["warn route-1 can't match anything"]


# ----------------------------------------------------------------------------- what waits


def raised(number: int, channel: str, at: int, due: int) -> Batch:
    topic, item, user = TopicName("inbox/ann"), ItemId(f"i{number}"), UserId("ann")
    event = Event(f"e{number}", "notification.raised", topic, item, 0, None, Milliseconds(at))
    delivery = Delivery(f"d{number}", event.id, item, channel, "route-1", Milliseconds(due), user, topic)
    return Batch(events=[event], deliveries=[delivery])


@pytest.fixture
async def backlog(tmp_path: Path) -> Path:
    """Of ``ops`` one dead, one late, one delayed; one of a channel that is gone. The hub has ended."""
    storage, now = SqliteStorage(tmp_path / "data"), int(time.time() * 1000)
    await storage.store.start()
    hour = 3_600_000
    for number, (channel, due) in enumerate(
        [("ops", now - hour), ("ops", now - hour), ("ops", now + hour), ("gone", now)]
    ):
        await storage.store.commit(raised(number, channel, now - 2 * hour, due))
    row = await storage.outbox.delivery("d0")
    assert row is not None
    await storage.store.commit(Batch(settled=[replace(row, state="dead", ended_at=Milliseconds(now))]))
    await storage.store.close()
    return tmp_path / "data"


def outbox_findings(config: Config) -> list[Finding]:
    return list(check_outbox(config))


async def test_what_is_dead_and_what_waits_is_told_by_channel(configured: Configured, backlog: Path) -> None:
    gone, waiting, dead = outbox_findings(configured(CHANNELS + BOTH))
    assert (gone.level, "1 on their way by gone" in gone.text) == ("warn", True)
    assert "no such channel any more" in gone.text
    assert (waiting.level, "2 on their way by ops" in waiting.text) == ("warn", True)
    assert "1 should have left" in waiting.text
    assert "hub channel test ops" in waiting.advice
    assert (dead.level, "1 dead by ops" in dead.text) == ("warn", True)
    assert "hub deliveries retry --state dead --channel ops" in dead.advice


async def test_looking_leaves_no_trace(configured: Configured, backlog: Path) -> None:
    before = sorted(os.listdir(backlog))
    outbox_findings(configured(CHANNELS))
    assert sorted(os.listdir(backlog)) == before


async def test_an_empty_outbox_is_well_and_none_is_nothing(configured: Configured, tmp_path: Path) -> None:
    assert outbox_findings(configured(CHANNELS)) == []
    storage = SqliteStorage(tmp_path / "data")
    await storage.store.start()
    (running,) = outbox_findings(configured(CHANNELS))
    await storage.store.close()
    (found,) = outbox_findings(configured(CHANNELS))
    assert (running.level, found.level) == ("ok", "ok")


def test_a_database_that_can_not_be_read_is_another_checks_to_judge(
    configured: Configured, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / DATABASE_NAME).write_bytes(b"junk" * 100)
    (found,) = outbox_findings(configured(CHANNELS))
    assert found.level == "warn"


def test_the_command_tells_it_line_by_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.cli.checks.CHECKS", ())
    assert run(["doctor", "--data", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "warn  channels     none: nothing leaves the hub"
    assert lines[2].startswith("                   → to send every task's end")
    assert lines[4].strip() == 'kind = "wecom_robot"'
