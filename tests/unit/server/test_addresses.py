"""Where connections come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from hub import errors
from hub.server.addresses import AddressCounts, TrustedProxies, plain

PROXIES = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"]
HOPS = ["127.0.0.1", "10.1.2.3", "192.0.2.7", "192.0.2.7:80", "2001:db8::1", "[2001:db8::1]:443", "2a00::1"]
ODD = ["", "unknown", "[2a00::1", "192.0.2.7:port", "[::1]x", ":80", "_hidden"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.9", [], "192.0.2.9"),
        ("192.0.2.9", ["198.51.100.1"], "192.0.2.9"),
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1, 203.0.113.5"], "203.0.113.5"),
        ("127.0.0.1", ["198.51.100.1", "203.0.113.5, 10.0.0.4"], "203.0.113.5"),
        ("10.9.9.9", ["10.0.0.4, 10.0.0.5"], "10.0.0.4"),
        ("::1", ["198.51.100.1"], "::1"),
        ("2001:db8::9", ["[2a00::1]:5000"], "2a00::1"),
    ],
)
def test_only_a_trusted_proxy_is_believed_about_who_it_speaks_for(
    peer: str, forwarded: list[str], client: str
) -> None:
    assert TrustedProxies(PROXIES).resolve(peer, forwarded) == client


def test_without_trusted_proxies_nobody_is_believed() -> None:
    assert TrustedProxies().resolve("127.0.0.1", ["198.51.100.1"]) == "127.0.0.1"


@given(
    peer=st.sampled_from([hop for hop in HOPS if ":80" not in hop and "[" not in hop]),
    forwarded=st.lists(
        st.lists(st.sampled_from(HOPS + ODD), min_size=1, max_size=3).map(", ".join), max_size=2
    ),
)
def test_sockets_and_http_requests_agree_on_the_address(peer: str, forwarded: list[str]) -> None:
    assert TrustedProxies(PROXIES).resolve(peer, forwarded) == _by_uvicorn(peer, forwarded)


def _by_uvicorn(peer: str, forwarded: list[str]) -> str:
    """The address that the HTTP application is given, from the middleware that uvicorn puts before it."""
    seen = []

    async def app(scope: object, receive: object, send: object) -> None:
        seen.append(scope["client"][0])  # type: ignore[index]  # a scope is a dictionary

    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    call = ProxyHeadersMiddleware(app, PROXIES)(scope, None, None)  # type: ignore[arg-type]  # as ASGI servers do
    with pytest.raises(StopIteration):
        call.__await__().__next__()
    return str(seen[0])


def test_an_address_has_as_many_connections_as_it_may_and_no_more() -> None:
    counts = AddressCounts(2)
    counts.enter("a")
    counts.enter("a")
    with pytest.raises(errors.Limit):
        counts.enter("a")
    counts.enter("b")
    counts.leave("a")
    counts.enter("a")
    with pytest.raises(errors.Limit):
        counts.enter("a")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::ffff:0:1", "::ffff:0:1"),
        ("::1", "::1"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_ipv4_address_within_ipv6_is_an_ipv4_address(host: str, expected: str) -> None:
    assert plain(host) == expected
