from __future__ import annotations

from math import asin, cos, pi

import numpy as np
import pytest

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.robots import UR5, UR5E
from roboact_ros.types import FloatArray

TOOL = pose_from_vector(0.0, 0.0, 0.15, 0.0, 0.0, 0.0)


@pytest.fixture(params=[UR5, UR5E], ids=lambda model: model.name)
def arm(request: pytest.FixtureRequest) -> Kinematics:
    return Kinematics(request.param, TOOL)


def turned_towards(q: FloatArray, near: FloatArray) -> FloatArray:
    turned = q + 2 * pi * np.round((near - q) / (2 * pi))
    return np.where(turned > 2 * pi, turned - 2 * pi, np.where(turned < -2 * pi, turned + 2 * pi, turned))


def test_all_solutions_are_different_and_right(arm: Kinematics) -> None:
    for q in np.random.default_rng(0).uniform(-pi, pi, (500, 6)):
        pose = arm.forward(q)
        found = arm.inverse_all(pose)
        assert found.shape[0] in (2, 4, 6, 8)
        assert (np.abs(found) <= pi).all()
        for solution in found:
            np.testing.assert_allclose(arm.forward(solution), pose, atol=1e-12)
        apart = np.abs(found[:, None] - found[None]).max(axis=2) + np.eye(len(found))
        assert apart.min() > 1e-6
        assert np.abs(turned_towards(found, q) - q).max(axis=1).min() < 1e-8


def test_the_nearest_solution_is_the_nearest(arm: Kinematics) -> None:
    rng = np.random.default_rng(1)
    for q, near in zip(rng.uniform(-pi, pi, (1000, 6)), rng.uniform(-2 * pi, 2 * pi, (1000, 6)), strict=True):
        pose = arm.forward(q)
        distance = np.abs(arm.inverse(pose, near) - near).max()
        every = np.abs(turned_towards(arm.inverse_all(pose), near) - near).max(axis=1)
        assert distance == pytest.approx(every.min(), abs=1e-12)


@pytest.mark.parametrize("q5", [0.0, pi, -pi])
def test_a_singular_wrist_keeps_the_last_joint(arm: Kinematics, q5: float) -> None:
    q = np.array([0.3, -1.2, 1.4, 0.5, q5, 0.7])
    pose = arm.forward(q)
    for offset in (0.0, 0.02, -0.3):
        near = q.copy()
        near[5] += offset
        found = arm.inverse(pose, near)
        np.testing.assert_allclose(arm.forward(found), pose, atol=1e-9)
        assert found[5] == near[5]
        assert np.abs(found - q).max() < 3 * abs(offset) + 1e-9


def test_a_singular_wrist_turns_as_little_as_the_reach_needs(arm: Kinematics) -> None:
    rng = np.random.default_rng(2)
    for q in rng.uniform(-pi, pi, (300, 6)):
        q[2], q[4] = rng.choice([0.0, 1e-3, 1e-2]), rng.choice([0.0, pi])
        near = q + rng.uniform(-0.1, 0.1, 6)
        pose = arm.forward(q)
        found = arm.inverse(pose, near)
        np.testing.assert_allclose(arm.forward(found)[:3, 3], pose[:3, 3], atol=1e-9)
        assert abs(found[5] - near[5]) <= abs(q[5] - near[5]) + 1e-9


@pytest.mark.parametrize("q3", [0.0, pi])
def test_a_stretched_or_folded_arm_is_reachable(arm: Kinematics, q3: float) -> None:
    for q in np.random.default_rng(3).uniform(-pi, pi, (300, 6)):
        q[2] = q3
        pose = arm.forward(q)
        found = arm.inverse(pose, q)
        np.testing.assert_allclose(arm.forward(found), pose, atol=1e-9)
        assert np.abs(found - q).max() < 1e-5


def test_a_wrist_above_the_shoulder_is_reachable(arm: Kinematics) -> None:
    model, rng, checked = arm.model, np.random.default_rng(4), 0
    while checked < 200:
        q = rng.uniform(-pi, pi, 6)
        reach = -(model.a[1] * cos(q[1]) + model.a[2] * cos(q[1] + q[2])) / model.d[4]
        if abs(reach) > 1.0:
            continue
        q[3] = (asin(reach) - q[1] - q[2] + pi) % (2 * pi) - pi
        pose = arm.forward(q)
        found = arm.inverse(pose, q)
        np.testing.assert_allclose(arm.forward(found), pose, atol=1e-9)
        assert np.abs(found - q).max() < 1e-5
        checked += 1


def test_just_beyond_the_boundary_is_refused(arm: Kinematics) -> None:
    q = np.array([0.0, 0.0, 0.0, 0.0, pi / 2, 0.0])
    pose = arm.forward(q)
    arm.inverse(pose, q)
    outward = np.array([-1.0, 0.0, 0.0])  # at zero, the links of these arms point to -x
    pose[:3, 3] += 1e-6 * outward
    with pytest.raises(MotionRefused):
        arm.inverse(pose, q)


def test_joints_next_to_their_limits_do_not_flip_by_a_turn(arm: Kinematics) -> None:
    for sign in (1.0, -1.0):
        q = np.array([2 * pi, -1.0, 1.0, 0.3, 0.5, 2 * pi - 1e-12]) * sign
        found = arm.inverse(arm.forward(q), q)
        np.testing.assert_allclose(found, q, atol=1e-9)
        assert (np.abs(found) <= 2 * pi).all()
