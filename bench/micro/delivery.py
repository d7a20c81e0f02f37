"""Delivery: where an event goes, and what a robot would say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from bench.micro.case import Act, case
from hub.channels.text import split
from hub.channels.wecom_robot import WecomRobot
from hub.config import MatchSettings, RouteSettings, WecomRobotSettings
from hub.delivery.router import Router
from hub.model import UserId
from tests.kit.clocks import StillClock
from tests.kit.messages import FINALIZED, TASK

_BYTES: Final = 4096
_PARAGRAPH: Final = (
    "第 3 步完成：**37 个文件**已更新，see [the log](https://ci.example.com/runs/7). Nothing is left to do. "
)
_LONG: Final = "\n\n".join([_PARAGRAPH * 3] * 20)
_RECORD: Final[dict[str, Any]] = {"kind": "task", "title": "t", "tags": ["deploy", "web"], "source": "ci"}


def _robot(text: str) -> Act:
    robot = WecomRobot("ops", WecomRobotSettings(key="k"), 5.0, StillClock())
    message = replace(TASK, text=text)
    return lambda: robot.render(message)


def _route() -> Act:
    matching = [{"tags": f"other-{number}"} for number in range(9)]
    rules: list[dict[str, Any]] = [
        *matching,
        {"kind": "task", "tags": "web", "status": ("failed", "succeeded")},
    ]
    routes = [RouteSettings(channels=("ops",), match=MatchSettings(**rule)) for rule in rules]
    router = Router(routes, ("ops",))
    return lambda: router.deliveries(FINALIZED, _RECORD, [UserId("ann")])


CASES: Final = (
    case("delivery: route an event past nine routes", _route),
    case("delivery: render a short message", lambda: _robot("37 个文件已更新。"), 40),
    case("delivery: render a message in three parts", lambda: _robot(_LONG), 4),
    case("delivery: split a long text", lambda: lambda: split(_LONG, _BYTES), 4),
)
