"""``hub.identity.tokens``: only what this hub signed with HS256 speaks for anybody."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadId, BadToken, BadValue
from hub.identity.tokens import MAX_TOKEN, LocalTokens
from hub.model import DeviceId, Milliseconds, Scope, UserId

SECRET = bytes(range(32))
NOW = 1_700_000_000


class StillClock:
    """Time that stands at ``NOW``."""

    def now(self) -> Milliseconds:
        return Milliseconds(NOW * 1000)

    def monotonic(self) -> float:
        return 0.0


TOKENS = LocalTokens(SECRET, StillClock())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: object, header: object = None, secret: bytes = SECRET) -> str:
    """A token as anybody's JWT library would sign it."""
    head = json.dumps({"alg": "HS256", "typ": "JWT"} if header is None else header).encode()
    body = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    text = f"{encoded(head)}.{encoded(body)}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def claims(**changes: Any) -> dict[str, Any]:
    found = {"sub": "ann", "scope": "user", "exp": NOW + 60, **changes}
    return {name: value for name, value in found.items() if value is not ...}


def test_an_issued_token_comes_back_as_the_identity_it_was_issued_for() -> None:
    scopes: list[Scope] = ["user", "publish"]
    identity = TOKENS.verify(TOKENS.issue(UserId("ann"), scopes, 60, DeviceId("d1")))
    assert (identity.user, identity.device) == ("ann", "d1")
    assert identity.scopes == {"user", "publish"}
    assert identity.expires_at == (NOW + 60) * 1000


def test_a_token_without_device_is_bound_to_none() -> None:
    assert TOKENS.verify(TOKENS.issue(UserId("ann"), ["user"], 60)).device is None


def test_a_token_tells_to_the_millisecond_when_it_was_issued() -> None:
    class Clock(StillClock):
        def now(self) -> Milliseconds:
            return Milliseconds(NOW * 1000 + 123)

    tokens = LocalTokens(SECRET, Clock())
    identity = tokens.verify(tokens.issue(UserId("ann"), ["user"], 60))
    assert (identity.issued_at, identity.expires_at) == (NOW * 1000 + 123, (NOW + 60) * 1000)


@pytest.mark.parametrize(("iat", "issued_at"), [(..., 0), (NOW - 5, (NOW - 5) * 1000)])
def test_a_token_signed_elsewhere_may_tell_when_it_was_issued(iat: Any, issued_at: int) -> None:
    assert TOKENS.verify(signed(claims(iat=iat))).issued_at == issued_at


def test_a_token_signed_elsewhere_with_the_secret_is_good() -> None:
    identity = TOKENS.verify(signed(claims(exp=NOW + 0.5, device="d1", extra=[1])))
    assert (identity.user, identity.device, identity.expires_at) == ("ann", "d1", NOW * 1000 + 500)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": ...}, "no expiry"),
        ({"exp": NOW}, "expired"),
        ({"exp": True}, "`exp` is not a time"),
        ({"exp": "tomorrow"}, "`exp` is not a time"),
        ({"exp": float("nan")}, "`exp` is not a time"),
        ({"exp": float("inf")}, "`exp` is not a time"),
        ({"nbf": NOW + 1}, "not valid yet"),
        ({"iat": "today"}, "`iat` is not a time"),
        ({"sub": ...}, "`sub`"),
        ({"sub": ""}, "`sub`"),
        ({"sub": "hub"}, "`sub`"),
        ({"sub": "a/b"}, "`sub`"),
        ({"sub": "a" * 65}, "`sub`"),
        ({"sub": 1}, "`sub`"),
        ({"scope": ...}, "`scope`"),
        ({"scope": ""}, "`scope`"),
        ({"scope": "user root"}, "`scope`"),
        ({"scope": ["user"]}, "`scope`"),
        ({"device": 1}, "`device`"),
        ({"device": "a b"}, "`device`"),
    ],
)
def test_a_signed_token_with_wrong_claims_is_refused_with_the_claim_named(
    changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadToken, match=reason):
        TOKENS.verify(signed(claims(**changes)))


def test_a_far_expiry_is_still_a_whole_number_javascript_holds() -> None:
    assert TOKENS.verify(signed(claims(exp=10**300))).expires_at < 2**53


@pytest.mark.parametrize("payload", [b"", b"{", b"[]", b"1", b"[" * 3000, b"\xff", b'{"sub":"ann"}{}'])
def test_a_signed_token_whose_claims_are_no_object_is_refused(payload: bytes) -> None:
    with pytest.raises(BadToken):
        TOKENS.verify(signed(payload))


def test_another_secret_does_not_do() -> None:
    with pytest.raises(BadToken, match="not signed by this hub"):
        TOKENS.verify(signed(claims(), secret=bytes(32)))


