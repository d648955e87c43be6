"""Subscribes to where the tools are and what the grippers do, and remembers how it was when an image was taken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState

from roboact_ros.cells.arm_description import topic_of_arm
from roboact_ros.execution.chunks import is_open
from roboact_ros.nodes.messages.arm import gripper_from_message, tool_pose_from_message
from roboact_ros.policies.tool_memory import ToolMemory
from roboact_ros.types import FloatArray, ToolState

OLD_NS = 500_000_000
"""Age at which what is known of the tools does not count any more: the executor has stopped."""


class ToolHistory:
    """The tools of a cell; times are ROS times [ns].

    Args:
        node: Node whose executor runs the callbacks.
        arms: Names of the arms; the only arm of a cell has none.
    """

    def __init__(self, node: Node, arms: Sequence[str]) -> None:
        self._node = node
        self._arms = [ToolMemory() for _ in arms]
        for arm, memory in zip(arms, self._arms, strict=True):
            _remember(node, arm, memory)

    @property
    def fresh(self) -> bool:
        """Whether every arm tells where its tool is."""
        oldest = self._node.get_clock().now().nanoseconds - OLD_NS
        return all(memory.newest_ns is not None and memory.newest_ns >= oldest for memory in self._arms)

    def at(self, stamp_ns: int) -> tuple[ToolState, ...] | None:
        """Return how every tool was at a time; None where one is not known."""
        found = [memory.at(stamp_ns) for memory in self._arms]
        known = tuple(state for state in found if state is not None)
        return known if len(known) == len(found) else None

    def poses_at(self, stamp_ns: int) -> FloatArray | None:
        """Return the (arms, 4, 4) poses at a time; None where one is not known."""
        found = self.at(stamp_ns)
        return None if found is None else np.array([state.pose_tool_in_base for state in found])


def _remember(node: Node, arm: str, memory: ToolMemory) -> None:
    def moved(message: PoseStamped) -> None:
        pose, stamp_ns = tool_pose_from_message(message)
        memory.moved(stamp_ns, pose)

    def gripped(message: JointState) -> None:
        gripper, stamp_ns = gripper_from_message(message)
        memory.gripped(stamp_ns, is_open(gripper), gripper.opening)

    node.create_subscription(PoseStamped, topic_of_arm(arm, "tcp_pose"), moved, 10)
    node.create_subscription(JointState, topic_of_arm(arm, "gripper"), gripped, 10)
