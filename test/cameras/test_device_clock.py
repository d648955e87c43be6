"""Stamps of a device clock land on this machine's clock, whatever the bus, the drift and the device do."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roboact_ros.cameras.device_clock import WINDOW_NS, DeviceClock

MS = 1_000_000
SECOND = 1000 * MS
FLIGHT = 5 * MS
"""Shortest delay from exposure to arrival."""


def exposures(clock: DeviceClock, frames: Iterable[tuple[int, int]]) -> list[int]:
    """Return the exposures that the clock finds for (device stamp, arrival)."""
    return [arrival - clock.age(device, arrival) for device, arrival in frames]


def stream(count: int, start: int, offset: int, drift: float = 0.0, period: int = 33 * MS) -> list[tuple[int, int]]:
    """Frames exposed every ``period``, that take ``FLIGHT`` and up to 40 ms more: (device stamp, arrival)."""
    jitter = random.Random(7)
    moments = [start + number * period for number in range(count)]
    delays = [FLIGHT + (0 if number % 10 == 3 else jitter.randrange(40 * MS)) for number in range(count)]
    return [(int(offset + moment * (1 + drift)), moment + delay) for moment, delay in zip(moments, delays, strict=True)]


@pytest.mark.parametrize("offset", [0, -300 * SECOND, 10**18])
@pytest.mark.parametrize("drift", [0.0, 50e-6, -50e-6])
def test_jitter_and_drift_are_filtered_out(offset: int, drift: float) -> None:
    frames = stream(2000, 400 * SECOND, offset, drift)
    found = exposures(DeviceClock(), frames)
    truth = [400 * SECOND + number * 33 * MS + FLIGHT for number in range(2000)]
    assert max(abs(a - b) for a, b in zip(found[10:], truth[10:], strict=True)) < 1.2 * MS


def test_a_late_frame_does_not_spoil_the_following() -> None:
    clock = DeviceClock()
    exposures(clock, stream(20, 0, 0))
    device = 20 * 33 * MS
    assert clock.age(device, device + 3 * SECOND) == pytest.approx(3 * SECOND - FLIGHT, abs=MS)
    assert clock.age(device + 33 * MS, device + 33 * MS + FLIGHT) < MS


@pytest.mark.parametrize("new_offset", [-4294 * SECOND, -5000 * SECOND, 7000 * SECOND])
def test_a_clock_that_wraps_restarts_or_leaps_is_followed(new_offset: int) -> None:
    clock = DeviceClock()
    exposures(clock, stream(100, 4200 * SECOND, 0))
    found = exposures(clock, stream(100, 4204 * SECOND, new_offset))
    truth = [4204 * SECOND + number * 33 * MS + FLIGHT for number in range(100)]
    assert max(abs(a - b) for a, b in zip(found[10:], truth[10:], strict=True)) < MS


def test_a_window_later_a_lost_short_delay_is_forgotten() -> None:
    clock = DeviceClock()
    clock.age(0, 0)
    assert clock.age(WINDOW_NS - 30 * MS, WINDOW_NS - 10 * MS) == 20 * MS
    assert clock.age(WINDOW_NS + 30 * MS, WINDOW_NS + 50 * MS) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**12), st.integers(1, 10**9)), min_size=1, max_size=60))
def test_exposures_never_go_back_and_never_lie_ahead(steps: list[tuple[int, int]]) -> None:
    arrivals = list(itertools.accumulate(step for _, step in steps))
    frames = [(device, arrival) for (device, _), arrival in zip(steps, arrivals, strict=True)]
    found = exposures(DeviceClock(), frames)
    assert all(earlier < later for earlier, later in itertools.pairwise(found))
    assert all(exposed <= arrival for exposed, (_, arrival) in zip(found, frames, strict=True))
