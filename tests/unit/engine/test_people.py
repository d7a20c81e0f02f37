"""``hub.engine.people``: who exists, who may what with users and members, who is let in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.engine import sharing
from hub.engine.people import People
from hub.errors import (
    BadId,
    BadValue,
    Forbidden,
    Limit,
    NotAllowed,
    NotFound,
    Unauthorized,
    Unavailable,
    UnknownTopic,
)
from hub.model import DeviceId, Identity, TopicName, UserId
from tests.unit.engine.people_fakes import Town

SPACE = TopicName("space/team")
DOC = TopicName("doc/notes/2024")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.fixture
def admin(town: Town) -> Identity:
    return town.identity("root", "admin")


class TestAdmission:
    async def test_a_user_exists_once_their_token_was_used(self, town: Town) -> None:
        await town.people.admit(town.identity("ann"))
        assert town.tables.users[UserId("ann")].name == "ann"

    async def test_being_let_in_again_costs_no_call_to_the_store(self, town: Town) -> None:
        ann = town.identity("ann", device="phone")
        assert not town.people.admitted(ann)
        await town.people.admit(ann)
        reads = town.directory.reads + town.devices.reads
        assert town.people.admitted(ann)
        assert town.directory.reads + town.devices.reads == reads

    async def test_an_existing_user_keeps_their_name(self, town: Town, admin: Identity) -> None:
        await town.people.put_user(admin, "ann", "Ann Lee")
        await town.people.known(town.identity("ann"))
        assert town.tables.users[UserId("ann")].name == "Ann Lee"

    async def test_users_are_remembered_within_bounds(self) -> None:
        town = Town(remembered=3)
        for number in range(10):
            await town.people.known(town.identity(f"u{number}"))
        assert len(town.people._users) == 3

    async def test_the_token_of_a_revoked_device_lets_nobody_in(self, town: Town) -> None:
        phone = town.identity("ann", device="phone")
        await town.people.admit(phone)
        await town.people.revoke(phone, "ann", "phone")
        assert not town.people.admitted(phone)
        with pytest.raises(Unauthorized):
            await town.people.admit(phone)

    async def test_requests_alone_keep_a_device_seen(self, town: Town) -> None:
        phone = town.identity("ann", device="phone")
        await town.people.admit(phone)
        town.clock.advance(61)
        assert not town.people.admitted(phone)
        await town.people.admit(phone)
        assert town.people.admitted(phone)
        await town.people.flush()
        assert town.tables.devices[DeviceId("phone")].seen_at == town.clock.wall

    async def test_a_token_with_the_device_of_another_lets_nobody_in(self, town: Town) -> None:
        await town.people.admit(town.identity("ann", device="phone"))
        thief = town.identity("bob", device="phone")
        await town.people.known(thief)
        assert not town.people.admitted(thief)
        with pytest.raises(Forbidden):
            await town.people.admit(thief)

    async def test_when_nothing_can_be_saved_nobody_new_is_remembered(self, town: Town) -> None:
        town.tables.refuses = True
        with pytest.raises(Unavailable):
            await town.people.admit(town.identity("ann"))
        assert not town.people.admitted(town.identity("ann"))


class TestUsers:
    async def test_putting_a_user_creates_or_renames_them(self, town: Town, admin: Identity) -> None:
        user, created = await town.people.put_user(admin, "ann", None)
        assert (user.name, created) == ("ann", True)
        town.clock.advance(10)
        user, created = await town.people.put_user(admin, "ann", "Ann Lee")
        assert (user.name, user.created_at, created) == ("Ann Lee", town.clock.wall - 10_000, False)

    async def test_putting_a_user_without_a_name_keeps_theirs(self, town: Town, admin: Identity) -> None:
        await town.people.put_user(admin, "ann", "Ann Lee")
        user, created = await town.people.put_user(admin, "ann", None)
        assert (user.name, created) == ("Ann Lee", False)

    @pytest.mark.parametrize("name", ["", "x" * 101])
    async def test_a_name_has_bounds(self, town: Town, admin: Identity, name: str) -> None:
        with pytest.raises(BadValue):
            await town.people.put_user(admin, "ann", name)

    async def test_users_are_listed_by_name(self, town: Town, admin: Identity) -> None:
        for name in ("cat", "ann", "bob"):
            await town.people.put_user(admin, name, None)
        assert [user.user for user in await town.people.users(admin, "", 2)] == ["ann", "bob"]
        assert [user.user for user in await town.people.users(admin, "bob", 2)] == ["cat"]

    async def test_anybody_may_get_themselves(self, town: Town) -> None:
        robot = town.identity("robot", "publish")
        await town.people.known(robot)
        assert (await town.people.user(robot, "robot")).user == "robot"

    async def test_an_unknown_user_is_not_found(self, town: Town, admin: Identity) -> None:
        with pytest.raises(NotFound):
            await town.people.user(admin, "nobody")

    async def test_a_removed_user_is_disconnected_and_loses_devices_and_memberships(
        self, town: Town, admin: Identity
    ) -> None:
        phone = town.identity("ann", device="phone")
        await town.people.admit(phone)
        await town.people.put_member(admin, SPACE, "ann", "write")
        town.live.told.clear()
        await town.people.delete_user(admin, "ann")
        assert town.live.told == [("deleted", "ann")]
        assert not town.people.admitted(phone)
        with pytest.raises(Unauthorized):
            await town.people.admit(phone)
        with pytest.raises(NotFound):
            await town.people.member(admin, SPACE, "ann")

    async def test_removing_an_unknown_user_is_not_found(self, town: Town, admin: Identity) -> None:
        with pytest.raises(NotFound):
            await town.people.delete_user(admin, "nobody")


class TestMembers:
    @pytest.mark.parametrize("topic", [SPACE, DOC])
    async def test_a_member_is_created_with_the_user_changed_and_taken_away(
        self, town: Town, admin: Identity, topic: TopicName
    ) -> None:
        assert await town.people.put_member(admin, topic, "ann", "read")
        assert not await town.people.put_member(admin, topic, "ann", "write")
        assert UserId("ann") in town.tables.users
        assert await town.people.member(town.identity("ann"), topic, "ann") == "write"
        await town.people.delete_member(admin, topic, "ann")
        with pytest.raises(NotFound):
            await town.people.member(admin, topic, "ann")

    async def test_every_change_is_told_to_what_is_connected(self, town: Town, admin: Identity) -> None:
        await town.people.put_member(admin, SPACE, "ann", "read")
        await town.people.delete_member(admin, SPACE, "ann")
        assert town.live.told == [("access", SPACE, "ann")] * 2

    async def test_members_are_listed_by_name(self, town: Town, admin: Identity) -> None:
        await town.people.put_member(admin, SPACE, "bob", "read")
        await town.people.put_member(admin, SPACE, "ann", "write")
        assert await town.people.members(admin, SPACE) == [("ann", "write"), ("bob", "read")]

    async def test_what_has_no_members_is_not_found(self, town: Town, admin: Identity) -> None:
        with pytest.raises(NotFound):
            await town.people.members(admin, SPACE)
        with pytest.raises(NotFound):
            await town.people.delete_member(admin, SPACE, "ann")

    @pytest.mark.parametrize(
        ("topic", "error"),
        [("inbox/ann", BadId), ("space/a b", BadId), ("doc//x", BadId), ("room/x", UnknownTopic)],
    )
    async def test_only_spaces_and_documents_have_members(
        self, town: Town, admin: Identity, topic: str, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            await town.people.put_member(admin, TopicName(topic), "ann", "write")
        assert not town.tables.users


class TestSharing:
    @pytest.fixture
    async def ann(self, town: Town, admin: Identity) -> Identity:
        """Who may write both; ``bob`` may read them."""
        for topic in (SPACE, DOC):
            await town.people.put_member(admin, topic, "ann", "write")
            await town.people.put_member(admin, topic, "bob", "read")
        town.live.told.clear()
        return town.identity("ann")

    async def test_who_writes_a_document_shares_it_and_takes_it_back(self, town: Town, ann: Identity) -> None:
        assert await town.people.put_member(ann, DOC, "cat", "write")
        assert not await town.people.put_member(ann, DOC, "cat", "read")
        await town.people.delete_member(ann, DOC, "cat")
        assert town.live.told == [("access", DOC, "cat")] * 3
        assert UserId("cat") in town.tables.users

    @pytest.mark.parametrize("topic", [SPACE, DOC])
    async def test_who_may_write_sees_the_members(self, town: Town, ann: Identity, topic: TopicName) -> None:
        assert await town.people.members(ann, topic) == [("ann", "write"), ("bob", "read")]
        assert await town.people.member(ann, topic, "bob") == "read"

    async def test_the_members_of_a_space_are_for_administrators_to_say(
        self, town: Town, ann: Identity
    ) -> None:
        with pytest.raises(Forbidden):
            await town.people.put_member(ann, SPACE, "cat", "read")
        with pytest.raises(Forbidden):
            await town.people.delete_member(ann, SPACE, "bob")
        assert not town.live.told

    @pytest.mark.parametrize(("user", "scopes"), [("bob", ["user"]), ("ann", ["publish"]), ("eve", ["user"])])
    async def test_who_may_only_read_or_is_no_member_shares_and_sees_nothing(
        self, town: Town, ann: Identity, user: str, scopes: list[str]
    ) -> None:
        caller = town.identity(user, *scopes)
        for act in (
            town.people.put_member(caller, DOC, "cat", "read"),
            town.people.put_member(caller, DOC, user, "write"),
            town.people.delete_member(caller, DOC, "ann"),
            town.people.members(caller, DOC),
            town.people.member(caller, DOC, "cat"),
        ):
            with pytest.raises(Forbidden):
                await act
        assert UserId("cat") not in town.tables.users
        assert not town.live.told

    async def test_members_add_a_limited_number_of_others(
        self, town: Town, ann: Identity, admin: Identity, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sharing, "MAX_MEMBERS", 3)
        await town.people.put_member(ann, DOC, "cat", "read")
        with pytest.raises(Limit):
            await town.people.put_member(ann, DOC, "dan", "read")
        await town.people.put_member(ann, DOC, "cat", "write")
        await town.people.put_member(admin, DOC, "dan", "read")


@pytest.mark.parametrize("name", ["hub", "me", "ann.api", ".", ".."])
async def test_nobody_is_called_what_means_something_else(town: Town, admin: Identity, name: str) -> None:
    for act in (
        town.people.put_user(admin, name, None),
        town.people.put_member(admin, SPACE, name, "read"),
        town.people.named(UserId(name)),
    ):
        with pytest.raises(BadId):
            await act
    assert not town.tables.users
    assert not town.tables.members


@pytest.mark.parametrize("name", ["hub", "me", "ann.api"])
async def test_a_token_for_what_is_no_user_lets_nobody_in(town: Town, name: str) -> None:
    caller = town.identity(name)
    for act in (town.people.admit(caller), town.people.known(caller)):
        with pytest.raises(Forbidden):
            await act
    with pytest.raises(NotAllowed):
        await town.people.hello(caller, None, "", "")
    assert not town.tables.users


RIGHTS: list[Callable[[People, Identity], Awaitable[object]]] = [
    lambda people, caller: people.put_user(caller, "ann", None),
    lambda people, caller: people.users(caller, "", 10),
    lambda people, caller: people.user(caller, "ann"),
    lambda people, caller: people.delete_user(caller, "ann"),
    lambda people, caller: people.put_member(caller, SPACE, "ann", "write"),
    lambda people, caller: people.member(caller, SPACE, "ann"),
    lambda people, caller: people.members(caller, SPACE),
    lambda people, caller: people.delete_member(caller, SPACE, "ann"),
]


@pytest.mark.parametrize("act", RIGHTS)
async def test_without_the_scope_admin_users_and_members_of_others_are_out_of_reach(
    town: Town, act: Callable[[People, Identity], Awaitable[object]]
) -> None:
    with pytest.raises(Forbidden):
        await act(town.people, town.identity("eve", "user", "publish"))
    assert not town.tables.users
    assert not town.live.told


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 65, "ünïcode"])
async def test_users_have_names_of_the_alphabet(town: Town, admin: Identity, name: str) -> None:
    with pytest.raises(BadId):
        await town.people.put_user(admin, name, None)
    with pytest.raises(BadId):
        await town.people.put_member(admin, SPACE, name, "read")
    with pytest.raises(BadId):
        await town.people.devices(admin, name)
    assert not town.tables.users
