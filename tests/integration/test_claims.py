"""What a reader claims to have is checked before it is believed."""

from __future__ import annotations

import contextlib

import pytest
import websockets
from structlog.testing import capture_logs

from hub.protocol import native_device as wire
from tests.kit.hubs import RunningHub

MALFORMED_VECTORS = [b"\x05\x01", b"\x00\x00", b"\x02\x01\x01\x01\x01"]
"""Ends early; something follows; one client id twice."""


@pytest.mark.parametrize("vector", MALFORMED_VECTORS)
async def test_a_malformed_state_vector_opens_nothing(hub: RunningHub, vector: bytes) -> None:
    async with hub.device("ann", "laptop") as device:
        ref = device.state.ref()
        await device.send(wire.open_topic(ref, "doc/board", 0, 0, vector))
        answer = await device.answer(ref)
        assert isinstance(answer, wire.No)
        assert answer.code == "bad_value"


@pytest.mark.parametrize("vector", MALFORMED_VECTORS)
async def test_a_malformed_state_vector_ends_a_yjs_connection(hub: RunningHub, vector: bytes) -> None:
    url = f"{hub.yjs_url}/board?token={hub.token('ann')}"
    async with websockets.connect(url, compression=None) as socket:
        await socket.send(b"\x00\x00" + bytes([len(vector)]) + vector)
        with contextlib.suppress(websockets.ConnectionClosed):
            async for _ in socket:
                pass
        assert socket.close_code == 4400


async def test_a_seq_the_hub_never_had_is_an_alarm_once(hub: RunningHub) -> None:
    async with hub.device("ann", "laptop") as device:
        replica = await device.open("inbox/ann")
        with capture_logs() as logs:
            for _ in range(3):
                ref = device.state.ref()
                await device.send(wire.open_topic(ref, "inbox/ann", replica.incarnation, 999))
            await device.open("inbox/ann")
        assert [log["event"] for log in logs].count("topic.seq_ahead") == 1
