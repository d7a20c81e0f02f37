"""Unmodified ``y-websocket`` providers on Node, through a hub that is a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.yjs_peers import YjsPeer, converged, held

NAME = "项目"
DOCUMENT = "team/plan"


MakePeers = Callable[[int], Awaitable[list[YjsPeer]]]


@pytest.fixture
async def make_peers() -> AsyncIterator[MakePeers]:
    """So many, none of them connected yet."""
    async with AsyncExitStack() as stack:

        async def make(number: int) -> list[YjsPeer]:
            return [await stack.enter_async_context(YjsPeer()) for _ in range(number)]

        yield make


async def test_three_providers_agree_after_edits_offline_and_two_restarts(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, peers = hub_process, await make_peers(3)
    ann, bob, cai = peers
    token = hub.token("ann")
    for peer in peers:
        await peer.start(hub, DOCUMENT, token)
        await peer.synced()
    await ann.edit("write", index=0, text="买牛奶🥛，")
    await bob.edit("push", values=["一", {"二": [2, "👨‍👩‍👧"]}, None, 4.5])
    await cai.edit("element", index=0, name="p", attributes={"语言": "中文"}, text="𠮷野家")
    await converged(hub, DOCUMENT, token, *peers)

    await ann.offline()
    await ann.edit("set", key="谁", value="安")
    await ann.edit("erase", index=0, length=1)
    await ann.edit("type", text="离线时写的✍️")
    await bob.edit("set", key="谁", value="博")
    await bob.edit("take", index=0, length=1)
    await cai.edit("type", text="👩🏽‍🚀在线")
    await converged(hub, DOCUMENT, token, bob, cai)

    assert await hub.stop() == 0
    await bob.closed(4503)
    await bob.edit("write", index=0, text="服务器停了。")
    await cai.edit("format", index=0, length=2, marks={"bold": True})
    await ann.online()
    hub.start()
    for peer in peers:
        await peer.synced()
    await converged(hub, DOCUMENT, token, *peers)

    hub.kill()
    await cai.closed(1006)
    await cai.edit("unset", key="谁")
    await ann.edit("element", index=1, name="h1", attributes={}, text="被杀之后")
    hub.start()
    for peer in peers:
        await peer.synced()
    contents = await converged(hub, DOCUMENT, token, *peers)
    assert "服务器停了。" in contents["text"]
    assert "离线时写的✍️" in contents["text"]
    assert "👩🏽‍🚀在线" in contents["text"]
    assert contents["array"] == [{"二": [2, "👨‍👩‍👧"]}, None, 4.5]
    assert contents["xml"] == '<p 语言="中文">𠮷野家</p><h1>被杀之后</h1>'
    assert not any([await peer.stopped() for peer in peers])


async def test_who_is_here_is_seen_by_all_and_gone_with_their_connection(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    peers = ann, bob, cai = await make_peers(3)
    token = hub_process.token("ann")
    for peer, name in zip(peers, ("安", "博", "才"), strict=True):
        await peer.start(hub_process, DOCUMENT, token)
        await peer.ask("presence", state={"name": name, "cursor": 1})
    await ann.sees({"name": "博", "cursor": 1}, {"name": "才", "cursor": 1})
    await cai.sees({"name": "安", "cursor": 1}, {"name": "博", "cursor": 1})
    await bob.ask("presence", state={"name": "博", "cursor": 2})
    await cai.sees({"name": "安", "cursor": 1}, {"name": "博", "cursor": 2})
    await bob.vanish()
    await cai.sees({"name": "安", "cursor": 1})
    await ann.offline()
    await cai.sees()
    await ann.online()
    await ann.ask("presence", state={"name": "安", "cursor": 3})
    await cai.sees({"name": "安", "cursor": 3})
    await ann.ask("drop")
    await cai.sees()
    await ann.synced()
    await ann.ask("presence", state={"name": "安", "cursor": 4})
    await cai.sees({"name": "安", "cursor": 4})
    hub_process.kill()
    await cai.sees()
    hub_process.start()
    await ann.synced()
    await cai.synced()
    await ann.ask("presence", state={"name": "安", "cursor": 5})
    await cai.sees({"name": "安", "cursor": 5})


async def test_who_may_only_read_follows_along_and_is_stopped_by_the_first_edit(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, DOCUMENT, token)
    await ann.edit("write", index=0, text="只读")
    await converged(hub, DOCUMENT, token, ann)
    member = f"/v1/docs/{DOCUMENT.replace('/', '%2F')}/members/bob"
    admin = hub.token("root", "admin")
    assert (await hub.http("PUT", member, {"access": "read"}, admin))[0] == 200
    await bob.start(hub, DOCUMENT, hub.token("bob"))
    await bob.synced()
    await ann.edit("type", text="，跟着看")
    assert (await converged(hub, DOCUMENT, token, ann, bob))["text"] == "只读，跟着看"
    before = await held(hub, DOCUMENT, token)
    await bob.edit("write", index=0, text="不行")
    await bob.closed(4403)
    assert await bob.stopped()
    assert await held(hub, DOCUMENT, token) == before
    assert (await ann.contents())["text"] == "只读，跟着看"


async def test_a_member_who_is_removed_is_stopped_at_once(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    admin = hub.token("root", "admin")
    for user in ("ann", "bob"):
        status, _answer = await hub.http("PUT", f"/v1/docs/plan/members/{user}", {"access": "write"}, admin)
        assert status == 200
    await ann.start(hub, "plan", hub.token("ann"))
    await bob.start(hub, "plan", hub.token("bob"))
    await bob.edit("set", key="k", value=1)
    await converged(hub, "plan", hub.token("ann"), ann, bob)
    assert (await hub.http("DELETE", "/v1/docs/plan/members/bob", token=admin))[0] == 204
    await bob.closed(4403)
    assert await bob.stopped()
    assert not await ann.stopped()


@pytest.mark.parametrize("token", [None, "no-token", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"])
async def test_a_bad_token_stops_the_provider(
    hub_process: HubProcess, make_peers: MakePeers, token: str | None
) -> None:
    (ann,) = await make_peers(1)
    await ann.start(hub_process, DOCUMENT, token)
    await ann.closed(4401)
    assert await ann.stopped()


async def test_a_token_that_expires_is_retried_and_another_one_goes_on_where_it_stood(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    for peer in (ann, bob):
        await peer.start(hub, DOCUMENT, None, connect=False)
        await peer.ask("token", token=hub.token("ann", ttl=2))
        await peer.online()
        await peer.synced()
    await ann.edit("write", index=0, text="一")
    await ann.ask("token", token=hub.token("ann"))  # as an application does that renews it in time
    await ann.closed(4501)
    await ann.edit("write", index=1, text="二")
    await ann.synced()
    assert not await ann.stopped()
    await bob.closed(4501)
    await bob.closed(4401)
    assert await bob.stopped(), "the same token again is not good any more"
    assert (await converged(hub, DOCUMENT, hub.token("ann"), ann))["text"] == "一二"


async def test_three_megabytes_written_offline_arrive_in_one_message(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, DOCUMENT, token, connect=False)
    text = "三百万字节" * 200_000
    await ann.edit("write", index=0, text=text)
    await ann.online()
    await ann.synced()
    await bob.start(hub, DOCUMENT, token)
    contents = await converged(hub, DOCUMENT, token, ann, bob)
    assert contents["text"] == text
    assert await ann.ask("codes") == []


async def test_frames_come_without_anybody_saying_anything_so_that_providers_stay(
    make_hub: MakeHub, make_peers: MakePeers
) -> None:
    hub = make_hub(settings={"connection.beat": 0.1})
    hub.start()
    (ann,) = await make_peers(1)
    await ann.start(hub, DOCUMENT, hub.token("ann"))
    await ann.synced()
    await ann.ask("presence", state=None)  # an awareness of one's own would be renewed, and echoed by others
    await ann.ask("heard", count=3)
    assert await ann.ask("codes") == []
