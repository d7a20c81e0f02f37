"""``hub.engine.people``: the tokens and codes of a deleted user are worth nothing; newer ones are."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import BadToken, NotFound, TokenVoid, Unavailable
from hub.model import Identity, Milliseconds, UserId
from tests.unit.engine.people_fakes import Town

ANN = UserId("ann")


@pytest.fixture
def town() -> Town:
    return Town()


async def turns(count: int = 10) -> None:
    """Let everything that can run do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def delete(town: Town, user: str = "ann") -> None:
    await town.people.delete_user(town.identity("root", "admin"), user)


async def refused(town: Town, identity: Identity) -> None:
    """The token lets nobody in, by no door."""
    assert not town.people.admitted(identity)
    with pytest.raises(TokenVoid):
        await town.people.admit(identity)
    with pytest.raises(TokenVoid):
        await town.people.known(identity)
    with pytest.raises(TokenVoid):
        await town.people.adopt(identity, identity.device or "laptop")
    with pytest.raises(BadToken):
        await town.people.hello(identity, None, "", "")


async def let_in(town: Town, identity: Identity) -> None:
    await town.people.admit(identity)
    assert town.people.admitted(identity)


@pytest.mark.parametrize("device", [None, "phone"])
async def test_a_token_issued_before_the_deletion_neither_works_nor_makes_the_user_exist_again(
    town: Town, device: str | None
) -> None:
    ann = town.identity("ann", device=device)
    await let_in(town, ann)
    town.clock.advance(5)
    await delete(town)
    await refused(town, ann)
    assert ANN not in town.tables.users
    assert len(town.tables.devices) == (device is not None)


async def test_a_token_that_does_not_tell_when_it_was_issued_works_until_the_user_is_deleted(
    town: Town,
) -> None:
    ann = Identity(ANN, frozenset({"user"}), Milliseconds(town.clock.wall + 60_000))
    await let_in(town, ann)
    await delete(town)
    await refused(town, ann)


async def test_a_token_issued_in_the_very_millisecond_of_the_deletion_is_void(town: Town) -> None:
    ann = town.identity("ann")
    await let_in(town, ann)
    await delete(town)
    await refused(town, ann)


async def test_a_newer_token_brings_the_user_back_and_the_older_stays_void(town: Town) -> None:
    old = town.identity("ann")
    await let_in(town, old)
    await delete(town)
    town.clock.advance(0.001)
    new = town.identity("ann")
    await let_in(town, new)
    assert ANN in town.tables.users
    await refused(town, old)
    assert town.people.admitted(new)


async def test_a_publish_makes_the_user_exist_again_and_their_tokens_stay_void(town: Town) -> None:
    old = town.identity("ann")
    await let_in(town, old)
    await delete(town)
    await town.people.named(ANN)
    assert ANN in town.tables.users
    await refused(town, old)


async def test_a_hub_that_remembers_nobody_knows_which_tokens_are_void() -> None:
    town = Town(remembered=1)
    old = town.identity("ann")
    await let_in(town, old)
    await delete(town)
    await town.people.named(ANN)
    await town.people.named(UserId("bob"))
    await refused(town, old)
    town.clock.advance(0.001)
    await let_in(town, town.identity("ann"))


async def test_the_tokens_of_others_are_as_good_as_before(town: Town) -> None:
    bob = town.identity("bob")
    await let_in(town, bob)
    await town.people.named(ANN)
    await delete(town)
    assert town.people.admitted(bob)


async def test_while_a_deletion_is_under_way_no_token_is_traded_for_a_newer(town: Town) -> None:
    ann = town.identity("ann")
    await let_in(town, ann)
    town.directory.delete_gate.clear()
    deleting = asyncio.ensure_future(delete(town))
    await turns()
    town.clock.advance(5)
    await refused(town, ann)
    town.directory.delete_gate.set()
    await deleting
    await refused(town, ann)


async def test_a_deletion_that_fails_leaves_the_tokens_as_good_as_before(town: Town) -> None:
    ann = town.identity("ann")
    await let_in(town, ann)
    town.tables.refuses = True
    with pytest.raises(Unavailable):
        await delete(town)
    town.tables.refuses = False
    await let_in(town, ann)


async def test_a_first_use_that_meets_the_deletion_lets_nobody_in(town: Town) -> None:
    await town.people.put_user(town.identity("root", "admin"), "ann", None)
    ann = town.identity("ann")
    town.directory.read_gate.clear()
    entering = asyncio.ensure_future(town.people.admit(ann))
    await turns()
    await delete(town)
    town.directory.read_gate.set()
    with pytest.raises(TokenVoid):
        await entering
    await refused(town, ann)


async def test_a_hello_whose_device_is_being_saved_when_the_user_is_deleted_is_refused(town: Town) -> None:
    ann = town.identity("ann")
    town.devices.write_gate.clear()
    entering = asyncio.ensure_future(town.people.hello(ann, None, "", ""))
    await turns()
    assert town.devices.writes
    await delete(town)
    town.devices.write_gate.set()
    with pytest.raises(BadToken):
        await entering


async def test_a_code_of_a_deleted_user_links_no_device(town: Town) -> None:
    ann = town.identity("ann")
    await let_in(town, ann)
    code = town.people.link(ann).code
    await delete(town)
    with pytest.raises(NotFound):
        await town.people.claim(code, "", "")
    assert not town.tables.devices


async def test_a_claim_whose_device_is_being_saved_when_the_user_is_deleted_gets_no_token(
    town: Town,
) -> None:
    ann = town.identity("ann")
    await let_in(town, ann)
    code = town.people.link(ann).code
    town.devices.write_gate.clear()
    claiming = asyncio.ensure_future(town.people.claim(code, "", ""))
    await turns()
    assert town.devices.writes
    await delete(town)
    town.devices.write_gate.set()
    with pytest.raises(TokenVoid):
        await claiming
