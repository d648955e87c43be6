"""Keeps two arms apart: where the other arm is, and what is too near to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.collision import NAMES, RADII, capsules, gap_between
from roboact_ros.types import FloatArray

TOLERANCE = 1e-6
"""Difference of two distances that is none [m]."""

_RADII = np.array(RADII)


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
    kinematics: ArmKinematics
    offsets: FloatArray
    pose_base_in_cell: FloatArray

    @property
    def parts(self) -> Sequence[str]:
        """Names of its parts, k of them."""
        return NAMES

    @property
    def radii(self) -> FloatArray:
        """(k,) radii of its parts [m]."""
        return _RADII

    def capsules_in_cell(self, q: FloatArray) -> FloatArray:
        """Return the (k, 2, 3) ends of the lines through its parts [m] at joints (n,) [rad]."""
        return self.placed(self.kinematics.chain(q))

    def placed(self, frames: FloatArray) -> FloatArray:
        """Return the same for (n + 1, 4, 4) frames of the joints and the tool in its base."""
        ends = self.capsules(frames)
        return ends @ self.pose_base_in_cell[:3, :3].T + self.pose_base_in_cell[:3, 3]

    def capsules(self, frames: FloatArray) -> FloatArray:
        """Return the same in its base."""
        return capsules(frames, self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbour:
    """The other arm at one moment, as an arm sees it that must keep away from it.

    Attributes:
        own: The arm that must keep away.
        other: The other one.
        ends: (k, 2, 3) lines through the parts of the other one, in the cell [m]: where it is sent, and where it is.
        clearance: Smallest distance [m].
    """

    own: Shape
    other: Shape
    ends: Sequence[FloatArray]
    clearance: float

    def approached(self, frames: FloatArray, frames_before: FloatArray) -> str | None:
        """Return what is wrong with a step of the arm, or None.

        Arms that are too near to each other already may move apart.

        Args:
            frames: (n + 1, 4, 4) frames of the joints and the tool in its base.
            frames_before: The same where it comes from.
        """
        radii, now, before = (self.own.radii, self.other.radii), self.own.placed(frames), None
        for ends in self.ends:
            gap, part, other = gap_between(now, ends, *radii)
            if gap >= self.clearance - TOLERANCE:
                continue
            before = self.own.placed(frames_before) if before is None else before
            if gap < gap_between(before, ends, *radii)[0]:
                return too_near(gap, (self.own, self.other), (part, other), self.clearance)
        return None


def too_near(gap: float, shapes: tuple[Shape, Shape], parts: tuple[int, int], clearance: float) -> str:
    """Return words for parts of two arms that would be ``gap`` apart [m]."""
    apart = f"{gap:.3f} m apart" if gap > 0.0 else f"{-gap:.3f} m inside each other"
    return f"too near: {_named(shapes, parts)} would be {apart}, allowed {clearance:.3f} m"


def _named(shapes: tuple[Shape, Shape], parts: Sequence[int]) -> str:
    return " and ".join(f"the {shape.parts[n]} of the {shape.name} arm" for shape, n in zip(shapes, parts, strict=True))


def check_homes(shapes: tuple[Shape, Shape], homes: Sequence[FloatArray]) -> None:
    """Refuse arms that are inside each other at home, joints (n,) of each [rad].

    Raises:
        ConfigurationError: They are; that arms too near to each other may move apart would permit them anything.
    """
    ends = [shape.capsules_in_cell(home) for shape, home in zip(shapes, homes, strict=True)]
    gap, *parts = gap_between(ends[0], ends[1], shapes[0].radii, shapes[1].radii)
    if gap < 0.0:
        raise ConfigurationError(
            f"at home, {_named(shapes, parts)} would overlap by {-gap:.3f} m; say where the arms stand in "
            "arms.left.pose_base_in_cell and arms.right.pose_base_in_cell, or give them other homes"
        )


def check_apart(shapes: tuple[Shape, Shape], paths: tuple[FloatArray, FloatArray], clearance: float) -> None:
    """Refuse paths (N, n) of two arms [rad], each row at the same time, on which they come too near to each other.

    Raises:
        MotionRefused: They do, and nearer than where they begin.
    """
    allowed = clearance
    for row, (q, q_other) in enumerate(zip(*paths, strict=True)):
        one, other = shapes[0].capsules_in_cell(q), shapes[1].capsules_in_cell(q_other)
        gap, part, part_of_other = gap_between(one, other, shapes[0].radii, shapes[1].radii)
        if row == 0:
            allowed = min(clearance, gap)
        if gap < allowed - TOLERANCE:
            raise MotionRefused(too_near(gap, shapes, (part, part_of_other), clearance))


def at_equal_times(
    paths: tuple[FloatArray, FloatArray], durations: tuple[float, float], count: int
) -> tuple[FloatArray, FloatArray]:
    """Return joints (count, n) of two paths, each (N, n) over its own duration [s], at equal times.

    Whoever arrives first waits at the end.
    """
    times = np.linspace(0.0, max(*durations, 1e-9), count)

    def sampled(path: FloatArray, duration: float) -> FloatArray:
        known = np.linspace(0.0, max(duration, 1e-9), len(path))
        return np.column_stack([np.interp(times, known, joint) for joint in path.T])

    return sampled(paths[0], durations[0]), sampled(paths[1], durations[1])
