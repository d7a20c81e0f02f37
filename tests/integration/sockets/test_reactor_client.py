"""The listener under the ``websockets`` library's own client."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus

from tests.integration.sockets.harness import MAX_BYTES, PATIENCE, Certificate, Running, running


async def closed(client: ClientConnection) -> tuple[int, str]:
    """The hub's close frame, once it has come."""
    async with asyncio.timeout(PATIENCE):
        await client.wait_closed()
    assert client.close_code is not None
    return client.close_code, client.close_reason or ""


async def test_messages_of_all_sizes_come_back(served: Running) -> None:
    async with connect(served.url, max_size=None) as client:
        for size in (0, 1, 125, 126, 65_535, 65_536, MAX_BYTES):
            await client.send(bytes(size))
            assert await client.recv() == bytes(size)


async def test_many_messages_in_flight_keep_their_order(served: Running) -> None:
    async with connect(served.url) as client:
        sent = [str(number).encode() for number in range(3000)]

        async def send() -> None:
            for message in sent:
                await client.send(message)

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(send())
            assert [await client.recv() for _ in sent] == sent


async def test_a_message_in_fragments_comes_back_whole_and_pings_between_them_are_answered(
    served: Running,
) -> None:
    async with connect(served.url) as client:

        async def fragments() -> object:
            yield b"frag"
            await asyncio.wait_for(await client.ping(), PATIENCE)
            yield b""
            yield b"ments"

        await client.send(fragments())  # type: ignore[arg-type]  # an asynchronous iterable
        assert await client.recv() == b"fragments"


async def test_pings_are_answered(served: Running) -> None:
    async with connect(served.url) as client:
        waiters = [await client.ping() for _ in range(100)]
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*waiters)


async def test_extensions_are_declined_and_the_subprotocol_is_chosen(served: Running) -> None:
    async with connect(served.url, subprotocols=["other", "tongbu.v1"], compression="deflate") as client:  # type: ignore[list-item]  # the library wants its own str type
        assert client.subprotocol == "tongbu.v1"
        assert client.protocol.extensions == []
        await client.send(b"a" * 500)
        assert await client.recv() == b"a" * 500


async def test_the_client_closes(served: Running) -> None:
    async with connect(served.url) as client:
        await client.close(4000, "enough")
        assert await closed(client) == (4000, "enough")
    async with asyncio.timeout(PATIENCE):
        await served.handler.lost_event.wait()
    assert served.handler.losses == 1
    assert served.listener.connections == []


async def test_the_hub_closes_after_what_was_queued(served: Running) -> None:
    async with connect(served.url) as client:
        await client.send(b"hello")
        assert await client.recv() == b"hello"
        served.handler.peer.answer(b"last words")
        served.handler.peer.close(4403, "revoked")
        assert await client.recv() == b"last words"
        assert await closed(client) == (4403, "revoked")
        async with asyncio.timeout(PATIENCE):
            await served.handler.lost_event.wait()


async def test_a_malformed_message_gets_its_last_word_and_its_code(served: Running) -> None:
    async with connect(served.url) as client:
        await client.send(b"!")
        assert await client.recv() == b"fatal malformed"
        assert (await closed(client))[0] == 4400
    assert served.metrics.closes == {4400: 1}


async def test_text_is_malformed(served: Running) -> None:
    async with connect(served.url) as client:
        await client.send("text")
        assert await client.recv() == b"fatal malformed"
        assert (await closed(client))[0] == 4400


async def refused(client: ClientConnection, message: bytes | list[bytes]) -> int:
    """The close code that the client sees when its message is too large; it may still be sending then."""
    with pytest.raises(ConnectionClosedError) as caught:
        await say_and_listen(client, message)
    assert caught.value.rcvd is not None
    return caught.value.rcvd.code


async def say_and_listen(client: ClientConnection, message: bytes | list[bytes]) -> None:
    async with asyncio.timeout(PATIENCE):
        await client.send(message)
        while True:
            await client.recv()


@pytest.mark.parametrize("fragmented", [False, True])
async def test_a_client_still_sending_a_message_that_is_too_large_learns_why(
    served: Running, fragmented: bool
) -> None:
    chunk = bytes(MAX_BYTES)
    client = await connect(served.url)
    assert await refused(client, [chunk] * 20 if fragmented else chunk * 20) == 4413


async def test_a_page_of_another_origin_is_refused_before_the_handshake(served: Running) -> None:
    async with connect(served.url, origin="https://good.example") as client:  # type: ignore[arg-type]  # the library wants its own str type
        await client.send(b"welcome")
        assert await client.recv() == b"welcome"
    with pytest.raises(InvalidStatus) as caught:
        await connect(served.url, origin="https://evil.example")  # type: ignore[arg-type]  # the library wants its own str type
    assert caught.value.response.status_code == 403


async def test_a_path_nobody_serves_is_not_found(served: Running) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect(served.url + "/elsewhere")
    assert caught.value.response.status_code == 404
    assert caught.value.response.headers["Content-Type"] == "application/problem+json"


async def test_stopping_closes_with_going_away(served: Running) -> None:
    async with connect(served.url) as client:
        await client.send(b"x")
        await client.recv()
        stopping = asyncio.create_task(served.listener.stop(PATIENCE))
        assert (await closed(client))[0] == 4503
        async with asyncio.timeout(PATIENCE):
            await stopping
    assert served.handler.losses == 1


async def test_after_stop_accepting_the_open_connections_live_on(served: Running) -> None:
    async with connect(served.url) as client:
        served.listener.stop_accepting()
        with pytest.raises(OSError, match="Connect"):
            await connect(served.url, open_timeout=PATIENCE)
        await client.send(b"still here")
        assert await client.recv() == b"still here"


# ------------------------------------------------------------ TLS


async def test_over_tls_messages_come_back_and_both_sides_can_close(certificate: Certificate) -> None:
    tls = {"tls_cert": str(certificate.certificate), "tls_key": str(certificate.key)}
    async with running(**tls) as served:
        url = f"wss://localhost:{served.port}/echo"
        async with connect(url, ssl=certificate.trusted(), max_size=None) as client:
            for size in (0, 300, MAX_BYTES):
                await client.send(bytes(size))
                assert await client.recv() == bytes(size)
        async with connect(url, ssl=certificate.trusted()) as client:
            await client.send(b"!")
            assert await client.recv() == b"fatal malformed"
            assert (await closed(client))[0] == 4400


async def test_over_tls_a_message_that_is_too_large_ends_the_connection(certificate: Certificate) -> None:
    tls = {"tls_cert": str(certificate.certificate), "tls_key": str(certificate.key)}
    async with running(**tls) as served:
        client = await connect(f"wss://localhost:{served.port}/echo", ssl=certificate.trusted())
        assert await refused(client, bytes(MAX_BYTES + 1)) == 4413


async def test_a_client_that_is_done_ends_well(served: Running) -> None:
    async with connect(served.url) as client:
        pass
    with pytest.raises(ConnectionClosedOK):
        await client.recv()
