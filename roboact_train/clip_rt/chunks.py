"""What follows a sample: the next actions of its episode, as ``clip_rt_plus`` learns them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from roboact_ros.errors import RecordingError
from roboact_ros.types import CHUNK_AXES, FloatArray
from roboact_train.data.samples import CORRECTION, DATASET, DONE_LABEL, Sample

AXES = len(CHUNK_AXES)
_SAME_PLACE = 0.01
"""The arm was moved in between if the tool is this far from where the last step left it [m]."""
_PASSED = 3
"""Samples among which the next one is looked for."""
_WRIST = 6


def chunks_of(samples: Sequence[Sample], steps: int) -> NDArray[np.float32]:
    """Return (n, steps, 7) actions, axes as in :data:`~roboact_ros.types.CHUNK_AXES`; NaN where nobody knows.

    After the end of an episode the arm stays where it is. What was recorded at a place where the last step does not
    lead, such as the way back from a deviation, is left out; what followed the correction of a policy is not known.

    Args:
        samples: Episodes one after the other, the samples of each in order.
        steps: Length of a chunk.

    Raises:
        RecordingError: The action of a sample is not known exactly.
    """
    chunks = np.full((len(samples), steps, AXES), np.nan, np.float32)
    start = 0
    for _, group in groupby(samples, key=lambda sample: sample.episode):
        episode = list(group)
        _fill(chunks[start : start + len(episode)], episode)
        start += len(episode)
    return chunks


def _fill(chunks: NDArray[np.float32], episode: list[Sample]) -> None:
    rows = _rows(episode)
    following = [*(_next(episode, number) for number in range(len(episode))), len(episode)]  # the end goes on
    for number, chunk in enumerate(chunks):
        at: int | None = number
        for step in chunk:
            if at is None:
                break
            step[:] = rows[at]
            at = following[at]


def _rows(episode: list[Sample]) -> FloatArray:
    """Return the (n + 1, 7) action of each sample and of what follows the end.

    The gripper keeps what it was last sent to, and is open at first; in corrections alone it is not known.
    """
    rows = np.zeros((len(episode) + 1, AXES))
    opening = 1.0
    for row, sample in zip(rows, episode, strict=False):
        commanded = sample.source == DATASET or (not any(sample.action[:7]) and sample.label != DONE_LABEL)
        if sample.source == DATASET and sample.label != DONE_LABEL:
            raise RecordingError(
                f"{sample.episode}: of other people's data in words, the exact actions are gone; give the data itself"
            )
        if commanded:
            opening = sample.action[7]
        row[:6] = _turned(sample) if sample.action[_WRIST] else sample.action[:6]
        row[6] = np.nan if sample.source == CORRECTION and not commanded else opening
    rows[-1, 6] = opening
    return rows


def _turned(sample: Sample) -> list[float]:
    """Return how the tool moved while its last joint turned."""
    if sample.arm is None:
        raise RecordingError(
            f'{sample.episode}: "{sample.supervision}" turns the last joint, and no measured pose says how that moved '
            "the tool; chunks are learned from episodes with poses, or without such motions"
        )
    before, after = np.array(sample.arm.prev_eef_pose), np.array(sample.arm.eef_pose)
    turn = Rotation.from_rotvec(after[3:]) * Rotation.from_rotvec(before[3:]).inv()
    return [*(after[:3] - before[:3]).tolist(), *turn.as_rotvec().tolist()]


def _next(episode: list[Sample], number: int) -> int | None:
    """Return the row that follows in time and place; None when it is not known."""
    sample, last = episode[number], number == len(episode) - 1
    if last or sample.arm is None:
        return None if sample.source == CORRECTION else number + 1
    for later in range(number + 1, min(number + 1 + _PASSED, len(episode))):
        there = episode[later].arm
        if there is None or np.linalg.norm(np.subtract(there.prev_eef_pose, sample.arm.eef_pose)[:3]) < _SAME_PLACE:
            return later
    return None
