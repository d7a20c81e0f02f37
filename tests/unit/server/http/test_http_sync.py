"""``hub.server.http.sync``: one round trip, in JSON and in msgpack."""

from __future__ import annotations

import msgspec
import pytest

from hub.engine.actions import SyncAnswer, SyncPart
from hub.errors import Gap
from hub.model import DeviceId, Json, TopicName
from tests.unit.server.http.harness import MAX_MESSAGE, Desk

INBOX = TopicName("inbox/ann")
DOC = TopicName("doc/plan")
UPDATE = b"\x00\x00"
STATEMENT: list[Json] = ["i1", "read", True, 1024]


@pytest.fixture
def desk(desk: Desk) -> Desk:
    desk.actions.answers = [
        SyncAnswer(INBOX, 11, 5, "write", False, [["i1", "read", True, 1024, "phone"]]),
        SyncAnswer(DOC, 12, 6, "read", True, [UPDATE], Gap("behind", state_vector=b"\x01\x02\x03")),
    ]
    return desk


async def test_json_carries_a_documents_bytes_as_base64(desk: Desk) -> None:
    body = [
        {"topic": INBOX, "incarnation": 11, "seq": 4, "push": [STATEMENT]},
        {"topic": DOC, "push": "AAA=", "state_vector": "AQID"},
    ]
    answer = await desk.send("POST", "/v1/sync", body)
    parts = [SyncPart(INBOX, 11, 4, [STATEMENT]), SyncPart(DOC, 0, 0, UPDATE, b"\x01\x02\x03")]
    assert desk.actions.calls == [("sync", "ann", None, parts)]
    assert answer.headers["content-type"] == "application/json"
    inbox, doc = answer.json
    assert inbox == {
        "topic": "inbox/ann",
        "incarnation": 11,
        "seq": 5,
        "access": "write",
        "full": False,
        "body": [["i1", "read", True, 1024, "phone"]],
    }
    assert (doc["body"], doc["full"], doc["access"]) == (["AAA="], True, "read")
    problem = doc["problem"]
    assert (problem["code"], problem["status"], problem["state_vector"]) == ("gap", 409, "AQID")


async def test_msgpack_carries_them_as_they_are(desk: Desk) -> None:
    body = msgspec.msgpack.encode([{"topic": DOC, "push": UPDATE}])
    answer = await desk.send("POST", "/v1/sync", body, headers={"Content-Type": "application/msgpack"})
    assert desk.actions.calls[0][3] == [SyncPart(DOC, 0, 0, UPDATE)]
    assert answer.headers["content-type"] == "application/msgpack"
    doc = msgspec.msgpack.decode(answer.body)[1]
    assert (doc["body"], doc["problem"]["state_vector"]) == ([UPDATE], b"\x01\x02\x03")


@pytest.mark.parametrize(
    ("content_type", "accept", "answered"),
    [
        (None, None, "application/json"),
        (None, "application/msgpack", "application/msgpack"),
        ("application/msgpack", "application/json", "application/json"),
        ("application/x-msgpack; v=1", "*/*", "application/msgpack"),
        ("application/json", "application/json, application/msgpack;q=0.5", "application/json"),
        ("application/json", "text/html, application/vnd.msgpack", "application/msgpack"),
    ],
)
async def test_the_answer_comes_as_accepted_else_as_asked(
    desk: Desk, content_type: str | None, accept: str | None, answered: str
) -> None:
    headers = {"Content-Type": content_type, "Accept": accept}
    packed = content_type is not None and "msgpack" in content_type
    answer = await desk.send(
        "POST",
        "/v1/sync",
        msgspec.msgpack.encode([]) if packed else [],
        headers={name: value for name, value in headers.items() if value is not None},
    )
    assert (answer.status, answer.headers["content-type"]) == (200, answered)


async def test_the_tokens_device_speaks(desk: Desk) -> None:
    await desk.send("POST", "/v1/sync", [], token=desk.token("ann", device="phone"))
    assert desk.actions.calls == [("sync", "ann", "phone", [])]


async def test_a_token_without_a_device_may_name_one_which_is_bound_to_the_user(desk: Desk) -> None:
    await desk.send("POST", "/v1/sync?device=tablet", [])
    assert desk.actions.calls == [("sync", "ann", "tablet", [])]
    assert desk.town.tables.devices[DeviceId("tablet")].user == "ann"
    other = await desk.send("POST", "/v1/sync?device=tablet", [], token=desk.token("bob"))
    assert (other.status, other.code) == (403, "forbidden")


async def test_a_token_bound_to_a_device_names_no_other(desk: Desk) -> None:
    answer = await desk.send("POST", "/v1/sync?device=tablet", [], token=desk.token("ann", device="phone"))
    assert (answer.status, answer.code) == (403, "forbidden")
    assert not desk.actions.calls


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"topics": []},
        [{}],
        [{"topic": 5}],
        [{"topic": INBOX, "seq": "4"}],
        [{"topic": INBOX, "seq": -1}],
        [{"topic": INBOX, "push": "AAA="}],
        [{"topic": DOC, "push": [STATEMENT]}],
        [{"topic": DOC, "push": "not base64!"}],
    ],
)
async def test_a_wrong_body_is_a_bad_value(desk: Desk, body: object) -> None:
    answer = await desk.send("POST", "/v1/sync", body)
    assert (answer.status, answer.code) == (422, "bad_value")
    assert not desk.actions.calls


async def test_a_key_that_no_part_has_is_a_bad_field(desk: Desk) -> None:
    assert (await desk.send("POST", "/v1/sync", [{"topic": DOC, "pushed": "AAA="}])).code == "bad_field"
    assert not desk.actions.calls


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x91\x81\xa1", b"\xdd\xff\xff\xff\xff"])
async def test_what_is_no_msgpack_is_a_bad_request(desk: Desk, body: bytes) -> None:
    answer = await desk.send("POST", "/v1/sync", body, headers={"Content-Type": "application/msgpack"})
    assert (answer.status, answer.code) == (400, "bad_request")


async def test_more_topics_than_a_connection_may_open_are_a_limit(desk: Desk) -> None:
    answer = await desk.send("POST", "/v1/sync", [{"topic": f"space/s{number}"} for number in range(4)])
    assert (answer.status, answer.code) == (429, "limit")


async def test_a_sync_may_be_larger_than_other_bodies_but_not_endless(desk: Desk) -> None:
    large = [{"topic": INBOX, "push": [["i1", "title", "x" * MAX_MESSAGE, 1024]]}]
    assert (await desk.send("POST", "/v1/sync", large)).status == 200
    larger = [{"topic": INBOX, "push": [["i1", "title", "x" * 4 * MAX_MESSAGE, 1024]]}]
    assert (await desk.send("POST", "/v1/sync", larger)).code == "too_big"
