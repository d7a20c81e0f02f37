"""The robot's state as JSON, for the page, the tests and ``--json``. Pure."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from hub.sandbox.faults import DEFAULT_SECONDS, KINDS, Fault, is_kind
from hub.sandbox.robot import Call, Robot
from hub.sandbox.window import LIMIT

SHOWN: Final = 300
"""Calls that a page is given at its start."""
_FAULT_FIELDS: Final = {"kind", "times", "key", "seconds"}


def call_record(call: Call) -> dict[str, Any]:
    """One call, every field of it."""
    return dataclasses.asdict(call)


def fault_record(fault: Fault) -> dict[str, Any]:
    """One fault; of its key only the end."""
    end = fault.key[-4:] if fault.key and len(fault.key) >= 8 else None
    return {"kind": fault.kind, "times": fault.times, "key": end, "seconds": fault.seconds}


def state(robot: Robot) -> dict[str, Any]:
    """All that a page shows; ``now`` in ms lets it count from the sandbox's time."""
    return {
        "now": robot.now(),
        "limit": LIMIT,
        "calls": [call_record(call) for call in robot.calls[-SHOWN:]],
        "faults": [fault_record(fault) for fault in robot.faults],
    }


def event(robot: Robot, call: Call | None) -> bytes:
    """A change as a server-sent event: ``call`` with what came and the faults left, else ``state`` with
    everything."""
    if call is None:
        return _sent("state", state(robot))
    return _sent("call", {"call": call_record(call), "faults": list(map(fault_record, robot.faults))})


def _sent(name: str, data: object) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


def read_fault(body: bytes) -> Fault:
    """The fault that a request asks for: ``{"kind", "times"?, "key"?, "seconds"?}``.

    Raises:
        ValueError: it is none; the sentence says why.
    """
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the body is no JSON") from None
    if not isinstance(asked, dict) or not asked.keys() <= _FAULT_FIELDS:
        raise ValueError('a fault is an object such as {"kind": "502", "times": 2, "key": null}')
    kind, times, key = asked.get("kind"), asked.get("times", 1), asked.get("key")
    seconds = asked.get("seconds", DEFAULT_SECONDS)
    if not is_kind(kind):
        raise ValueError(f"kind is one of {', '.join(KINDS)}")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool)):
        raise ValueError("times is a number, or null for until cleared")
    if not (key is None or isinstance(key, str)):
        raise ValueError("key is a text, or null for any")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("seconds is a number")
    return Fault(kind, times, key, float(seconds))
