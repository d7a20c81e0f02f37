"""What the pages about switching tell one to write, run as it stands there but for the addresses."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.yjs_peers import NODE, YjsPeer, converged, need_node

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ["from-hocuspocus.md", "from-y-websocket.md"]
AS_IN_A_PAGE = """
globalThis.WebSocket = (await import('ws')).WebSocket
const until = async (holds) => { while (!holds()) await new Promise(resolve => setTimeout(resolve, 10)) }
const fetchToken = async () => { asked += 1; return tokens.length > 1 ? tokens.shift() : tokens[0] }
let asked = 0
"""


def pieces(page: str) -> list[str]:
    """The page's JavaScript."""
    text = (DOCS / page).read_text()
    return re.findall(r"^```js\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


async def run(source: str) -> str:
    """What a module says on stdout."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        need_node(), "--input-type=module", "-e", source, cwd=NODE, stdout=pipe, stderr=pipe
    )
    async with asyncio.timeout(30):
        said, complaints = await process.communicate()
    assert process.returncode == 0, complaints.decode()
    return said.decode()


def here(source: str, hub: HubProcess, old: HubProcess | None = None) -> str:
    """With the addresses of this test's hubs."""
    source = source.replace("ws://127.0.0.1:8787", hub.url.replace("http", "ws", 1))
    source = source.replace("'data/secret'", repr(str(hub.data / "secret")))
    return source if old is None else source.replace("ws://127.0.0.1:1234", old.url.replace("http", "ws", 1))


@pytest.mark.parametrize("page", PAGES)
async def test_the_lines_to_change_work_beyond_the_life_of_a_token(
    hub_process: HubProcess, page: str
) -> None:
    hub, (connect, *_) = hub_process, pieces(page)
    tokens = [hub.token("ann", ttl=2), hub.token("ann")]
    after = """
ydoc.getMap('map').set('k', 1)
await until(() => provider.synced && asked > 1)
ydoc.getMap('map').set('k', 2)
await until(() => provider.synced && !provider.hasUnsyncedChanges)
console.log('done')
setTimeout(() => process.exit(), 300)
"""
    assert await run(f"const tokens = {tokens}\n{AS_IN_A_PAGE}{here(connect, hub)}{after}") == "done\n"
    async with YjsPeer() as reader:
        await reader.start(hub, "report", hub.token("ann"))
        await reader.synced()
        assert (await converged(hub, "report", hub.token("ann"), reader))["map"] == {"k": 2}


@pytest.mark.parametrize("page", PAGES)
async def test_a_back_end_signs_tokens_that_the_hub_takes(hub_process: HubProcess, page: str) -> None:
    token = (await run(here(pieces(page)[1], hub_process) + "console.log(tokenFor('ann'))")).strip()
    status, user = await hub_process.http("GET", "/v1/users/ann", token=token)
    assert (status, user["user"]) == (200, "ann")


@pytest.mark.parametrize("page", PAGES)
async def test_documents_are_brought_over(make_hub: MakeHub, page: str) -> None:
    """From another hub in the old server's place."""
    old, new = make_hub(), make_hub()
    old.start()
    new.start()
    path = "/hocuspocus" if "hocuspocus" in page else "/yjs/doc"
    bring = here(pieces(page)[2], new, old).replace(
        old.url.replace("http", "ws", 1), old.url.replace("http", "ws", 1) + path
    )
    # In that place there are tokens, too.
    bring = bring.replace(
        "name, document)", f"name, document, {{ params: {{ token: '{old.token('ann')}' }} }})"
    )
    given = [old.token("ann"), new.token("bob")] if path == "/hocuspocus" else [new.token("bob")]
    async with YjsPeer() as before, YjsPeer() as after:
        await before.start(old, "report", old.token("ann"))
        await before.synced()
        await before.edit("type", text="搬过来🚚")
        await before.edit("erase", index=0, length=1)
        contents = await converged(old, "report", old.token("ann"), before)
        arguments = ", ".join(map(repr, given))
        await run(f"{bring}\nawait bring('report', {arguments})\nprocess.exit()")
        await after.start(new, "report", new.token("bob"))
        await after.synced()
        assert await after.contents() == contents
