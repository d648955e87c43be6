"""The controller's own kinematics and the calibration that it tells its clients."""

from __future__ import annotations

import socket
import struct

import numpy as np
import pytest
from rtde_receive import RTDEReceiveInterface
from ur_process import controllers

from roboact_ros.errors import SimulationError
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.robots import UR5, UR5E, RobotModel
from roboact_ros.sim.calibration import Calibration
from roboact_ros.sim.dh import DhArm, matrix_from_pose, pose_from_matrix
from roboact_ros.sim.primary_interface import kinematics_message
from roboact_ros.types import FloatArray

MODELS = pytest.mark.parametrize("model", [UR5, UR5E], ids=lambda model: model.name)
_RNG = np.random.default_rng(7)


def test_poses_survive_the_rotation_vector() -> None:
    for angle in (0.0, 1e-9, 1e-3, 1.0, 3.0, np.pi - 1e-7, np.pi):
        for axis in (*np.eye(3), *_RNG.normal(size=(5, 3))):
            pose = np.concatenate([_RNG.normal(size=3), angle * axis / np.linalg.norm(axis)])
            matrix = matrix_from_pose(pose)
            assert np.allclose(matrix[:3, :3] @ matrix[:3, :3].T, np.eye(3), atol=1e-12)
            assert np.allclose(matrix_from_pose(pose_from_matrix(matrix)), matrix, atol=1e-7)


@MODELS
def test_inverse_is_the_inverse(model: RobotModel) -> None:
    arm = DhArm(model)
    arm.set_tool([0.01, 0.02, 0.15, 0.1, 0.2, 0.3])
    for _ in range(20):
        q = _RNG.uniform(-2.5, 2.5, 6)
        if abs(np.linalg.det(arm.tool_and_jacobian(q)[1])) < 1e-3:
            continue
        assert np.allclose(arm.inverse(arm.tool(q), q + _RNG.uniform(-0.05, 0.05, 6)), q, atol=1e-6)


@MODELS
def test_jacobian_is_the_derivative(model: RobotModel) -> None:
    arm = DhArm(model)
    arm.set_tool([0.0, 0.0, 0.15, 0.0, 0.0, 0.0])
    q, step = _RNG.uniform(-2, 2, 6), 1e-6
    tool, jacobian = arm.tool_and_jacobian(q)
    for joint in range(6):
        moved = arm.tool(q + step * np.eye(6)[joint])
        assert np.allclose((moved - tool)[:3, 3] / step, jacobian[:3, joint], atol=1e-5)
        spin = (moved[:3, :3] - tool[:3, :3]) / step @ tool[:3, :3].T
        assert np.allclose([spin[2, 1], spin[0, 2], spin[1, 0]], jacobian[3:, joint], atol=1e-5)


@MODELS
def test_agrees_with_the_kinematics_of_the_executor(model: RobotModel) -> None:
    tool = [0.0, 0.0, 0.15, 0.0, 0.0, 0.0]
    arm, other = DhArm(model), Kinematics(model, matrix_from_pose(tool))
    arm.set_tool(tool)
    for _ in range(10):
        q = _RNG.uniform(-3, 3, 6)
        assert np.allclose(arm.tool(q), other.forward(q), atol=1e-9)
        assert np.allclose(arm.tool_and_jacobian(q)[1], other.jacobian(q), atol=1e-9)


def test_unreachable_pose_is_refused() -> None:
    with pytest.raises(SimulationError, match="reach"):
        DhArm(UR5E).inverse(matrix_from_pose([3.0, 0, 0, 0, 0, 0]), np.zeros(6))


def parse_kinematics(message: bytes) -> FloatArray:
    """Read the (4, 6) table theta, a, d, alpha as the client interface description lays it out."""
    size, kind, inner_size, inner_kind = struct.unpack_from(">iBiB", message)
    assert size == len(message) == 5 + 225 and kind == 16 and inner_size == 225 and inner_kind == 5
    return np.array(struct.unpack_from(">24d", message, 10 + 24)).reshape(4, 6)


def test_calibration_moves_the_tool_by_millimetres() -> None:
    shifts = []
    for seed in range(20):
        calibrated, published = DhArm(UR5E, Calibration.random(seed)), DhArm(UR5E)
        q = _RNG.uniform(-2, 2, 6)
        shifts.append(float(np.linalg.norm(calibrated.flange(q)[:3, 3] - published.flange(q)[:3, 3])))
    assert 5e-4 < np.median(shifts) < 3e-3 and max(shifts) < 6e-3


def test_clients_can_read_the_calibration_that_the_robot_uses() -> None:
    with controllers("ur5e", options=("--calibration-seed", "5")) as (address, _):
        with socket.create_connection((address, 30001), timeout=5.0) as connection:
            table = parse_kinematics(connection.recv(4096))
        receive = RTDEReceiveInterface(address)
        q, pose = np.array(receive.getActualQ()), receive.getActualTCPPose()
        receive.disconnect()
    expected = DhArm(UR5E, Calibration.random(5))
    assert np.allclose(table, [expected.theta, expected.a, expected.d, expected.alpha], atol=1e-15)
    assert np.allclose(expected.flange(q)[:3, 3], pose[:3], atol=1e-9)
    assert not np.allclose(DhArm(UR5E).flange(q)[:3, 3], pose[:3], atol=1e-4)
    assert np.allclose(parse_kinematics(kinematics_message(DhArm(UR5)))[2], UR5.d)
