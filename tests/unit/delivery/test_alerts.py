"""``hub.delivery.alerts``: an operator is woken for what is new, and for what lasts."""

from __future__ import annotations

from hub.delivery.alerts import ALERT_SECONDS, Alerts


def test_a_pause_is_told_once_however_long_it_lasts() -> None:
    alerts = Alerts()
    assert alerts.paused("404", True, 0) == "alert"
    assert [alerts.paused("404", False, hour * ALERT_SECONDS) for hour in range(3)] == ["nothing"] * 3


def test_of_pauses_for_one_reason_one_an_hour_is_an_alert_and_each_other_is_noted() -> None:
    alerts = Alerts()
    times = (0, 5, ALERT_SECONDS - 1, ALERT_SECONDS, ALERT_SECONDS + 1)
    assert [alerts.paused("404", True, at) for at in times] == ["alert", "note", "note", "alert", "note"]


def test_another_reason_is_an_alert_of_its_own() -> None:
    alerts = Alerts()
    told = [alerts.paused(reason, True, at) for at, reason in enumerate(("404", "401", "404", "401"))]
    assert told == ["alert", "alert", "note", "note"]


def test_a_pause_that_was_only_noted_and_lasts_is_an_alert_when_the_hour_is_over() -> None:
    alerts = Alerts()
    assert alerts.paused("404", True, 0) == "alert"
    assert alerts.paused("404", True, 10) == "note"
    assert alerts.paused("404", False, ALERT_SECONDS - 1) == "nothing"
    assert alerts.paused("404", False, ALERT_SECONDS) == "alert"
    assert alerts.paused("404", False, 3 * ALERT_SECONDS) == "nothing"