def test_a_changed_claim_breaks_the_signature() -> None:
    head, _, signature = signed(claims()).split(".")
    forged = encoded(json.dumps(claims(sub="root")).encode())
    with pytest.raises(BadToken, match="not signed by this hub"):
        TOKENS.verify(f"{head}.{forged}.{signature}")


@pytest.mark.parametrize("algorithm", ["none", "None", "HS384", "HS512", "RS256", "", None, 1, ["HS256"]])
def test_every_other_algorithm_is_refused(algorithm: object) -> None:
    digests = {"HS384": hashlib.sha384, "HS512": hashlib.sha512}
    head = encoded(json.dumps({"alg": algorithm}).encode())
    text = f"{head}.{encoded(json.dumps(claims()).encode())}"
    digest = digests.get(str(algorithm), hashlib.sha256)
    for signature in ("", encoded(hmac.digest(SECRET, text.encode(), digest))):
        with pytest.raises(BadToken):
            TOKENS.verify(f"{text}.{signature}")


@pytest.mark.parametrize(
    "header", [[], 1, {}, {"alg": "HS256", "crit": ["x"], "x": 1}, {"alg": "HS256", "kid": 1}]
)
def test_a_header_that_is_not_understood_is_refused(header: object) -> None:
    with pytest.raises(BadToken):
        TOKENS.verify(signed(claims(), header))


class MovingClock(StillClock):
    """Time that a test moves on, in seconds."""

    seconds = NOW

    def now(self) -> Milliseconds:
        return Milliseconds(self.seconds * 1000)


def test_a_token_that_was_good_before_expires_all_the_same() -> None:
    clock = MovingClock()
    tokens = LocalTokens(SECRET, clock)
    token = signed(claims(nbf=NOW))
    assert tokens.verify(token) == tokens.verify(token)
    clock.seconds += 60
    with pytest.raises(BadToken, match="expired"):
        tokens.verify(token)


def test_a_clock_set_back_makes_a_remembered_token_wait_again() -> None:
    clock = MovingClock()
    tokens = LocalTokens(SECRET, clock)
    token = signed(claims(nbf=NOW))
    tokens.verify(token)
    clock.seconds -= 1
    with pytest.raises(BadToken, match="not valid yet"):
        tokens.verify(token)


def test_no_token_is_good_because_another_was() -> None:
    tokens = LocalTokens(SECRET, StillClock())
    good = signed(claims())
    tokens.verify(good)
    for bad in (good[:-2] + ("AA" if good[-2:] != "AA" else "BB"), good + "=", good.upper(), good[:-1]):
        with pytest.raises(BadToken):
            tokens.verify(bad)


def test_so_many_tokens_are_remembered_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.identity.tokens._REMEMBERED", 3)
    tokens = LocalTokens(SECRET, StillClock())
    brought = [signed(claims(sub=f"user{number}")) for number in range(5)]
    assert [tokens.verify(token).user for token in brought * 2] == [f"user{n}" for n in range(5)] * 2
    assert len(tokens._verified) == 3


def test_an_endless_token_is_not_looked_at() -> None:
    with pytest.raises(BadToken, match="longer than 4096"):
        TOKENS.verify("a" * (MAX_TOKEN + 1))


@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(st.text('ey.AJ{}[]"=-_', max_size=40), max_size=5).map(".".join),
        st.builds(lambda parts: ".".join(map(encoded, parts)), st.lists(st.binary(max_size=60), max_size=5)),
        st.integers(1, 3000).map(lambda depth: encoded(b"[" * depth) + "..x"),
    )
)
def test_whatever_is_not_a_token_is_a_bad_token_and_nothing_worse(text: str) -> None:
    with pytest.raises(BadToken) as caught:
        TOKENS.verify(text)
    assert caught.value.__cause__ is None
    assert len(text) < 8 or text not in caught.value.message


@pytest.mark.parametrize(
    ("user", "scopes", "ttl", "device", "error"),
    [
        ("hub", ["user"], 60, None, BadId),
        ("", ["user"], 60, None, BadId),
        ("a b", ["user"], 60, None, BadId),
        ("ann", ["user"], 60, "a b", BadId),
        ("ann", [], 60, None, BadValue),
        ("ann", ["root"], 60, None, BadValue),
        ("ann", ["user"], 0, None, BadValue),
        ("ann", ["user"], 10**12, None, BadValue),
    ],
)
def test_no_token_is_issued_that_would_not_verify(
    user: str, scopes: list[Scope], ttl: int, device: str | None, error: type[Exception]
) -> None:
    with pytest.raises(error):
        TOKENS.issue(UserId(user), scopes, ttl, DeviceId(device) if device is not None else None)
