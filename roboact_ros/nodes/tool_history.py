"""Subscribes to where the tools are, and remembers where they were when an image was taken."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.node import Node

from roboact_ros.nodes.arm_topics import topic_of_arm
from roboact_ros.nodes.messages.arm import tool_pose_from_message
from roboact_ros.types import FloatArray

_REMEMBERED = 256
"""Poses of each arm: five seconds."""

_NEAR_NS = 60_000_000
"""A pose is known at a time when there is one that is so near to it [ns]; 50 a second are told."""


class ToolHistory:
    """The poses of the tools of a cell.

    Args:
        node: Node whose executor runs the callbacks.
        arms: Names of the arms; the only arm of a cell has none.
    """

    def __init__(self, node: Node, arms: Sequence[str]) -> None:
        self._poses = [deque[tuple[int, FloatArray]](maxlen=_REMEMBERED) for _ in arms]
        for arm, poses in zip(arms, self._poses, strict=True):
            topic = topic_of_arm(arm, "tcp_pose")
            node.create_subscription(PoseStamped, topic, lambda message, poses=poses: _note(message, poses), 10)

    def at(self, stamp_ns: int) -> FloatArray | None:
        """Return the (arms, 4, 4) poses at a time, ROS time [ns]; None where one is not known.

        Between two that were told the position is interpolated, and the rotation is that of the nearer one.
        """
        found = [pose_at(list(poses), stamp_ns) for poses in self._poses]
        known = [pose for pose in found if pose is not None]
        return np.array(known) if len(known) == len(found) else None


def pose_at(poses: Sequence[tuple[int, FloatArray]], stamp_ns: int) -> FloatArray | None:
    """Return the (4, 4) pose at a time, None if none of those with their times, in order, is near to it."""
    after = next((number for number, (at_ns, _) in enumerate(poses) if at_ns >= stamp_ns), len(poses))
    around = poses[max(0, after - 1) : after + 1]
    if not around:
        return None
    nearest_ns, nearest = min(around, key=lambda one: abs(one[0] - stamp_ns))
    if abs(nearest_ns - stamp_ns) > _NEAR_NS:
        return None
    pose = nearest.copy()
    if len(around) == 2 and around[0][0] < around[1][0]:
        (first_ns, first), (second_ns, second) = around
        share = (stamp_ns - first_ns) / (second_ns - first_ns)
        pose[:3, 3] = first[:3, 3] + share * (second[:3, 3] - first[:3, 3])
    return pose


def _note(message: PoseStamped, poses: deque[tuple[int, FloatArray]]) -> None:
    pose, stamp_ns = tool_pose_from_message(message)
    poses.append((stamp_ns, pose))
