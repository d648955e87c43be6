"""The topics of an arm that is driven by somebody else's ROS 2 driver, such as one of ros2_control."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from math import isfinite
from pathlib import Path

import numpy as np
from builtin_interfaces.msg import Duration
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from roboact_ros.arms.streamed import STALE_NS
from roboact_ros.cells.arm_description import ArmDescription
from roboact_ros.execution.whole_turns import nearest_turn
from roboact_ros.urdf import read_urdf

LEAD_NS = 60_000_000
"""The last point of a trajectory is due this long after it was sent: the next one comes before [ns]."""

_SHORTEST_NS = 8_000_000
_NEWEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)

Told = Callable[[Sequence[float], Sequence[float], int], None]
"""Takes joints [rad], their speeds [rad/s], and the monotonic time at which they arrived [ns]."""


class StreamedTopics:
    """Publishes targets as ``JointTrajectory`` and takes ``JointState`` of the arm.

    Args:
        node: The node.
        arm: The arm, of a URDF.
        told: Takes what the arm tells.
    """

    def __init__(self, node: Node, arm: ArmDescription, told: Told) -> None:
        description = read_urdf(Path(arm.urdf), arm.base, arm.tool)
        self.joints, self._ends = description.joints, np.array((description.lowest, description.highest))
        self._told, self._warn = told, node.get_logger().warning
        self._last: tuple[int, list[float]] = (0, [])
        self._problem = ""
        self._command = node.create_publisher(JointTrajectory, arm.command, 10)
        node.create_subscription(JointState, arm.joint_states, self._hear, _NEWEST)

    def publish(self, commands: Sequence[tuple[int, Sequence[float]]]) -> None:
        """Publish targets, each with the monotonic time at which it was commanded [ns]; they begin at once."""
        if not commands:
            return
        message = JointTrajectory(joint_names=self.joints)
        end = commands[-1][0]
        for at, q in commands:
            if (due := LEAD_NS - (end - at)) > 0:
                message.points.append(
                    JointTrajectoryPoint(positions=list(q), time_from_start=Duration(sec=0, nanosec=due))
                )
        self._command.publish(message)

    def _hear(self, message: JointState) -> None:
        """Take the joints of the arm, in whatever order and among whatever others they are told."""
        now, names = time.monotonic_ns(), list(message.name)
        before, q_before = self._last
        if now - before < _SHORTEST_NS:
            return
        if problem := unusable(names, message.position, self.joints):
            if problem != self._problem:
                self._warn(problem)
            self._problem = problem
            return
        self._problem = ""
        order = [names.index(name) for name in self.joints]
        q = [float(message.position[i]) for i in order]
        speeds = [float(message.velocity[i]) for i in order] if len(message.velocity) == len(names) else []
        measured = bool(speeds) and all(map(isfinite, speeds))  # drivers that do not measure speeds tell none, or NaN
        if now - before > STALE_NS:
            q_before = q  # a driver that was started again may count turns anew
            if not measured:  # whether the arm stands is not known before the second message
                self._last = now, q
                return
        # Some drivers tell where in its turn a joint without ends is: it never leaps by a whole one.
        q = nearest_turn(np.array(q), np.array(q_before), *self._ends).tolist()
        moved = [(new - old) * 1e9 / (now - before) for new, old in zip(q, q_before, strict=True)]
        self._last = now, q
        self._told(q, speeds if measured else moved, now)


def unusable(names: Sequence[str], positions: Sequence[float], joints: Sequence[str]) -> str:
    """Return why joint states do not tell where an arm is, with these joints in it; empty when they do."""
    if missing := [name for name in joints if name not in names]:
        return f"the joint states lack {', '.join(missing)}; they have {', '.join(names) or 'nothing'}"
    if len(positions) != len(names):
        return f"the joint states name {len(names)} joints and have {len(positions)} positions"
    if doubled := [name for name in joints if names.count(name) > 1]:
        return f"the joint states name {', '.join(doubled)} more than once"
    told = dict(zip(names, positions, strict=True))
    bad = [f"{name} at {told[name]}" for name in joints if not isfinite(told[name])]
    return f"the joint states are no numbers: {', '.join(bad)}" if bad else ""
