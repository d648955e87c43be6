from __future__ import annotations

from dataclasses import replace
from math import pi

import numpy as np
import pytest

from roboact_ros.cells.arm_description import ArmDescription
from roboact_ros.cells.description import Cell, SafetyDescription
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.joint_step import SLACK
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import (
    FOLLOWING_ERROR,
    Limits,
    StepRequest,
    Verdict,
    allow,
    check_joint_path,
)
from roboact_ros.execution.poses import pose_from_vector, vector_from_rotation
from roboact_ros.robots import robot_model
from roboact_ros.types import FloatArray

EXACTLY = 1.0 + 1e-6
REST = np.zeros(6)


@pytest.fixture(params=["ur5", "ur5e"])
def cell(request: pytest.FixtureRequest) -> Cell:
    return Cell("test", arm=ArmDescription(model=request.param))


@pytest.fixture
def limits(cell: Cell) -> Limits:
    return Limits.from_cell(cell, Kinematics(robot_model(cell.arm.model), pose_from_vector(*cell.arm.tcp)))


@pytest.fixture
def home(cell: Cell) -> FloatArray:
    return np.array(cell.arm.home)


def dt_of(limits: Limits) -> float:
    return 1.0 / limits.kinematics.model.rate_hz


def step(limits: Limits, target: FloatArray, previous: FloatArray, velocity: FloatArray = REST) -> Verdict:
    return allow(StepRequest(target, previous, velocity, previous, dt_of(limits)), limits)


def tool_speeds(limits: Limits, before: FloatArray, after: FloatArray) -> tuple[float, float]:
    one, two = limits.kinematics.forward(before), limits.kinematics.forward(after)
    turn = np.linalg.norm(vector_from_rotation(two[:3, :3] @ one[:3, :3].T))
    return float(np.linalg.norm(two[:3, 3] - one[:3, 3])) / dt_of(limits), float(turn) / dt_of(limits)


def wide(limits: Limits) -> Limits:
    """The same limits in the largest box, without a table."""
    far = np.full(3, 9.0)
    return replace(limits, boundary=replace(limits.boundary, box_low=-far, box_high=far, table_z=-9.0))


def test_a_small_step_passes_unchanged_as_a_copy(limits: Limits, home: FloatArray) -> None:
    target = home + 1e-6
    verdict = step(limits, target, home)
    np.testing.assert_array_equal(verdict.q, target)
    assert (verdict.reason, verdict.stop, verdict.share) == (None, False, 1.0)
    verdict.q[:] = 0.0
    assert target[0] == home[0] + 1e-6


def test_standing_still_is_always_allowed(limits: Limits) -> None:
    for q in np.random.default_rng(0).uniform(-2 * pi, 2 * pi, (300, 6)):
        verdict = step(limits, q.copy(), q)
        assert verdict.reason is None and not verdict.stop


@pytest.mark.parametrize("wildness", [1e-4, 1e-3, 1e-2, 1.0])
def test_no_output_exceeds_a_limit_whatever_is_asked(limits: Limits, home: FloatArray, wildness: float) -> None:
    rng, dt = np.random.default_rng(1), dt_of(limits)
    position, speed, acceleration, _ = limits.joints
    q, velocity, push, stops = home, REST, np.zeros(6), 0
    for cycle in range(3000):
        if cycle % 100 == 0:
            push = rng.uniform(-1.0, 1.0, 6)
        target = q + velocity * dt + wildness * dt * push + rng.normal(0.0, 0.1 * wildness * dt, 6)
        verdict = step(limits, target, q, velocity)
        new_velocity = (verdict.q - q) / dt
        assert (np.abs(verdict.q) <= position).all()
        assert (np.abs(new_velocity) <= speed * SLACK * EXACTLY).all()
        assert (np.abs(new_velocity - velocity) <= acceleration * dt * SLACK + 1e-9).all()
        if not verdict.stop:
            linear, angular = tool_speeds(limits, q, verdict.q)
            assert linear <= limits.tool_speed * SLACK * EXACTLY
            assert angular <= limits.tool_rotation_speed * SLACK * EXACTLY
            was, now = (limits.kinematics.chain(joints) for joints in (q, verdict.q))
            assert limits.boundary.crossed(now, was) is None
        stops += verdict.stop
        q, velocity = verdict.q, new_velocity
    assert stops < 3000


