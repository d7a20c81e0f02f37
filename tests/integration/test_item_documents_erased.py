"""The documents of an inbox go with it when its user is erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import websockets
from pycrdt import Doc, Map

from hub.engine.topics import new_incarnation
from hub.model import Milliseconds, UserId
from hub.protocol import yjs
from hub.storage.erasure import Erasure
from tests.kit.hubs import RunningHub, running_hub

CANARY = "canary-of-the-notes"
LARGE = 100_000
"""Enough for a snapshot."""


def note(text: str) -> bytes:
    doc: Doc[Map[str]] = Doc()
    doc["notes"] = Map({"text": text})
    return doc.get_update()


async def write(hub: RunningHub, user: str, name: str, text: str) -> None:
    """Write a document and see it saved: what is asked for next holds it."""
    url = f"{hub.yjs_url}/{name}?token={hub.token(user)}"
    async with websockets.connect(url, compression=None) as socket:
        await socket.send(yjs.update(note(text)))
        await socket.send(yjs.sync_step1(yjs.encode_state_vector({})))
        while text.encode() not in await socket.recv(decode=False):
            pass


async def held(hub: RunningHub, user: str, name: str) -> str:
    status, answers = await hub.http("POST", "/v1/sync", [{"topic": f"doc/{name}"}], hub.token(user))
    assert status == 200
    return json.dumps(answers[0]["body"])


@pytest.mark.parametrize("folded", [False, True], ids=["journal", "tables"])
async def test_who_comes_again_under_the_name_of_an_erased_user_finds_no_notes(
    tmp_path: Path, folded: bool
) -> None:
    folder = tmp_path / "data"
    async with running_hub(folder, storage__fold_interval=3600.0) as hub:
        for user, name in (("ann", "inbox/ann/t1"), ("ann-b", "inbox/ann-b/t1"), ("bob", "inbox/bob/t1")):
            await write(hub, user, name, f"{CANARY} of {user}." + "x" * LARGE)
        member = "/v1/docs/inbox%2Fann%2Ft1/members/bob"
        assert (await hub.http("PUT", member, {"access": "read"}, hub.token("ann")))[0] == 200
        if folded:
            await hub.app.folding.fold()
            assert len(hub.stored()["snapshots"]) == 3
    erasure = Erasure(folder, lambda: None, new_incarnation)
    erasure.begin(UserId("ann"), Milliseconds(1))
    erasure.commit()
    erasure.scrub()
    erasure.close()
    left = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    assert f"{CANARY} of ann.".encode() not in left
    assert b"inbox/ann/" not in left
    async with running_hub(folder) as hub:
        assert await held(hub, "ann", "inbox/ann/t1") == "[]"
        for user in ("ann-b", "bob"):
            assert await held(hub, user, f"inbox/{user}/t1") != "[]"
