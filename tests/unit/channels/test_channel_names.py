"""``hub.channels.names``: a name server that is silent holds up nobody but who asked it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from hub.channels.names import MAX_LOOKUPS, SystemNames

V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 443))
V6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2001:db8::1", 443, 0, 0))
LOCAL = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1", 443, 0, 2))


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names of ``silent.example`` are not answered for before it is set."""
    answered = threading.Event()

    def getaddrinfo(host: str, *_: Any, **__: Any) -> list[Any]:
        if host == "silent.example":
            answered.wait()
        if host == "nobody.example":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return [V4, V6, LOCAL]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield answered
    answered.set()


def looking_up() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "channel.names"]


@pytest.mark.usefixtures("silence")
async def test_a_name_has_all_its_addresses() -> None:
    found = await SystemNames().resolve("a.example", 443)
    assert [each["host"] for each in found] == ["192.0.2.1", "2001:db8::1", "fe80::1%2"]
    assert {(each["hostname"], each["port"], each["proto"]) for each in found} == {("a.example", 443, 6)}
    assert [each["family"] for each in found] == [socket.AF_INET, socket.AF_INET6, socket.AF_INET6]


@pytest.mark.usefixtures("silence")
async def test_a_name_that_is_unknown_is_an_error() -> None:
    with pytest.raises(socket.gaierror):
        await SystemNames().resolve("nobody.example")


async def test_look_ups_that_hang_hold_up_neither_others_nor_the_end_of_the_process(
    silence: threading.Event,
) -> None:
    names = SystemNames()
    asked = [asyncio.ensure_future(names.resolve("silent.example")) for _ in range(MAX_LOOKUPS - 1)]
    assert await names.resolve("a.example")
    assert not any(each.done() for each in asked)
    assert looking_up()
    assert all(thread.daemon for thread in looking_up())
    silence.set()
    assert all(await asyncio.gather(*asked))


async def test_there_is_an_end_to_look_ups_that_hang_whoever_waits_for_them(silence: threading.Event) -> None:
    names = SystemNames()
    asked = [asyncio.ensure_future(names.resolve("silent.example")) for _ in range(MAX_LOOKUPS)]
    await asyncio.sleep(0)
    for each in asked:
        each.cancel()
    await asyncio.gather(*asked, return_exceptions=True)
    with pytest.raises(OSError, match="too many"):
        await names.resolve("a.example")
    silence.set()
    for thread in looking_up():
        await asyncio.to_thread(thread.join, 5)
    assert await names.resolve("a.example")
