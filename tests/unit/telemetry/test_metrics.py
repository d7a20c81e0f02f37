"""``hub.telemetry.metrics``: plain numbers that appear on the Prometheus page."""

from __future__ import annotations

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hub.telemetry.metrics import FAMILIES, Histogram, Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_family_is_an_attribute_and_is_on_the_page_from_the_start() -> None:
    metrics = Metrics()
    page = metrics.render().decode()
    for family in FAMILIES:
        assert hasattr(metrics, family.attribute)
        assert f"# HELP {family.name}" in page


def test_numbers_appear_with_their_labels() -> None:
    metrics = Metrics()
    metrics.relays += 2
    metrics.tail_bytes = 7
    metrics.connections["native"] += 1
    metrics.closes[4401] += 3
    metrics.http_requests["GET", "/v1/users/{user}/items", 200] += 1
    found = samples(metrics)
    assert found["tongbu_relays_total", ()] == 2
    assert found["tongbu_tail_bytes", ()] == 7
    assert found["tongbu_connections", (("dialect", "native"),)] == 1
    assert found["tongbu_closes_total", (("code", "4401"),)] == 3
    labels = (("method", "GET"), ("route", "/v1/users/{user}/items"), ("status", "200"))
    assert found["tongbu_http_requests_total", labels] == 1


def test_a_histogram_counts_a_value_in_its_bucket_and_all_above() -> None:
    histogram = Histogram((1.0, 10.0))
    for value in (0.5, 1.0, 5.0, 11.0):
        histogram.observe(value)
    assert histogram.cumulative() == [("1.0", 2.0), ("10.0", 3.0), ("+Inf", 4.0)]
    metrics = Metrics()
    metrics.commit_seconds.observe(0.002)
    found = samples(metrics)
    assert found["tongbu_commit_seconds_bucket", (("le", "0.001"),)] == 0
    assert found["tongbu_commit_seconds_bucket", (("le", "0.0025"),)] == 1
    assert found["tongbu_commit_seconds_count", ()] == 1
    assert found["tongbu_commit_seconds_sum", ()] == 0.002


def test_the_process_tells_its_memory_and_open_files() -> None:
    found = samples(Metrics())
    assert found["process_resident_memory_bytes", ()] > 0
    assert found["process_open_fds", ()] > 0


def test_two_hubs_in_one_process_count_apart() -> None:
    one, other = Metrics(), Metrics()
    one.commits += 1
    assert samples(other)["tongbu_commits_total", ()] == 0


def test_a_misspelt_metric_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Metrics().relais = 1  # type: ignore[attr-defined]  # the misspelling is the test
