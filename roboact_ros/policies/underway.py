"""What the arms are doing while the next chunk is chosen, seen from the image that it is chosen for."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
from scipy.spatial.transform import Rotation

from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray

_WIDTH = len(CHUNK_AXES)


@dataclass(frozen=True, slots=True, eq=False)
class Underway:
    """A chunk that the arms follow.

    Attributes:
        chunk: As it was given to the executor.
        moved: (arms, 4, 4) how far each tool has come since the chunk's image, until that of the next one: displacement
            [m] and turn along and about the base axes, in the order of the chunk's axes.
        place: How many steps of the chunk they have made until then.
        arrives_ns: When the next chunk is expected to take over, ROS time [ns].
    """

    chunk: ActionChunk
    moved: FloatArray
    place: float
    arrives_ns: int


@dataclass(frozen=True, slots=True, eq=False)
class Rest:
    """The steps of a chunk that are still to come, in the steps of the next one.

    Attributes:
        poses: (arms, N, 4, 4) where the tools will be after each step, counted from where they are in the new image.
        openings: (arms, N) of the grippers (0 closed … 1 open).
        frozen: So many steps will have begun when the next chunk takes over.
        covered: So many steps there are; what comes after them is the last one again.
    """

    poses: FloatArray
    openings: FloatArray
    frozen: int
    covered: int


def rest_of(underway: Underway, stamp_ns: int, count: int, period_ns: int) -> Rest:
    """Return what is left of a chunk.

    Args:
        underway: The chunk.
        stamp_ns: When the image of the next one was exposed, ROS time [ns].
        count: Its steps.
        period_ns: Their time [ns].
    """
    chunk = underway.chunk
    # Places along the old chunk (0 at its image, 1 after its first step, …) at the end of each new step.
    at = underway.place + np.arange(1.0, count + 1) * (period_ns / chunk.period_ns)
    covered = int((at <= len(chunk.steps) + 1e-6).sum())
    at = at.clip(0.0, len(chunk.steps))
    poses, openings = [], []
    for rows, moved in zip(arms_in(chunk), underway.moved, strict=True):
        found = places(rows, at)
        found[:, :3, 3] -= moved[:3, 3]
        found[:, :3, :3] = found[:, :3, :3] @ moved[:3, :3].T
        poses.append(found)
        openings.append(rows[(np.rint(at).astype(int) - 1).clip(0, len(rows) - 1), 6])  # a step's holds at its end
    frozen = ceil((underway.arrives_ns - stamp_ns) / period_ns)
    return Rest(np.array(poses), np.array(openings), min(max(frozen, 0), covered), covered)


def places(rows: FloatArray, at: FloatArray) -> FloatArray:
    """Return the (M, 4, 4) places of a tool after (M,) numbers of (N, 7) steps, 0 … N, counted from the beginning."""
    ways, begun = poses_of_steps(rows), np.minimum(at.astype(int), len(rows) - 1)
    found: FloatArray = ways[begun]
    share = (at - begun)[:, None]
    found[:, :3, 3] += share * rows[begun, :3]
    found[:, :3, :3] = Rotation.from_rotvec(share * rows[begun, 3:6]).as_matrix() @ found[:, :3, :3]
    return found


def poses_of_steps(rows: FloatArray) -> FloatArray:
    """Return the (N + 1, 4, 4) places of a tool before, between and after (N, 7) steps, the first at the origin."""
    poses = np.tile(np.eye(4), (len(rows) + 1, 1, 1))
    poses[1:, :3, 3] = np.cumsum(rows[:, :3], axis=0)
    for number, turn in enumerate(Rotation.from_rotvec(rows[:, 3:6]).as_matrix()):
        poses[number + 1, :3, :3] = turn @ poses[number, :3, :3]
    return poses


def steps_of_poses(poses: FloatArray, openings: FloatArray) -> FloatArray:
    """Return the (N, 7) steps between (N, 4, 4) places, the first step from the origin, with (N,) openings."""
    steps = np.empty((len(poses), _WIDTH))
    steps[:, :3] = np.diff(poses[:, :3, 3], axis=0, prepend=np.zeros((1, 3)))
    turned = np.concatenate((np.eye(3)[None], poses[:, :3, :3]))
    steps[:, 3:6] = Rotation.from_matrix(turned[1:] @ turned[:-1].swapaxes(-1, -2)).as_rotvec()
    steps[:, 6] = openings
    return steps


def arms_in(chunk: ActionChunk) -> list[FloatArray]:
    """Return the (N, 7) steps of each arm."""
    return np.split(chunk.steps, chunk.steps.shape[1] // _WIDTH, axis=1)


def soft_mask(rest: Rest, count: int) -> FloatArray:
    """Return (count,) how binding each step of what is left is: 1 while frozen, fading, 0 where nothing is left.

    That of real-time chunking (https://arxiv.org/abs/2506.07339, equation 5).
    """
    number = np.arange(count)
    share = ((rest.covered - number) / (rest.covered - rest.frozen + 1)).clip(0.0, 1.0)
    fading = share * np.expm1(share) / np.expm1(1.0)
    mask: FloatArray = np.where(number < rest.frozen, 1.0, np.where(number < rest.covered, fading, 0.0))
    return mask
