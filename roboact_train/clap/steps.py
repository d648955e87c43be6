"""Shards as CLAP learns them: paths between the measured ends of steps.

A shard says where the tool was before and after each step, not in between. The path is made: straight, turning evenly,
with the speed of a minimum-jerk motion, so that 32 frames of it are about what the arm did.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.errors import RecordingError
from roboact_ros.policies.clap.robots import ClapRobot, robot_named
from roboact_ros.types import FloatArray
from roboact_train.clap.episode import ClapEpisode, without_subtasks
from roboact_train.clap.tool_poses import rows_of_tool
from roboact_train.data.samples import DONE_LABEL, ArmTrace, Sample
from roboact_train.data.shards import read_shard

FPS = 30.0
SPEED, TURN = 0.25, 1.0
"""Mean speed of the made paths [m/s], [rad/s]."""
_LEAST_S, _GRIPPER_S = 0.3, 0.5
_APART_M, _APART_RAD = 0.01, 0.05
"""A step that begins farther than this from where the one before ended belongs to another episode."""


def episodes_of_shard(path: Path, robot: str = "ur5e") -> Iterator[ClapEpisode]:
    """Yield the episodes of a shard; where steps are missing, the parts before and after are two episodes.

    Args:
        path: The shard.
        robot: Who did it, which shards do not say.

    Raises:
        RecordingError: The shard cannot be read, or does not say where the tool was.
        ConfigurationError: The robot is not known.
    """
    who = robot_named(robot)
    for name, group in itertools.groupby(read_shard(path), lambda sample: sample.episode):
        parts: list[list[tuple[Sample, ArmTrace]]] = []
        for sample in group:
            if sample.label == DONE_LABEL:
                continue
            if sample.arm is None:
                raise RecordingError(f"{path}, {name}: a step does not say where the tool was, which CLAP needs")
            if not parts or _apart(parts[-1][-1][1].eef_pose, sample.arm.prev_eef_pose):
                parts.append([])
            parts[-1].append((sample, sample.arm))
        opening = 1.0
        for number, part in enumerate(parts):
            episode, opening = _episode(f"{name}#{number}" if number else name, who, part, opening)
            yield episode


def _episode(
    name: str, robot: ClapRobot, steps: Sequence[tuple[Sample, ArmTrace]], opening: float
) -> tuple[ClapEpisode, float]:
    """Return an episode whose gripper is told ``opening`` before it begins, and what it was told last."""
    poses, measured, wanted = [], [], []
    for sample, arm in steps:
        before = opening
        if not any(sample.action[:7]):  # only a motion without displacement commands the gripper
            opening = sample.action[7]
        part = _path(np.array(arm.prev_eef_pose), np.array(arm.eef_pose))
        poses.append(part)
        measured.append(np.linspace(before, opening, len(part)))
        wanted.append(np.full(len(part), opening))
    rows = rows_of_tool(*(np.concatenate(part) for part in (poses, measured, wanted)))
    states, commands = (robot.layout.padded(part) for part in rows)
    tasks, subtasks = without_subtasks([steps[0][0].instruction] * len(states))
    return ClapEpisode(name, robot, FPS, states, commands, tasks, subtasks), opening


def _path(begin: FloatArray, end: FloatArray) -> FloatArray:
    """Return (n, 7) poses (position, quaternion) of the frames from ``begin`` until just before ``end``."""
    first, last = (Rotation.from_rotvec(pose[3:]) for pose in (begin, end))
    turn = (last * first.inv()).as_rotvec()
    far, wide = np.linalg.norm(end[:3] - begin[:3]), np.linalg.norm(turn)
    still = far < 1e-3 and wide < 1e-2
    seconds = _GRIPPER_S if still else max(far / SPEED, wide / TURN, _LEAST_S)
    count = max(1, round(float(seconds) * FPS))
    at = np.arange(count) / count
    share = (at**3 * (10.0 - 15.0 * at + 6.0 * at**2))[:, None]
    turned = Rotation.from_rotvec(share * turn) * first
    return np.hstack((begin[:3] + share * (end[:3] - begin[:3]), turned.as_quat()))


def _apart(end: Sequence[float], begin: Sequence[float]) -> bool:
    one, other = np.array(end), np.array(begin)
    turn = Rotation.from_rotvec(other[3:]) * Rotation.from_rotvec(one[3:]).inv()
    return bool(np.linalg.norm(other[:3] - one[:3]) > _APART_M or turn.magnitude() > _APART_RAD)
