"""Calls that leave the hub: whether they left, where they may go, what may come back."""

from __future__ import annotations

import asyncio
import socket
import ssl
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from yarl import URL

from hub.channels import outbound
from hub.channels.outbound import MAX_ANSWER, Answer, Outbound, address
from hub.errors import BadConfig
from hub.model import Outcome
from tests.kit.vendors import Reply, Vendor, answer, vendor

PATIENCE = 10.0
HASTE = 0.3
"""Seconds a call may take, and where no answer comes."""


class Names(AbstractResolver):
    """Knows one address after another, the last for ever; an error is raised, None never answers."""

    def __init__(self, *answers: list[str] | OSError | UnicodeError | None) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        found = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if found is None:
            await asyncio.Event().wait()
        if isinstance(found, Exception):
            raise found
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in found or []
        ]

    async def close(self) -> None: ...


@pytest.fixture
async def world() -> AsyncIterator[Vendor]:
    async with vendor() as made:
        yield made


async def post(
    url: str, names: Names | None = None, *, allow_private: bool = False, seconds: float = PATIENCE
) -> Answer | Outcome:
    calls = Outbound(seconds, allow_private=allow_private, names=names)
    try:
        return await calls.post(URL(url), b'{"a":1}')
    finally:
        await calls.close()


def stayed(result: Answer | Outcome, code: str) -> bool:
    """Whether the call is known not to have left, for that reason."""
    assert isinstance(result, Outcome)
    assert (result.kind, result.arrival, result.code) == ("retry", "never", code), result
    return True


def in_doubt(result: Answer | Outcome, code: str) -> bool:
    assert isinstance(result, Outcome)
    assert (result.kind, result.arrival, result.code) == ("retry", "unknown", code), result
    return True


# --------------------------------------------------------------------------- what never left


@pytest.mark.parametrize("error", [socket.gaierror(-2, "Name or service not known"), OSError("no network")])
async def test_a_name_that_nobody_knows_never_left(error: OSError) -> None:
    assert stayed(await post("http://hub.example/", Names(error)), "dns")


async def test_a_name_that_can_be_none_never_left() -> None:
    result = await post("http://hub.example/", Names(UnicodeError("label too long: hub.example")))
    assert stayed(result, "connect")
    assert "example" not in repr(result)


async def test_names_that_take_too_long_never_left() -> None:
    assert stayed(await post("http://hub.example/", Names(None), seconds=HASTE), "connect")


async def test_a_refused_connection_never_left() -> None:
    assert stayed(await post("http://127.0.0.1:9/"), "connect")


async def test_a_connection_that_takes_too_long_never_left() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        assert stayed(await post(f"http://127.0.0.1:{full.getsockname()[1]}/", seconds=HASTE), "connect")
        for each in waiting:
            each.close()


async def test_connecting_takes_a_part_of_the_time_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "CONNECT_TIMEOUT", 0.05)
    calls = Outbound(3600.0, allow_private=False, names=Names(None))
    assert stayed(await calls.post(URL("http://hub.example/"), b"{}"), "connect")
    await calls.close()


