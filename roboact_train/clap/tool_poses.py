"""A recorded tool and gripper as CLAP learns them."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import RecordingError
from roboact_ros.policies.clap.euler import euler_from_rotation
from roboact_ros.types import FloatArray
from roboact_train.clap.episode import following

GAP = 2.5
"""Frames that are more periods apart than this are no neighbours; one that a camera drops is made good for."""


def rows_of_tool(poses: FloatArray, measured: FloatArray, wanted: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (N, 7) states and (N, 7) commands of one arm.

    Joint targets are recorded, which mean poses only together with the arm's own calibration. So the command is where
    the tool was found at the next frame, and for the gripper what it was sent to.

    Args:
        poses: (N, 7) measured tool in the base: x, y, z [m], quaternion x, y, z, w; NaN where it is not known.
        measured: (N,) measured opening (0 closed … 1 open).
        wanted: (N,) opening that is commanded when the next frame is taken.

    Raises:
        RecordingError: A quaternion is zero.
    """
    known = np.isfinite(poses).all(axis=1)
    if not np.linalg.norm(poses[known, 3:], axis=1).all():
        raise RecordingError("tool_pose has a quaternion of length zero")
    angles = np.full((len(poses), 3), np.nan)
    angles[known] = euler_from_rotation(Rotation.from_quat(poses[known, 3:]).as_matrix())
    tool = np.column_stack((poses[:, :3], angles))
    grippers = ((1.0 - 2.0 * opening).clip(-1.0, 1.0) for opening in (measured, wanted))
    state_gripper, command_gripper = grippers
    return np.column_stack((tool, state_gripper)), np.column_stack((following(tool), command_gripper))


def forget_across_gaps(commands: FloatArray, seconds: FloatArray, fps: float) -> None:
    """Make NaN of commands where the next frame came too late to be one step away, so that no chunk goes across.

    Args:
        commands: (N, columns) where the arms should be when the next frame is taken.
        seconds: (N,) when the frames were taken [s].
        fps: Frames per second [1/s].
    """
    commands[:-1][np.diff(seconds) * fps > GAP] = np.nan
