"""Tokens of the Python client: kept, renewed, replaced, refused; and what ends a connection for good."""

from __future__ import annotations

import asyncio
import logging
import stat
from pathlib import Path
from typing import Any

import pytest

import tongbu
from tests.kit.hubs import RunningHub, running_hub
from tests.kit.programs import NOWHERE, PATIENCE, away, device
from tests.kit.severable import severable
from tongbu.program import program_name


async def code_for(hub: RunningHub, user: str) -> str:
    status, answer = await hub.http("POST", "/v1/devices/link", {}, hub.token(user))
    assert status == 200
    return str(answer["code"])


async def test_a_link_code_is_claimed_once_and_its_token_kept_privately(
    hub: RunningHub, tmp_path: Path
) -> None:
    store, code = tmp_path / "s.db", await code_for(hub, "ann")
    async with tongbu.connect(hub.url, link_code=code, store=store) as phone:
        await phone.connected(PATIENCE)
        device_id = phone.device
        assert phone.user == "ann"
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
    async with tongbu.connect(hub.url, link_code=code, store=store) as phone:
        await phone.connected(PATIENCE)
        assert phone.device == device_id
    async with tongbu.connect(hub.url, store=store) as phone:
        await phone.connected(PATIENCE)
        assert phone.device == device_id


async def test_a_link_code_is_claimed_when_the_hub_can_be_reached(hub: RunningHub, tmp_path: Path) -> None:
    code = await code_for(hub, "ann")
    async with severable(hub) as way:
        way.close()
        async with tongbu.connect(way.url, link_code=code, store=tmp_path / "s.db") as phone:
            task = await phone.inbox().start("before anybody knew who")
            way.open = True
            assert await phone.flush(PATIENCE)
            assert (phone.user, task.status) == ("ann", "running")


async def test_a_wrong_link_code_stops_with_a_typed_error(hub: RunningHub, tmp_path: Path) -> None:
    async with tongbu.connect(hub.url, link_code="AAAA-AAAA", store=tmp_path / "s.db") as phone:
        with pytest.raises(tongbu.errors.LinkCodeRefused):
            await phone.connected(PATIENCE)


