from __future__ import annotations

from math import pi

import numpy as np
import pytest

from roboact_ros.errors import ConfigurationError
from roboact_ros.execution.collision import clearance, describe, link_offsets, segment_distance
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.robots import UR5, UR5E
from roboact_ros.types import FloatArray

HOME = np.array((pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2))
FAR_BELOW = -9.0


@pytest.fixture(params=[UR5, UR5E], ids=lambda model: model.name)
def arm(request: pytest.FixtureRequest) -> Kinematics:
    return Kinematics(request.param, pose_from_vector(0.0, 0.0, 0.15, 0.0, 0.0, 0.0))


def gap(arm: Kinematics, q: FloatArray, table_z: float = FAR_BELOW) -> tuple[float, str]:
    distance, part, other = clearance(arm.chain(q), link_offsets(arm.model.name), table_z)
    return distance, describe(part, other)


def test_segment_distance_is_the_smallest_over_both_segments() -> None:
    rng, grid = np.random.default_rng(0), np.linspace(0.0, 1.0, 101)
    for _ in range(200):
        one, other = rng.uniform(-1.0, 1.0, (2, 2, 3))
        if rng.random() < 0.3:
            other[1] = other[0] + rng.uniform(-2.0, 2.0) * (one[1] - one[0])  # parallel
        a = one[0] + grid[:, None] * (one[1] - one[0])
        b = other[0] + grid[:, None] * (other[1] - other[0])
        sampled = np.linalg.norm(a[:, None] - b[None], axis=2).min()
        exact = segment_distance(one, other)
        assert sampled - 0.03 <= exact <= sampled + 1e-12
        assert segment_distance(other, one) == pytest.approx(exact, abs=1e-12)


def test_segments_without_length_are_points() -> None:
    point, line = np.zeros((2, 3)), np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0]])
    assert segment_distance(point, line) == segment_distance(line, point) == 1.0
    assert segment_distance(point, point) == 0.0


def test_the_home_pose_is_free(arm: Kinematics) -> None:
    assert gap(arm, HOME, 0.0)[0] > 0.03


def test_turning_the_base_changes_nothing(arm: Kinematics) -> None:
    for q in np.random.default_rng(1).uniform(-pi, pi, (100, 6)):
        turned = q + [1.0, 0.0, 0.0, 0.0, 0.0, 0.0]
        assert gap(arm, turned)[0] == pytest.approx(gap(arm, q)[0], abs=1e-12)


def test_a_folded_arm_touches_itself(arm: Kinematics) -> None:
    folded = np.array([0.0, -pi / 2, 2.9, 0.0, -pi / 2, 0.0])
    assert gap(arm, folded)[0] < 0.0
    straight = np.array([0.0, -pi / 2, 0.0, -pi / 2, -pi / 2, 0.0])
    assert gap(arm, straight)[0] > 0.0


def test_gap_changes_no_faster_than_the_arm_moves(arm: Kinematics) -> None:
    rng = np.random.default_rng(2)
    for q in rng.uniform(-pi, pi, (300, 6)):
        step = rng.uniform(-1e-3, 1e-3, 6)
        assert abs(gap(arm, q + step, 0.0)[0] - gap(arm, q, 0.0)[0]) < 12 * np.abs(step).max()


def test_an_upright_gripper_may_come_down_to_the_table(arm: Kinematics) -> None:
    pose = arm.forward(HOME)
    pose[2, 3] = 0.005
    distance, parts = gap(arm, arm.inverse(pose, HOME), 0.0)
    assert distance == pytest.approx(0.005, abs=1e-6)
    assert parts == "gripper and table"


def test_the_elbow_in_the_table_is_noticed(arm: Kinematics) -> None:
    q = np.array([0.0, 0.25, 0.0, -pi / 2, -pi / 2, 0.0])
    distance, parts = gap(arm, q, 0.0)
    assert distance < 0.0
    assert parts.endswith("table")


def test_an_arm_without_a_known_shape_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="ur5e"):
        link_offsets("ur7")
