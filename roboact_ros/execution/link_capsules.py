"""Room that an arm of any number of joints takes: a capsule from each joint to the next, and on to the tool point."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from roboact_ros.errors import ConfigurationError
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.boundary import TOLERANCE, Boundary
from roboact_ros.execution.collision import NOTHING, pairs_clearance, segment_distance
from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.neighbour import Shape
from roboact_ros.types import FloatArray


@compiled("float64[:,:,::1](float64[:,:,::1], float64[::1])")
def link_capsules(frames: FloatArray, radii: FloatArray) -> FloatArray:
    """Return the (n + 1, 2, 3) ends of the lines from the base to joint 1, on to joint 2 …, and to the tool point [m].

    The round end of the last one must not reach beyond the tool point, so its line ends before.

    Args:
        frames: (n + 1, 4, 4) poses in the base of the frames behind the joints and of the tool.
        radii: (n + 1,) radii of the capsules [m].
    """
    joints = len(frames) - 1
    ends = np.zeros((joints + 1, 2, 3))
    for i in range(joints + 1):
        for k in range(3):
            ends[i, 1, k] = frames[i, k, 3]
            if i < joints:
                ends[i + 1, 0, k] = frames[i, k, 3]
    length = 0.0
    for k in range(3):
        length += (ends[joints, 1, k] - ends[joints, 0, k]) ** 2
    length = sqrt(length)
    if length > 0.0:
        kept = max(1.0 - radii[joints] / length, 0.0)
        for k in range(3):
            ends[joints, 1, k] = ends[joints, 0, k] + kept * (ends[joints, 1, k] - ends[joints, 0, k])
    return ends


@dataclass(frozen=True, slots=True, eq=False)
class LinkShape(Shape):
    """How much room such an arm takes; ``offsets`` are the radii of its capsules."""

    names: tuple[str, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """See :class:`~roboact_ros.execution.neighbour.Shape`."""
        return self.names

    @property
    def radii(self) -> FloatArray:
        """See :class:`~roboact_ros.execution.neighbour.Shape`."""
        return self.offsets

    def capsules(self, frames: FloatArray) -> FloatArray:
        """See :class:`~roboact_ros.execution.neighbour.Shape`."""
        return link_capsules(frames, self.offsets)


@dataclass(frozen=True, slots=True, eq=False)
class LinkBoundary(Boundary):
    """Where such an arm may be; ``offsets`` are the radii of its capsules.

    Attributes:
        names: Names of the parts.
        pairs: (p, 2) numbers of the parts that must not meet each other.
    """

    names: tuple[str, ...]
    pairs: NDArray[np.int64]

    @classmethod
    def around(
        cls,
        box_low: FloatArray,
        box_high: FloatArray,
        table_z: float,
        radii: FloatArray,
        names: tuple[str, ...],
        frames_at_home: FloatArray,
    ) -> LinkBoundary:
        """Return the boundary of an arm that is free at home.

        Capsules that overlap there are taken to belong together, as those of neighbours do, and are not watched.

        Args:
            box_low: See :class:`~roboact_ros.execution.boundary.Boundary`.
            box_high: Likewise.
            table_z: Likewise.
            radii: (n + 1,) radii of the capsules [m].
            names: Names of the parts, n + 1.
            frames_at_home: (n + 1, 4, 4) frames of the joints and the tool in the base at home.

        Raises:
            ConfigurationError: A part is in the table at home.
        """
        ends = link_capsules(frames_at_home, radii)
        pairs = [
            (i, j)
            for i in range(len(ends))
            for j in range(i)
            if segment_distance(ends[i], ends[j]) > radii[i] + radii[j]
        ]
        boundary = cls(box_low, box_high, table_z, radii, names, np.array(pairs, dtype=np.int64).reshape(-1, 2))
        gap, part, other = boundary.clearance(frames_at_home)
        if gap < -TOLERANCE:
            raise ConfigurationError(
                f"at home, {boundary.describe(part, other)} would overlap by {-gap:.3f} m; say where the table is in "
                "safety.table_z, or give arm.link_radius a smaller value"
            )
        return boundary

    def clearance(self, frames: FloatArray) -> tuple[float, int, int]:
        """See :class:`~roboact_ros.execution.boundary.Boundary`."""
        return pairs_clearance(link_capsules(frames, self.offsets), self.offsets, self.pairs, self.table_z)

    def describe(self, part: int, other: int) -> str:
        """See :class:`~roboact_ros.execution.boundary.Boundary`."""
        return f"{self.names[part]} and {'table' if other == NOTHING else self.names[other]}"

    def shape(self, name: str, kinematics: ArmKinematics, pose_base_in_cell: FloatArray) -> LinkShape:
        """See :class:`~roboact_ros.execution.boundary.Boundary`."""
        return LinkShape(name, kinematics, self.offsets, pose_base_in_cell, self.names)