def test_a_verdict_is_a_fixed_point(limits: Limits, home: FloatArray) -> None:
    rng, dt, slowed = np.random.default_rng(2), dt_of(limits), 0
    for _ in range(500):
        velocity = rng.uniform(-0.1, 0.1, 6)
        target = home + velocity * dt * rng.uniform(0.5, 20.0)
        first = step(limits, target, home, velocity)
        if first.stop:
            continue
        second = step(limits, first.q, home, velocity)
        np.testing.assert_allclose(second.q, first.q, atol=1e-12)
        assert second.reason is None
        slowed += first.reason is not None
    assert slowed > 50


def test_a_step_too_fast_is_shortened_in_its_own_direction(limits: Limits, home: FloatArray) -> None:
    dt = dt_of(limits)
    direction = np.array([0.3, -0.2, 0.1, 0.9, 0.5, 1.0])
    velocity = 0.05 * direction
    verdict = step(limits, home + 1.0 * direction * dt, home, velocity)
    moved = verdict.q - home
    np.testing.assert_allclose(moved / np.linalg.norm(moved), direction / np.linalg.norm(direction), atol=1e-9)
    assert 0.0 < verdict.share < 1.0
    np.testing.assert_allclose(moved, verdict.share * direction * dt, atol=1e-12)
    assert verdict.reason is not None and "rad/s^2" in verdict.reason


def test_a_leap_is_refused(limits: Limits, home: FloatArray) -> None:
    for joint in range(6):
        for sign in (-1.0, 1.0):
            target = home.copy()
            target[joint] += sign * 0.1
            verdict = step(limits, target, home)
            assert verdict.stop and f"leap: joint {joint + 1}" in str(verdict.reason)
            np.testing.assert_array_equal(verdict.q, home)


def test_a_target_far_from_the_measured_arm_is_refused(limits: Limits, home: FloatArray) -> None:
    measured = home.copy()
    measured[3] += 1.1 * FOLLOWING_ERROR
    verdict = allow(StepRequest(home, home, REST, measured, dt_of(limits)), limits)
    assert verdict.stop and "joint 4" in str(verdict.reason)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(limits: Limits, home: FloatArray, bad: float) -> None:
    for joint in range(6):
        broken = home.copy()
        broken[joint] = bad
        for request in (
            StepRequest(broken, home, REST, home, dt_of(limits)),
            StepRequest(home, home, REST, broken, dt_of(limits)),
        ):
            verdict = allow(request, limits)
            assert verdict.stop and "not a number" in str(verdict.reason)
            np.testing.assert_array_equal(verdict.q, home)
        with pytest.raises(MotionRefused, match="cannot step"):
            allow(StepRequest(home, broken, REST, home, dt_of(limits)), limits)
    for dt in (0.0, -0.002, bad):
        with pytest.raises(MotionRefused, match="cannot step"):
            allow(StepRequest(home, home, REST, home, dt), limits)


def test_refusing_again_and_again_brings_the_arm_to_rest(limits: Limits, home: FloatArray) -> None:
    rng, dt = np.random.default_rng(3), dt_of(limits)
    q, velocity = home, rng.uniform(-1.0, 1.0, 6)
    for _ in range(int(1.1 / (limits.joints[2, 0] * dt)) + 2):
        verdict = step(limits, np.full(6, np.nan), q, velocity)
        after = (verdict.q - q) / dt
        assert (np.abs(after) <= np.abs(velocity)).all()
        assert (after * velocity >= -1e-12).all()
        q, velocity = verdict.q, after
    np.testing.assert_allclose(velocity, 0.0, atol=1e-9)


def test_joints_stop_in_front_of_their_limits(limits: Limits) -> None:
    free, dt = wide(limits), dt_of(limits)
    q, velocity = np.array([6.0, -pi / 2, pi / 2, -pi / 2, -pi / 2, 6.2]), REST
    push = np.array([0.3, 0.0, 0.0, 0.0, 0.0, 0.5])
    for _ in range(int(4.0 / dt)):
        toward = np.clip(push - velocity, -5 * dt, 5 * dt)
        verdict = step(free, q + (velocity + toward) * dt, q, velocity)
        q, velocity = verdict.q, (verdict.q - q) / dt
        assert (np.abs(q) <= free.joints[0]).all()
    assert q[5] > 2 * pi - 0.05
    np.testing.assert_allclose(velocity[5], 0.0, atol=0.1)


