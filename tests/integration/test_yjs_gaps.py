"""Updates on the Yjs wire that build on what the hub lacks: it asks once, and waits for the answer."""

from __future__ import annotations

import contextlib

import websockets
from pycrdt import Doc, Text
from websockets.asyncio.client import ClientConnection

from hub.protocol import yjs
from tests.kit.hubs import RunningHub


def edits(number: int) -> tuple[Doc[Text], list[bytes]]:
    """A document, and the updates that made it."""
    doc: Doc[Text] = Doc()
    made: list[bytes] = []
    doc["t"] = text = Text()
    for _ in range(number):
        before = doc.get_state()
        text += "x"
        made.append(doc.get_update(before))
    return doc, made


async def asked(socket: ClientConnection) -> yjs.SyncStep1:
    """The next time the hub asks."""
    while True:
        message = await socket.recv()
        assert isinstance(message, bytes)
        decoded = yjs.decode(message)
        if isinstance(decoded, yjs.SyncStep1):
            return decoded


def url(hub: RunningHub) -> str:
    return f"{hub.yjs_url}/board?token={hub.token('ann')}"


async def test_edits_that_were_on_their_way_when_the_hub_asked_end_nothing(hub: RunningHub) -> None:
    doc, made = edits(5)
    async with websockets.connect(url(hub), compression=None) as socket:
        await asked(socket)
        await socket.send(yjs.sync_step2(yjs.EMPTY_UPDATE))
        for update in made[1:]:
            await socket.send(yjs.update(update))
        question = await asked(socket)
        await socket.send(yjs.sync_step2(doc.get_update(question.state_vector)))
        await socket.send(yjs.sync_step1(yjs.encode_state_vector({})))
        while not isinstance(answer := yjs.decode(await received(socket)), yjs.SyncUpdate):
            assert not isinstance(answer, yjs.SyncStep1), "the hub asked twice for the same"
        mirror: Doc[Text] = Doc()
        mirror.apply_update(answer.update)
        assert str(mirror.get("t", type=Text)) == "xxxxx"


async def test_edits_before_the_first_answer_after_a_reconnect_end_nothing(hub: RunningHub) -> None:
    doc, made = edits(4)
    async with websockets.connect(url(hub), compression=None) as socket:
        for update in made[2:]:
            await socket.send(yjs.update(update))
        question = await asked(socket)
        await socket.send(yjs.sync_step2(doc.get_update(question.state_vector)))
        await socket.send(yjs.sync_step1(yjs.encode_state_vector({})))
        while not isinstance(answer := yjs.decode(await received(socket)), yjs.SyncUpdate):
            pass
        mirror: Doc[Text] = Doc()
        mirror.apply_update(answer.update)
        assert str(mirror.get("t", type=Text)) == "xxxx"


async def test_an_answer_that_leaves_the_gap_twice_is_refused(hub: RunningHub) -> None:
    _, made = edits(3)
    async with websockets.connect(url(hub), compression=None) as socket:
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(3):
                await asked(socket)
                await socket.send(yjs.sync_step2(made[2]))
        await socket.wait_closed()
        assert socket.close_code == 4403


async def received(socket: ClientConnection) -> bytes:
    message = await socket.recv()
    assert isinstance(message, bytes)
    return message
