"""Where the arm was on its way to: what the recorded poses say about the place that a person had in mind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from roboact_ros.language.vocabulary import CLOSE, OPEN, primitive
from roboact_train.data.samples import CORRECTION, Sample, label_of

_GRIPPER_LABELS = tuple(label_of(primitive(phrase).phrase, "the gripper") for phrase in (OPEN, CLOSE))


def ways_of(samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Return (n, 1, 7) ways: the first three entries are how far the tool still had to go [m, base axes], else zeros.

    The end of a way is where the gripper was opened or closed next, or else where the episode ended. A motion is only
    the next step on a way; the whole of it says at once how far the image shows the goal to be, in every direction.
    NaN where poses are not known, and in corrections, which are steps out of somebody else's way.

    Args:
        samples: Episodes one after the other, the samples of each in order.
    """
    ways = np.zeros((len(samples), 1, 7), np.float32)
    start = 0
    for _, group in groupby(samples, key=lambda sample: sample.episode):
        episode = list(group)
        goal: NDArray[np.float64] | None = None
        for number in range(len(episode) - 1, -1, -1):
            sample = episode[number]
            if sample.arm is None or sample.source == CORRECTION:
                ways[start + number] = np.nan
                continue
            here = np.array(sample.arm.prev_eef_pose[:3])
            if goal is None:
                goal = np.array(sample.arm.eef_pose[:3])
            if sample.label in _GRIPPER_LABELS:
                goal = here
            ways[start + number, 0, :3] = goal - here
        start += len(episode)
    return ways
