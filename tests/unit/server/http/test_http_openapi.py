"""The OpenAPI document: whole, resolvable, and the same as what is served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec
import pytest

from hub.engine.actions import Created, SyncAnswer
from hub.errors import Exists, Gap
from hub.model import TopicName
from hub.server.http import bodies, shapes
from hub.state import names
from tests.unit.server.http.harness import ITEM, Desk

ROUTES: Final = """
POST /v1/users/{user}/items
GET /v1/users/{user}/items
GET /v1/users/{user}/items/{id}
PATCH /v1/users/{user}/items/{id}
DELETE /v1/users/{user}/items/{id}
POST /v1/users/{user}/read-all
GET /v1/users/{user}/counts
GET /v1/users/{user}/devices
PATCH /v1/users/{user}/devices/{device}
DELETE /v1/users/{user}/devices/{device}
GET /v1/users/{user}/stream
GET /v1/spaces/{space}/stream
POST /v1/sync
POST /v1/items
PUT /v1/users/{user}
GET /v1/users/{user}
DELETE /v1/users/{user}
PUT /v1/spaces/{space}/members/{user}
GET /v1/spaces/{space}/members/{user}
DELETE /v1/spaces/{space}/members/{user}
PUT /v1/docs/{name}/members/{user}
GET /v1/docs/{name}/members/{user}
DELETE /v1/docs/{name}/members/{user}
POST /v1/token/renew
POST /v1/devices/link
POST /v1/devices/claim
GET /v1/events
GET /v1/deliveries
GET /v1/deliveries/{id}
POST /v1/deliveries/{id}/retry
GET /v1/channels
POST /v1/channels/{name}/test
GET /healthz
GET /readyz
GET /metrics
GET /openapi.json
""".strip().splitlines()
"""What the design promises."""

Operation = tuple[str, str, dict[str, Any]]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    answer = asyncio.run(Desk().send("GET", "/openapi.json", token=None))
    assert answer.headers["content-type"] == "application/json"
    return dict(answer.json)


def operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"]
    assert document["info"]["version"]


@pytest.mark.parametrize("route", ROUTES)
def test_every_promised_route_is_there(document: dict[str, Any], route: str) -> None:
    method, path = route.split(" ")
    assert method.lower() in document["paths"][path]


def test_what_a_parameter_means_depends_on_whose_it_is(document: dict[str, Any]) -> None:
    told = {
        path: operation["parameters"][0]["description"]
        for path, _, operation in operations(document)
        if path.endswith(("{id}", "{name}/test"))
    }
    assert told["/v1/spaces/{space}/items/{id}"] == "A space's name."
    assert told["/v1/deliveries/{id}"] == "A delivery's id."
    assert told["/v1/channels/{name}/test"] == "A channel's name."


def test_events_come_as_a_page_or_without_end(document: dict[str, Any]) -> None:
    content = document["paths"]["/v1/events"]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/event-stream"}
    assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/EventPage"}


def test_every_reference_resolves(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    found = set(references(document))
    assert found
    assert {reference.removeprefix("#/components/schemas/") for reference in found} <= schemas.keys()


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert operation["summary"], (method, path)
        assert set(operation["tags"]) <= tags
        for status, response in operation["responses"].items():
            assert response["description"]
            if int(status) < 300 and status != "204":
                assert response["content"], (method, path, status)
            if int(status) >= 400:
                schema = response["content"]["application/problem+json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/Problem"}


def test_parameters_are_those_of_the_path_and_all_are_typed_and_described(document: dict[str, Any]) -> None:
    for path, _, operation in operations(document):
        parameters = operation.get("parameters", [])
        named = {each["name"] for each in parameters if each["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
        assert len({(each["name"], each["in"]) for each in parameters}) == len(parameters)
        assert all(each["schema"] and each["description"] for each in parameters)


def test_what_needs_a_token_says_so(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    for path, method, operation in operations(document):
        is_open = path in ("/", "/healthz", "/readyz", "/metrics", "/openapi.json", "/v1/connect") or (
            path == "/v1/devices/claim"
        )
        assert (operation["security"] == []) == is_open, (method, path)
        assert ("401" in operation["responses"]) != is_open
        assert all(scheme in schemes for each in operation["security"] for scheme in each)


@pytest.mark.parametrize(
    ("pattern", "engine"),
    [
        (bodies.NAME, names.is_name),
        (bodies.DOCUMENT_NAME, names.is_document_name),
        (bodies.ITEM_ID, names.is_item_id),
    ],
)
def test_alphabets_are_told_as_the_engine_checks_them(pattern: str, engine: Callable[[object], bool]) -> None:
    texts = ["", "x" * 64, "x" * 65, "a/b", "a//b", "/a", "a/", "a/" * 31 + "ab", "a/" * 32 + "a"]
    texts += ["..", "...", ".a", "a..", "a/..", "../a", "a/./b", "a/.b/..c"]
    texts += [first + chr(number) for first in ("", "a") for number in range(0x250)]
    told = re.compile(pattern)
    for text in texts:
        assert (told.fullmatch(text) is not None) == engine(text), repr(text)


async def test_what_is_documented_is_served(document: dict[str, Any]) -> None:
    desk = Desk()
    for path, method, operation in operations(document):
        target = path.format(user="me", space="team", name="plan", id="i1", device="phone")
        answer = await desk.send(method, target, token=None)
        if operation["security"]:
            assert (answer.status, answer.code) == (401, "unauthorized")
        else:
            assert str(answer.status) in operation["responses"]


ANSWERS: Final[tuple[tuple[str, str, object, Any], ...]] = (
    ("POST", "/v1/users/me/items", {"kind": "task", "title": "x"}, shapes.Item),
    ("GET", "/v1/users/me/items", None, shapes.ItemPage),
    ("GET", "/v1/users/me/items/i1", None, shapes.Item),
    ("PATCH", "/v1/users/me/items/i1", {"read": True}, shapes.Item),
    ("POST", "/v1/items", {"kind": "task", "title": "x", "users": ["ann"]}, shapes.ManyResults),
    ("GET", "/v1/users", None, shapes.UserPage),
    ("PUT", "/v1/spaces/team/members/me", {"access": "read"}, shapes.Member),
    ("GET", "/v1/spaces/team/members", None, shapes.MemberPage),
    ("GET", "/v1/users/me/devices", None, shapes.DevicePage),
    ("POST", "/v1/devices/link", None, shapes.Code),
    ("POST", "/v1/token/renew", None, shapes.Renewal),
    ("POST", "/v1/sync", [], list[shapes.SyncPartAnswer]),
    ("GET", "/v1/events", None, shapes.EventPage),
    ("GET", "/v1/deliveries", None, shapes.DeliveryPage),
    ("GET", "/v1/deliveries/d1", None, shapes.Delivery),
    ("POST", "/v1/deliveries/d1/retry", None, shapes.Delivery),
    ("GET", "/v1/channels", None, shapes.ChannelPage),
    ("POST", "/v1/channels/ops/test", None, shapes.ChannelTest),
    ("GET", "/healthz", None, shapes.Health),
    ("GET", "/readyz", None, shapes.Readiness),
    ("GET", "/", None, shapes.About),
    ("GET", "/nope", None, shapes.Problem),
)


async def test_answers_have_the_documented_shapes() -> None:
    desk = Desk()
    token = desk.token("ann", "user", "publish", "admin", device="phone")
    desk.actions.made = [
        Created(TopicName("inbox/ann"), ITEM, True),
        Created(TopicName("inbox/bob"), None, False, Exists(retry_after=5)),
    ]
    desk.actions.answers = [
        SyncAnswer(TopicName("inbox/ann"), 1, 2, "write", False, [["i1", "read", True, 4, "phone"]]),
        SyncAnswer(TopicName("doc/plan"), 1, 2, None, False, [], Gap(at=1, state_vector=b"\x00")),
    ]
    for method, target, body, shape in ANSWERS:
        answer = await desk.send(method, target, body, token=token)
        strict = (
            type("Strict", (shape,), {}, forbid_unknown_fields=True) if isinstance(shape, type) else shape
        )
        msgspec.json.decode(answer.body, type=strict)
