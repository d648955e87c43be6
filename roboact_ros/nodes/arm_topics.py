"""What one arm of a cell tells the others on ROS."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.nodes.messages.arm import (
    BASE_FRAME,
    JOINT_NAMES,
    gripper_to_message,
    joints_to_message,
    targets_to_message,
    tool_pose_to_message,
)
from roboact_ros.nodes.messages.diagnostics import Status, status_to_message
from roboact_ros.types import GripperState

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class ArmTopics:
    """Publishes ``joint_states``, ``tcp_pose``, ``gripper``, ``executor/action`` and ``executor/status`` of an arm.

    Args:
        node: The node that publishes.
        arm: Name of the arm, below which the topics are; a single one has none.
        joints: Names of its joints.
        tells: Topic on which the arm tells its joints itself; empty when it does not.
    """

    def __init__(self, node: Node, arm: str, joints: Sequence[str] = JOINT_NAMES, tells: str = "") -> None:
        self._names, own = joints, node.resolve_topic_name(topic_of_arm(arm, "joint_states"))
        # Two who tell the same would not agree on when.
        self._told = bool(tells) and node.resolve_topic_name(tells) == own
        self._frame = topic_of_arm(arm, BASE_FRAME)
        self._joints = node.create_publisher(JointState, own, 10)
        self._pose = node.create_publisher(PoseStamped, topic_of_arm(arm, "tcp_pose"), 10)
        self._gripper = node.create_publisher(JointState, topic_of_arm(arm, "gripper"), 10)
        self._action = node.create_publisher(JointTrajectory, topic_of_arm(arm, "executor/action"), 100)
        self._status = node.create_publisher(DiagnosticStatus, topic_of_arm(arm, "executor/status"), LATCHED)

    def publish(self, message: dict[str, Any], offset_ns: int) -> None:
        """Publish a report of the servo process; ``offset_ns`` takes its monotonic times to those of ROS [ns]."""
        stamp = message["at"] + offset_ns
        joints = joints_to_message(message["q"], message["qd"], stamp, self._names)
        pose = tool_pose_to_message(np.vstack((np.reshape(message["pose"], (3, 4)), (0.0, 0.0, 0.0, 1.0))), stamp)
        joints.header.frame_id = pose.header.frame_id = self._frame
        if not self._told:
            self._joints.publish(joints)
        self._pose.publish(pose)
        if message["gripper"] is not None:
            self._gripper.publish(gripper_to_message(GripperState(*message["gripper"]), stamp))
        for source, targets in itertools.groupby(message["targets"], key=lambda target: str(target[2])):
            self._action.publish(targets_to_message([(at + offset_ns, q) for at, q, _ in targets], source, self._names))

    def tell(self, status: Status) -> None:
        """Publish how the arm is."""
        self._status.publish(status_to_message(status))
