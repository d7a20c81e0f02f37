"""Finalized events: into the store with their deliveries, and out of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import Final, Literal

from bench.load.window import Order, Window
from bench.processes import LoadProcess, free_port
from bench.row import HUB, Row
from bench.stand import Stand

_PER_ROBOT: Final = 5
_BURST_SECONDS: Final = 120.0
_WEBHOOK: Final = "hub, received by a webhook"
_ROBOTS: Final = "hub, received by robots"
_CHANNEL: Final = """\
[channels.out]
kind = "webhook"
base_url = "http://127.0.0.1:{port}/"
allow_private = true
secret = "whsec_YmVuY2htYXJrLWJlbmNobWFyay1iZW5jaG1hcms="

[[routes]]
channels = ["out"]
delay = {delay}
"""
_ROBOT: Final = """\
[channels.robot{number}]
kind = "wecom_robot"
key = "robot-{number}"
base_url = "http://127.0.0.1:{port}"

[[routes]]
match = {{ tags = ["robot{number}"] }}
channels = ["robot{number}"]
"""


def row(stand: Stand) -> Iterator[Row]:
    """Tasks that are created and end; the delivery is written, or also made."""
    with ExitStack() as stack:
        port = free_port()
        stored = _ends(stand, stack, _CHANNEL.format(port=port, delay=3600), "store", port)
        port = free_port()
        sent = _ends(stand, stack, _CHANNEL.format(port=port, delay=0), "webhook", port)
        windows: dict[str, Sequence[Window]] = dict(stand.rounds({HUB: stored, _WEBHOOK: sent}))
    windows[_ROBOTS] = _by_robots(stand)
    means = {
        HUB: "task, end, event and pending delivery written and fdatasync'ed before ok",
        _WEBHOOK: "as before, then signed, sent, taken, and its receipt written",
        _ROBOTS: "as before, rendered for WeCom, taken by the sandbox",
    }
    robots = stand.size.robots
    notes = (
        "50 programs; a unit is a task created, its end, the event, one delivery",
        f"robots take {_PER_ROBOT} messages at once and few more a minute, so {robots * _PER_ROBOT:,} tasks "
        f"end at once, for {robots} robots, and the window lasts until the last message was taken",
    )
    yield Row(
        "events", "a task's end, with its event and delivery", windows=windows, means=means, notes=notes
    )


def _ends(
    stand: Stand, stack: ExitStack, configuration: str, sink: Literal["store", "webhook"], port: int
) -> LoadProcess:
    hub = stand.hub(stack, configuration)
    programs = hub.tokens([f"program{number}" for number in range(50)], ("user", "publish"))
    plan = {"tokens": programs, "in_flight": 4, "sink": sink, "sink_port": port}
    return stand.load(stack, "ending", hub, plan)


def _by_robots(stand: Stand) -> Sequence[Window]:
    robots, port = stand.size.robots, free_port()
    configuration = "\n".join(_ROBOT.format(number=number, port=port) for number in range(robots))
    with ExitStack() as stack:
        hub = stand.hub(stack, configuration)
        programs = hub.tokens([f"program{number}" for number in range(50)], ("user", "publish"))
        plan = {"tokens": programs, "sink": "robots", "sink_port": port, "robots": robots}
        plan["in_flight"] = robots * _PER_ROBOT // len(programs)
        load = stand.load(stack, "ending", hub, plan)
        return [load.window(Order(0, _BURST_SECONDS, burst=True))]
