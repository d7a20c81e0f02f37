"""``hub.server.http``: who is let in, what every answer carries, that every failure is a problem document."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from hub.errors import ClockAhead, Exists, Limit, Refusal
from hub.server.http import gate
from hub.server.http.front import SECURITY, escape_document_name
from tests.unit.server.http.harness import ORIGIN, Desk


class TestTokens:
    @pytest.mark.parametrize(
        "header", ["", "Bearer", "Bearer ", "Basic YW5uOnB3", "Bearer nonsense", "Bearer a.b.c", "bearer x y"]
    )
    async def test_without_a_good_token_there_is_nothing(self, desk: Desk, header: str) -> None:
        answer = await desk.send("GET", "/v1/users/me", token=None, headers={"Authorization": header})
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert not desk.town.tables.users

    async def test_the_scheme_is_case_insensitive(self, desk: Desk) -> None:
        answer = await desk.send(
            "GET", "/v1/users/me", token=None, headers={"Authorization": f"bEARER {desk.token()}"}
        )
        assert answer.status == 200

    async def test_a_token_that_was_good_is_refused_once_it_has_expired(self, desk: Desk) -> None:
        token = desk.token("ann", ttl=60)
        assert (await desk.send("GET", "/v1/users/me", token=token)).status == 200
        desk.town.clock.advance(61)
        answer = await desk.send("GET", "/v1/users/me", token=token)
        assert (answer.status, answer.code) == (401, "unauthorized")
        assert "expired" in answer.json["detail"]

    async def test_a_token_signed_by_another_hub_is_refused(self, desk: Desk) -> None:
        token = desk.token()
        forged = token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB")
        assert (await desk.send("GET", "/v1/users/me", token=forged)).code == "unauthorized"

    async def test_remembered_tokens_are_bounded(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(gate, "_REMEMBERED", 3)
        guard = gate.Gate(desk.town.tokens, desk.town.people, desk.town.clock)
        for number in range(10):
            scope: Any = {"headers": [(b"authorization", b"Bearer " + desk.token(f"u{number}").encode())]}
            assert (await guard.identify(scope)).user == f"u{number}"
            assert len(guard._verified) <= 3

    async def test_a_user_exists_once_their_token_was_used(self, desk: Desk) -> None:
        await desk.send("GET", "/v1/users/me/items")
        assert "ann" in desk.town.tables.users

    async def test_when_the_storage_refuses_a_new_user_is_told_so(self, desk: Desk) -> None:
        desk.town.tables.refuses = True
        answer = await desk.send("GET", "/v1/users/me/items")
        assert (answer.status, answer.code) == (503, "unavailable")


class TestRouting:
    @pytest.mark.parametrize(
        "path", ["/nope", "/v1", "/v1/users/me/items/a/b", "/v1/events/e1", "/v1/docs/x"]
    )
    async def test_an_unknown_route_is_not_found(self, desk: Desk, path: str) -> None:
        answer = await desk.send("GET", path)
        assert (answer.status, answer.code) == (404, "not_found")

    async def test_a_method_that_the_route_does_not_take_is_told_which_it_does(self, desk: Desk) -> None:
        answer = await desk.send("PUT", "/v1/users/me/items")
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert {"GET", "POST"} <= set(answer.headers["allow"].split(", "))

    @pytest.mark.parametrize("method", ["BREW", "TRACE", "CONNECT"])
    async def test_a_method_nobody_takes_is_not_allowed_either(self, desk: Desk, method: str) -> None:
        assert (await desk.send(method, "/v1/users/me")).code == "method_not_allowed"

    async def test_a_host_that_cannot_be_is_a_bad_request(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/healthz", headers={"Host": "a b/c"}, token=None)
        assert (answer.status, answer.code) == (400, "bad_request")

    async def test_a_slash_at_the_end_changes_nothing(self, desk: Desk) -> None:
        assert (await desk.send("GET", "/v1/users/me/")).status == 200

    async def test_options_tells_the_methods(self, desk: Desk) -> None:
        answer = await desk.send("OPTIONS", "/v1/users/me/items", token=None)
        assert (answer.status, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS, POST")

    async def test_head_answers_as_get(self, desk: Desk) -> None:
        head = await desk.send("HEAD", "/v1/users/me")
        assert (head.status, head.headers["content-type"]) == (200, "application/json")
        assert (await desk.send("HEAD", "/nope")).status == 404
        assert (await desk.send("HEAD", "/v1/users/me/stream")).status == 405

    async def test_a_socket_path_tells_to_upgrade(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/v1/connect", token=None)
        assert (answer.status, answer.code) == (426, "upgrade_required")
        assert answer.headers["upgrade"] == "websocket"

    @pytest.mark.parametrize(
        ("raw", "path"),
        [
            ("/v1/docs/a/members/kim", "/v1/docs/a/members/kim"),
            ("/v1/docs/a/b/c/members/kim", "/v1/docs/a%2Fb%2Fc/members/kim"),
            ("/v1/docs/a/b/members", "/v1/docs/a%2Fb/members"),
            ("/v1/docs/a/b/members/", "/v1/docs/a%2Fb/members"),
            ("/v1/docs/a%2Fmembers%2fb/members/kim", "/v1/docs/a%2Fmembers%2Fb/members/kim"),
            ("/v1/docs/a/b", "/v1/docs/a/b"),
            ("/v1/users/a/b/members/kim", "/v1/users/a/b/members/kim"),
        ],
    )
    def test_slashes_in_a_documents_name_are_escaped(self, raw: str, path: str) -> None:
        decoded = raw.replace("%2F", "/").replace("%2f", "/")
        assert escape_document_name(decoded, raw.encode()) == path


class TestEveryAnswer:
    @pytest.mark.parametrize("path", ["/", "/nope", "/v1/users/me", "/metrics", "/v1/users/me/items"])
    async def test_it_carries_the_security_headers(self, desk: Desk, path: str) -> None:
        answer = await desk.send("GET", path)
        for name, value in SECURITY:
            assert answer.headers[name.decode()] == value.decode()

    async def test_it_is_counted_by_route_and_never_by_address(self, desk: Desk) -> None:
        await desk.send("GET", "/v1/users/ann/items/i1")
        await desk.send("GET", "/v1/users/ann/items/i2")
        await desk.send("GET", "/secret/address")
        await desk.send("BREW", "/v1/users/me")
        requests = dict(desk.metrics.http_requests)
        assert requests.pop(("GET", "/v1/users/{user}/items/{id}", 200)) == 2
        assert requests.pop(("GET", "unmatched", 404)) == 1
        assert requests == {("other", "unmatched", 405): 1}
        assert sum(desk.metrics.http_seconds.counts) == 4

    async def test_a_stream_is_counted_but_not_timed(self, desk: Desk) -> None:
        desk.actions.events.put_nowait(None)
        await desk.send("GET", "/v1/users/me/stream")
        assert desk.metrics.http_requests["GET", "/v1/users/{user}/stream", 200] == 1
        assert sum(desk.metrics.http_seconds.counts) == 0

    async def test_a_failure_nobody_foresaw_is_an_internal_problem_and_logged_without_the_address(
        self, desk: Desk
    ) -> None:
        desk.actions.refuses = ZeroDivisionError("secret detail")
        with capture_logs() as logs:
            answer = await desk.send("GET", "/v1/users/me/items?cursor=secret")
        assert (answer.status, answer.code) == (500, "internal")
        assert b"secret" not in answer.body
        (line,) = logs
        assert line["event"] == "http.failed"
        assert (line["method"], line["route"]) == ("GET", "/v1/users/{user}/items")
        assert "secret" not in repr({name: value for name, value in line.items() if name != "exc_info"})

    async def test_a_caller_who_leaves_before_the_end_of_the_body_changes_nothing(self, desk: Desk) -> None:
        messages: list[Any] = [
            {"type": "http.request", "body": b'{"kind":"task",', "more_body": True},
            {"type": "http.disconnect"},
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        await desk.app(desk._scope("POST", "/v1/users/me/items", "", None), receive, send)  # type: ignore[arg-type]  # plain dictionaries
        assert sent[0]["status"] == 400
        assert not desk.actions.calls


class TestOrigins:
    async def test_pages_of_the_listed_origins_see_answers_problems_too(self, desk: Desk) -> None:
        for path in ("/v1/users/me", "/nope"):
            answer = await desk.send("GET", path, headers={"Origin": ORIGIN})
            assert answer.headers["access-control-allow-origin"] == ORIGIN
            assert answer.headers["vary"] == "Origin"
            assert "Retry-After" in answer.headers["access-control-expose-headers"]

    async def test_pages_of_others_see_nothing(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/v1/users/me", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in answer.headers
        assert answer.headers["vary"] == "Origin"

    async def test_a_preflight_allows_what_clients_need(self, desk: Desk) -> None:
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "PATCH"}
        answer = await desk.send("OPTIONS", "/v1/users/me/items/i1", token=None, headers=asked)
        assert answer.status == 204
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers

    async def test_a_preflight_of_another_origin_is_forbidden(self, desk: Desk) -> None:
        asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "PATCH"}
        answer = await desk.send("OPTIONS", "/v1/users/me/items/i1", token=None, headers=asked)
        assert (answer.status, answer.code) == (403, "forbidden")
        assert "access-control-allow-origin" not in answer.headers

    async def test_without_an_origin_nothing_is_said_about_origins(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/v1/users/me")
        assert not [name for name in answer.headers if name.startswith("access-control") or name == "vary"]


class TestHealth:
    async def test_health_needs_no_token(self, desk: Desk) -> None:
        alive = await desk.send("GET", "/healthz", token=None)
        assert (alive.status, alive.json) == (200, {"status": "ok"})
        ready = await desk.send("GET", "/readyz", token=None)
        assert (ready.status, ready.json) == (200, {"ready": True, "checks": {"storage": True}})

    async def test_a_hub_that_is_not_ready_tells_which_check_failed(self, desk: Desk) -> None:
        desk.health.checks = {"storage": False, "loop": True}
        answer = await desk.send("GET", "/readyz", token=None)
        assert (answer.status, answer.code) == (503, "unavailable")
        assert answer.json["checks"] == {"storage": False, "loop": True}
        assert answer.json["ready"] is False

    async def test_metrics_are_prometheus_text(self, desk: Desk) -> None:
        await desk.send("GET", "/healthz", token=None)
        answer = await desk.send("GET", "/metrics", token=None)
        assert answer.headers["content-type"].startswith("text/plain")
        line = b'tongbu_http_requests_total{method="GET",route="/healthz",status="200"} 1.0'
        assert line in answer.body

    async def test_the_root_says_what_this_is(self, desk: Desk) -> None:
        answer = await desk.send("GET", "/", token=None)
        assert answer.json["name"] == "Tongbu"
        assert answer.json["openapi"] == "/openapi.json"


async def test_a_problem_document_has_the_members_of_rfc_9457(desk: Desk) -> None:
    desk.actions.refuses = Exists("there is one already")
    answer = await desk.send("GET", "/v1/users/me/items/i1")
    assert answer.json == {
        "type": "urn:tongbu:problem:exists",
        "title": "An item with this id and other content exists.",
        "status": 409,
        "detail": "there is one already",
        "code": "exists",
    }


@pytest.mark.parametrize("refusal", [ClockAhead, Limit])
async def test_a_sentence_for_http_points_at_nothing_that_only_sockets_see(
    desk: Desk, refusal: type[Refusal]
) -> None:
    desk.actions.refuses = refusal()
    problem = (await desk.send("GET", "/v1/users/me/items/i1")).json
    for sentence in (problem["title"], problem["detail"]):
        assert "welcome" not in sentence
        assert "`now`" not in sentence


class TestRebinding:
    """A hub on loopback, asked under a name that isn't its own: a page's own name was made to lead here."""

    @pytest.mark.parametrize("origin", ["http://hub.example.org", "http://evil.example"])
    async def test_pages_are_refused(self, origin: str) -> None:
        desk = Desk(host="127.0.0.1")
        for method in ("GET", "POST", "OPTIONS"):
            answer = await desk.send(method, "/v1/users/me/items", {}, headers={"Origin": origin})
            assert (answer.status, answer.code) == (403, "forbidden")
            assert "access-control-allow-origin" not in answer.headers

    async def test_metrics_are_for_those_who_know_the_hubs_name(self) -> None:
        desk = Desk(host="127.0.0.1")
        assert (await desk.send("GET", "/metrics", token=None)).code == "forbidden"
        known = await desk.send("GET", "/metrics", token=None, headers={"Host": "localhost:8787"})
        assert known.status == 200

    async def test_programs_and_listed_pages_may_call_the_hub_what_they_like(self) -> None:
        desk = Desk(host="127.0.0.1")
        assert (await desk.send("GET", "/v1/users/me")).status == 200
        assert (await desk.send("GET", "/v1/users/me", headers={"Origin": ORIGIN})).status == 200
