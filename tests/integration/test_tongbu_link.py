"""The client's link against a hub that plays by a script: when it comes back, when not, and how soon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from random import Random
from typing import Any

import pytest
import websockets
from websockets.asyncio.server import ServerConnection, serve

import tongbu
from hub.protocol import native
from hub.protocol.frames import pack
from tests.kit.programs import PATIENCE
from tongbu import backoff

LIMITS = {"message": 2**20, "statements": 1000, "retention": 90 * 86_400_000}
Act = Callable[[ServerConnection], Awaitable[None]]


def welcome() -> bytes:
    now = time.time_ns() // 1_000_000
    return native.welcome("ann", "phone", now, 20_000, LIMITS)  # type: ignore[arg-type]  # ms


async def stay(socket: ServerConnection) -> None:
    """Welcome, and answer nothing."""
    await socket.send(welcome())
    await socket.wait_closed()


def closing(code: int, *messages: bytes, welcomed: bool = True) -> Act:
    async def act(socket: ServerConnection) -> None:
        await socket.send(b"".join([welcome() if welcomed else b"", *messages]) or pack((10,)))
        await socket.close(code, "in words")

    return act


class Script:
    """What one connection after the other meets; the last act repeats."""

    def __init__(self, *acts: Act) -> None:
        self.acts = list(acts)
        self.connections = len(acts)
        self.at: list[float] = []
        self.url = ""

    async def __call__(self, socket: ServerConnection) -> None:
        self.at.append(time.monotonic())
        hello = native.decode(await socket.recv())[0]  # type: ignore[arg-type]  # the client sends bytes
        assert isinstance(hello, native.Hello)
        act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
        try:
            await act(socket)
        except websockets.ConnectionClosed:
            return


@asynccontextmanager
async def played(*acts: Act, **options: Any) -> AsyncIterator[tuple[Script, tongbu.Hub]]:
    script = Script(*acts)
    async with serve(
        script, "127.0.0.1", 0, subprotocols=[websockets.Subprotocol("tongbu.v1")], **options
    ) as server:
        script.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with tongbu.connect(script.url, token="t") as hub:
            yield script, hub


async def until_stays(script: Script, hub: tongbu.Hub) -> None:
    """Until the last act is on."""
    async with asyncio.timeout(PATIENCE):
        while len(script.at) < script.connections or not hub.online:
            await hub._core.signal.wait()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Coming back takes no time, unless the hub says so."""
    monkeypatch.setattr(backoff, "FIRST", 0.0)


@pytest.mark.parametrize("code", [4500, 4503, 4508, 4529, 1006, 1011])
async def test_45xx_and_lost_connections_come_back(at_once: None, code: int) -> None:
    async def drop(socket: ServerConnection) -> None:
        socket.transport.abort()

    act = drop if code == 1006 else closing(code)
    async with played(act, act, stay) as (script, hub):
        await until_stays(script, hub)
        assert len(script.at) == 3


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (4400, tongbu.errors.Malformed),
        (4401, tongbu.errors.Unauthorized),
        (4403, tongbu.errors.Forbidden),
        (4413, tongbu.errors.TooBig),
    ],
)
async def test_44xx_do_not_come_back_and_say_why(
    at_once: None, code: int, error: type[tongbu.errors.HubError]
) -> None:
    act = closing(code, pack((9, "code", "The hub's own words.")), welcomed=False)
    async with played(act) as (script, hub):
        with pytest.raises(error, match="own words"):
            await hub.connected(PATIENCE)
        assert len(script.at) == 1


async def test_a_hub_that_goes_away_is_left_alone_for_as_long_as_it_says(at_once: None) -> None:
    act = closing(4503, pack((8, {"retry_after": 400, "reason": "restart"})))
    async with played(act, stay) as (script, hub):
        await until_stays(script, hub)
        assert 0.4 <= script.at[1] - script.at[0] < 5


async def test_a_refused_upgrade_is_tried_again_when_the_hub_says(at_once: None) -> None:
    answers = [HTTPStatus.TOO_MANY_REQUESTS]
    at: list[float] = []

    def gate(socket: ServerConnection, _: Any) -> Any:
        at.append(time.monotonic())
        if answers:
            response = socket.respond(answers.pop(), "")
            response.headers["Retry-After"] = "1"
            return response
        return None

    async with played(stay, process_request=gate) as (script, hub):
        await until_stays(script, hub)
        assert at[1] - at[0] >= 1


async def test_a_refused_upgrade_that_stays_refused_is_told() -> None:
    def gate(socket: ServerConnection, _: Any) -> Any:
        return socket.respond(HTTPStatus.FORBIDDEN, "")

    async with played(stay, process_request=gate) as (_, hub):
        with pytest.raises(tongbu.errors.Forbidden):
            await hub.connected(PATIENCE)


async def test_without_a_word_waits_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    class Still(Random):
        def uniform(self, low: float, high: float) -> float:
            waits.append(high)
            return 0.0

    monkeypatch.setattr("tongbu.hub.Random", Still)
    act = closing(4500, welcomed=False)
    async with played(act, act, act, act, stay) as (script, hub):
        await until_stays(script, hub)
        assert waits == [0.5, 1, 2, 4]


async def test_what_is_no_hub_is_not_believed(at_once: None) -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send("text")
        await socket.wait_closed()

    async with played(talk, stay) as (script, hub):
        await until_stays(script, hub)
        assert len(script.at) == 2


async def test_several_messages_leave_as_one_and_none_is_too_large(at_once: None) -> None:
    heard: list[bytes] = []

    async def listen(socket: ServerConnection) -> None:
        small = {**LIMITS, "message": 4096}
        now = time.time_ns() // 1_000_000
        await socket.send(native.welcome("ann", "phone", now, 20_000, small))  # type: ignore[arg-type]  # ms
        while True:
            message = await socket.recv()
            assert isinstance(message, bytes)
            heard.append(message)
            answers = [
                pack((3, each.ref, {"id": "x"}))
                for each in native.decode(message)
                if isinstance(each, native.Command)
            ]
            await socket.send(b"".join(answers))

    async with played(listen) as (_, hub):
        await asyncio.gather(*(hub.inbox("bob").notify("x" * 300) for _ in range(50)))
        assert await hub.flush(PATIENCE)
        assert sum(len(native.decode(message)) for message in heard) == 50
        assert len(heard) < 25
        assert max(map(len, heard)) <= 4096