def test_a_singular_pose_slows_the_arm_down_but_does_not_hold_it(limits: Limits) -> None:
    free, dt = wide(limits), dt_of(limits)
    q, velocity, slowest = np.array([0.0, -1.6, 1.6, -1.5, -0.3, 0.0]), REST, 1.0
    for _ in range(int(8.0 / dt)):
        toward = np.clip(np.array([0, 0, 0, 0, 0.4, 0]) - velocity, -10 * dt, 10 * dt)
        verdict = step(free, q + (velocity + toward) * dt, q, velocity)
        assert not verdict.stop
        q, velocity = verdict.q, (verdict.q - q) / dt
        if abs(q[4]) < 0.01:
            slowest = min(slowest, velocity[4])
            assert verdict.reason is None or "singular" in verdict.reason
    assert 0.0 < slowest < 0.25
    assert q[4] > 0.3


def test_the_box_holds_and_lets_an_arm_outside_come_back(cell: Cell, limits: Limits, home: FloatArray) -> None:
    inside = limits.kinematics.forward(home)
    sides = ("behind", "in front of", "right of", "left of", "below", "above")
    for axis, low, high in zip(range(3), limits.boundary.box_low, limits.boundary.box_high, strict=True):
        for edge, outward, side in ((low, -1.0, sides[2 * axis]), (high, 1.0, sides[2 * axis + 1])):
            pose = inside.copy()
            pose[axis, 3] = edge + outward * 1e-3
            q = limits.kinematics.inverse(pose, home)
            further, back = pose.copy(), pose.copy()
            further[axis, 3] += outward * 2e-6
            back[axis, 3] -= outward * 2e-6
            refused = step(limits, limits.kinematics.inverse(further, q), q)
            assert refused.stop and f"{side} the workspace box: {'xyz'[axis]} = " in str(refused.reason)
            np.testing.assert_array_equal(refused.q, q)
            allowed = step(limits, limits.kinematics.inverse(back, q), q)
            assert not allowed.stop and allowed.reason is None


def test_the_box_lies_around_home_and_above_the_table(cell: Cell, limits: Limits, home: FloatArray) -> None:
    tool = limits.kinematics.forward(home)[:3, 3]
    safety = cell.safety
    ranges = np.array((safety.workspace_x, safety.workspace_y, safety.workspace_z)).T
    np.testing.assert_allclose(limits.boundary.box_high, tool + ranges[1])
    np.testing.assert_allclose(limits.boundary.box_low[:2], (tool + ranges[0])[:2])
    high_table = Cell("test", arm=cell.arm, safety=SafetyDescription(table_z=0.1, table_clearance=0.02))
    assert Limits.from_cell(high_table, limits.kinematics).boundary.box_low[2] == pytest.approx(0.12)


def test_a_path_along_y_is_refused_by_how_far_it_leaves_the_box(limits: Limits, home: FloatArray) -> None:
    start = limits.kinematics.forward(home)
    poses = np.repeat(start[None], 100, axis=0)
    poses[:, 1, 3] += np.linspace(0.0, 0.34, 100)
    joints = [home]
    for pose in poses[1:]:
        joints.append(limits.kinematics.inverse(pose, joints[-1]))
    path, end = np.array(joints), poses[-1, 1, 3]
    far, low = end - limits.boundary.box_high[1], limits.boundary.box_low[1]
    words = f"would be {far:.3f} m left of the workspace box: y = {end:.3f} m, allowed {low:.3f} … {end - far:.3f}"
    with pytest.raises(MotionRefused, match=words.replace(".", r"\.")):
        check_joint_path(path, home, limits)
    check_joint_path(path[:60], home, limits)


def test_a_path_that_leaps_or_collides_or_leaves_the_joints_is_refused(limits: Limits, home: FloatArray) -> None:
    free = wide(limits)
    with pytest.raises(MotionRefused, match="joint 5 leaps"):
        check_joint_path(np.array([home, home + [0, 0, 0, 0, 1.0, 0]]), home, free)
    spin = home + np.linspace(0.0, 9.0, 100)[:, None] * [0, 0, 0, 0, 0, 1]
    with pytest.raises(MotionRefused, match="joint 6 would go to"):
        check_joint_path(spin, home, free)
    fold = home + np.linspace(0.0, 1.4, 100)[:, None] * [0, 0, 1, 0, 0, 0]
    with pytest.raises(MotionRefused, match="collision: .* would overlap by"):
        check_joint_path(fold, home, free)


def test_an_arm_in_collision_may_move_out_of_it(limits: Limits, home: FloatArray) -> None:
    free = wide(limits)
    folded = home + [0, 0, 1.4, 0, 0, 0]
    inward = step(free, folded + [0, 0, 1e-5, 0, 0, 0], folded)
    outward = step(free, folded - [0, 0, 1e-5, 0, 0, 0], folded)
    assert inward.stop and "collision" in str(inward.reason)
    assert not outward.stop
