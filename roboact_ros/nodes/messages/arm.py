"""Arms and grippers: measured state, tool pose and commanded targets."""

from __future__ import annotations

from collections.abc import Sequence
from math import atan2

import numpy as np
from builtin_interfaces.msg import Duration
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from roboact_ros.execution.poses import quaternion_from_rotation, rotation_from_vector
from roboact_ros.nodes.messages.stamp import stamp_from_message, stamp_to_message
from roboact_ros.types import FloatArray, GripperState

JOINT_NAMES = [
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "elbow_joint",
    "wrist_1_joint",
    "wrist_2_joint",
    "wrist_3_joint",
]
BASE_FRAME = "base"
GRIPPER_JOINT = "gripper"

_SECOND = 1_000_000_000


def joints_to_message(
    q: Sequence[float], qd: Sequence[float], stamp_ns: int, names: Sequence[str] = JOINT_NAMES
) -> JointState:
    """Convert measured joints: positions [rad] and velocities [rad/s] in the order of ``names``."""
    message = JointState(name=list(names), position=list(q), velocity=list(qd))
    message.header.stamp = stamp_to_message(stamp_ns)
    message.header.frame_id = BASE_FRAME
    return message


def joints_from_message(message: JointState) -> tuple[FloatArray, FloatArray, int]:
    """Inverse of :func:`joints_to_message`, in the order of ``JOINT_NAMES`` whatever the order in the message."""
    order = [list(message.name).index(name) for name in JOINT_NAMES]
    q, qd = np.array(message.position)[order], np.array(message.velocity)[order]
    return q, qd, stamp_from_message(message.header.stamp)


def tool_pose_to_message(pose_tool_in_base: FloatArray, stamp_ns: int) -> PoseStamped:
    """Convert the (4, 4) pose of the tool in the base."""
    message = PoseStamped()
    message.header.stamp = stamp_to_message(stamp_ns)
    message.header.frame_id = BASE_FRAME
    position, orientation = message.pose.position, message.pose.orientation
    position.x, position.y, position.z = pose_tool_in_base[:3, 3].tolist()
    orientation.x, orientation.y, orientation.z, orientation.w = quaternion_from_rotation(pose_tool_in_base[:3, :3])
    return message


def tool_pose_from_message(message: PoseStamped) -> tuple[FloatArray, int]:
    """Inverse of :func:`tool_pose_to_message`."""
    position, orientation = message.pose.position, message.pose.orientation
    vector = np.array((orientation.x, orientation.y, orientation.z))
    length = float(np.linalg.norm(vector))
    turn = vector * (2 * atan2(length, orientation.w) / length) if length > 0.0 else vector
    pose = np.eye(4)
    pose[:3, :3] = rotation_from_vector(*turn)
    pose[:3, 3] = position.x, position.y, position.z
    return pose, stamp_from_message(message.header.stamp)


def gripper_to_message(state: GripperState, stamp_ns: int) -> JointState:
    """Convert a gripper: position = opening (0 … 1), velocity 1 while it moves, effort 1 while it holds something."""
    message = JointState(
        name=[GRIPPER_JOINT],
        position=[state.opening],
        velocity=[float(state.moving)],
        effort=[float(state.holding)],
    )
    message.header.stamp = stamp_to_message(stamp_ns)
    return message


def gripper_from_message(message: JointState) -> tuple[GripperState, int]:
    """Inverse of :func:`gripper_to_message`."""
    state = GripperState(message.position[0], bool(message.velocity[0]), bool(message.effort[0]))
    return state, stamp_from_message(message.header.stamp)


def targets_to_message(
    targets: Sequence[tuple[int, Sequence[float]]], source: str, names: Sequence[str] = JOINT_NAMES
) -> JointTrajectory:
    """Convert joint targets that were sent to the arm.

    Args:
        targets: Moment [ns, ROS time] and joints [rad] of each, in order; at least one.
        source: Who asked for the motion, e.g. ``teleop`` or ``policy``; travels as ``header.frame_id``.
        names: Names of the joints.
    """
    start = targets[0][0]
    message = JointTrajectory(joint_names=list(names))
    message.header.stamp = stamp_to_message(start)
    message.header.frame_id = source
    for moment, q in targets:
        sec, nanosec = divmod(moment - start, _SECOND)
        point = JointTrajectoryPoint(positions=list(q), time_from_start=Duration(sec=sec, nanosec=nanosec))
        message.points.append(point)
    return message


def targets_from_message(message: JointTrajectory) -> tuple[list[tuple[int, list[float]]], str]:
    """Inverse of :func:`targets_to_message`."""
    start = stamp_from_message(message.header.stamp)
    targets = [
        (start + point.time_from_start.sec * _SECOND + point.time_from_start.nanosec, list(point.positions))
        for point in message.points
    ]
    return targets, str(message.header.frame_id)
