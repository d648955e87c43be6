"""Temporal ensembling (https://arxiv.org/abs/2304.13705): steps that several chunks are about are their mean."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.policies.policy import ChunkPolicy
from roboact_ros.policies.underway import Underway, arms_in, poses_of_steps, rest_of, steps_of_poses
from roboact_ros.types import ActionChunk, FloatArray, Frame


class Ensembled:
    """See :class:`~roboact_ros.policies.policy.ContinuingPolicy`; the mean is taken of poses, not of steps.

    Args:
        policy: What makes the chunks.
        share: Of a new chunk in the mean with the one underway, which is itself one of those before.
    """

    def __init__(self, policy: ChunkPolicy, share: float = 0.5) -> None:
        self._policy, self._share = policy, share

    def instruct(self, instruction: str) -> None:
        """Set the task."""
        self._policy.instruct(instruction)

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next steps of arms that stand."""
        return self._policy.act(frame)

    def act_during(self, frame: Frame, underway: Underway) -> ActionChunk:
        """Return the next steps of arms that follow a chunk."""
        return averaged(self._policy.act(frame), underway, self._share)


def averaged(chunk: ActionChunk, underway: Underway, share: float) -> ActionChunk:
    """Return a chunk whose steps, as far as the one underway has them too, are the mean of both.

    Args:
        chunk: With the same axes as the one underway.
        underway: The chunk that the arms follow.
        share: Of the new chunk; steps that will have begun when it takes over stay as they are.
    """
    count = len(chunk.steps)
    rest = rest_of(underway, chunk.stamp_ns, count, chunk.period_ns)
    new = np.full(count, share)
    new[: rest.frozen], new[rest.covered :] = 0.0, 1.0
    columns = []
    for rows, poses, openings in zip(arms_in(chunk), rest.poses, rest.openings, strict=True):
        mixed = _between(poses, poses_of_steps(rows)[1:], new)
        columns.append(steps_of_poses(mixed, openings + new * (rows[:, 6] - openings)))
    return replace(chunk, steps=np.hstack(columns))


def _between(first: FloatArray, second: FloatArray, share: FloatArray) -> FloatArray:
    """Return (N, 4, 4) poses between two of that shape, at (N,) shares of the way to the second."""
    mixed = first.copy()
    mixed[:, :3, 3] += share[:, None] * (second[:, :3, 3] - first[:, :3, 3])
    turn = Rotation.from_matrix(second[:, :3, :3] @ first[:, :3, :3].swapaxes(-1, -2)).as_rotvec()
    mixed[:, :3, :3] = Rotation.from_rotvec(share[:, None] * turn).as_matrix() @ first[:, :3, :3]
    return mixed
