"""Where the arm may be: tool point inside the workspace box, every link clear of the others and of the table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.collision import clearance, describe
from roboact_ros.execution.neighbour import Shape
from roboact_ros.types import FloatArray

TOLERANCE = 1e-6
"""Excess over a boundary that is ignored [m]."""

_SIDES = (("behind", "in front of"), ("right of", "left of"), ("below", "above"))


@dataclass(frozen=True, slots=True, eq=False)
class Boundary:
    """Where the arm may be.

    Attributes:
        box_low: (3,) smallest allowed coordinates of the tool point in the base [m].
        box_high: (3,) largest ones.
        table_z: Height of the table in the base [m].
        offsets: Shape of the arm, see :func:`roboact_ros.execution.collision.link_offsets`.
    """

    box_low: FloatArray
    box_high: FloatArray
    table_z: float
    offsets: FloatArray

    def crossed(self, frames: FloatArray, frames_before: FloatArray) -> str | None:
        """Return what is wrong with the arm at ``frames``, or None.

        What is already wrong before and gets no worse is accepted, so that an arm outside can move back; a tool at no
        number is outside.

        Args:
            frames: (n + 1, 4, 4) poses in the base of the frames behind the joints and of the tool.
            frames_before: The same where the arm comes from.
        """
        point, point_before = frames[-1, :3, 3].tolist(), frames_before[-1, :3, 3].tolist()
        for axis, low, high in zip(range(3), self.box_low.tolist(), self.box_high.tolist(), strict=True):
            value, before = point[axis], point_before[axis]
            excess = max(low - value, value - high)
            if not (excess <= TOLERANCE or excess <= max(low - before, before - high)):
                return self._outside(axis, value)
        gap, part, other = self.clearance(frames)
        if gap < -TOLERANCE and gap < self.clearance(frames_before)[0]:
            return f"collision: {self.describe(part, other)} would overlap by {-gap:.3f} m"
        return None

    def left(self, points: FloatArray, point_before: FloatArray) -> str | None:
        """Return how far a tool leaves the box that goes through (N, 3) points from another one, or None."""
        excess = np.maximum(self.box_low - points, points - self.box_high)
        before = np.maximum(self.box_low - point_before, point_before - self.box_high)
        excess[(excess <= TOLERANCE) | (excess <= before)] = 0.0
        farthest, axis = (int(place) for place in np.unravel_index(excess.argmax(), excess.shape))
        return self._outside(axis, float(points[farthest, axis])) if excess[farthest, axis] else None

    def _outside(self, axis: int, value: float) -> str:
        low, high = float(self.box_low[axis]), float(self.box_high[axis])
        return (
            f"the tool would be {max(low - value, value - high):.3f} m {_SIDES[axis][int(value > high)]} the workspace "
            f"box: {'xyz'[axis]} = {value:.3f} m, allowed {low:.3f} … {high:.3f}"
        )

    def clearance(self, frames: FloatArray) -> tuple[float, int, int]:
        """Return the smallest gap of the arm to itself or the table [m], and the numbers of the two parts."""
        return clearance(frames, self.offsets, self.table_z)

    def describe(self, part: int, other: int) -> str:
        """Return words for the parts that :meth:`clearance` returned."""
        return describe(part, other)

    def shape(self, name: str, kinematics: ArmKinematics, pose_base_in_cell: FloatArray) -> Shape:
        """Return the room that the arm takes, which has the kinematics and the place that are given."""
        return Shape(name, kinematics, self.offsets, pose_base_in_cell)
