"""Acknowledged means on disk: SIGKILL can't tell (the page cache survives it), so the kernel is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
import websockets
from pycrdt import Doc, Map

from hub.model import Json
from hub.protocol import yjs
from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.traces import strace, unsynced
from tests.kit.devices import NativeDevice

REF = 0x0BADF00D
"""Of the push whose ``ok`` is looked for."""
OK = b"\x93\x03\xce" + REF.to_bytes(4, "big")
"""How ``[3, REF, …]`` begins."""


@pytest.mark.parametrize(
    ("tweaks", "verdict"),
    [(None, None), ({"durability": "NORMAL"}, "it was told before the log was synced")],
    ids=["as it is", "with commits that are not synced"],
)
async def test_the_log_is_synced_before_anybody_is_told_and_the_check_knows_when_it_is_not(
    make_hub: MakeHub, tmp_path: Path, tweaks: dict[str, str] | None, verdict: str | None
) -> None:
    trace = tmp_path / "trace"
    # No folding meanwhile: its syncs would pass for a commit's.
    hub = make_hub(wrapper=strace(trace), tweaks=tweaks, settings={"storage.fold_interval": 3600})
    hub.start()
    device = (await state_over_the_native_wire(hub)).encode()
    await create_over_http(hub)
    await edit_a_document(hub)
    assert await hub.stop() == 0
    told = {
        "welcome": unsynced(trace, device, device),
        "ok": unsynced(trace, b"needle-of-push", OK),
        "relay": unsynced(trace, b"needle-of-push", b"needle-of-push"),
        "created": unsynced(trace, b"needle-of-http", b"needle-of-http"),
        "update": unsynced(trace, b"needle-of-edit", b"needle-of-edit"),
    }
    assert told == dict.fromkeys(told, verdict)


async def state_over_the_native_wire(hub: HubProcess) -> str:
    """One device creates a task, another one is shown it; the id that the hub issued to the first."""
    async with (
        NativeDevice(hub.native_url, hub.token("ann")) as phone,
        NativeDevice(hub.native_url, hub.token("ann")) as laptop,
    ):
        shown = await laptop.open("inbox/ann")
        await phone.open("inbox/ann")
        phone.state.ref = lambda: REF  # type: ignore[method-assign]  # a number to be found again
        record: Json = {"kind": "task", "title": "needle-of-push"}
        await phone.push_raw("inbox/ann", [["t1", "item", record, phone.state.clock.tick()]])
        await laptop.caught_up("inbox/ann", 1)
        assert "t1" in shown.registers
        assert phone.state.device is not None
        return phone.state.device


async def create_over_http(hub: HubProcess) -> None:
    body = {"kind": "notification", "title": "needle-of-http"}
    assert (await hub.http("POST", "/v1/users/bob/items", body, hub.token("ci", "publish")))[0] == 201


async def edit_a_document(hub: HubProcess) -> None:
    """One editor writes, another one is shown it."""
    url = f"{hub.yjs_url}/notes?token={hub.token('ann')}"
    async with websockets.connect(url) as writer, websockets.connect(url) as reader:
        await reader.recv()  # step 1: the document is open
        document: Doc[Map[str]] = Doc()
        document["map"] = Map({"key": "needle-of-edit"})
        await writer.send(yjs.update(document.get_update()))
        while b"needle-of-edit" not in await reader.recv():
            pass
