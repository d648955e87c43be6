"""Where the arm was on its way to: what the recorded poses say about the place that a person had in mind."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from roboact_ros.language.vocabulary import CLOSE, OPEN, primitive
from roboact_ros.types import FloatArray
from roboact_train.data.samples import CORRECTION, Sample, label_of
from roboact_train.training.fixed_camera import FixedCamera

WAY, PLACES = slice(0, 3), slice(3, 7)
"""Entries of a row: how far the tool has to go, and where in the image are its goal and itself."""

_GRIPPER_LABELS = tuple(label_of(primitive(phrase).phrase, "the gripper") for phrase in (OPEN, CLOSE))


def ways_of(samples: Sequence[Sample], camera: FixedCamera | None = None) -> NDArray[np.float32]:
    """Return (n, 1, 7) rows: how far the tool still had to go x, y, z [m, base axes], and two places in the image.

    The end of a way is where the gripper was opened or closed next, or else where the episode ended. A motion is only
    the next step on a way; the whole of it says at once how far the image shows the goal to be, in every direction.
    The places are x, y of this end and of the tool, in parts of the image, as the camera sees them.

    NaN where poses are not known, in corrections, which are steps out of somebody else's way, and the places also
    without a camera.

    Args:
        samples: Episodes one after the other, the samples of each in order.
        camera: What took the images.
    """
    rows = np.full((len(samples), 1, 7), np.nan, np.float32)
    start = 0
    for _, group in groupby(samples, key=lambda sample: sample.episode):
        episode = list(group)
        goal: FloatArray | None = None
        for number in range(len(episode) - 1, -1, -1):
            sample = episode[number]
            if sample.arm is None or sample.source == CORRECTION:
                continue
            here = np.array(sample.arm.prev_eef_pose[:3])
            if goal is None:
                goal = np.array(sample.arm.eef_pose[:3])
            if sample.label in _GRIPPER_LABELS:
                goal = here
            row = rows[start + number, 0]
            row[WAY] = goal - here
            if camera is not None:
                row[PLACES] = camera.places(np.stack([goal, here])).ravel()
        start += len(episode)
    return rows


def moved_with_image(row: NDArray[np.float32], change: FloatArray) -> NDArray[np.float32]:
    """Return a (1, 7) row of :func:`ways_of` whose places were moved by (2, 3) ``change``, as the image was."""
    moved = row.copy()
    moved[0, PLACES] = (row[0, PLACES].reshape(2, 2) @ change[:, :2].T + change[:, 2]).ravel()
    return moved
