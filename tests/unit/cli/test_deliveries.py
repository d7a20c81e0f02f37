"""``hub deliveries``, ``hub channel`` and ``hub events``: what they ask of the hub, and what they print."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from hub.cli import calls, run, titles
from hub.cli.channel import ADVICE, verdict
from hub.cli.failures import CommandFailed, HubUnreachable

Output = pytest.CaptureFixture[str]
TO_A_HUB = ["--url", "http://127.0.0.1:8787", "--token", "s3cr3t"]
AT = 1_800_000_000_000


def row(name: str, **more: Any) -> dict[str, Any]:
    return {
        "id": name, "event": "e1", "item": "build", "channel": "ops", "state": "dead", "attempts": 1,
        "due": AT, "error": "93000 \x1b[31minvalid webhook url", "ref": None, "user": "ann",
        "topic": "inbox/ann", "route": "route-1", "at": AT, "ended_at": AT, **more,
    }  # fmt: skip


class Desk:
    """Takes the place of ``Calls``: answers from ``rows``, remembers what was asked."""

    rows: list[dict[str, Any]]
    asked: list[tuple[str, Any]]
    failures: dict[str, CommandFailed]
    titles: dict[str, str]
    looked_up: list[str]

    def __init__(self, _remote: object) -> None:
        return

    async def __aenter__(self) -> Desk:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def get(self, path: str, *, holds: str = "items") -> Any:
        if holds == "title":
            return Desk.title(path)
        Desk.asked.append((path, None))
        if path.startswith("/v1/channels"):
            return {"items": Desk.rows, "next": None}
        return Desk.rows[0]

    @classmethod
    def title(cls, path: str) -> Any:
        cls.looked_up.append(path)
        if path not in cls.titles:
            raise CommandFailed("There is no such thing. (not_found)")
        return {"title": cls.titles[path]}

    async def post(self, path: str, body: Any = None, *, holds: str = "id") -> Any:
        Desk.asked.append((path, body))
        if path in Desk.failures:
            raise Desk.failures[path]
        if path.startswith("/v1/channels"):
            return Desk.rows[0]
        return row(path.split("/")[3], state="pending")

    async def pages(self, path: str, query: Mapping[str, object], most: int | None) -> AsyncIterator[Any]:
        Desk.asked.append((path, {name: value for name, value in query.items() if value is not None}))
        for each in Desk.rows[:most]:
            yield each


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> type[Desk]:
    monkeypatch.delenv("TONGBU_USER", raising=False)
    Desk.rows, Desk.asked, Desk.failures = [], [], {}
    Desk.titles, Desk.looked_up = {}, []
    monkeypatch.setattr(calls, "Calls", Desk)
    return Desk


class TestDeliveries:
    def test_a_list_tells_each_on_a_line_without_orders_to_the_terminal(
        self, desk: type[Desk], capsys: Output
    ) -> None:
        desk.rows = [row("d1"), row("d2", attempts=0, error=None, ended_at=None, state="pending")]
        assert run(["deliveries", "list", "--state", "dead", "--channel", "ops", *TO_A_HUB]) == 0
        heads, first, second = capsys.readouterr().out.splitlines()
        assert heads.split()[:3] == ["id", "state", "channel"]
        assert desk.asked == [("/v1/deliveries", {"state": "dead", "channel": "ops"})]
        assert first.split()[:3] == ["d1", "dead", "ops"]
        assert first.split()[5:8] == ["build", "1", "attempt"]
        assert first.endswith("93000 invalid webhook url")
        assert second.endswith("0 attempts")

    def test_ids_of_any_length_leave_the_columns_in_line(self, desk: type[Desk], capsys: Output) -> None:
        desk.rows = [row("d1", item="a"), row("d2", item="a-longer-one", attempts=10)]
        assert run(["deliveries", "list", *TO_A_HUB]) == 0
        heads, first, second = capsys.readouterr().out.splitlines()
        assert first.index("1 attempt") == second.index("10 attempts") == heads.index("tried")
        assert first.index("93000") == second.index("93000")

    def test_an_item_goes_by_its_title_where_the_hub_tells_it(self, desk: type[Desk], capsys: Output) -> None:
        desk.titles = {
            "/v1/users/ann/items/build": "Nightly build \x1b[31mof everything there is, with all its tests",
            "/v1/spaces/team/items/i2": "夜间构建",
        }
        desk.rows = [row("d1"), row("d2"), row("d3", item="i2", topic="space/team"), row("d4", item="core-1")]
        assert run(["deliveries", "list", *TO_A_HUB]) == 0
        heads, *lines = capsys.readouterr().out.splitlines()
        place = heads.index("item")
        assert [line[place:].partition("  ")[0] for line in lines] == [
            "Nightly build of everything t…", "Nightly build of everything t…", "夜间构建", "core-1"
        ]  # fmt: skip
        assert len(desk.looked_up) == 3, "each once"

    def test_a_list_of_thousands_asks_for_no_more_titles_than_it_may(
        self, desk: type[Desk], capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(titles, "MOST_ASKED", 2)
        desk.rows = [row(f"d{number}", item=f"i{number}") for number in range(5)]
        assert run(["deliveries", "list", *TO_A_HUB]) == 0
        assert len(desk.looked_up) == 2
        assert "i4" in capsys.readouterr().out

    def test_where_there_is_none_nothing_is_listed(self, desk: type[Desk], capsys: Output) -> None:
        assert run(["deliveries", "list", *TO_A_HUB]) == 0
        assert capsys.readouterr().out == ""

    def test_json_is_one_delivery_a_line(self, desk: type[Desk], capsys: Output) -> None:
        desk.rows = [row("d1"), row("d2")]
        assert run(["deliveries", "list", "--json", "--limit", "1", *TO_A_HUB]) == 0
        assert json.loads(capsys.readouterr().out) == row("d1")

    def test_show_tells_everything_a_line_each(self, desk: type[Desk], capsys: Output) -> None:
        desk.rows = [row("d1")]
        assert run(["deliveries", "show", "d1", *TO_A_HUB]) == 0
        told = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if "  " in line)
        assert told["error"] == "93000 invalid webhook url"
        assert told["route"] == "route-1"
        assert desk.asked == [("/v1/deliveries/d1", None)]

    def test_retry_sends_those_named_once_each_and_prints_how_they_stand(
        self, desk: type[Desk], capsys: Output
    ) -> None:
        assert run(["deliveries", "retry", "d1", "d2", "d1", *TO_A_HUB]) == 0
        assert [path for path, _ in desk.asked] == ["/v1/deliveries/d1/retry", "/v1/deliveries/d2/retry"]
        assert capsys.readouterr().out == "d1  pending\nd2  pending\n"

    def test_a_retry_of_what_was_sent_says_that_there_is_nothing_to_do(
        self, desk: type[Desk], capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        states = {"d1": "sent", "d2": "leased", "d3": "pending"}

        async def post(_: Desk, path: str, body: Any = None, *, holds: str = "id") -> Any:
            name = path.split("/")[3]
            return row(name, state=states[name])

        monkeypatch.setattr(Desk, "post", post)
        assert run(["deliveries", "retry", *states, *TO_A_HUB]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "d1  was sent; nothing to retry", "d2  is being sent; nothing to retry", "d3  pending"
        ]  # fmt: skip

    def test_one_that_is_refused_keeps_no_other_back(self, desk: type[Desk], capsys: Output) -> None:
        desk.failures["/v1/deliveries/d1/retry"] = CommandFailed("There is no such thing. (not_found)")
        assert run(["deliveries", "retry", "d1", "d2", *TO_A_HUB]) == 1
        output = capsys.readouterr()
        assert output.out == "d2  pending\n"
        assert "d1: There is no such thing" in output.err
        assert "1 of 2" in output.err

    def test_without_a_hub_it_stops_at_the_first(self, desk: type[Desk]) -> None:
        desk.failures["/v1/deliveries/d1/retry"] = HubUnreachable()
        assert run(["deliveries", "retry", "d1", "d2", *TO_A_HUB]) == 3
        assert len(desk.asked) == 1

    def test_of_several_it_says_how_many_and_sends_none_unasked(
        self, desk: type[Desk], capsys: Output, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk.rows = [row("d1"), row("d2")]
        monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
        assert run(["deliveries", "retry", "--state", "dead", *TO_A_HUB]) == 2
        assert "That is 2 (dead); --yes" in capsys.readouterr().err
        assert desk.asked == [("/v1/deliveries", {"state": "dead"})]

    @pytest.mark.parametrize(("answer", "code", "sent"), [(True, 0, 2), (False, 1, 0)])
    def test_who_is_asked_decides(
        self, desk: type[Desk], monkeypatch: pytest.MonkeyPatch, answer: bool, code: int, sent: int
    ) -> None:
        desk.rows = [row("d1"), row("d2")]
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        asked: list[str] = []

        def confirm(text: str, err: bool) -> bool:
            asked.append(text)
            return answer and err

        monkeypatch.setattr("typer.confirm", confirm)
        assert run(["deliveries", "retry", "--state", "dead", "--channel", "ops", *TO_A_HUB]) == code
        assert asked == ["Send 2 again (dead, channel ops)?"]
        assert len(desk.asked) == 1 + sent

    def test_yes_asks_nobody(self, desk: type[Desk]) -> None:
        desk.rows = [row("d1"), row("d2")]
        assert run(["deliveries", "retry", "--state", "dead", "--yes", *TO_A_HUB]) == 0
        assert len(desk.asked) == 3

    def test_where_there_are_none_nothing_is_wrong(self, desk: type[Desk], capsys: Output) -> None:
        assert run(["deliveries", "retry", "--state", "dead", *TO_A_HUB]) == 0
        assert "there is no such delivery (dead)" in capsys.readouterr().err

    @pytest.mark.parametrize(
        "options", [[], ["d1", "--state", "dead"], ["d1", "--channel", "ops"], ["--channel", "ops"]]
    )
    def test_which_ones_must_be_clear(self, desk: type[Desk], options: list[str]) -> None:
        assert run(["deliveries", "retry", *options, *TO_A_HUB]) == 2
        assert desk.asked == []


class TestChannels:
    def test_a_list_tells_state_and_reason(self, desk: type[Desk], capsys: Output) -> None:
        view = {"name": "ops", "kind": "wecom_robot", "host": "qyapi.weixin.qq.com", "waiting": 3}
        desk.rows = [{**view, "state": "paused", "reason": "93000", "until": None}]
        assert run(["channel", "list", *TO_A_HUB]) == 0
        assert capsys.readouterr().out.split() == [
            "ops", "wecom_robot", "qyapi.weixin.qq.com", "paused", "3", "waiting", "93000",
        ]  # fmt: skip

    def test_a_test_that_went_through_says_so(self, desk: type[Desk], capsys: Output) -> None:
        desk.rows = [{"ok": True, "outcome": "ok", "error": None}]
        assert run(["channel", "test", "ops", *TO_A_HUB]) == 0
        assert capsys.readouterr().out == "ok  ops took a test message\n"
        assert desk.asked == [("/v1/channels/ops/test", None)]

    def test_one_that_did_not_says_what_is_wrong_and_what_to_do(
        self, desk: type[Desk], capsys: Output
    ) -> None:
        desk.rows = [{"ok": False, "outcome": "bad_config", "error": "93000: invalid webhook url."}]
        assert run(["channel", "test", "ops", *TO_A_HUB]) == 1
        told = capsys.readouterr().err
        assert "(bad_config): 93000: invalid webhook url. Check this channel's key" in told

    @pytest.mark.parametrize("outcome", ADVICE)
    def test_every_outcome_has_its_advice(self, outcome: str) -> None:
        assert verdict("ops", {"outcome": outcome, "error": None}).endswith(ADVICE[outcome])

    def test_an_outcome_of_a_newer_hub_is_told_all_the_same(self) -> None:
        assert (
            verdict("ops", {"outcome": "new", "error": "x"}) == "ops did not take the test message (new): x."
        )


class TestEvents:
    def test_each_is_a_line(self, desk: type[Desk], capsys: Output) -> None:
        event = {"id": "e1", "topic": "inbox/ann", "user": "ann", "item": "build", "at": AT}
        desk.rows = [
            {**event, "type": "task.finalized", "attempt": 2, "status": "failed"},
            {**event, "type": "notification.raised", "attempt": 0, "status": None},
        ]
        assert run(["events", "--type", "task.finalized", "--after", "e0", *TO_A_HUB]) == 0
        first, second = capsys.readouterr().out.splitlines()
        assert desk.asked == [("/v1/events", {"type": "task.finalized", "after": "e0"})]
        assert first.split()[2:] == ["e1", "task.finalized", "failed", "inbox/ann/build", "attempt", "2"]
        assert second.split()[2:] == ["e1", "notification.raised", "inbox/ann/build"]
