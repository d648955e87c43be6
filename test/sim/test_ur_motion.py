"""Invariants of the motions, without network and without waiting."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest

from roboact_ros.robots import UR5E
from roboact_ros.sim.dh import DhArm, pose_from_matrix
from roboact_ros.sim.motion_kernel import STEP, Motion, MotionKernel, MotionViolation
from roboact_ros.sim.moves import MoveJ, MoveL, StopJ, StopL
from roboact_ros.sim.streams import ServoJ, SpeedJ, SpeedL
from roboact_ros.sim.trapezoid import Trapezoid
from roboact_ros.types import FloatArray

HOME = np.array([pi, -pi / 2, pi / 2, -pi / 2, -pi / 2, -pi / 2])


@pytest.fixture
def kernel() -> MotionKernel:
    return MotionKernel(UR5E, DhArm(UR5E), HOME)


def play(kernel: MotionKernel, motion: Motion, seconds: float = 30.0) -> FloatArray:
    """Run a motion to its end, or for some time, and return the joints of every step."""
    kernel.motion = motion
    steps = []
    for _ in range(round(seconds / STEP)):
        kernel.step()
        steps.append(kernel.q)
        if kernel.motion is None:
            break
    return np.array(steps)


@pytest.mark.parametrize("length", [1e-6, 0.01, 0.3, 5.0])
def test_trapezoid_keeps_its_limits(length: float) -> None:
    profile = Trapezoid(length, 0.5, 2.0)
    way = np.array([profile.at(t) for t in np.arange(0.0, profile.duration + 0.01, 1e-4)])
    speed = np.diff(way) / 1e-4
    assert way[0] == 0.0 and way[-1] == pytest.approx(length)
    assert speed.min() >= -1e-9 and speed.max() <= 0.5 + 1e-6
    assert np.abs(np.diff(speed) / 1e-4).max() <= 2.0 + 1e-3 / length


def test_movej_is_a_straight_line_from_rest_to_rest(kernel: MotionKernel) -> None:
    goal = HOME + [0.5, -0.2, 0.1, 0.0, 0.3, 0.0]
    steps = play(kernel, MoveJ(goal, 1.0, 2.0))
    part = (steps - HOME) @ (goal - HOME) / ((goal - HOME) @ (goal - HOME))
    assert np.allclose(steps, HOME + part[:, None] * (goal - HOME), atol=1e-12)
    assert (steps[-1] == goal).all() and np.abs(np.diff(steps, axis=0)).max() <= 1.0 * STEP + 1e-9


def test_movel_turns_and_moves_together(kernel: MotionKernel) -> None:
    goal = kernel.arm.tool(HOME + [0.1, 0.1, -0.1, 0.1, 0.1, 0.2])
    steps = play(kernel, MoveL(pose_from_matrix(goal), 0.1, 1.0))
    assert np.allclose(kernel.arm.tool(steps[-1]), goal, atol=1e-6)


def test_movel_out_of_reach_is_a_violation(kernel: MotionKernel) -> None:
    with pytest.raises(MotionViolation):
        play(kernel, MoveL([2.0, 0.0, 0.3, 0.0, 3.14, 0.0], 1.0, 2.0))


def test_servoj_trails_by_its_lookahead_and_never_overshoots_much(kernel: MotionKernel) -> None:
    servo = ServoJ()
    kernel.motion = servo
    speed, lookahead = 0.2, 0.1
    for step in range(1000):
        target = HOME + speed * STEP * step
        servo.retarget(target, lookahead, 300.0)
        kernel.step()
    assert np.allclose((target - kernel.q) / speed, lookahead, atol=0.005)
    furthest = play(kernel, servo, 2.0).max(axis=0)
    assert np.allclose(kernel.q, target, atol=1e-6) and (furthest - target).max() < 2e-3
    assert not kernel.moving


def test_new_move_brakes_first(kernel: MotionKernel) -> None:
    play(kernel, MoveJ(HOME + 1.0, 1.0, 2.0), 0.8)
    steps = play(kernel, MoveJ(HOME, 1.0, 2.0))
    acceleration = np.diff(steps, 2, axis=0) / STEP**2
    assert np.abs(acceleration).max() < 2.0 * 1.05 and (kernel.q == HOME).all()


@pytest.mark.parametrize("stop", [StopJ(5.0), StopL(2.0)])
def test_stops_come_to_rest(kernel: MotionKernel, stop: Motion) -> None:
    stream = SpeedL()
    stream.retarget(np.array([0.1, 0.05, 0.0, 0.0, 0.0, 0.1]), 2.0)
    play(kernel, stream, 0.5)
    assert kernel.moving
    play(kernel, stop)
    kernel.step()
    assert kernel.motion is None and not kernel.moving


def test_speed_streams_reach_their_speed(kernel: MotionKernel) -> None:
    joints = SpeedJ()
    joints.retarget(np.array([0.1, -0.2, 0.3, 0.0, 0.1, 0.5]), 5.0)
    play(kernel, joints, 0.5)
    assert np.allclose(kernel.qd, [0.1, -0.2, 0.3, 0.0, 0.1, 0.5])


def test_singularity_is_a_violation_not_a_leap() -> None:
    straight = np.array([0.0, -pi / 2, 1e-4, -pi / 2, -pi / 2, 0.0])
    kernel = MotionKernel(UR5E, DhArm(UR5E), straight)
    stream = SpeedL()
    stream.retarget(np.array([0.0, 0.0, 0.5, 0.0, 0.0, 0.0]), 10.0)
    with pytest.raises(MotionViolation, match="rad/s"):
        play(kernel, stream, 2.0)
    assert np.abs(kernel.qd).max() <= pi * 1.01


def test_targets_are_copies(kernel: MotionKernel) -> None:
    goal = HOME.copy()
    goal[0] += 0.1
    move = MoveJ(goal, 1.0, 2.0)
    goal[0] = 100.0
    play(kernel, move)
    assert kernel.q[0] == HOME[0] + 0.1
