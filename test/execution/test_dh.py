from __future__ import annotations

from math import pi, sin

import numpy as np
import pytest

from roboact_ros.execution.dh import dh_table, pose_error, refine, solve_symmetric
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector, rotation_from_vector
from roboact_ros.robots import UR5E


def test_pose_error_grows_with_the_angle_up_to_half_a_turn() -> None:
    axis, last = np.array([0.36, 0.48, 0.8]), 0.0
    for angle in np.linspace(0.01, pi, 200):
        error = pose_error(pose_from_vector(0.1, 0.2, 0.3, *(angle * axis)), np.eye(4))
        np.testing.assert_allclose(error[:3], [0.1, 0.2, 0.3])
        size = float(np.linalg.norm(error[3:]))
        assert size == pytest.approx(sin(angle) if angle < pi / 2 else 2 - sin(angle), abs=1e-9)
        assert size > last
        last = size


def test_a_symmetric_system_is_solved() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        root, x = rng.normal(size=(6, 6)), rng.normal(size=6)
        matrix = root @ root.T + 0.1 * np.eye(6)
        b = matrix @ x
        solve_symmetric(matrix.copy(), b)
        np.testing.assert_allclose(b, x, atol=1e-9)


def test_refine_ends_at_the_pose_or_says_how_far_from_it() -> None:
    tool = np.eye(4)
    arm = Kinematics(UR5E, tool)
    table = dh_table(np.zeros(6), np.array(UR5E.d), np.array(UR5E.a), np.array(UR5E.alpha))
    for q in np.random.default_rng(1).uniform(-pi, pi, (200, 6)):
        goal, start = arm.forward(q), q + 0.02
        assert refine(goal, start, table, tool, 50) < 1e-9
        np.testing.assert_allclose(arm.forward(start), goal, atol=1e-8)
        goal[:3, 3] = 0.0, 0.0, 5.0
        assert refine(goal, start, table, tool, 50) > 1.0


def test_refine_never_takes_a_pose_turned_by_half_a_turn_for_the_right_one() -> None:
    tool = np.eye(4)
    arm = Kinematics(UR5E, tool)
    table = dh_table(np.zeros(6), np.array(UR5E.d), np.array(UR5E.a), np.array(UR5E.alpha))
    for q in np.random.default_rng(2).uniform(-pi, pi, (100, 6)):
        start = q.copy()
        goal = arm.forward(q)
        goal[:3, :3] = rotation_from_vector(0.0, 0.0, pi) @ goal[:3, :3]
        if refine(goal, start, table, tool, 100) < 1e-9:
            np.testing.assert_allclose(arm.forward(start), goal, atol=1e-8)
