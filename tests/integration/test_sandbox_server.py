"""The sandbox over real sockets: as a sender meets it, and as a page follows it."""

from __future__ import annotations

import asyncio
import io
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from hub.errors import BadConfig, PortInUse
from hub.sandbox import Sandbox
from tests.kit.clocks import StillClock
from tests.kit.sandboxes import RunningSandbox, running_sandbox

PATH = "/cgi-bin/webhook/send?key=sandbox-robot"


@pytest.fixture
async def sandbox() -> AsyncIterator[RunningSandbox]:
    async with running_sandbox(StillClock()) as running:
        yield running


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        yield session


async def send(sandbox: RunningSandbox, session: aiohttp.ClientSession, text: str) -> dict[str, Any]:
    body = {"msgtype": "text", "text": {"content": text}}
    async with session.post(sandbox.url + PATH, json=body) as response:
        answer: dict[str, Any] = await response.json()
        return answer


async def ask(
    sandbox: RunningSandbox, session: aiohttp.ClientSession, method: str, path: str, **options: Any
) -> tuple[int, Any]:
    async with session.request(method, sandbox.url + path, **options) as response:
        return response.status, await response.json() if response.status != 204 else None


async def test_what_was_taken_is_listed_exactly(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    assert await send(sandbox, session, "one") == {"errcode": 0, "errmsg": "ok"}
    sandbox.fault("half")
    with pytest.raises(aiohttp.ClientPayloadError):
        await send(sandbox, session, "two")
    sandbox.fault("timeout")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await send(sandbox, session, "three")
    sandbox.fault("refuse")
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(sandbox, session, "four")
    sandbox.fault("slow", seconds=0.01)
    assert (await send(sandbox, session, "five"))["errcode"] == 0
    _, messages = await ask(sandbox, session, "GET", "/messages")
    assert [message["content"] for message in messages] == ["one", "two", "three", "five"]
    assert messages[0] == {
        "number": 1, "at": 1_700_000_000_000, "key": "obot", "msgtype": "text", "content": "one",
        "mentioned": [], "taken": True, "answer": "0", "errmsg": "ok", "used": 1, "blocked_until": None,
    }  # fmt: skip


async def test_any_content_type_is_read_as_json_and_a_get_is_not_taken(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    body = b'{"msgtype": "text", "text": {"content": "x"}}'
    async with session.post(sandbox.url + PATH, data=body, headers={"Content-Type": "text/plain"}) as answer:
        assert (await answer.json())["errcode"] == 0
    assert (await ask(sandbox, session, "GET", PATH))[1]["errcode"] == 43002
    assert (await ask(sandbox, session, "POST", PATH, data=io.BytesIO(bytes(5 << 20))))[1]["errcode"] == 45002
    assert sandbox.texts() == ["x"]


async def test_faults_and_messages_are_set_over_http(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    status, faults = await ask(sandbox, session, "POST", "/faults", json={"kind": "45009", "times": 2})
    assert (status, faults) == (201, [{"kind": "45009", "times": 2, "key": None, "seconds": 3.0}])
    assert (await send(sandbox, session, "x"))["errcode"] == 45009
    assert (await ask(sandbox, session, "GET", "/faults"))[1][0]["times"] == 1
    assert (await ask(sandbox, session, "DELETE", "/faults"))[0] == 204
    assert (await send(sandbox, session, "x"))["errcode"] == 0
    assert (await ask(sandbox, session, "DELETE", "/messages"))[0] == 204
    assert await ask(sandbox, session, "GET", "/messages") == (200, [])
    status, problem = await ask(sandbox, session, "POST", "/faults", json={"kind": "teapot"})
    assert (status, "kind is one of" in problem["error"]) == (400, True)


async def test_other_sites_pages_see_and_change_nothing(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    await send(sandbox, session, "private")
    rebound = {"Host": "evil.example"}
    foreign = {"Origin": "https://evil.example"}
    for headers in (rebound, foreign):
        for method, path in (("GET", "/messages"), ("GET", "/stream"), ("DELETE", "/messages"), ("GET", "/")):
            assert (await ask(sandbox, session, method, path, headers=headers))[0] == 403
    assert (await ask(sandbox, session, "GET", "/messages", headers={"Origin": sandbox.url}))[0] == 200
    assert sandbox.texts() == ["private"]


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, Any]]:
    while line := (await response.content.readline()).decode().strip():
        data = (await response.content.readline()).decode()
        await response.content.readline()
        yield line.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_page_gets_everything_then_each_change(
    sandbox: RunningSandbox, session: aiohttp.ClientSession
) -> None:
    await send(sandbox, session, "before")
    async with session.get(sandbox.url + "/stream") as response:
        stream = events(response)
        name, state = await anext(stream)
        assert (name, [call["content"] for call in state["calls"]], state["faults"]) == (
            "state",
            ["before"],
            [],
        )
        await send(sandbox, session, "after")
        name, change = await anext(stream)
        assert (name, change["call"]["content"], change["faults"]) == ("call", "after", [])
        sandbox.fault("45009")
        name, state = await anext(stream)
        assert (name, state["faults"][0]["kind"]) == ("state", "45009")
        await send(sandbox, session, "refused")
        _, change = await anext(stream)
        assert (change["call"]["taken"], change["faults"]) == (False, []), "used up"


async def test_stopping_ends_streams_and_calls_at_once_and_keeps_the_messages(
    session: aiohttp.ClientSession,
) -> None:
    async with running_sandbox() as sandbox:
        sandbox.fault("timeout")
        waiting = asyncio.create_task(send(sandbox, session, "one"))
        async with session.get(sandbox.url + "/stream") as response:
            stream = events(response)
            await anext(stream)
            while not sandbox.texts():
                await anext(stream)
            async with sandbox.away(), asyncio.timeout(1):
                with pytest.raises(aiohttp.ClientConnectionError):
                    await waiting
                with pytest.raises(StopAsyncIteration):
                    await anext(stream)
                async with aiohttp.ClientSession() as fresh:
                    with pytest.raises(aiohttp.ClientConnectorError):
                        await send(sandbox, fresh, "nobody there")
        await send(sandbox, session, "two")
        assert sandbox.texts() == ["one", "two"]


async def test_an_address_in_use_or_unusable_is_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortInUse, match="choose another with --port"):
            await Sandbox().start(port=taken.getsockname()[1])
    with pytest.raises(BadConfig, match=r"192\.0\.2\.1"):
        await Sandbox().start("192.0.2.1")


async def test_the_command_prints_where_it_is_then_what_arrives_and_ends_on_a_signal(
    session: aiohttp.ClientSession,
) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub", "sandbox", "--port", "0", "--key", "only-this-key",
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    word, url = (await process.stdout.readline()).decode().split()
    assert word == "sandbox"
    body = {"msgtype": "text", "text": {"content": "Hello"}}
    for key in ("only-this-key", "another-key"):
        async with session.post(f"{url}/cgi-bin/webhook/send?key={key}", json=body) as response:
            await response.read()
    assert (await process.stdout.readline()).decode().endswith("received: Hello\n")
    assert b"not received, 93000 invalid webhook url: Hello" in await process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
