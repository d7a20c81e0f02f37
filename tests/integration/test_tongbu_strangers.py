"""What lies between a program and the hub, or answers in its place: proxies, and servers that are no hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import tongbu
from hub.cli.calls import Calls
from hub.cli.failures import HubUnreachable
from hub.cli.remote import Remote
from hub.cli.server_sent import ServerSentEvent
from tests.kit.hubs import RunningHub
from tests.kit.programs import NOWHERE, PATIENCE, device
from tongbu.address import address_of
from tongbu.link import State
from tongbu.tokens import post

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@pytest.mark.parametrize("proxy", [NOWHERE, NOWHERE.replace("http", "socks5")], ids=["http", "socks"])
async def test_a_hub_on_this_machine_is_reached_past_a_proxy_of_the_environment(
    proxy: str, hub: RunningHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in PROXIES:
        monkeypatch.setenv(name, proxy)
    async with device(hub) as agent:
        await agent.connected(PATIENCE)
    code = await hub.http("POST", "/v1/devices/link", token=hub.token("ann"))
    async with tongbu.connect(hub.url, link_code=code[1]["code"]) as phone:
        await phone.connected(PATIENCE)
    async with Calls(Remote(hub.url, "ann", lambda: hub.token("ann"))) as calls:
        assert (await calls.get("/v1/users/me/items"))["items"] == []


def test_only_this_machines_own_addresses_need_no_proxy() -> None:
    here = ("http://127.0.0.1:1", "http://localhost", "https://[::1]:8787/", "http://127.9.9.9")
    elsewhere = ("https://hub.example.org", "http://10.0.0.1", "http://localhost.example.org")
    assert all(address_of(url).is_this_machine for url in here)
    assert not any(address_of(url).is_this_machine for url in elsewhere)


@asynccontextmanager
async def answering(body: bytes, status: str = "200 OK", headers: str = "") -> AsyncIterator[str]:
    """A server that answers everything with that JSON; its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("body", [b'{"hello": null}', b"[]", b"null", b"3", b""], ids=str)
async def test_json_of_something_else_is_told_as_no_hub(body: bytes) -> None:
    async with answering(body) as url, Calls(Remote(url, "ann", lambda: "t")) as calls:
        for asked in (calls.get("/v1/events"), calls.post("/v1/users/me/items")):
            with pytest.raises(HubUnreachable, match="is not a hub"):
                await asked


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "308 Permanent Redirect"])
async def test_where_a_redirect_leads_is_told_without_its_query_and_nobody_goes_there(status: str) -> None:
    there = asyncio.Event()

    async def arrived(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.set()
        writer.close()

    async with await asyncio.start_server(arrived, "127.0.0.1", 0) as server:
        where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/login"
        location = f"Location: {where.replace('//', '//me:pass@')}?token=s3cr3t#s3cr3t\r\n"
        async with answering(b"<html>", status, location) as url:
            async with Calls(Remote(url, "ann", lambda: "t")) as calls:
                with pytest.raises(HubUnreachable, match=f"leading to {where}\\)"):
                    await calls.get("/v1/events")
            async with tongbu.connect(url, token="t") as hub:
                async with asyncio.timeout(PATIENCE):
                    await hub._core.until(lambda: hub._core.link.state is State.AWAY)
                with pytest.raises(tongbu.errors.NotConnected, match=f"leading to {where}[.]$"):
                    await hub.connected(0)
            assert (await post(address_of(url), "/v1/token/renew", {}, "t"))[0] == int(status[:3])
    assert not there.is_set()


@pytest.mark.parametrize(
    "data", ["{nonsense", "[1]", "", "[" * 100_000], ids=["text", "list", "none", "deep"]
)
def test_an_event_that_holds_no_object_is_an_empty_one(data: str) -> None:
    assert ServerSentEvent("item", data, "").object == {}
    assert ServerSentEvent("item", '{"id": "a"}', "").object == {"id": "a"}
