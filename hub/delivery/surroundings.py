"""What all lanes share, and what is on its way through one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from hub.config.outward import DeliverySettings
from hub.delivery.policy import Rules
from hub.delivery.router import Router
from hub.delivery.steady import SteadyClock
from hub.model import DeliveryRow
from hub.ports import Items, Outbox, Timers
from hub.telemetry.metrics import Metrics

GRACE_SECONDS: Final = 1.0
"""What a call may take beyond its own deadline before it is given up."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The storage, the engine, the configuration and time, as every lane needs them."""

    outbox: Outbox
    items: Items
    router: Router
    settings: DeliverySettings
    time: SteadyClock
    timers: Timers
    metrics: Metrics
    random: Random

    def rules(self, row: DeliveryRow, idempotent: bool = False) -> Rules:
        """What the row's steps depend on."""
        route = self.router.route(row.route)
        return Rules.of(self.settings, idempotent, route.delay if route is not None else 0.0)

    @property
    def call_limit(self) -> float:
        """Seconds after which a call is over, whatever the channel says."""
        return self.settings.call_timeout + GRACE_SECONDS


@dataclass(frozen=True, slots=True)
class Flight:
    """A row, leased or ended, as it was read in ``frame`` (see ``SteadyClock``). ``masked`` counts what was
    masked in its bodies by kind, {} where that was told before."""

    row: DeliveryRow
    masked: Mapping[str, int]
    frame: int