async def test_a_server_that_speaks_no_tls_never_got_it() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ready\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    assert stayed(await post(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"), "tls")
    server.close()
    await server.wait_closed()


async def test_a_tls_handshake_that_takes_too_long_never_left() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert stayed(await post(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=HASTE), "connect")


async def test_a_certificate_that_nobody_trusts_never_got_it(tmp_path: Path) -> None:
    async with vendor(_self_signed(tmp_path)) as world:
        result = await post(f"https://127.0.0.1:{world.port}/")
        assert stayed(result, "tls")
        assert isinstance(result, Outcome)
        assert result.error == "no connection: the certificate is not trusted"
        assert world.requests == []


# --------------------------------------------------------------------------- what may have arrived


async def test_silence_after_the_request_leaves_doubt(world: Vendor) -> None:
    world.otherwise = Reply(b"", "silent")
    assert in_doubt(await post(world.url, seconds=HASTE), "timeout")
    assert len(world.requests) == 1


@pytest.mark.parametrize("content", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_an_answer_that_is_cut_leaves_doubt(world: Vendor, content: bytes) -> None:
    world.otherwise = Reply(content, "cut")
    assert in_doubt(await post(world.url), "cut")


async def test_a_connection_that_is_cut_while_the_body_leaves_leaves_doubt() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    calls = Outbound(5.0, allow_private=False)
    url = URL(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    assert in_doubt(await calls.post(url, bytes(1000 * 1000)), "cut")
    await calls.close()
    server.close()
    await server.wait_closed()


# --------------------------------------------------------------------------- where it may go


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"]],
)
async def test_a_name_that_leads_into_a_private_network_is_never_connected_to(
    world: Vendor, addresses: list[str]
) -> None:
    result = await post(f"http://hub.example:{world.port}/", Names(addresses))
    assert isinstance(result, Outcome)
    assert (result.kind, result.arrival, world.connections) == ("bad_config", "never", 0)
    assert "allow_private" in (result.error or "")


async def test_a_name_may_lead_there_where_the_operator_says_so(world: Vendor) -> None:
    result = await post(f"http://hub.example:{world.port}/", Names(["127.0.0.1"]), allow_private=True)
    assert isinstance(result, Answer)
    assert world.requests[0].headers["host"] == f"hub.example:{world.port}"


async def test_an_address_and_localhost_are_the_operators_word(world: Vendor) -> None:
    assert isinstance(await post(f"http://127.0.0.1:{world.port}/"), Answer)
    assert isinstance(await post(f"http://localhost:{world.port}/", Names(["127.0.0.1"])), Answer)


async def test_localhost_that_leads_elsewhere_is_not_followed() -> None:
    result = await post("http://localhost:9/", Names(["10.0.0.1"]))
    assert isinstance(result, Outcome)
    assert result.kind == "bad_config"


@pytest.mark.parametrize("host", ["2130706433", "127.1", "0x7f000001", "0177.0.0.1"])
async def test_an_address_in_disguise_is_none(world: Vendor, host: str) -> None:
    result = await post(f"http://{host}:{world.port}/")
    assert isinstance(result, Outcome)
    assert (result.arrival, world.connections) == ("never", 0)


async def test_what_was_looked_at_is_what_is_connected_to(world: Vendor) -> None:
    names = Names(["127.0.0.1"], ["10.255.255.1"])
    assert isinstance(await post(f"http://localhost:{world.port}/", names), Answer)
    assert names.asked == 1


async def test_each_call_looks_again(world: Vendor) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    calls = Outbound(PATIENCE, allow_private=False, names=names)
    url = URL(f"http://localhost:{world.port}/")
    assert isinstance(await calls.post(url, b"{}"), Answer)
    refused = await calls.post(url, b"{}")
    assert isinstance(refused, Outcome)
    assert refused.kind == "bad_config"
    await calls.close()


async def test_proxies_of_the_environment_are_not_asked(
    world: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert isinstance(await post(world.url), Answer)


@pytest.mark.parametrize("text", ["http://hub.example:99999/hook", "http://[::1/hook", "https://[hook]/"])
def test_an_address_that_is_none_is_told_at_start_without_being_repeated(text: str) -> None:
    with pytest.raises(BadConfig, match=r"channels\.ops\.base_url") as caught:
        address("ops", text)
    assert "hook" not in "".join(traceback.format_exception(caught.value))


# --------------------------------------------------------------------------- what comes back


async def test_an_answer_is_its_status_body_and_two_headers(world: Vendor) -> None:
    world.otherwise = answer(429, "slow", Retry_After="5", Date="Tue, 14 Nov 2023 22:13:20 GMT")
    result = await post(world.url)
    assert result == Answer(429, b"slow", "5", "Tue, 14 Nov 2023 22:13:20 GMT")
    assert "slow" not in repr(result)


async def test_no_more_than_64_kib_of_an_answer_is_read(world: Vendor) -> None:
    world.otherwise = Reply(b"HTTP/1.1 200 OK\r\n\r\n", "endless")
    calls = Outbound(3600.0, allow_private=False)
    result = await calls.post(URL(world.url), b"{}")
    await calls.close()
    assert isinstance(result, Answer)
    assert len(result.body) == MAX_ANSWER


async def test_compressed_answers_are_neither_asked_for_nor_unpacked(world: Vendor) -> None:
    world.otherwise = answer(200, b"\x1f\x8b bomb", Content_Encoding="gzip")
    result = await post(world.url)
    assert isinstance(result, Answer)
    assert result.body == b"\x1f\x8b bomb"
    assert world.requests[0].headers["accept-encoding"] == "identity"


async def test_cookies_are_not_kept(world: Vendor) -> None:
    world.otherwise = answer(200, "", Set_Cookie="a=b; Path=/")
    calls = Outbound(PATIENCE, allow_private=True, names=Names(["127.0.0.1"]))
    for _ in range(2):
        await calls.post(URL(f"http://hub.example:{world.port}/"), b"{}")
    assert all("cookie" not in request.headers for request in world.requests)
    await calls.close()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
