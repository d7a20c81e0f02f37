"""kill -9 of a program that uses the Python client: whatever it was told is kept reaches the hub, once."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

import tongbu
from tests.e2e.processes import HubProcess

WRITER = """
import asyncio, sys, tongbu
async def main(url, token, store):
    async with tongbu.connect(url, token=token, store=store) as hub:
        for number in range(100_000):
            task = await hub.inbox().start("work")
            print("started", task.id, flush=True)
            await task.finish(f"the {number}th")
            print("finished", task.id, flush=True)
            await hub.inbox("bob").notify("told", id=task.id)
            print("told", task.id, flush=True)
asyncio.run(main(*sys.argv[1:]))
"""
NOWHERE = "http://127.0.0.1:9"
KILLS = 3


async def killed_writer(url: str, token: str, store: Path, lines: int) -> list[list[str]]:
    """What a program was told is kept before it was killed."""
    writer = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, token, str(store), stdout=asyncio.subprocess.PIPE
    )
    assert writer.stdout is not None
    told = [await asyncio.wait_for(writer.stdout.readline(), 30) for _ in range(lines)]
    writer.kill()
    told += (await writer.stdout.read()).splitlines(keepends=True)
    await writer.wait()
    return [line.decode().split() for line in told if line.endswith(b"\n")]


@pytest.mark.parametrize("online", [False, True], ids=["away", "online"])
async def test_nothing_that_was_kept_is_lost(hub_process: HubProcess, tmp_path: Path, online: bool) -> None:
    token = hub_process.token("ann", "user", "publish")
    url = hub_process.url if online else NOWHERE
    told = []
    for kill in range(KILLS):
        told += await killed_writer(url, token, tmp_path / "s.db", 20 + 7 * kill)
    async with tongbu.connect(hub_process.url, token=token, store=tmp_path / "s.db") as agent:
        assert await agent.flush(30)
    async with tongbu.connect(hub_process.url, token=token) as phone:
        await phone.inbox().open()
        for word, item in told:
            found = phone.inbox().item(item)
            assert found is not None
            assert word != "finished" or (found.status, found.progress) == ("succeeded", 1)
    async with tongbu.connect(hub_process.url, token=hub_process.token("bob")) as bob:
        await bob.inbox().open()
        assert {item for word, item in told if word == "told"} <= {each.id for each in bob.inbox().items()}
        assert len({each.id for each in bob.inbox().items()}) == bob.inbox().counts().unread
