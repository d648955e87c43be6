"""Reads bags as CLAP learns them."""

from __future__ import annotations

import numpy as np

from roboact_ros.errors import RecordingError
from roboact_ros.policies.clap.robots import robot_named
from roboact_train.clap.episode import ClapEpisode, following, without_subtasks
from roboact_train.clap.tool_poses import forget_across_gaps, rows_of_tool
from roboact_train.data.frames import GRIPPER, EpisodeFrames


def episode_from_frames(frames: EpisodeFrames) -> ClapEpisode:
    """Return the episode in the frames of a bag (:func:`~roboact_train.data.frames.frames_from_bag`).

    Raises:
        RecordingError: The poses of the tool or its gripper were not recorded, or a frame has no instruction.
        ConfigurationError: The robot is not known.
    """
    if frames.names[-1] != GRIPPER or not np.isfinite(frames.tool_pose).any():
        missing = "gripper" if frames.names[-1] != GRIPPER else "tool_pose"
        raise RecordingError(f'{frames.name}: nothing was recorded on the topic "{missing}", which CLAP needs')
    if not all(frames.tasks):
        raise RecordingError(f"{frames.name}: no instruction was recorded; give one (roboact train --instruction)")
    robot = robot_named(frames.robot)
    rows = rows_of_tool(frames.tool_pose, frames.state[:, -1], following(frames.action[:, -1]))
    states, commands = (robot.layout.padded(part) for part in rows)
    forget_across_gaps(commands, np.asarray(frames.stamps_ns) / 1e9, frames.fps)
    tasks, subtasks = without_subtasks(frames.tasks)
    return ClapEpisode(frames.name, robot, frames.fps, states, commands, tasks, subtasks, frames.truncated)
