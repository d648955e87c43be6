"""Rates and losses are counted from the clock that is passed in."""

from __future__ import annotations

import math

from roboact_ros.cameras.statistics import CameraStatistics

PERIOD = 100_000_000


def feed(statistics: CameraStatistics, start: int, periods: list[float]) -> int:
    """Capture and deliver one image now and one after each of ``periods``; returns the time of the last [ns]."""
    now = start
    for step in [0.0, *periods]:
        now += int(step * PERIOD)
        statistics.captured(now, replaced=False)
        statistics.delivered(now)
    return now


def test_steady_camera_has_its_rate_and_no_drops() -> None:
    statistics = CameraStatistics(10.0)
    now = feed(statistics, 0, [1.0, 1.2, 0.8, 1.0, 1.4, 0.6])
    health = statistics.health(now)
    assert math.isclose(health.rate_hz, 10.0)
    assert (health.drops, health.delivered, health.age, health.error) == (0, 7, 0.0, "")


def test_gaps_count_as_missed_images() -> None:
    statistics = CameraStatistics(10.0)
    feed(statistics, 0, [1.0, 2.0, 1.0, 4.0])
    assert statistics.health(PERIOD).missed == 4


def test_replaced_images_are_drops() -> None:
    statistics = CameraStatistics(10.0)
    statistics.captured(0, replaced=False)
    statistics.captured(PERIOD, replaced=True)
    assert statistics.health(PERIOD).drops == 1


def test_an_outage_is_an_error_and_no_missed_images() -> None:
    statistics = CameraStatistics(10.0)
    now = feed(statistics, 0, [1.0])
    statistics.failed("unplugged")
    assert statistics.health(now).error == "unplugged"
    now = feed(statistics, now + 50 * PERIOD, [1.0])
    health = statistics.health(now)
    assert (health.missed, health.failures, health.error, health.last_error) == (0, 1, "", "unplugged")


def test_rate_fades_to_zero_and_age_grows_when_images_stop() -> None:
    statistics = CameraStatistics(10.0)
    assert statistics.health(0).age == math.inf
    now = feed(statistics, 0, [1.0] * 5)
    health = statistics.health(now + 50 * PERIOD)
    assert (health.rate_hz, health.age) == (0.0, 5.0)
