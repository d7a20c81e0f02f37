"""``limits.document`` of the configuration holds for each document."""

from __future__ import annotations

from pathlib import Path

from pycrdt import Doc, Map

from hub.protocol import native_device as wire
from tests.kit.hubs import running_hub


async def test_a_document_grows_up_to_its_limit_and_no_further(tmp_path: Path) -> None:
    small = running_hub(tmp_path / "data", limits__document=64 * 1024, limits__message=32 * 1024)
    async with small as hub, hub.device("ann", "laptop") as device:
        replica = await device.open("doc/board")
        doc: Doc[Map[str]] = Doc()
        shared: Map[str] = Map()
        doc["m"] = shared
        answers = []
        for key in "abcd":
            before = doc.get_state()
            shared[key] = "x" * 20_000
            ref = device.state.ref()
            assert replica.handle is not None
            await device.send(wire.push_update(ref, replica.handle, doc.get_update(before)))
            answers.append(await device.answer(ref))
        assert [getattr(answer, "code", "ok") for answer in answers] == ["ok", "ok", "ok", "too_big"]
