"""Unmodified ``@hocuspocus/provider``s on Node, through a hub that is a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from urllib.parse import quote

import pytest

from tests.e2e.conftest import MakeHub
from tests.e2e.processes import HubProcess
from tests.e2e.yjs_peers import HocuspocusPeer, YjsPeer, converged, held
from tests.kit.devices import NativeDevice

DOCUMENT = "team/plan"
MakePeers = Callable[[int], Awaitable[list[HocuspocusPeer]]]


@pytest.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def make_peers(stack: AsyncExitStack) -> MakePeers:
    """So many, none of them connected yet."""

    async def make(number: int) -> list[HocuspocusPeer]:
        return [await stack.enter_async_context(HocuspocusPeer()) for _ in range(number)]

    return make


async def member(hub: HubProcess, user: str, access: str | None, name: str = DOCUMENT) -> None:
    path = f"/v1/docs/{quote(name, safe='')}/members/{user}"
    admin = hub.token("root", "admin")
    if access is None:
        assert (await hub.http("DELETE", path, token=admin))[0] == 204
    else:
        assert (await hub.http("PUT", path, {"access": access}, admin))[0] == 200


async def test_providers_of_three_kinds_agree_through_kill_and_restart(
    hub_process: HubProcess, make_peers: MakePeers, stack: AsyncExitStack
) -> None:
    hub, token = hub_process, hub_process.token("ann")
    ann, bob = await make_peers(2)
    web = await stack.enter_async_context(YjsPeer())
    await ann.start(hub, DOCUMENT, token)
    await bob.start(hub, f"doc/{DOCUMENT}", token)
    await web.start(hub, DOCUMENT, token)
    for peer in (ann, bob, web):
        await peer.synced()
    await ann.edit("type", text="你好👩🏽‍🚀")
    await bob.edit("set", key="谁", value="博")
    await web.edit("push", values=["一", {"二": [2]}])
    await converged(hub, DOCUMENT, token, ann, bob, web)
    for peer in (ann, bob):
        await peer.saved()

    hub.kill()
    await ann.closed(1006)
    await ann.edit("type", text="被杀之后")
    await bob.edit("unset", key="谁")
    assert await ann.unsynced() > 0
    hub.start()
    for peer in (ann, bob):
        await peer.saved()
    async with NativeDevice(hub.native_url, token) as device:
        await device.open(f"doc/{DOCUMENT}")
        await web.edit("write", index=0, text="三个，")
        contents = await converged(hub, DOCUMENT, token, ann, bob, web)
    assert contents["text"].startswith("三个，你好👩🏽‍🚀")
    assert "被杀之后" in contents["text"]
    assert contents["map"] == {}

    assert await hub.stop() == 0
    await bob.closed(4503)
    await bob.edit("type", text="！")
    hub.start()
    await bob.saved()
    await converged(hub, DOCUMENT, token, ann, bob, web)


async def test_several_documents_share_a_socket_and_close_one_by_one(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, "one", token)
    await ann.attach("two")
    first = await ann.attach("two", sessionAwareness=True)
    second = await ann.attach("two", sessionAwareness=True)
    await ann.edit("set", key="from", value="a second tab")
    await ann.saved()
    await ann.choose(first)
    await ann.saved()
    assert (await ann.contents())["map"] == {"from": "a second tab"}
    await ann.choose("one")
    await ann.edit("set", key="number", value=1)
    await ann.saved()
    await ann.ask("detach")
    await ann.choose(second)
    await ann.edit("set", key="still", value=True)
    await ann.saved()
    await bob.start(hub, "two", token)
    await bob.saved()
    contents = await converged(hub, "two", token, bob)
    assert contents["map"] == {"from": "a second tab", "still": True}
    assert (await converged_in(hub, "one", token, bob))["map"] == {"number": 1}
    assert await ann.ask("codes") == []


async def converged_in(hub: HubProcess, name: str, token: str, peer: HocuspocusPeer) -> dict[str, object]:
    """Another document, as one peer is shown it."""
    await peer.attach(name)
    await peer.saved()
    return await converged(hub, name, token, peer)


async def test_a_detached_document_can_be_attached_again(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann,) = hub_process, await make_peers(1)
    await ann.start(hub, "one", hub.token("ann"))
    await ann.edit("set", key="k", value=1)
    await ann.saved()
    await ann.ask("detach")
    await ann.attach("one")
    await ann.saved()
    assert (await ann.contents())["map"] == {"k": 1}
    assert await ann.ask("codes") == []


async def test_who_is_here_is_seen_by_all_and_gone_with_their_document_or_connection(
    hub_process: HubProcess, make_peers: MakePeers, stack: AsyncExitStack
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    web = await stack.enter_async_context(YjsPeer())
    token = hub.token("ann")
    for peer, name in ((ann, "安"), (bob, "博"), (web, "才")):
        await peer.start(hub, DOCUMENT, token)
        await peer.ask("presence", state={"name": name})
    await ann.sees({"name": "博"}, {"name": "才"})
    await web.sees({"name": "安"}, {"name": "博"})
    await bob.ask("detach")
    await web.sees({"name": "安"})
    await ann.vanish()
    await web.sees()


@pytest.mark.parametrize("token", ["", "no-token", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA"])
async def test_a_bad_token_is_denied_and_a_good_one_goes_on(
    hub_process: HubProcess, make_peers: MakePeers, token: str
) -> None:
    hub, (ann,) = hub_process, await make_peers(1)
    await ann.start(hub, DOCUMENT, token)
    await ann.hears("denied")
    assert "token" in (await ann.told("denied"))[0]
    assert not await ann.told("authenticated")
    await ann.ask("token", token=hub.token("ann"))
    await ann.closed(4401)
    await ann.saved()


async def test_the_token_may_come_with_the_address(hub_process: HubProcess, make_peers: MakePeers) -> None:
    hub, (ann,) = hub_process, await make_peers(1)
    await ann.start(hub, DOCUMENT, "", path=f"?token={hub.token('ann')}")
    await ann.edit("set", key="k", value=1)
    await ann.saved()


async def test_somebody_elses_document_is_denied_and_others_on_the_socket_go_on(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    await ann.start(hub, DOCUMENT, hub.token("ann"))
    await ann.edit("set", key="k", value=1)
    await ann.saved()
    await bob.start(hub, DOCUMENT, hub.token("bob"))
    await bob.hears("denied")
    await bob.attach("任务")
    await bob.hears("denied")
    await bob.attach("bobs")
    await bob.edit("set", key="k", value=2)
    await bob.saved()
    assert await bob.ask("codes") == []


async def test_the_notes_of_a_task_are_its_users_whoever_comes_first(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    notes = "inbox/ann/01JD3X2V9T8Q6M4K5N7P0R1S2W"
    await bob.start(hub, notes, hub.token("bob"))
    await bob.hears("denied")
    await ann.start(hub, notes, hub.token("ann"))
    await ann.edit("push", values=[{"text": "买牛奶", "done": False}])
    await ann.saved()
    _, (refused,) = await hub.http("POST", "/v1/sync", [{"topic": f"doc/{notes}"}], hub.token("bob"))
    assert refused["problem"]["code"] == "forbidden"
    path = f"/v1/docs/{quote(notes, safe='')}/members/bob"
    assert (await hub.http("PUT", path, {"access": "write"}, hub.token("ann")))[0] == 200
    await bob.ask("drop")
    await bob.saved()
    assert (await bob.contents())["array"] == [{"text": "买牛奶", "done": False}]


async def test_who_may_only_read_is_told_and_in_step_and_changes_nothing(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, DOCUMENT, token)
    await ann.edit("write", index=0, text="只读的")
    await ann.edit("erase", index=2, length=1)
    await ann.saved()
    await member(hub, "bob", "read")
    await bob.start(hub, DOCUMENT, hub.token("bob"))
    await bob.saved()
    assert await bob.ask("scope") == "readonly"
    await bob.ask("drop")
    await bob.hears("authenticated", 2)
    await bob.saved()
    await ann.edit("type", text="，跟着看")
    assert (await converged(hub, DOCUMENT, token, ann, bob))["text"] == "只读，跟着看"

    before = await held(hub, DOCUMENT, token)
    await bob.edit("write", index=0, text="不行")
    await ann.edit("type", text="。")
    await converged(hub, DOCUMENT, token, ann)
    assert await bob.unsynced() == 1
    assert len(await held(hub, DOCUMENT, token)) == len(before)
    assert (await ann.contents())["text"] == "只读，跟着看。"
    assert await bob.told("closed") == [[1006, ""]]

    await member(hub, "bob", "write")
    await bob.saved()
    assert await bob.ask("scope") == "read-write"
    assert (await converged(hub, DOCUMENT, token, ann, bob))["text"] == "不行只读，跟着看。"


async def test_a_member_who_is_removed_has_the_document_closed_and_no_other(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (bob,) = hub_process, await make_peers(1)
    await member(hub, "ann", "write")
    await member(hub, "bob", "write")
    await bob.start(hub, DOCUMENT, hub.token("bob"))
    await bob.saved()
    await bob.attach("bobs")
    await bob.saved()
    await member(hub, "bob", None)
    await bob.choose(DOCUMENT)
    await bob.hears("closed")
    ((code, reason),) = await bob.told("closed")
    assert code == 1000
    assert "no longer a member" in reason
    await bob.choose("bobs")
    await bob.edit("set", key="k", value=1)
    await bob.saved()
    assert await bob.ask("codes") == []


async def test_a_provider_is_told_saved_only_once_it_is(make_hub: MakeHub, make_peers: MakePeers) -> None:
    hub = make_hub(tweaks={"commit_seconds": 20.0})  # not before it is killed
    hub.start()
    ann, bob = await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, DOCUMENT, token)
    await ann.saved()
    await ann.edit("set", key="k", value=1)
    assert await ann.unsynced() == 1
    hub.kill()
    await ann.closed(1006)
    assert await ann.unsynced() == 1
    await ann.offline()
    hub.tweaks = {}
    hub.start()
    assert await held(hub, DOCUMENT, token) == []
    await ann.online()
    await ann.saved()
    await bob.start(hub, DOCUMENT, token)
    await bob.saved()
    assert (await bob.contents())["map"] == {"k": 1}


async def test_what_the_disk_refuses_stays_unsynced_until_it_takes_it(
    make_hub: MakeHub, make_peers: MakePeers
) -> None:
    hub = make_hub(tweaks={"commit_fails": True})
    hub.start()
    (ann,) = await make_peers(1)
    await ann.start(hub, DOCUMENT, hub.token("ann"))
    await ann.synced()
    await ann.edit("set", key="k", value=1)
    await ann.closed(4500)
    assert await ann.unsynced() > 0
    hub.kill()
    hub.tweaks = {}
    hub.start()
    await ann.saved()


async def test_a_token_is_renewed_in_place_and_one_that_expires_makes_the_provider_come_back(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    for peer in (ann, bob):
        await peer.start(hub, DOCUMENT, None, connect=False)
        await peer.ask("token", token=hub.token("ann", ttl=2))
        await peer.ask("online")
        await peer.saved()
    await ann.ask("token", token=hub.token("ann"))
    await ann.ask("asked", count=2)
    await bob.closed(4501)
    await bob.ask("token", token=hub.token("ann"))
    await bob.edit("set", key="k", value="written with an expired token")
    await bob.saved()
    assert await ann.ask("codes") == []
    await converged(hub, DOCUMENT, hub.token("ann"), ann, bob)


async def test_a_refused_update_closes_its_document_alone(make_hub: MakeHub, make_peers: MakePeers) -> None:
    hub = make_hub(settings={"limits.document": 20_000, "limits.message": 10_000})
    hub.start()
    ann, bob = await make_peers(2)
    await ann.start(hub, "large", hub.token("ann"))
    await ann.saved()
    await ann.attach("small")
    await ann.saved()
    await ann.choose("large")
    for _ in range(3):
        await ann.edit("write", index=0, text="x" * 9_000)
    await ann.hears("closed")
    ((code, reason),) = await ann.told("closed")
    assert code == 1000
    assert "larger" in reason
    assert await ann.unsynced() > 0
    await ann.choose("small")
    await ann.edit("set", key="k", value=1)
    await ann.saved()
    assert await ann.ask("codes") == []
    await bob.start(hub, "large", hub.token("ann"))
    await bob.synced()
    assert len((await bob.contents())["text"]) == 18_000


async def test_frames_come_without_anybody_saying_anything_so_that_providers_stay(
    make_hub: MakeHub, make_peers: MakePeers
) -> None:
    hub = make_hub(settings={"connection.beat": 0.1})
    hub.start()
    (ann,) = await make_peers(1)
    await ann.start(hub, DOCUMENT, hub.token("ann"))
    await ann.saved()
    await ann.ask("presence", state=None)
    await ann.ask("heard", count=3)
    await ann.edit("set", key="k", value=1)
    await ann.saved()
    assert await ann.ask("codes") == []


async def test_what_is_stateless_reaches_nobody_and_ends_nothing(
    hub_process: HubProcess, make_peers: MakePeers
) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    for peer in (ann, bob):
        await peer.start(hub, DOCUMENT, hub.token("ann"))
        await peer.saved()
    await ann.ask("stateless", payload="hello")
    await ann.edit("set", key="k", value=1)
    await ann.saved()
    await bob.ask("reached", snapshot=await ann.ask("snapshot"))
    assert await bob.told("stateless") == []
    assert await ann.ask("codes") == []


async def test_a_megabyte_written_offline_arrives(hub_process: HubProcess, make_peers: MakePeers) -> None:
    hub, (ann, bob) = hub_process, await make_peers(2)
    token = hub.token("ann")
    await ann.start(hub, DOCUMENT, token, connect=False)
    text = "三百万字节" * 100_000
    await ann.edit("write", index=0, text=text)
    await asyncio.gather(ann.ask("online"), ann.saved())
    await bob.start(hub, DOCUMENT, token)
    await bob.saved()
    assert (await converged(hub, DOCUMENT, token, ann, bob))["text"] == text
    assert await ann.ask("codes") == []
