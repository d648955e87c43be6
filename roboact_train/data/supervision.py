"""From 7-D actions to language, as in the pre-training of CLIP-RT on Open X-Embodiment data.

An action is the displacement of the tool (x, y, z [m]), its rotation (rx, ry, rz [rad]) and the absolute gripper
command (0 closed … 1 open).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import RecordingError
from roboact_ros.types import FloatArray
from roboact_train.data.templates import templates

LENGTH_EDGES = (-0.15, -0.075, -0.03, 0.0, 0.03, 0.075, 0.15)
"""Edges of the bins of a displacement [m]; a value on an edge belongs to the bin below it."""
ANGLE_EDGES = (-1.1781, -0.5236, -0.1746, 0.0, 0.1746, 0.5236, 1.1781)
"""Edges of the bins of a rotation [rad]."""
SMALLEST_LENGTH, SMALLEST_ANGLE = 0.01, 0.08727
"""A dominant value that is not above these [m, rad] teaches nothing."""
GRIPPER_STEP = 0.5
"""A change of the gripper command above this is a gripper motion, whatever else moves."""

NONE, CLOSE, OPEN = -1, 48, 49
"""Labels beside those of the 48 motions: no supervision, close, open."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Normalisation of a data set: what of each of the six displacements becomes -1 and 1."""

    low: tuple[float, ...]
    high: tuple[float, ...]

    def normalise(self, motion: FloatArray) -> FloatArray:
        """Return (N, 6) displacements in units of their data set; 0 where all of it was the same."""
        low, span = np.array(self.low), np.array(self.high) - np.array(self.low)
        scaled = 2.0 * (motion - low) / np.where(span > 0.0, span, 1.0) - 1.0
        return np.where(span > 0.0, scaled, 0.0)


def quantile_bounds(actions: FloatArray, quantile: float = 0.01) -> Bounds:
    """Return the bounds of a data set: the quantiles q and 1 - q of its (N, 7) actions."""
    low, high = np.quantile(checked(actions)[:, :6], (quantile, 1.0 - quantile), axis=0)
    return Bounds(tuple(low.tolist()), tuple(high.tolist()))


def labels_from_actions(actions: FloatArray, bounds: Bounds | None = None) -> NDArray[np.int64]:
    """Return a label 0 … 49 for each action of one episode, or ``NONE`` where there is no supervision.

    Args:
        actions: (N, 7), in order.
        bounds: Normalisation under which the dominant axis is found; none compares metres with radians as they are.

    Raises:
        RecordingError: They are not (N, 7) finite numbers.
    """
    actions = checked(actions)
    motion, gripper = actions[:, :6], actions[:, 6]
    scaled = motion if bounds is None else bounds.normalise(motion)
    axis = np.abs(scaled).argmax(axis=1)
    value = np.take_along_axis(motion, axis[:, None], axis=1)[:, 0]
    turns = axis >= 3
    bins = np.where(turns, np.digitize(value, ANGLE_EDGES, right=True), np.digitize(value, LENGTH_EDGES, right=True))
    labels = np.where(np.abs(value) > np.where(turns, SMALLEST_ANGLE, SMALLEST_LENGTH), 8 * axis + bins, NONE)
    change = np.diff(gripper, prepend=gripper[:1])
    labels[change > GRIPPER_STEP] = OPEN
    labels[change < -GRIPPER_STEP] = CLOSE
    return labels


def vocabulary_label(label: int) -> int:
    """Return the place of one of the 50 labels in the vocabulary of 58 primitives."""
    return label if label < CLOSE else label + 8


def phrase(label: int, generator: np.random.Generator) -> str:
    """Return a random way to say one of the 50 labels."""
    choices = templates()[label]
    return choices[int(generator.integers(len(choices)))]


def checked(actions: FloatArray) -> FloatArray:
    """Return actions as (N, 7) float64.

    Raises:
        RecordingError: They are of another shape, or a number is not finite.
    """
    actions = np.asarray(actions, dtype=np.float64)
    if actions.ndim != 2 or actions.shape[1] != 7:
        raise RecordingError(f"7-D actions have the shape (N, 7), not {actions.shape}")
    bad = np.flatnonzero(~np.isfinite(actions).all(axis=1))
    if bad.size:
        raise RecordingError(f"the action of step {bad[0]} is not finite: {actions[bad[0]].tolist()}")
    return actions
