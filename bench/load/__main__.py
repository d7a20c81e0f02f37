"""The load's process. Reads lines of JSON: a plan, then orders; answers each with a line.

=========================================== =====================================
line in                                     line out
=========================================== =====================================
``{"kind", "server_pids", "plan"}``         ``"ready"``, once everything is open
``{"warm_up", "seconds", "rate", "burst"}`` the window
end of input                                nothing; the process ends
=========================================== =====================================
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import uvloop

from bench.load import slow, wires
from bench.load.connections import ConnectionLoad, ConnectionPlan
from bench.load.documents import DocumentPlan
from bench.load.ending import EndingLoad, EndingPlan
from bench.load.http import HttpLoad, HttpPlan
from bench.load.publishing import PublishingLoad, PublishingPlan
from bench.load.residence import ResidenceLoad, ResidencePlan
from bench.load.statements import StatementPlan
from bench.load.storm import StormLoad, StormPlan
from bench.load.window import Load, Order, measured

_KINDS: dict[str, Callable[[dict[str, Any]], Load]] = {
    "documents": lambda plan: wires.load_of(DocumentPlan(**plan)),
    "statements": lambda plan: slow.load_of(StatementPlan(**plan)),
    "publishing": lambda plan: PublishingLoad(PublishingPlan(**plan)),
    "connections": lambda plan: ConnectionLoad(ConnectionPlan(**plan)),
    "http": lambda plan: HttpLoad(HttpPlan(**plan)),
    "ending": lambda plan: EndingLoad(EndingPlan(**plan)),
    "storm": lambda plan: StormLoad(StormPlan(**plan)),
    "residence": lambda plan: ResidenceLoad(ResidencePlan(**plan)),
}


async def main() -> None:
    asyncio.get_running_loop().set_exception_handler(_fail)
    given = await _line()
    load = _KINDS[given["kind"]](given["plan"])
    await load.prepare()
    # What lives now lives until the end; the collector need not look at it in a window.
    gc.collect()
    gc.freeze()
    _tell("ready")
    while order := await _line():
        _tell(asdict(await measured(load, given["server_pids"], Order(**order))))


async def _line() -> Any:
    line = await asyncio.to_thread(sys.stdin.readline)
    return json.loads(line) if line else None


def _tell(what: object) -> None:
    print(json.dumps(what), flush=True)


def _fail(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A load that is not whole measures nothing."""
    error = context.get("exception")
    print(context["message"], file=sys.stderr)
    if error is not None:
        traceback.print_exception(error)
    os._exit(1)


uvloop.run(main())
