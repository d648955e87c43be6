"""Kinematics read from a URDF: against plain rotations and Pinocchio, there and back, and around closed paths."""

from __future__ import annotations

from math import cos, pi, sin
from pathlib import Path

import numpy as np
import pinocchio
import pytest
from seven_joints import HIGH, HOME, LOW, forward_by_hand, seven_arm, urdf_text, written

from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution.jacobian import CHARACTERISTIC_LENGTH
from roboact_ros.execution.poses import rotation_from_vector
from roboact_ros.execution.urdf_kinematics import UrdfKinematics
from roboact_ros.types import FloatArray
from roboact_ros.urdf import read_urdf

SLANTED = {
    'xyz="0 0 0.19" rpy="0 0 0"': 'xyz="0.03 -0.02 0.19" rpy="0.2 -0.4 0.7"',
    '<axis xyz="0 1 0"/>': '<axis xyz="0.6 0 0.8"/>',
}
"""Turns neat origins and axes of the file into ones that are parallel to nothing."""


@pytest.fixture
def arm(tmp_path: Path) -> UrdfKinematics:
    return UrdfKinematics(seven_arm(tmp_path), np.array(HOME), 0.05)


def slanted(folder: Path, kind: str = "revolute") -> UrdfKinematics:
    text = urdf_text(kind)
    for plain, odd in SLANTED.items():
        text = text.replace(plain, odd)
    return UrdfKinematics(read_urdf(written(folder, text), "stand", "grasp"), np.array(HOME), 0.05)


def postures(count: int) -> FloatArray:
    return np.random.default_rng(0).uniform(LOW, HIGH, (count, 7))


def test_forward_agrees_with_plain_rotations(arm: UrdfKinematics) -> None:
    for q in postures(100):
        np.testing.assert_allclose(arm.forward(q), forward_by_hand(q), atol=1e-12)


@pytest.mark.parametrize("kind", ["revolute", "continuous", "prismatic"])
def test_forward_and_jacobian_agree_with_pinocchio(tmp_path: Path, kind: str) -> None:
    arm = slanted(tmp_path, kind)
    model = pinocchio.buildModelFromUrdf(str(arm.arm.path))
    data, base, tool = model.createData(), model.getFrameId("stand"), model.getFrameId("grasp")
    for q in postures(50):
        turned = [q[0], *((cos(q[1]), sin(q[1])) if kind == "continuous" else (q[1],)), *q[2:]]
        pinocchio.computeJointJacobians(model, data, np.array(turned))
        pinocchio.updateFramePlacements(model, data)
        pose = data.oMf[base].inverse() * data.oMf[tool]
        np.testing.assert_allclose(arm.forward(q), pose.homogeneous, atol=1e-12)
        seen = pinocchio.getFrameJacobian(model, data, tool, pinocchio.LOCAL_WORLD_ALIGNED)
        turn = np.kron(np.eye(2), data.oMf[base].rotation.T)
        np.testing.assert_allclose(arm.jacobian(q), turn @ seen, atol=1e-12)


def test_the_last_joint_turns_about_the_z_axis_of_the_flange(tmp_path: Path) -> None:
    arm = slanted(tmp_path)
    q = np.array(HOME)
    flange = arm.forward(q) @ np.linalg.inv(arm.pose_tool_in_flange)
    spin = np.eye(4)
    spin[:3, :3] = rotation_from_vector(0.0, 0.0, 0.3)
    turned = q + 0.3 * np.eye(7)[6]
    np.testing.assert_allclose(arm.forward(turned), flange @ spin @ arm.pose_tool_in_flange, atol=1e-12)


def test_condition_number_agrees_with_singular_values(arm: UrdfKinematics) -> None:
    for q in postures(50):
        jacobian = arm.jacobian(q)
        jacobian[:3] /= CHARACTERISTIC_LENGTH
        values = np.linalg.svd(jacobian, compute_uv=False)
        assert arm.condition_of(arm.chain(q)) == pytest.approx(values[0] / values[-1], rel=1e-6)


def test_small_steps_converge(arm: UrdfKinematics) -> None:
    rng, failed = np.random.default_rng(1), 0
    for q in postures(2000):
        goal = arm.forward(np.clip(q + rng.normal(0.0, 0.003, 7), LOW, HIGH))
        try:
            found = arm.inverse(goal, q)
        except MotionRefused:
            failed += 1
            continue
        np.testing.assert_allclose(arm.forward(found), goal, atol=1e-6)
        assert (found >= LOW).all() and (found <= HIGH).all()
    assert failed <= 2


def test_a_pose_where_the_arm_is_changes_nothing(arm: UrdfKinematics) -> None:
    for q in postures(20):
        np.testing.assert_allclose(arm.inverse(arm.forward(q), q), q, atol=1e-12)


def circle(centre: FloatArray, radius: float, steps: int) -> list[FloatArray]:
    poses = []
    for angle in np.linspace(0.0, 2 * pi, steps + 1)[1:]:
        pose = centre.copy()
        pose[:3, 3] += radius * np.array([cos(angle) - 1.0, sin(angle), 0.5 * sin(angle)])
        poses.append(pose)
    return poses


def test_the_posture_comes_back_on_closed_paths(arm: UrdfKinematics) -> None:
    """Without the pull towards home, the elbow of such an arm wanders off from round to round."""
    q = np.array(HOME)
    ends = [q]
    for _ in range(12):
        for pose in circle(arm.forward(np.array(HOME)), 0.12, 100):
            q = arm.inverse(pose, q)
            assert np.abs(q - HOME).max() < 0.9
        ends.append(q)
    assert np.abs(ends[-1] - ends[-2]).max() < 1e-4
    assert np.abs(ends[-1] - HOME).max() < 0.1


def test_an_elbow_that_was_turned_away_returns_as_the_tool_travels(arm: UrdfKinematics) -> None:
    q = home = np.array(HOME)
    _, _, directions = np.linalg.svd(arm.jacobian(q))
    for _ in range(60):
        q = q + 0.01 * directions[-1]
    goal, away = arm.forward(q), np.abs(q - home).max()
    assert away > 0.2
    for _ in range(4):
        for pose in circle(goal, 0.1, 100):
            near = q
            q = arm.inverse(pose, near)
            assert np.abs(q - near).max() < 0.1
    assert np.abs(q - home).max() < away / 2


def test_how_finely_a_path_is_sampled_makes_no_difference(arm: UrdfKinematics) -> None:
    ends = []
    for steps in (60, 600):
        q = np.array(HOME)
        for pose in circle(arm.forward(q), 0.1, steps):
            q = arm.inverse(pose, q)
        ends.append(q)
    np.testing.assert_allclose(ends[0], ends[1], atol=5e-3)


def test_refusals_say_what_is_missing(arm: UrdfKinematics, tmp_path: Path) -> None:
    home = np.array(HOME)
    far = arm.forward(home)
    far[0, 3] += 2.0
    with pytest.raises(MotionRefused, match="out of the reach of grasp|beyond its limit"):
        arm.inverse(far, home)
    with pytest.raises(MotionRefused, match="not a pose"):
        arm.inverse(np.full((4, 4), np.nan), home)
    still = written(tmp_path, urdf_text().replace('<axis xyz="0 1 0"/>', '<axis xyz="0 0 0"/>', 1))
    with pytest.raises(ConfigurationError, match="shoulder_pitch has no axis"):
        UrdfKinematics(read_urdf(still, "stand", "grasp"), home, 0.05)
    with pytest.raises(ConfigurationError, match="6 joints are given"):
        UrdfKinematics(arm.arm, home[:6], 0.05)
