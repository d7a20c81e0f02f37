"""Whatever goes wrong with a secret in hand, the log does not tell it: not even at ``debug``."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import json
from itertools import count
from typing import Any

import aiohttp
import pytest
import websockets

from hub.protocol import native_device as wire
from hub.protocol.native import SUBPROTOCOL
from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess

_numbers = count(1)


class Canaries:
    """Texts that may be nowhere. Each is another one, so that a find tells where it came from."""

    def __init__(self) -> None:
        self.hidden: dict[str, str] = {}

    def new(self, way: str) -> str:
        """A secret that is no token, sent this way."""
        canary = f"CANARY{next(_numbers):03d}x7Qz9"
        self.hidden[canary] = way
        return canary

    def token(self, token: str, way: str) -> str:
        """A good token, sent this way; neither its content nor its signature may be told."""
        _, content, signature = token.split(".")
        self.hidden |= {content: way, signature: way}
        return token

    def folder(self, secret: bytes) -> None:
        """The hub's own, however written."""
        writings = secret.hex(), base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode()
        self.hidden |= {each.rstrip("=")[:24]: "the folder's secret" for each in writings}

    def found_in(self, text: str) -> list[str]:
        return [way for secret, way in self.hidden.items() if secret in text]


@pytest.mark.parametrize("tweaks", [{}, {"commit_fails": True}], ids=["at work", "failing inside"])
async def test_no_secret_reaches_the_log_the_metrics_or_an_answer(
    make_hub: MakeHub, tweaks: dict[str, bool]
) -> None:
    hub = make_hub(tweaks=tweaks, options=["--log-level", "debug"])
    hub.start()
    canaries = Canaries()
    canaries.folder((hub.data / "secret").read_bytes())
    answers = [
        await over_http(hub, canaries),
        await over_websockets(hub, canaries),
        await over_a_raw_socket(hub, canaries),
    ]
    metrics = await text_of(hub, "GET", "/metrics")
    assert await hub.stop() == 0
    log = hub.log.read_text()
    assert ("pipeline.turn_failed" in log) == bool(tweaks), "the failure itself is told"
    assert canaries.found_in(log) == []
    assert canaries.found_in(metrics) == []
    assert canaries.found_in("".join(answers)) == []
    assert canaries.found_in(hub.stdout) == []


async def over_http(hub: HubProcess, canaries: Canaries) -> str:
    """Headers, queries and bodies, good and bad; what came back."""
    good = canaries.token(hub.token("ann", "user", "publish"), "good token in a header")
    new, items = canaries.new, "/v1/users/me/items"
    bearer = {"Authorization": f"Bearer {good}"}
    title = {"kind": "task", "title": new("title of an item")}
    asked: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", items, {"headers": {"Authorization": f"Bearer {new('bad token in a header')}"}}),
        ("GET", items, {"headers": {"Authorization": f"Basic {new('basic')}"}}),
        ("GET", items, {"headers": {"Authorization": new("header without scheme")}}),
        ("GET", items, {"headers": {"Cookie": f"token={new('cookie')}"}}),
        ("GET", f"{items}?token={new('token in a query')}", {}),
        ("GET", f"/v1/users/me/stream?token={new('bad token of a stream')}", {}),
        ("GET", f"/nowhere/{new('path')}?token={new('query of nowhere')}", {}),
        ("POST", items, {"headers": bearer, "data": '{"title": "' + new("body that is not JSON")}),
        ("POST", items, {"headers": bearer, "json": {"password": new("unknown key"), "kind": "task"}}),
        ("POST", items, {"headers": bearer, "data": io.BytesIO(new("large body").encode() * 100_000)}),
        ("POST", items, {"headers": bearer, "json": title}),
        ("POST", "/v1/devices/claim", {"json": {"code": new("link code")}}),
        ("POST", "/v1/sync", {"headers": bearer, "json": [{"topic": f"inbox/{new('topic')}"}]}),
    ]
    told = [await text_of(hub, method, path, **options) for method, path, options in asked]
    renewed = json.loads(await text_of(hub, "POST", "/v1/token/renew", headers=bearer))["token"]
    canaries.token(renewed, "token that was renewed")
    linked = json.loads(await text_of(hub, "POST", "/v1/devices/link", headers=bearer))
    canaries.hidden[linked["code"]] = "link code that was given"
    await text_of(hub, "POST", "/v1/devices/claim", json={"code": linked["code"]})
    # The last answers may repeat what is no secret there: the item, the topic that was asked for.
    return "".join(told[:10])


async def over_websockets(hub: HubProcess, canaries: Canaries) -> str:
    """Tokens in addresses, headers and messages; what came back."""
    new = canaries.new
    good = canaries.token(hub.token("ann"), "good token in an address")
    native, told = f"{hub.native_url}?token=", []
    conversations: list[tuple[str, list[bytes | str]]] = [
        (f"{hub.yjs_url}/notes?token={new('bad token of an editor')}", []),
        (f"{hub.yjs_url}/notes?token={good}", [new("message of no known type").encode()]),
        (native + new("bad token in the address"), [wire.hello(None, None, "phone", "test")]),
        (hub.native_url, [wire.hello(new("bad token in a hello"), None, "phone", "test")]),
        (hub.native_url, [new("no msgpack").encode()]),
        (hub.native_url, [new("text")]),
        (native + good, [wire.hello(None, None, "phone", "test"), wire.renew(1, new("bad token to renew"))]),
    ]
    for address, messages in conversations:
        told.append(await said(address, messages))
    with contextlib.suppress(websockets.InvalidStatus):
        await websockets.connect(f"{hub.url.replace('http', 'ws')}/nowhere?token={new('socket to nowhere')}")
    return "".join(told)


async def said(address: str, messages: list[bytes | str]) -> str:
    """One connection: say this, and hear what comes until it is closed or nothing more comes."""
    heard = []
    native = [websockets.Subprotocol(SUBPROTOCOL)] if "/v1/connect" in address else None
    async with websockets.connect(address, subprotocols=native) as socket:
        with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
            for message in messages:
                await socket.send(message)
            async with asyncio.timeout(0.3):
                while True:
                    heard.append(str(await socket.recv()))
        return "".join(heard) + str(socket.close_reason)


async def over_a_raw_socket(hub: HubProcess, canaries: Canaries) -> str:
    """What is hardly HTTP; what came back."""
    heard = b""
    for request in (
        f"GET /?token={canaries.new('bad request line')} HTTP/9.9\r\n\r\n",
        f"GET / HTTP/1.1\r\nAuthorization: Bearer {canaries.new('broken header')}\r\nBroken\x00: 1\r\n\r\n",
        f"GET /yjs/doc/x?token={canaries.new('upgrade that is none')} HTTP/1.1\r\nHost: x\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        f"\x16\x03\x01{canaries.new('TLS to a plain port')}\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", hub.port)
        writer.write(request.encode())
        writer.write_eof()
        heard += await asyncio.wait_for(reader.read(), 5)
        writer.close()
        await writer.wait_closed()
    return heard.decode(errors="replace")


async def text_of(hub: HubProcess, method: str, path: str, **options: Any) -> str:
    """The answer as it is."""
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, hub.url + path, **options) as response,
    ):
        return await response.text()
