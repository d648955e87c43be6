"""An arm behind somebody else's driver: what goes out, what comes in, and how it comes to rest."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.arms.streamed import STALE_NS, StreamedArm
from roboact_ros.types import ArmMode

DT, DECELERATION = 0.01, 5.0


class Clock:
    now = 1_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def arm(clock: Clock) -> StreamedArm:
    return StreamedArm(DT, DECELERATION, clock)


def test_what_is_told_is_read_until_it_is_stale(arm: StreamedArm, clock: Clock) -> None:
    assert not arm.heard
    arm.tell([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [0.1] * 7, clock.now)
    state = arm.read()
    assert arm.heard and state.mode is ArmMode.RUNNING and state.monotonic_ns == clock.now
    np.testing.assert_array_equal(state.q, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0])
    clock.now += STALE_NS + 1
    silent = arm.read()
    assert silent.mode is ArmMode.SILENT and not silent.qd.any()


def test_targets_go_out_once_with_their_times(arm: StreamedArm, clock: Clock) -> None:
    q = np.zeros(7)
    for step in range(3):
        q[0] = 0.01 * step
        arm.servo(q)
        clock.now += 10_000_000
    out = arm.take()
    assert [at for at, _ in out] == [1_000_000_000, 1_010_000_000, 1_020_000_000]
    assert [target[0] for _, target in out] == [0.0, 0.01, 0.02]
    assert arm.take() == []


def test_a_halt_brakes_in_proportion_and_then_says_nothing_more(arm: StreamedArm) -> None:
    for step in range(3):
        arm.servo(np.array([0.005, -0.0025, 0.0, 0.0, 0.0, 0.0, 0.0]) * step)
    for _ in range(30):
        arm.halt()
    path = np.array([target for _, target in arm.take()])
    speed = np.diff(path[:, 0]) / DT
    np.testing.assert_allclose(np.diff(speed[2:-1]), -DECELERATION * DT)
    assert speed[-1] >= 0.0 and len(path) < 20
    np.testing.assert_allclose(path[:, 1], -0.5 * path[:, 0], atol=1e-12)
    arm.halt()
    assert arm.take() == []
