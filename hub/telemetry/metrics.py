"""What the hub counts, as plain numbers that cost an attribute to change, shown to Prometheus when asked.

Owners write ``metrics.relays += 1``, ``metrics.closes[4401] += 1`` or ``metrics.commit_seconds.observe(s)``;
everything happens in the event loop's thread, so nothing is locked. ``Metrics.render`` makes the page.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Literal

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
"""Of what ``Metrics.render`` returns."""

SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
AMOUNTS: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10_000.0, 30_000.0)


class Histogram:
    """How often values fell into each of a few buckets."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def cumulative(self) -> list[tuple[str, float]]:
        """``(upper bound, how many values up to it)``, as Prometheus wants it."""
        bounds = [*map(str, self.bounds), "+Inf"]
        return list(zip(bounds, map(float, accumulate(self.counts)), strict=True))


SPANS: Final = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)
"""Seconds, of what may wait for a vendor."""

Value = (
    int
    | float
    | Histogram
    | Mapping[str, int]
    | Mapping[int, int]
    | Mapping[tuple[str, str], int]
    | Mapping[tuple[str, str, int], int]
)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: the attribute of ``Metrics`` it shows, and how. On the page its name begins ``tongbu_``."""

    attribute: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name on the page, without what a kind of metric appends."""
        return f"tongbu_{self.attribute}"

    def shown(self, value: Value) -> Metric:
        """The metric with its present value."""
        if isinstance(value, Histogram):
            family = HistogramMetricFamily(self.name, self.help)
            family.add_metric((), value.cumulative(), value.total)
            return family
        samples = value.items() if isinstance(value, Mapping) else [((), value)]
        counted = CounterMetricFamily if self.kind == "counter" else GaugeMetricFamily
        metric = counted(self.name, self.help, labels=self.labels)
        for key, amount in samples:
            metric.add_metric([str(part) for part in (key if isinstance(key, tuple) else (key,))], amount)
        return metric


FAMILIES: Final = (
    Family("connections", "gauge", "Open connections.", ("dialect",)),
    Family("hellos", "counter", "Attempts to authenticate a connection.", ("outcome",)),
    Family("closes", "counter", "Connections closed by the hub.", ("code",)),
    Family("messages_in", "counter", "Messages received over sockets."),
    Family("messages_out", "counter", "Messages sent over sockets."),
    Family("bytes_in", "counter", "Bytes of messages received over sockets."),
    Family("bytes_out", "counter", "Bytes of messages sent over sockets."),
    Family("relays", "counter", "Relays queued to readers."),
    Family("relays_dropped", "counter", "Relays not queued because the reader was too slow."),
    Family("statements_accepted", "counter", "Statements that won and were saved."),
    Family("statements_duplicate", "counter", "Statements that lost to, or equalled, what stood."),
    Family("statements_refused", "counter", "Statements refused.", ("code",)),
    Family("updates_accepted", "counter", "Document updates saved."),
    Family("updates_duplicate", "counter", "Document updates that brought nothing new."),
    Family("updates_refused", "counter", "Document updates refused.", ("code",)),
    Family("quarantined", "counter", "Document updates set aside because they did not apply as predicted."),
    Family("commits", "counter", "Turns saved."),
    Family("commit_failures", "counter", "Turns that the storage refused."),
    Family("commit_seconds", "histogram", "Time of one commit, until the bytes are on disk."),
    Family("turn_size", "histogram", "Statements and updates in one turn."),
    Family("folds", "counter", "Folding passes completed."),
    Family("fold_seconds", "histogram", "Time of one folding pass."),
    Family("tail_bytes", "gauge", "Bytes saved in the journal and not folded yet."),
    Family("resident_documents", "gauge", "Documents in memory."),
    Family("resident_bytes", "gauge", "Estimated size of the documents in memory."),
    Family("cached_registers", "gauge", "Registers in memory."),
    Family("cached_bytes", "gauge", "Estimated size of the registers in memory."),
    Family("deliveries", "counter", "Deliveries that ended.", ("channel", "state")),
    Family("delivery_calls", "counter", "Calls to vendors.", ("channel", "outcome")),
    Family("delivery_seconds", "histogram", "Time from an event until it was sent."),
    Family("deliveries_waiting", "gauge", "Deliveries on their way.", ("channel",)),
    Family("channels_paused", "gauge", "1 for a channel that waits for its settings.", ("channel",)),
    Family("http_requests", "counter", "HTTP requests answered.", ("method", "route", "status")),
    Family("http_seconds", "histogram", "Time to answer an HTTP request, streams excepted."),
    Family("loop_lag_seconds", "histogram", "How late the event loop's once-a-second timer ran."),
)
"""Every metric of the hub's own, in the order of the page."""


class Metrics:
    """The numbers. One object per process, passed to whom it concerns; see ``FAMILIES`` for their meaning.

    Mappings count by the labels of their family: ``closes`` by code, ``hellos`` by ``ok`` or the close
    code's name, ``http_requests`` by ``(method, route template, status)``, ``deliveries`` by
    ``(channel, state)``, ``delivery_calls`` by ``(channel, outcome)``. Label values must come from small
    fixed sets (what is configured counts as such), never from a request.
    """

    __slots__ = (*(family.attribute for family in FAMILIES), "_registry")

    def __init__(self) -> None:
        self._count_connections()
        self._count_content()
        self._count_storage()
        self._count_deliveries()
        self.http_requests: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self.http_seconds = Histogram(SECONDS)
        self.loop_lag_seconds = Histogram(SECONDS)
        self._registry = CollectorRegistry()
        self._registry.register(_Page(self))
        ProcessCollector(registry=self._registry)

    def _count_connections(self) -> None:
        self.connections: defaultdict[str, int] = defaultdict(int)
        self.hellos: defaultdict[str, int] = defaultdict(int)
        self.closes: defaultdict[int, int] = defaultdict(int)
        self.messages_in = 0
        self.messages_out = 0
        self.bytes_in = 0
        self.bytes_out = 0
        self.relays = 0
        self.relays_dropped = 0

    def _count_content(self) -> None:
        self.statements_accepted = 0
        self.statements_duplicate = 0
        self.statements_refused: defaultdict[str, int] = defaultdict(int)
        self.updates_accepted = 0
        self.updates_duplicate = 0
        self.updates_refused: defaultdict[str, int] = defaultdict(int)
        self.quarantined = 0

    def _count_storage(self) -> None:
        self.commits = 0
        self.commit_failures = 0
        self.commit_seconds = Histogram(SECONDS)
        self.turn_size = Histogram(AMOUNTS)
        self.folds = 0
        self.fold_seconds = Histogram(SECONDS)
        self.tail_bytes = 0
        self.resident_documents = 0
        self.resident_bytes = 0
        self.cached_registers = 0
        self.cached_bytes = 0

    def _count_deliveries(self) -> None:
        self.deliveries: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.delivery_calls: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.delivery_seconds = Histogram(SPANS)
        self.deliveries_waiting: defaultdict[str, int] = defaultdict(int)
        self.channels_paused: defaultdict[str, int] = defaultdict(int)

    def render(self) -> bytes:
        """The page for Prometheus, of ``CONTENT_TYPE``; the process's memory, CPU and files included."""
        return generate_latest(self._registry)


class _Page(Collector):
    """Reads the numbers when the page is asked for."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield family.shown(getattr(self._metrics, family.attribute))
