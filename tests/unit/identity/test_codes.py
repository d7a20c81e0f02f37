"""``hub.identity.codes``: a code links one device, once, for two minutes, and can't be guessed."""

from __future__ import annotations

import pytest

from hub.errors import Limit, NotFound
from hub.identity import codes
from hub.identity.codes import LinkCodes
from hub.model import Milliseconds, UserId

ANN = UserId("ann")


class StillClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000_000
        self.elapsed = 0.0

    def now(self) -> Milliseconds:
        return Milliseconds(self.wall)

    def monotonic(self) -> float:
        return self.elapsed

    def advance(self, seconds: float) -> None:
        self.elapsed += seconds
        self.wall += round(seconds * 1000)


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def links(clock: StillClock) -> LinkCodes:
    return LinkCodes(clock)


def test_a_code_names_its_user_and_scopes_and_works_once(links: LinkCodes) -> None:
    code, _ = links.create(ANN, ["user"])
    assert links.claim(code) == (ANN, frozenset({"user"}))
    with pytest.raises(NotFound):
        links.claim(code)


def test_a_code_has_eight_characters_without_lookalikes(links: LinkCodes) -> None:
    code, _ = links.create(ANN, ["user"])
    assert len(code) == 8
    assert set(code) <= set(codes.ALPHABET)
    assert not set(codes.ALPHABET) & set("ILOU")


def test_a_code_may_be_typed_in_lower_case_with_dashes_and_lookalikes(
    links: LinkCodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter("A1B0C2D3")
    monkeypatch.setattr("secrets.choice", lambda _alphabet: next(drawn))
    links.create(ANN, ["user"])
    assert links.claim(" albo-c2d3 ") == (ANN, frozenset({"user"}))


def test_a_code_lives_two_minutes(links: LinkCodes, clock: StillClock) -> None:
    code, expires_at = links.create(ANN, ["user"])
    late, _ = links.create(ANN, ["user"])
    assert expires_at == clock.now() + 120_000
    clock.advance(119.9)
    assert links.claim(code)
    clock.advance(0.1)
    with pytest.raises(NotFound):
        links.claim(late)


def test_setting_the_hubs_time_back_revives_no_code(links: LinkCodes, clock: StillClock) -> None:
    code, _ = links.create(ANN, ["user"])
    clock.advance(120)
    clock.wall -= 3_600_000
    with pytest.raises(NotFound):
        links.claim(code)


def test_a_users_sixth_code_replaces_their_first_and_nobody_elses(links: LinkCodes) -> None:
    other, _ = links.create(UserId("bo"), ["user"])
    own = [links.create(ANN, ["user"])[0] for _ in range(codes.PER_USER + 1)]
    with pytest.raises(NotFound):
        links.claim(own[0])
    assert [links.claim(code)[0] for code in own[1:]] == [ANN] * codes.PER_USER
    assert links.claim(other)[0] == "bo"


def test_codes_in_all_are_limited_and_expired_ones_make_room(
    links: LinkCodes, clock: StillClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "IN_ALL", 3)
    for user in ("a", "b", "c"):
        links.create(UserId(user), ["user"])
    with pytest.raises(Limit) as caught:
        links.create(ANN, ["user"])
    assert caught.value.retry_after == 120_000
    clock.advance(120)
    assert links.create(ANN, ["user"])


def test_a_users_codes_are_forgotten_and_nobody_elses(links: LinkCodes) -> None:
    first, second = (links.create(ANN, ["user"])[0] for _ in range(2))
    other, _ = links.create(UserId("bob"), ["user"])
    links.forget(ANN)
    for code in (first, second):
        with pytest.raises(NotFound):
            links.claim(code)
    assert links.claim(other)[0] == "bob"


def test_wrong_guesses_are_throttled_and_the_throttle_recovers(links: LinkCodes, clock: StillClock) -> None:
    code, _ = links.create(ANN, ["user"])
    for _ in range(codes.BURST):
        with pytest.raises(NotFound):
            links.claim("00000000")
    with pytest.raises(Limit):
        links.claim(code)
    clock.advance(1 / codes.WRONG_PER_SECOND)
    assert links.claim(code)[0] == ANN


@pytest.mark.parametrize("junk", ["", "\udcff", "A" * 100_000, "同步同步同步同步"])
def test_junk_is_an_unknown_code(links: LinkCodes, junk: str) -> None:
    links.create(ANN, ["user"])
    with pytest.raises(NotFound):
        links.claim(junk)
