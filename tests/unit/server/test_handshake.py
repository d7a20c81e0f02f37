"""Who may upgrade."""

from __future__ import annotations

import json

import pytest
from websockets.client import ClientProtocol
from websockets.datastructures import Headers
from websockets.http11 import Request
from websockets.protocol import OPEN
from websockets.uri import parse_uri

from hub import errors
from hub.config import ServerSettings
from hub.server.addresses import TrustedProxies
from hub.server.handshake import Doorway, UpgradeRequest, refuse
from tests.unit.server.fakes import KEY, Handlers, upgrade_request

ALLOWED = ServerSettings(host="0.0.0.0", origins=("https://app.example",))


def doorway(proxies: tuple[str, ...] = ()) -> Doorway:
    return Doorway(Handlers(), ALLOWED.allows_origin, TrustedProxies(proxies))


# ------------------------------------------------------------ what is asked for


def test_the_path_is_percent_decoded_and_loses_its_query() -> None:
    admitted = doorway().admit(upgrade_request("/v1/connect/a%20b%E4%BB%BB?x=1"), "192.0.2.1")
    assert admitted.path == "/v1/connect/a b任"
    assert admitted.address == "192.0.2.1"
    assert admitted.token is None


@pytest.mark.parametrize(
    ("target", "authorization", "token"),
    [
        ("/v1/connect", "Bearer abc.def", "abc.def"),
        ("/v1/connect", "bearer  abc ", "abc"),
        ("/v1/connect", "Basic abc", None),
        ("/v1/connect", "Bearer", None),
        ("/v1/connect?token=abc.d%2De", None, "abc.d-e"),
        ("/v1/connect?x=1&token=abc", None, "abc"),
        ("/v1/connect?token=a&token=b", None, None),
        ("/v1/connect?token=", None, None),
        ("/v1/connect?nontoken=a", None, None),
        ("/v1/connect?token=query", "Bearer header", "header"),
    ],
)
def test_the_token_is_taken_from_the_header_or_else_the_query(
    target: str, authorization: str | None, token: str | None
) -> None:
    assert doorway().admit(upgrade_request(target, authorization=authorization), "").token == token


def test_a_trusted_proxy_tells_the_address() -> None:
    request = upgrade_request(x_forwarded_for="198.51.100.1")
    assert doorway(("127.0.0.1",)).admit(request, "127.0.0.1").address == "198.51.100.1"
    assert doorway().admit(request, "127.0.0.1").address == "127.0.0.1"


def test_a_path_nobody_serves_is_not_found() -> None:
    with pytest.raises(errors.NotFound):
        doorway().admit(upgrade_request("/elsewhere"), "")


@pytest.mark.parametrize("origin", [None, "https://app.example", "https://hub.example", "http://hub.example"])
def test_programs_listed_pages_and_the_hubs_own_pages_may_connect(origin: str | None) -> None:
    doorway().admit(upgrade_request(origin=origin), "")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://app.example", "null", ""])
def test_pages_of_other_origins_may_not(origin: str) -> None:
    with pytest.raises(errors.Forbidden):
        doorway().admit(upgrade_request(origin=origin), "")


def test_two_origins_are_none_to_trust() -> None:
    headers = [("origin", "https://app.example"), ("origin", "https://app.example")]
    with pytest.raises(errors.Forbidden):
        doorway().admit(UpgradeRequest("GET", "/v1/connect", "1.1", headers), "")


@pytest.mark.parametrize("header", [{"content_length": "5"}, {"transfer_encoding": "chunked"}])
def test_an_upgrade_has_no_body(header: dict[str, str]) -> None:
    with pytest.raises(errors.BadRequest):
        doorway().admit(upgrade_request(**header), "")


