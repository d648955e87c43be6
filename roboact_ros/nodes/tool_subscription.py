"""Subscribes to where the tool is and what the gripper does, for policies that need to know."""

from __future__ import annotations

from geometry_msgs.msg import PoseStamped
from rclpy.node import Node
from sensor_msgs.msg import JointState

from roboact_ros.execution.chunks import is_open
from roboact_ros.nodes.arm_topics import topic_of_arm
from roboact_ros.nodes.messages.arm import gripper_from_message, tool_pose_from_message
from roboact_ros.types import FloatArray, ToolState

OLD_NS = 500_000_000
"""Age at which what is known of the tool does not count any more: the executor has stopped."""


class ToolSubscription:
    """The newest state of the tool; a cell without a gripper has one that is open.

    Args:
        node: Node whose executor runs the callbacks.
        arm: Name of the arm; the only one of a cell has none.
    """

    def __init__(self, node: Node, arm: str = "") -> None:
        self._node = node
        self._pose: tuple[FloatArray, int] | None = None
        self._open, self._opening = True, 1.0
        node.create_subscription(PoseStamped, topic_of_arm(arm, "tcp_pose"), self._moved, 1)
        node.create_subscription(JointState, topic_of_arm(arm, "gripper"), self._gripped, 1)

    @property
    def newest(self) -> ToolState | None:
        """The state, or None while it is not known or too old."""
        if self._pose is None or self._node.get_clock().now().nanoseconds - self._pose[1] > OLD_NS:
            return None
        return ToolState(self._pose[0], self._open, self._opening)

    def _moved(self, message: PoseStamped) -> None:
        self._pose = tool_pose_from_message(message)

    def _gripped(self, message: JointState) -> None:
        state = gripper_from_message(message)[0]
        self._open, self._opening = is_open(state), state.opening
