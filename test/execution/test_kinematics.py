from __future__ import annotations

from math import pi

import numpy as np
import pinocchio
import pytest

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.jacobian import CHARACTERISTIC_LENGTH
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector, vector_from_rotation
from roboact_ros.robots import UR5, UR5E, RobotModel
from roboact_ros.types import FloatArray

TOOL = pose_from_vector(0.02, -0.01, 0.15, 0.1, 0.2, 0.3)


@pytest.fixture(params=[UR5, UR5E], ids=lambda model: model.name)
def arm(request: pytest.FixtureRequest) -> Kinematics:
    return Kinematics(request.param, TOOL)


def reference(model: RobotModel, q: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pose of the tool and Jacobian about it, both in the base, from Pinocchio."""
    tree, parent, placement = pinocchio.Model(), 0, pinocchio.SE3.Identity()
    for i in range(6):
        parent = tree.addJoint(parent, pinocchio.JointModelRZ(), placement, f"joint{i + 1}")
        turn = pinocchio.utils.rpyToMatrix(model.alpha[i], 0.0, 0.0)
        placement = pinocchio.SE3(turn, np.array([model.a[i], 0.0, model.d[i]]))
    frame = tree.addFrame(
        pinocchio.Frame("tool", parent, placement * pinocchio.SE3(TOOL), pinocchio.FrameType.OP_FRAME)
    )
    data = tree.createData()
    pinocchio.framesForwardKinematics(tree, data, q)
    jacobian = pinocchio.computeFrameJacobian(tree, data, q, frame, pinocchio.LOCAL_WORLD_ALIGNED)
    return data.oMf[frame].homogeneous, jacobian


def test_forward_and_jacobian_agree_with_pinocchio(arm: Kinematics) -> None:
    for q in np.random.default_rng(0).uniform(-2 * pi, 2 * pi, (200, 6)):
        pose, jacobian = reference(arm.model, q)
        np.testing.assert_allclose(arm.forward(q), pose, atol=1e-14)
        np.testing.assert_allclose(arm.jacobian(q), jacobian, atol=1e-14)


def test_jacobian_is_the_derivative_of_forward(arm: Kinematics) -> None:
    step = 1e-6
    for q in np.random.default_rng(1).uniform(-pi, pi, (50, 6)):
        jacobian = arm.jacobian(q)
        for joint, direction in enumerate(np.eye(6)):
            before, after = arm.forward(q - step * direction), arm.forward(q + step * direction)
            linear = (after[:3, 3] - before[:3, 3]) / (2 * step)
            angular = vector_from_rotation(after[:3, :3] @ before[:3, :3].T) / (2 * step)
            np.testing.assert_allclose(jacobian[:, joint], np.concatenate((linear, angular)), atol=1e-8)


def test_condition_number_agrees_with_singular_values(arm: Kinematics) -> None:
    scale = np.diag([1 / CHARACTERISTIC_LENGTH] * 3 + [1.0] * 3)
    for q in np.random.default_rng(2).uniform(-pi, pi, (500, 6)):
        assert arm.condition(q) == pytest.approx(np.linalg.cond(scale @ arm.jacobian(q)), rel=1e-8)
    for joint, value in ((4, 0.0), (2, 0.0)):
        q = np.array([0.3, -1.0, 1.2, 0.4, 0.8, 0.1])
        q[joint] = value
        assert arm.condition(q) > 1e12


def test_inverse_undoes_forward(arm: Kinematics) -> None:
    for q in np.random.default_rng(3).uniform(-2 * pi, 2 * pi, (3000, 6)):
        found = arm.inverse(arm.forward(q), q)
        np.testing.assert_allclose(found, q, atol=1e-8)
        np.testing.assert_allclose(arm.forward(found), arm.forward(q), atol=1e-12)


def test_a_batch_gives_what_single_calls_give(arm: Kinematics) -> None:
    rng = np.random.default_rng(4)
    poses = np.array([arm.forward(q) for q in rng.uniform(-pi, pi, (300, 6))])
    q_near = rng.uniform(-2 * pi, 2 * pi, (300, 6))
    poses[7, :3, 3] = 3.0
    poses[8] = np.nan
    found = arm.inverse_batch(poses, q_near)
    assert np.isnan(found[[7, 8]]).all()
    for i in set(range(300)) - {7, 8}:
        np.testing.assert_array_equal(found[i], arm.inverse(poses[i], q_near[i]))


def test_inverse_is_continuous_along_a_line_past_the_home_pose(arm: Kinematics) -> None:
    q = np.array((pi, -pi / 2, pi / 2, 3 * pi / 2, -pi / 2, -pi / 2))
    home = arm.forward(q)
    for y in np.arange(0.0, 0.2, 0.001):
        pose = home.copy()
        pose[1, 3] += y
        found = arm.inverse(pose, q)
        assert np.abs(found - q).max() < 0.02
        q = found


def test_unreachable_poses_say_by_how_much(arm: Kinematics) -> None:
    stretched = arm.forward(np.array([0.3, 0.0, 0.0, 0.0, pi / 2, 0.0]))
    direction = np.array([np.cos(0.3), np.sin(0.3), 0.0])
    stretched[:3, 3] -= 0.05 * direction
    with pytest.raises(MotionRefused, match=r"0\.0\d+ m out of the reach of the ur5"):
        arm.inverse(stretched, np.zeros(6))


def test_what_is_no_pose_is_refused(arm: Kinematics) -> None:
    good = arm.forward(np.full(6, 0.5))
    scaled, mirrored, holed, far = good.copy(), good.copy(), good.copy(), good.copy()
    scaled[:3, :3] *= 1.01
    mirrored[:3, 0] *= -1.0
    holed[0, 3] = np.nan
    far[1, 3] = np.inf
    for pose in (scaled, mirrored, holed, far):
        with pytest.raises(MotionRefused, match="not a pose"):
            arm.inverse(pose, np.zeros(6))


def test_joint_limits_are_respected() -> None:
    narrow = RobotModel("narrow", "e-series", UR5E.d, UR5E.a, position_limit=(2 * pi, 2 * pi, 2 * pi, 2 * pi, 0.5, 1.0))
    arm, wide = Kinematics(narrow, TOOL), Kinematics(UR5E, TOOL)
    rng = np.random.default_rng(5)
    refused = 0
    for q in rng.uniform(-pi, pi, (500, 6)):
        pose, near = wide.forward(q), rng.uniform(-pi, pi, 6)
        try:
            found = arm.inverse(pose, near)
        except MotionRefused as error:
            refused += 1
            assert "beyond its limit" in str(error)
        else:
            assert (np.abs(found) <= narrow.position_limit).all()
            np.testing.assert_allclose(arm.forward(found), pose, atol=1e-12)
    assert 0 < refused < 500


def test_results_are_new_arrays(arm: Kinematics) -> None:
    q = np.full(6, 0.5)
    pose = arm.forward(q)
    kept = pose.copy(), q.copy()
    arm.inverse(pose, q)[:] = 7.0
    arm.forward(q)[:] = 7.0
    np.testing.assert_array_equal(pose, kept[0])
    np.testing.assert_array_equal(q, kept[1])
