"""Samples as behaviour cloning learns them: which frames were seen so far, where the tool was, and what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from roboact_ros.errors import RecordingError
from roboact_ros.policies.encoders.streaming import spread
from roboact_ros.policies.proprioception import proprioception
from roboact_ros.types import FloatArray, ToolState
from roboact_train.data.samples import DONE_LABEL, Sample


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Some samples; those whose arm nobody measured are seen, but nothing is learned from them.

    Attributes:
        samples: All samples, those of an episode in order.
        used: (n,) places of those that are learned from.
        windows: (n, frames) places of the frames that a policy has seen by then, the newest last.
        tool: (n, 10) what it feels.
        labels: (n,) what was done, 58 is done.
    """

    samples: Sequence[Sample]
    used: NDArray[np.int64]
    windows: NDArray[np.int64]
    tool: FloatArray
    labels: NDArray[np.int64]


def steps_of(samples: Sequence[Sample], frames: int) -> Steps:
    """Return the steps for an encoder of so many frames.

    Args:
        samples: Episodes one after the other, the samples of each in order.
        frames: That the encoder looks at.

    Raises:
        RecordingError: The arm was measured in none of them.
    """
    used: list[int] = []
    windows: list[NDArray[np.int64]] = []
    felt: list[FloatArray] = []
    first = 0
    for _, group in groupby(samples, key=lambda sample: (sample.episode, sample.instruction)):
        episode = list(group)
        is_open, last = True, None
        for number, sample in enumerate(episode):
            pose = sample.arm.prev_eef_pose if sample.arm is not None else last
            if pose is not None:
                used.append(first + number)
                windows.append(first + spread(number + 1, frames))
                felt.append(proprioception(ToolState(_matrix(pose), is_open)))
            last = sample.arm.eef_pose if sample.arm is not None else None
            if not any(sample.action[:7]) and sample.label != DONE_LABEL:
                is_open = sample.action[7] > 0.5
        first += len(episode)
    if samples and not used:
        raise RecordingError(
            f"{samples[0].episode} …: no sample has a measured pose of the tool, which this policy learns from"
        )
    labels = [samples[place].label for place in used]
    return Steps(
        samples,
        np.array(used, dtype=np.int64),
        np.array(windows, dtype=np.int64).reshape(-1, frames),
        np.array(felt).reshape(len(used), -1),
        np.array(labels, dtype=np.int64),
    )


def _matrix(pose: Sequence[float]) -> FloatArray:
    matrix = np.eye(4)
    matrix[:3, 3], matrix[:3, :3] = pose[:3], Rotation.from_rotvec(pose[3:]).as_matrix()
    return matrix
