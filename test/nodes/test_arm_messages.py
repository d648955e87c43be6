"""Round trips of the messages of arm and gripper."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.nodes.messages.arm import (
    gripper_from_message,
    gripper_to_message,
    joints_from_message,
    joints_to_message,
    targets_from_message,
    targets_to_message,
    tool_pose_from_message,
    tool_pose_to_message,
)
from roboact_ros.types import GripperState

STAMP = 1_700_000_000_123_456_789


def test_joints_whatever_their_order() -> None:
    q, qd = [0.1, -0.2, 0.3, -0.4, 0.5, -0.6], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    message = joints_to_message(q, qd, STAMP)
    message.name, message.position, message.velocity = message.name[::-1], q[::-1], qd[::-1]
    back_q, back_qd, stamp = joints_from_message(message)
    assert (back_q.tolist(), back_qd.tolist(), stamp) == (q, qd, STAMP)


@pytest.mark.parametrize(
    "turn", [(0.0, 0.0, 0.0), (1e-9, 0.0, 0.0), (0.3, -2.0, 0.5), (np.pi, 0.0, 0.0), (0.0, 0.0, -3.1)]
)
def test_tool_pose(turn: tuple[float, float, float]) -> None:
    pose = pose_from_vector(0.4, -0.2, 0.3, *turn)
    back, stamp = tool_pose_from_message(tool_pose_to_message(pose, STAMP))
    np.testing.assert_allclose(back, pose, atol=1e-9)
    assert stamp == STAMP


@pytest.mark.parametrize("state", [GripperState(0.25, True, False), GripperState(0.0, False, True)])
def test_gripper(state: GripperState) -> None:
    assert gripper_from_message(gripper_to_message(state, STAMP)) == (state, STAMP)


def test_targets_with_their_source() -> None:
    targets = [(STAMP + k * 2_000_000, [0.1 * k] * 6) for k in range(600)]
    assert targets_from_message(targets_to_message(targets, "policy")) == (targets, "policy")
