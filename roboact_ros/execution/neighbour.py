"""Keeps two arms apart: where the other arm is, and what is too near to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.collision import NAMES, capsules, gap_between
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.types import FloatArray

TOLERANCE = 1e-6
"""Difference of two distances that is none [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How much room an arm takes.

    Attributes:
        name: Name of the arm.
        kinematics: Kinematics of the arm with its tool.
        offsets: See :func:`roboact_ros.execution.collision.link_offsets`.
        pose_base_in_cell: (4, 4) where it stands.
    """

    name: str
    kinematics: Kinematics
    offsets: FloatArray
    pose_base_in_cell: FloatArray

    def capsules_in_cell(self, q: FloatArray) -> FloatArray:
        """Return the (9, 2, 3) ends of the lines through its parts [m] at joints (6,) [rad]."""
        return self.placed(self.kinematics.chain(q))

    def placed(self, frames: FloatArray) -> FloatArray:
        """Return the same for (7, 4, 4) frames of the joints and the tool in its base."""
        ends = capsules(frames, self.offsets)
        return ends @ self.pose_base_in_cell[:3, :3].T + self.pose_base_in_cell[:3, 3]


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """The other arm at one moment, as an arm sees it that must keep away from it.

    Attributes:
        own: The arm that must keep away.
        name: Name of the other one.
        ends: (9, 2, 3) lines through the parts of the other one, in the cell [m].
        clearance: Smallest distance [m].
    """

    own: Shape
    name: str
    ends: FloatArray
    clearance: float

    def approached(self, frames: FloatArray, frames_before: FloatArray) -> str | None:
        """Return what is wrong with a step of the arm, or None.

        Arms that are too near to each other already may move apart.

        Args:
            frames: (7, 4, 4) frames of the joints and the tool in its base.
            frames_before: The same where it comes from.
        """
        gap, part, other = gap_between(self.own.placed(frames), self.ends)
        if gap >= self.clearance - TOLERANCE:
            return None
        if gap >= gap_between(self.own.placed(frames_before), self.ends)[0]:
            return None
        return too_near(gap, self.own.name, part, self.name, other, self.clearance)


def too_near(gap: float, arm: str, part: int, neighbour: str, other: int, clearance: float) -> str:
    """Return words for two parts that would be ``gap`` apart [m]."""
    parts = f"the {NAMES[part]} of the {arm} arm and the {NAMES[other]} of the {neighbour} arm"
    apart = f"{gap:.3f} m apart" if gap > 0.0 else f"{-gap:.3f} m inside each other"
    return f"too near: {parts} would be {apart}, allowed {clearance:.3f} m"


def check_apart(shapes: tuple[Shape, Shape], paths: tuple[FloatArray, FloatArray], clearance: float) -> None:
    """Refuse paths (N, 6) of two arms [rad], each row at the same time, on which they come too near to each other.

    Raises:
        MotionRefused: They do, and nearer than where they begin.
    """
    allowed = clearance
    for row, (q, q_other) in enumerate(zip(*paths, strict=True)):
        one, other = shapes[0].capsules_in_cell(q), shapes[1].capsules_in_cell(q_other)
        gap, part, part_of_other = gap_between(one, other)
        if row == 0:
            allowed = min(clearance, gap)
        if gap < allowed - TOLERANCE:
            raise MotionRefused(too_near(gap, shapes[0].name, part, shapes[1].name, part_of_other, clearance))


def at_equal_times(paths: tuple[FloatArray, FloatArray], durations: tuple[float, float], count: int) -> FloatArray:
    """Return (2, count, 6) joints of two paths, each (N, 6) over its own duration [s], at equal times.

    Whoever arrives first waits at the end.
    """
    times = np.linspace(0.0, max(*durations, 1e-9), count)
    result = np.empty((2, count, 6))
    for row, path, duration in zip(result, paths, durations, strict=True):
        known = np.linspace(0.0, max(duration, 1e-9), len(path))
        for joint in range(6):
            row[:, joint] = np.interp(times, known, path[:, joint])
    return result
