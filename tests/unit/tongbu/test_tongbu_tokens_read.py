"""What is read of a token and an address, and how long one waits before coming back."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any

import pytest

from tongbu.address import address_of
from tongbu.backoff import Backoff
from tongbu.followers import Queue
from tongbu.tasks import note_of
from tongbu.tokens import claims_of, expiry_of, renewal_wait


def jwt(**claims: Any) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.c2ln"


def test_claims_are_read_without_the_key() -> None:
    assert claims_of(jwt(sub="ann", exp=5)) == {"sub": "ann", "exp": 5}
    assert expiry_of(jwt(exp=1000.5)) == 1000.5


@pytest.mark.parametrize("token", ["", "opaque", "a.b.c", "a.!!!.c", "a.W10.c", jwt()])
def test_a_token_of_another_sort_says_nothing(token: str) -> None:
    assert claims_of(token) == {}
    assert renewal_wait(token, 0) is None


def test_a_token_is_renewed_a_minute_before_its_end_or_after_four_fifths_of_its_time() -> None:
    assert renewal_wait(jwt(exp=4600), 1000) == 3540
    assert renewal_wait(jwt(exp=1010), 1000) == 8
    assert renewal_wait(jwt(exp=900), 1000) == 0


@pytest.mark.parametrize(
    ("url", "socket", "http"),
    [
        ("http://127.0.0.1:8787", "ws://127.0.0.1:8787/v1/connect", "http://127.0.0.1:8787"),
        ("https://hub.example.org/", "wss://hub.example.org/v1/connect", "https://hub.example.org"),
        ("wss://example.org/hub/v1/connect", "wss://example.org/hub/v1/connect", "https://example.org/hub"),
    ],
)
def test_one_address_leads_to_sockets_and_http(url: str, socket: str, http: str) -> None:
    assert address_of(url) == (socket, http)


@pytest.mark.parametrize("url", ["", "hub", "ftp://x", "http://", "http://a:b@x", "http://x?token=y"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="the hub's address"):
        address_of(url)


def test_waits_are_random_up_to_half_a_minute_and_begin_anew() -> None:
    class Most(Random):
        def uniform(self, low: float, high: float) -> float:
            return high

    backoff = Backoff(Most())
    assert [backoff.next() for _ in range(9)] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    backoff.reset()
    assert backoff.next() == 0.5
    assert 0 <= Backoff(Random(1)).next() <= 0.5


async def test_a_queue_drops_its_oldest() -> None:
    queue: Queue[int] = Queue(3)
    for number in range(5):
        queue.put(number)
    assert [await anext(queue) for _ in range(3)] == [2, 3, 4]


def test_an_exceptions_note_is_one_that_a_task_takes() -> None:
    assert note_of(ValueError("x\x00y\nz")) == "ValueError: x y\nz"
    assert note_of(RuntimeError()) == "RuntimeError"
    assert len(note_of(RuntimeError("x" * 5000))) == 2000
    assert note_of(ValueError("\ud800")) == "ValueError: ?"