async def test_a_claimed_token_is_renewed_before_it_runs_out_and_kept(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    async with (
        running_hub(tmp_path / "data", identity__token_ttl=2) as hub,
        tongbu.connect(hub.url, link_code=await code_for(hub, "ann"), store=store) as phone,
    ):
        await phone.connected(PATIENCE)
        first = await phone._core.store.read("claimed_token")
        renewed = watched(phone, 1)
        await asyncio.wait_for(renewed.wait(), PATIENCE)
        assert await phone._core.store.read("claimed_token") != first
        assert phone.online


def watched(phone: tongbu.Hub, times: int) -> asyncio.Event:
    """Set once the token was renewed in place so many times."""
    done, renew, tokens = asyncio.Event(), phone._core.session.renew, set[str]()

    def counted(token: str) -> None:
        tokens.add(token)
        renew(token)
        if len(tokens) == times:
            done.set()

    phone._core.session.renew = counted  # type: ignore[method-assign]  # to see it called
    return done


async def test_a_callable_is_asked_again_before_the_token_runs_out_and_the_connection_lives(
    hub: RunningHub,
) -> None:
    asked: list[str] = []

    async def token() -> str:
        asked.append(hub.token("ann", ttl=2))
        return asked[-1]

    async with severable(hub) as way, tongbu.connect(way.url, token=token) as phone:
        await phone.connected(PATIENCE)
        await asyncio.wait_for(watched(phone, 2).wait(), PATIENCE)
        await phone.inbox().start("t")
        assert await phone.flush(PATIENCE)
        assert way.connections == 1


async def test_a_callable_is_asked_again_after_the_hub_refused_its_token(hub: RunningHub) -> None:
    tokens = ["nonsense", hub.token("ann")]

    async def token() -> str:
        return tokens.pop(0)

    async with tongbu.connect(hub.url, token=token) as phone:
        await phone.connected(PATIENCE)
        assert tokens == []


async def test_a_callable_that_has_nothing_better_stops(hub: RunningHub) -> None:
    async def token() -> str:
        return "nonsense"

    async with tongbu.connect(hub.url, token=token) as phone:
        with pytest.raises(tongbu.errors.Unauthorized):
            await phone.connected(PATIENCE)


async def test_a_callable_that_fails_is_asked_again(hub: RunningHub) -> None:
    answers: list[Any] = [RuntimeError("the vault is away"), hub.token("ann")]

    async def token() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    async with tongbu.connect(hub.url, token=token) as phone:
        await phone.connected(PATIENCE)


async def test_a_refused_token_stops_everything_with_a_typed_error(hub: RunningHub, tmp_path: Path) -> None:
    async with tongbu.connect(NOWHERE, token=hub.token("ann"), store=tmp_path / "s.db") as phone:
        await phone.inbox().open()
        await phone.inbox().start("waits")
    void = hub.token("ann")[:-6] + "AAAAAA"
    async with tongbu.connect(hub.url, token=void, store=tmp_path / "s.db") as phone:
        refusals = phone.refusals()
        for waiting in (
            phone.connected(PATIENCE),
            phone.flush(PATIENCE),
            phone.inbox().open(),
            anext(refusals),
        ):
            with pytest.raises(tongbu.errors.Unauthorized):
                await asyncio.wait_for(waiting, PATIENCE)
        assert not phone.online
        await phone.inbox().start("is still kept")
    async with tongbu.connect(hub.url, token=hub.token("ann"), store=tmp_path / "s.db") as phone:
        assert await phone.flush(PATIENCE)
        await phone.inbox().open()
        assert sorted(each.title for each in phone.inbox().items()) == ["is still kept", "waits"]


async def test_a_program_that_names_itself_not_is_known_by_its_script_and_machine(hub: RunningHub) -> None:
    token = hub.token("ann")
    async with tongbu.connect(hub.url, token=token) as plain:
        await plain.connected(PATIENCE)
        async with tongbu.connect(hub.url, token=token, device_name="Nightly") as told:
            await told.connected(PATIENCE)
            _, page = await hub.http("GET", "/v1/users/me/devices", token=token)
            names = {each["device"]: each["name"] for each in page["items"]}
            assert names == {plain.device: program_name(), told.device: "Nightly"}


async def test_a_revoked_device_stops_while_it_iterates(hub: RunningHub) -> None:
    async with device(hub) as phone:
        await phone.inbox().open()
        changes = phone.inbox().changes()
        status, _ = await hub.http("DELETE", f"/v1/users/ann/devices/{phone.device}", None, hub.token("ann"))
        assert status == 204
        with pytest.raises(tongbu.errors.Forbidden):
            await asyncio.wait_for(anext(changes), PATIENCE)
        with pytest.raises(tongbu.errors.Forbidden):
            await phone.connected(PATIENCE)


async def test_a_store_belongs_to_one_user(hub: RunningHub, tmp_path: Path) -> None:
    async with device(hub, tmp_path / "s.db") as phone:
        await phone.connected(PATIENCE)
    with pytest.raises(tongbu.errors.StoreUnusable, match="ann"):
        async with device(hub, tmp_path / "s.db", user="bob"):
            pass


async def test_no_token_is_told_and_what_is_no_hub_too(hub: RunningHub) -> None:
    async with tongbu.connect(hub.url) as phone:
        with pytest.raises(tongbu.errors.Unauthorized):
            await phone.connected(PATIENCE)
    async with tongbu.connect(hub.url + "/elsewhere", token=hub.token("ann")) as phone:
        with pytest.raises(tongbu.errors.NotFound):
            await phone.connected(PATIENCE)


async def test_a_hub_that_falls_silent_is_left_and_tried_again(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "data", connection__beat=0.2) as hub,
        severable(hub) as way,
        device(hub, url=way.url) as phone,
    ):
        await phone.inbox().open()
        way.hold()
        await phone.inbox().start("into the silence")
        await away(phone)
        way.let_flow()
        assert await phone.flush(PATIENCE)
        assert way.connections >= 2


async def test_no_secret_reaches_a_log_or_an_error(
    hub: RunningHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    code, token = await code_for(hub, "ann"), hub.token("ann")[:-6] + "AAAAAA"
    texts = []
    async with tongbu.connect(hub.url, token=token, store=tmp_path / "a.db") as phone:
        with pytest.raises(tongbu.errors.Unauthorized) as refused:
            await phone.connected(PATIENCE)
        texts.append(str(refused.value))
    async with tongbu.connect(hub.url, link_code=code, store=tmp_path / "b.db") as phone:
        await phone.connected(PATIENCE)
        (claimed,) = (await phone._core.store.read("claimed_token"))[0]
        await phone.inbox().start("t")
        await phone.flush(PATIENCE)
    told = "\n".join([*texts, *(record.getMessage() + repr(record.args) for record in caplog.records)])
    assert "link.online" in told
    for secret in (token, code, claimed):
        assert secret not in told


def test_the_address_holds_no_secret() -> None:
    with pytest.raises(ValueError, match="token"):
        tongbu.connect("http://127.0.0.1:1/?token=x")
