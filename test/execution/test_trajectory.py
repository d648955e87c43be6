"""Invariants of single trajectories; what the executor makes of them is tested in test_executor.py."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from roboact_ros.cells.description import SafetyDescription
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.pace import DECELERATION, JERK, Pace
from roboact_ros.execution.poses import pose_from_vector, rotation_from_vector, vector_from_rotation
from roboact_ros.execution.trajectory import JointTrajectory, ToolLimits, ToolState, ToolTrajectory
from roboact_ros.types import FloatArray

LIMITS = ToolLimits.from_safety(SafetyDescription())
START = ToolState.at_rest(pose_from_vector(0.4, -0.2, 0.3, 1.0, -2.0, 0.5))


def displacement(*values: float) -> FloatArray:
    return np.array(values + (0.0,) * (7 - len(values)))


def test_it_starts_and_ends_at_rest_where_it_should() -> None:
    wanted = displacement(0.1, -0.05, 0.2, 0.3, -0.4, 0.2, 0.7)
    trajectory = ToolTrajectory(START, wanted, LIMITS)
    np.testing.assert_allclose(trajectory.carrier(0.0)[0], START.pose_carrier_in_base, atol=1e-12)
    end, wrist = trajectory.carrier(trajectory.duration + 1.0)
    np.testing.assert_allclose(end[:3, 3] - START.pose_carrier_in_base[:3, 3], wanted[:3], atol=1e-12)
    expected = rotation_from_vector(*wanted[3:6]) @ START.pose_carrier_in_base[:3, :3]
    np.testing.assert_allclose(end[:3, :3], expected, atol=1e-12)
    assert wrist == pytest.approx(0.7)
    for t in (0.0, trajectory.duration):
        np.testing.assert_allclose(trajectory.state(t).velocity, 0.0, atol=1e-9)


@pytest.mark.parametrize("metres", [0.01, 0.02, 0.05, 0.2])
def test_no_place_makes_a_distance_impossible(metres: float) -> None:
    # 2 cm are just so far that the largest acceleration is reached, where rounding decides whether Ruckig finds a way.
    random = np.random.default_rng(0)
    for _ in range(200):
        start = ToolState.at_rest(pose_from_vector(*random.uniform(0.1, 0.5, 3), 1.0, -2.0, 0.5))
        wanted = np.zeros(7)
        wanted[random.integers(3)] = metres
        trajectory = ToolTrajectory(start, wanted, LIMITS)
        moved = trajectory.carrier(trajectory.duration)[0][:3, 3] - start.pose_carrier_in_base[:3, 3]
        np.testing.assert_allclose(moved, wanted[:3], atol=1e-9)


def test_from_rest_the_tool_goes_straight() -> None:
    trajectory = ToolTrajectory(START, displacement(0.1, -0.05, 0.2), LIMITS)
    path = np.array([trajectory.carrier(t)[0][:3, 3] for t in np.linspace(0.0, trajectory.duration, 50)])
    moved = path - path[0]
    direction = moved[-1] / np.linalg.norm(moved[-1])
    np.testing.assert_allclose(moved - np.outer(moved @ direction, direction), 0.0, atol=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.8])
def test_another_trajectory_continues_from_any_state(share: float) -> None:
    """Position, velocity and acceleration agree at the seam, also in the middle of turning about several axes."""
    first = ToolTrajectory(START, displacement(0.1, 0.0, 0.1, 0.9, -0.4, 0.3, 0.5), LIMITS)
    seam = share * first.duration
    turning = ToolTrajectory(first.state(seam), displacement(0.0, 0.1, 0.0, -0.8, 0.0, 0.9, -0.5), LIMITS)
    seam_state = turning.state(0.2)
    third = ToolTrajectory(seam_state, displacement(0.0, -0.1, 0.05, 0.0, 0.7, 0.0), LIMITS)
    h = 1e-4
    before = [turning.carrier(0.2 - k * h)[0] for k in (2, 1, 0)]
    after = [third.carrier(k * h)[0] for k in (0, 1, 2)]
    np.testing.assert_allclose(before[-1], after[0], atol=1e-12)
    speed = [
        np.concatenate((b[:3, 3] - a[:3, 3], vector_from_rotation(b[:3, :3] @ a[:3, :3].T))) / h
        for a, b in ((before[0], before[1]), (before[1], before[2]), (after[0], after[1]), (after[1], after[2]))
    ]
    np.testing.assert_allclose(speed[1], speed[2], atol=1e-3)
    acceleration_before, acceleration_after = (speed[1] - speed[0]) / h, (speed[3] - speed[2]) / h
    np.testing.assert_allclose(acceleration_before, acceleration_after, atol=0.05)
    np.testing.assert_allclose(seam_state.velocity[:6], speed[1], atol=1e-3)


def test_speeds_stay_close_to_the_limits_when_motions_replace_each_other() -> None:
    generator = np.random.default_rng(0)
    state = START
    for _ in range(40):
        wanted = np.concatenate((generator.uniform(-0.2, 0.2, 3), generator.uniform(-1, 1, 4)))
        trajectory = ToolTrajectory(state, wanted, LIMITS)
        states = [trajectory.state(t) for t in np.linspace(0.0, trajectory.duration, 60)]
        assert max(np.linalg.norm(s.velocity[:3]) for s in states) <= LIMITS.linear[0] * 1.05
        assert max(np.linalg.norm(s.velocity[3:6]) for s in states) <= LIMITS.angular[0] * 1.05
        state = trajectory.state(generator.uniform(0.0, trajectory.duration))


def test_a_displacement_that_is_no_number_is_refused() -> None:
    with pytest.raises(MotionRefused, match="not finite"):
        ToolTrajectory(START, displacement(float("nan")), LIMITS)


def test_joints_move_in_proportion() -> None:
    trajectory = JointTrajectory(np.zeros(6), np.array([1.0, -0.5, 0.25, 0.0, pi, 2.0]), (1.0, 2.0, 10.0))
    for t in np.linspace(0.0, trajectory.duration, 20):
        q = trajectory.joints(t)
        np.testing.assert_allclose(q, q[0] * np.array([1.0, -0.5, 0.25, 0.0, pi, 2.0]), atol=1e-9)


def test_the_pace_goes_to_zero_and_back_without_a_jolt() -> None:
    dt = 0.002
    pace = Pace(dt)
    passed = [pace.advance(0.0 if k < 40 else 1.0) / dt for k in range(300)]
    assert passed[-1] == 1.0
    assert min(passed) >= 0.0
    assert np.abs(np.diff(passed)).max() <= DECELERATION * dt * 1.001
    assert np.abs(np.diff(passed, 2)).max() <= JERK * dt**2 * 1.001
    stopping = Pace(dt)
    assert sum(stopping.advance(0.0) > 0.0 for _ in range(200)) * dt == pytest.approx(0.10, abs=0.005)