# ------------------------------------------------------------ the answer


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"sec_websocket_protocol": "tongbu.v1"},
        {"sec_websocket_protocol": "other, tongbu.v1"},
        {"sec_websocket_protocol": "other"},
        {"upgrade": "WebSocket", "connection": "keep-alive, Upgrade"},
        {"sec_websocket_extensions": "permessage-deflate; client_max_window_bits"},
    ],
)
def test_a_good_request_is_accepted_as_the_library_would(changes: dict[str, str]) -> None:
    request = upgrade_request(**changes)
    accepted, response = doorway().answer(request, "/v1/connect")
    by_library, expected = doorway()._answer_by_library(request, "/v1/connect")
    assert accepted
    assert by_library
    assert fields(response) == {line for line in fields(expected) if not line.startswith(b"Date:")}


def fields(response: bytes) -> set[bytes]:
    return set(response.split(b"\r\n"))


def test_a_client_finds_the_answer_right_and_every_extension_declined() -> None:
    client = ClientProtocol(parse_uri("ws://hub.example/v1/connect"), subprotocols=["tongbu.v1"])  # type: ignore[list-item]  # a plain str is one
    sent = client.connect()
    client.send_request(sent)
    request = UpgradeRequest("GET", sent.path, "1.1", list(sent.headers.raw_items()))
    client.receive_data(doorway().answer(request, "/v1/connect")[1])
    assert client.state is OPEN
    assert client.subprotocol == "tongbu.v1"
    assert client.extensions == []


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"sec_websocket_key": None}, 400),
        ({"sec_websocket_key": "c2hvcnQ="}, 400),
        ({"sec_websocket_key": KEY[:-1] + "!"}, 400),
        ({"sec_websocket_version": "8"}, 400),
        ({"sec_websocket_version": None}, 400),
        ({"sec_websocket_protocol": "a b"}, 400),
        ({"sec_websocket_protocol": ""}, 400),
        ({"upgrade": "h2c"}, 426),
        ({"connection": "close"}, 426),
    ],
)
def test_a_bad_request_is_refused_as_the_standard_says(changes: dict[str, str | None], status: int) -> None:
    accepted, response = doorway().answer(upgrade_request(**changes), "/v1/connect")
    assert not accepted
    assert response.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize(("method", "version", "status"), [("POST", "1.1", 405), ("GET", "1.0", 505)])
def test_method_and_version_must_be_right(method: str, version: str, status: int) -> None:
    common = upgrade_request()
    common.method, common.version = method, version
    accepted, response = doorway().answer(common, "/v1/connect")
    assert not accepted
    assert response.startswith(f"HTTP/1.1 {status} ".encode())


def test_a_header_sent_twice_is_left_to_the_library() -> None:
    twice = upgrade_request("/v1/connect", ("sec-websocket-key", KEY))
    assert doorway().answer(twice, "/v1/connect")[1].startswith(b"HTTP/1.1 400 ")
    offered = upgrade_request(
        "/v1/connect", ("sec-websocket-protocol", "tongbu.v1"), sec_websocket_protocol="other"
    )
    accepted, response = doorway().answer(offered, "/v1/connect")
    assert accepted
    assert b"Sec-WebSocket-Protocol: tongbu.v1\r\n" in response


def test_a_refusal_is_a_problem_document() -> None:
    head, _, body = refuse(errors.NotFound("nothing lives here")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"Content-Type: application/problem+json" in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert json.loads(body) == {
        "type": "urn:tongbu:problem:not_found",
        "title": "There is no such thing.",
        "status": 404,
        "detail": "nothing lives here",
        "code": "not_found",
    }
    assert b"Retry-After" not in head


def test_too_many_connections_are_told_when_to_come_back() -> None:
    head = refuse(errors.Limit(retry_after=59_001))
    assert head.startswith(b"HTTP/1.1 429 ")
    assert b"Retry-After: 60\r\n" in head


def test_the_library_reads_the_refusal_as_a_response() -> None:
    client = ClientProtocol(parse_uri("ws://hub.example/"))
    client.send_request(Request("/", Headers()))
    client.receive_data(refuse(errors.Forbidden("no")))
    assert client.handshake_exc is not None
    assert "403" in str(client.handshake_exc)
