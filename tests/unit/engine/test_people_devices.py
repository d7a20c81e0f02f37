"""``hub.engine.people``: devices get ids, belong to one user each, and cost nothing when they come back."""

from __future__ import annotations

import asyncio
import re

import pytest

from hub.errors import (
    BadId,
    BadValue,
    Forbidden,
    GoingAway,
    Limit,
    Malformed,
    NotAllowed,
    NotFound,
    Unauthorized,
    Unavailable,
)
from hub.model import DeviceId, UserId
from tests.unit.engine.people_fakes import DEVICES_PER_USER, Town


@pytest.fixture
def town() -> Town:
    return Town()


async def turns(count: int = 10) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


class TestHello:
    async def test_a_device_without_an_id_is_issued_one_that_is_saved(self, town: Town) -> None:
        device = await town.people.hello(town.identity("ann"), None, "Phone", "android")
        assert re.fullmatch("[a-z2-7]{26}", device.device)
        saved = town.tables.devices[device.device]
        assert (saved.user, saved.name, saved.platform) == ("ann", "Phone", "android")
        assert saved.created_at == saved.seen_at == town.clock.wall

    async def test_two_devices_are_never_issued_the_same_id(self, town: Town) -> None:
        one = await town.people.hello(town.identity("ann"), None, "", "")
        other = await town.people.hello(town.identity("ann"), None, "", "")
        assert one.device != other.device

    async def test_an_unknown_id_is_bound_to_who_names_it_first(self, town: Town) -> None:
        await town.people.hello(town.identity("ann"), "laptop-1", "", "")
        with pytest.raises(NotAllowed, match="another user"):
            await town.people.hello(town.identity("bob"), "laptop-1", "", "")
        assert town.tables.devices[DeviceId("laptop-1")].user == "ann"

    async def test_a_device_of_another_user_is_refused_by_a_hub_that_remembers_nothing(
        self, town: Town
    ) -> None:
        await town.people.hello(town.identity("ann"), "laptop-1", "", "")
        later = Town()
        later.tables.devices.update(town.tables.devices)
        with pytest.raises(NotAllowed):
            await later.people.hello(later.identity("bob"), "laptop-1", "", "")

    async def test_of_two_users_racing_for_an_id_one_gets_it(self, town: Town) -> None:
        town.devices.write_gate.clear()
        racing = [
            asyncio.ensure_future(town.people.hello(town.identity(user), "shared", "", ""))
            for user in ("ann", "bob")
        ]
        await turns()
        town.devices.write_gate.set()
        outcomes = await asyncio.gather(*racing, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Device", "NotAllowed"]

    async def test_two_connections_of_a_new_device_share_it_and_both_wait_until_it_is_saved(
        self, town: Town
    ) -> None:
        town.devices.write_gate.clear()
        both = [
            asyncio.ensure_future(town.people.hello(town.identity("ann"), "tab", "", "")) for _ in range(2)
        ]
        await turns()
        assert not any(each.done() for each in both)
        town.devices.write_gate.set()
        assert [device.device for device in await asyncio.gather(*both)] == ["tab", "tab"]

    async def test_a_token_bound_to_a_device_speaks_for_no_other(self, town: Town) -> None:
        identity = town.identity("ann", device="phone")
        assert (await town.people.hello(identity, None, "", "")).device == "phone"
        assert (await town.people.hello(identity, "phone", "", "")).device == "phone"
        with pytest.raises(NotAllowed, match="another device"):
            await town.people.hello(identity, "laptop", "", "")

    @pytest.mark.parametrize("remembered", [True, False])
    @pytest.mark.parametrize("device", ["bob", "ann"])
    async def test_a_new_device_does_not_pass_for_a_user(
        self, town: Town, device: str, remembered: bool
    ) -> None:
        await town.people.named(UserId("bob"))
        if not remembered:
            later = Town()
            later.tables.users.update(town.tables.users)
            town = later
        with pytest.raises(NotAllowed, match="the name of a user"):
            await town.people.hello(town.identity("ann"), device, "", "")
        with pytest.raises(Forbidden, match="the name of a user"):
            await town.people.adopt(town.identity("ann"), device)
        assert not town.tables.devices

    async def test_a_device_that_was_there_before_the_user_comes_back(self, town: Town) -> None:
        await town.people.hello(town.identity("ann"), "bob", "", "")
        await town.people.named(UserId("bob"))
        assert (await town.people.hello(town.identity("ann"), "bob", "", "")).device == "bob"

    @pytest.mark.parametrize("device", [".", ".."])
    async def test_an_id_that_no_path_can_hold_is_malformed(self, town: Town, device: str) -> None:
        with pytest.raises(Malformed):
            await town.people.hello(town.identity("ann"), device, "", "")

    @pytest.mark.parametrize("device", ["hub", "me", "ann.api", ".api"])
    async def test_ids_of_actors_that_are_no_devices_are_reserved(self, town: Town, device: str) -> None:
        with pytest.raises(NotAllowed, match="reserved"):
            await town.people.hello(town.identity("ann"), device, "", "")
        assert not town.tables.devices

    @pytest.mark.parametrize("device", ["", "wecom:ann", "a b", "x" * 65, "ünïcode"])
    async def test_an_id_outside_the_alphabet_is_malformed(self, town: Town, device: str) -> None:
        with pytest.raises(Malformed):
            await town.people.hello(town.identity("ann"), device, "", "")
        assert not town.tables.devices

    @pytest.mark.parametrize(("name", "platform"), [("x" * 101, ""), ("", "x" * 101)])
    async def test_a_long_name_or_platform_is_malformed(self, town: Town, name: str, platform: str) -> None:
        with pytest.raises(Malformed, match="100 characters"):
            await town.people.hello(town.identity("ann"), None, name, platform)

    @pytest.mark.parametrize(("name", "platform"), [("x" * 101, ""), ("", "x" * 101)])
    async def test_a_device_that_a_person_named_is_not_welcomed_at_once_with_a_long_name_or_platform(
        self, town: Town, name: str, platform: str
    ) -> None:
        laptop = town.identity("ann", device="laptop")
        await town.people.hello(laptop, None, "", "")
        await town.people.rename(laptop, "ann", "laptop", "Work")
        assert town.people.greeted(laptop, "x" * 100, "")
        assert not town.people.greeted(laptop, name, platform)

    async def test_a_user_has_a_limited_number_of_devices_until_one_is_revoked(self, town: Town) -> None:
        ann = town.identity("ann")
        devices = [await town.people.hello(ann, None, "", "") for _ in range(DEVICES_PER_USER)]
        with pytest.raises(NotAllowed, match=f"at most {DEVICES_PER_USER} devices"):
            await town.people.hello(ann, None, "", "")
        await town.people.hello(town.identity("bob"), None, "", "")
        await town.people.revoke(ann, "ann", devices[0].device)
        await town.people.hello(ann, None, "", "")

    async def test_devices_that_come_at_once_do_not_pass_the_limit_together(self, town: Town) -> None:
        ann = town.identity("ann")
        outcomes = await asyncio.gather(
            *(town.people.hello(ann, None, "", "") for _ in range(3 * DEVICES_PER_USER)),
            return_exceptions=True,
        )
        assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == DEVICES_PER_USER
        assert len(town.tables.devices) == DEVICES_PER_USER

    async def test_when_nothing_can_be_saved_the_device_is_to_come_back_and_nothing_is_remembered(
        self, town: Town
    ) -> None:
        await town.people.known(town.identity("ann"))
        town.tables.refuses = True
        for _ in range(DEVICES_PER_USER + 1):  # more often than the limit of devices
            with pytest.raises(GoingAway):
                await town.people.hello(town.identity("ann"), "laptop", "", "")
        town.tables.refuses = False
        await town.people.hello(town.identity("bob"), "laptop", "", "")
        for _ in range(DEVICES_PER_USER):
            await town.people.hello(town.identity("ann"), None, "", "")


class TestComingBack:
    async def test_a_remembered_device_costs_no_call_to_the_store(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        reads, writes = town.devices.reads + town.directory.reads, town.devices.writes
        for _ in range(100):
            await town.people.hello(ann, "laptop", "", "")
        assert (town.devices.reads + town.directory.reads, town.devices.writes) == (reads, writes)

    async def test_new_devices_that_come_together_are_saved_together(self) -> None:
        town = Town(devices_per_user=1000)
        town.devices.write_gate.clear()
        coming = [
            asyncio.ensure_future(town.people.hello(town.identity(f"u{number}"), None, "", ""))
            for number in range(300)
        ]
        await turns()
        town.devices.write_gate.set()
        await asyncio.gather(*coming)
        assert len(town.tables.devices) == 300
        assert town.devices.writes <= 2

    async def test_memory_is_bounded_and_what_left_it_is_read_again(self) -> None:
        town = Town(devices_per_user=1000, remembered=5)
        ann = town.identity("ann")
        for number in range(50):
            await town.people.hello(ann, f"d{number}", "", "")
        roster = town.people._roster
        assert len(roster._known) == 5
        assert (await town.people.hello(ann, "d0", "", "")).user == "ann"
        assert len(roster._known) == 5

    async def test_when_a_device_was_seen_is_saved_by_flush_at_most_once_a_minute(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "Old", "")
        created = town.clock.wall
        town.clock.advance(59)
        await town.people.hello(ann, "laptop", "", "")
        await town.people.flush()
        assert town.tables.devices[DeviceId("laptop")].seen_at == created
        town.clock.advance(2)
        for _ in range(3):
            await town.people.hello(ann, "laptop", "", "")
        writes = town.devices.writes
        await town.people.flush()
        await town.people.flush()
        assert town.devices.writes == writes + 1
        assert town.tables.devices[DeviceId("laptop")].seen_at == town.clock.wall

    async def test_a_new_name_is_saved_by_flush_and_an_empty_one_changes_nothing(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "Old", "linux")
        renamed = await town.people.hello(ann, "laptop", "New", "")
        assert (renamed.name, renamed.platform) == ("New", "linux")
        await town.people.flush()
        saved = town.tables.devices[DeviceId("laptop")]
        assert (saved.name, saved.platform) == ("New", "linux")

    async def test_what_flush_could_not_save_it_saves_next_time(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        town.clock.advance(61)
        await town.people.hello(ann, "laptop", "", "")
        town.tables.refuses = True
        with pytest.raises(Unavailable):
            await town.people.flush()
        town.tables.refuses = False
        await town.people.flush()
        assert town.tables.devices[DeviceId("laptop")].seen_at == town.clock.wall


class TestRevocation:
    async def test_a_revoked_device_is_closed_at_once_and_never_comes_back(self, town: Town) -> None:
        ann = town.identity("ann")
        device = await town.people.hello(ann, None, "", "")
        await town.people.revoke(ann, "ann", device.device)
        assert town.live.told == [("revoked", device.device)]
        with pytest.raises(NotAllowed, match="revoked"):
            await town.people.hello(ann, device.device, "", "")
        assert town.tables.devices[device.device].revoked_at == town.clock.wall

    async def test_a_revocation_stands_after_the_device_was_seen_and_flushed(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        town.clock.advance(100)
        await town.people.hello(ann, "laptop", "", "")
        await town.people.revoke(ann, "ann", "laptop")
        await town.people.flush()
        assert town.tables.devices[DeviceId("laptop")].revoked_at is not None

    async def test_a_read_that_overlaps_a_revocation_does_not_let_the_device_in(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        town.people._roster._known.clear()
        town.devices.read_gate.clear()
        entering = asyncio.ensure_future(town.people.hello(ann, "laptop", "", ""))
        await turns()
        device = town.tables.devices[DeviceId("laptop")]
        await town.people._roster.revoke(device)
        town.devices.read_gate.set()
        with pytest.raises(NotAllowed, match="revoked"):
            await entering

    @pytest.mark.parametrize("how", ["revoked", "user deleted"])
    async def test_a_name_that_is_saved_late_does_not_bring_a_revoked_device_back(
        self, town: Town, how: str
    ) -> None:
        ann, admin = town.identity("ann"), town.identity("root", "admin")
        await town.people.hello(ann, "laptop", "", "")
        town.devices.written_gate.clear()
        renaming = asyncio.ensure_future(town.people.rename(ann, "ann", "laptop", "Work"))
        await turns()
        if how == "revoked":
            await town.people.revoke(ann, "ann", "laptop")
            town.people._roster._known.clear()
        else:
            await town.people.delete_user(admin, "ann")
        town.devices.written_gate.set()
        renamed = await renaming
        assert renamed.name == "Work"
        assert renamed.revoked_at is not None
        town.clock.advance(1)
        with pytest.raises(NotAllowed, match="revoked"):
            await town.people.hello(town.identity("ann"), "laptop", "", "")

    async def test_a_device_that_is_revoked_as_soon_as_it_is_saved_stays_so(self, town: Town) -> None:
        ann = town.identity("ann")
        town.devices.written_gate.clear()
        entering = asyncio.ensure_future(town.people.hello(ann, "laptop", "", ""))
        await turns()
        await town.people.revoke(ann, "ann", "laptop")
        town.people._roster._known.clear()
        town.devices.written_gate.set()
        with pytest.raises(NotAllowed, match="revoked"):
            await entering
        with pytest.raises(NotAllowed, match="revoked"):
            await town.people.hello(ann, "laptop", "", "")

    async def test_who_was_seen_just_before_their_deletion_does_not_exist_again_by_that(
        self, town: Town
    ) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        town.clock.advance(61)
        await town.people.hello(ann, "laptop", "", "")
        await town.people.delete_user(town.identity("root", "admin"), "ann")
        await town.people.flush()
        assert UserId("ann") not in town.tables.users

    async def test_revoking_again_is_the_same(self, town: Town) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "", "")
        await town.people.revoke(ann, "ann", "laptop")
        at = town.tables.devices[DeviceId("laptop")].revoked_at
        town.clock.advance(5)
        await town.people.revoke(ann, "ann", "laptop")
        assert town.tables.devices[DeviceId("laptop")].revoked_at == at

    async def test_nobody_revokes_or_lists_the_devices_of_another(self, town: Town) -> None:
        await town.people.hello(town.identity("ann"), "laptop", "", "")
        bob = town.identity("bob")
        with pytest.raises(Forbidden):
            await town.people.revoke(bob, "ann", "laptop")
        with pytest.raises(NotFound):
            await town.people.revoke(bob, "bob", "laptop")
        with pytest.raises(Forbidden):
            await town.people.devices(bob, "ann")
        with pytest.raises(Forbidden):
            await town.people.devices(town.identity("ann", "publish"), "ann")

    async def test_an_administrator_lists_and_revokes_anybodys(self, town: Town) -> None:
        await town.people.hello(town.identity("ann"), "laptop", "", "")
        admin = town.identity("root", "admin")
        assert [device.device for device in await town.people.devices(admin, "ann")] == ["laptop"]
        await town.people.revoke(admin, "ann", "laptop")
        assert town.live.told == [("revoked", "laptop")]

    @pytest.mark.parametrize("device", ["nowhere", "not a name", ""])
    async def test_what_is_no_device_is_not_found(self, town: Town, device: str) -> None:
        with pytest.raises(NotFound):
            await town.people.revoke(town.identity("ann"), "ann", device)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "\u200b",
            "\ufeff",
            "\u202eevil",
            "Ann\u200b",
            "a\u00adb",
            "\u2060",
            "\u3164",
            "\u2800",
            "\u00a0\u3000",
            "\ufe0f",
            "\u200d",
            "a\u200d",
            "\u200ca",
            "a\u200d\u200db",
            "a\u2028b",
            "\ud800",
            "",
        ],
        ids=ascii,
    )
    async def test_a_name_that_is_not_seen_as_it_is_is_refused(self, town: Town, name: str) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "Old", "")
        with pytest.raises(BadValue):
            await town.people.rename(ann, "ann", "laptop", name)
        assert town.tables.devices[DeviceId("laptop")].name == "Old"

    @pytest.mark.parametrize(
        "name",
        ["小梅的手机 📱", "👩\u200d💻", "❤\ufe0f\u200d🔥", "می\u200cخواهم", "Zoë's", "Zoe\u0308", "7", "…"],
        ids=ascii,
    )
    async def test_names_of_any_script_and_emoji_of_several_parts_are_taken(
        self, town: Town, name: str
    ) -> None:
        ann = town.identity("ann")
        await town.people.hello(ann, "laptop", "Old", "")
        assert (await town.people.rename(ann, "ann", "laptop", name)).name == name


class TestAdoption:
    async def test_a_request_speaks_for_the_tokens_device_or_the_one_it_names(self, town: Town) -> None:
        assert (await town.people.adopt(town.identity("ann", device="phone"), None)).device == "phone"
        assert (await town.people.adopt(town.identity("ann"), "laptop")).device == "laptop"

    async def test_refusals_of_requests_say_what_is_wrong(self, town: Town) -> None:
        await town.people.adopt(town.identity("ann"), "laptop")
        await town.people.revoke(town.identity("ann"), "ann", "laptop")
        with pytest.raises(Unauthorized):
            await town.people.adopt(town.identity("ann"), "laptop")
        with pytest.raises(BadId):
            await town.people.adopt(town.identity("ann"), "a b")
        with pytest.raises(BadId):
            await town.people.adopt(town.identity("ann"), None)
        with pytest.raises(Forbidden):
            await town.people.adopt(town.identity("ann"), "hub")
        with pytest.raises(Forbidden):
            await town.people.adopt(town.identity("ann", device="phone"), "tablet")

    async def test_too_many_devices_are_a_limit(self, town: Town) -> None:
        for number in range(DEVICES_PER_USER):
            await town.people.adopt(town.identity("ann"), f"d{number}")
        with pytest.raises(Limit):
            await town.people.adopt(town.identity("ann"), "more")


class TestLinking:
    async def test_a_code_is_traded_for_a_token_bound_to_a_new_device(self, town: Town) -> None:
        link = town.people.link(town.identity("ann", "user", "admin"))
        assert link.expires_at > town.clock.wall
        claimed = await town.people.claim(link.code, "Watch", "wear")
        identity = town.tokens.verify(claimed.token)
        assert (identity.user, identity.device) == ("ann", claimed.device)
        assert identity.scopes == {"user"}
        assert town.tables.devices[claimed.device].name == "Watch"

    async def test_a_code_works_once(self, town: Town) -> None:
        code = town.people.link(town.identity("ann")).code
        await town.people.claim(code, "", "")
        with pytest.raises(NotFound):
            await town.people.claim(code, "", "")

    async def test_a_code_is_not_used_up_by_a_name_that_is_too_long(self, town: Town) -> None:
        code = town.people.link(town.identity("ann")).code
        with pytest.raises(BadValue):
            await town.people.claim(code, "x" * 101, "")
        await town.people.claim(code, "", "")

    async def test_linking_needs_the_scope_user(self, town: Town) -> None:
        with pytest.raises(Forbidden):
            town.people.link(town.identity("robot", "publish"))

    async def test_renewal_keeps_user_scopes_and_device(self, town: Town) -> None:
        renewed = town.people.renew(town.identity("ann", "user", "publish", device="phone"))
        identity = town.tokens.verify(renewed.token)
        assert (identity.user, identity.device) == ("ann", "phone")
        assert identity.scopes == {"user", "publish"}
        assert identity.expires_at == renewed.expires_at > town.clock.wall
