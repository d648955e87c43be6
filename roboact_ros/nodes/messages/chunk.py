"""Action chunks: the steps that a policy wants, each a point of a trajectory over named Cartesian axes."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Duration
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from roboact_ros.errors import MotionRefused
from roboact_ros.nodes.messages.arm import BASE_FRAME
from roboact_ros.nodes.messages.stamp import stamp_from_message, stamp_to_message
from roboact_ros.types import ActionChunk

_SECOND = 1_000_000_000


def chunk_to_message(chunk: ActionChunk) -> JointTrajectory:
    """Convert for ``policy/action_chunk``: each point is one step, its displacement and when it ends."""
    message = JointTrajectory(joint_names=list(chunk.axes))
    message.header.stamp = stamp_to_message(chunk.stamp_ns)
    message.header.frame_id = BASE_FRAME
    for number, step in enumerate(chunk.steps.tolist(), 1):
        sec, nanosec = divmod(number * chunk.period_ns, _SECOND)
        message.points.append(JointTrajectoryPoint(positions=step, time_from_start=Duration(sec=sec, nanosec=nanosec)))
    return message


def chunk_from_message(message: JointTrajectory) -> ActionChunk:
    """Inverse of :func:`chunk_to_message`.

    Raises:
        MotionRefused: It has no points, they are not all of the same size, or not equally far apart.
    """
    times = [point.time_from_start.sec * _SECOND + point.time_from_start.nanosec for point in message.points]
    sizes = {len(point.positions) for point in message.points}
    if len(sizes) != 1:
        raise MotionRefused(f"a chunk has steps of one size each, not {len(times)} of the sizes {sorted(sizes)}")
    if times != [number * times[0] for number in range(1, len(times) + 1)]:
        raise MotionRefused(f"the steps of a chunk end at regular times, not {times} ns")
    steps = np.array([point.positions for point in message.points], dtype=np.float64)
    return ActionChunk(tuple(message.joint_names), steps, times[0], stamp_from_message(message.header.stamp))
