"""Whose left is "left": the base's, the operator's who faces the robot, or the gripper's.

Only words for horizontal directions depend on it. Up and down, rotations, and words that name the robot ("towards the
base", "your left", "extend") mean the same from everywhere. What is recorded is always the phrase in the base frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from roboact_ros.errors import LanguageRefusal
from roboact_ros.language.meanings import Direction
from roboact_ros.types import FloatArray

_LARGEST_SKEW = math.radians(30)


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """A viewer whose forward is the base's forward turned left by quarter turns."""

    quarters: int = 0

    def in_base(self, direction: Direction) -> Direction:
        """Return a direction of the viewer as a direction of the base."""
        if direction.anchored or self.quarters % 4 == 0:
            return direction
        x, y = (direction.sign, 0) if direction.axis == 0 else (0, direction.sign)
        for _ in range(self.quarters % 4):
            x, y = -y, x
        return replace(direction, axis=0 if x else 1, sign=x or y)


BASE = Viewpoint()
OPERATOR = Viewpoint(quarters=2)


def tool_viewpoint(pose_tool_in_base: FloatArray) -> Viewpoint:
    """Return the viewpoint of the gripper, whose forward is the x axis of the tool seen from above.

    At the home pose of the CLIP-RT authors it is the base's own.

    Args:
        pose_tool_in_base: (4, 4) homogeneous transform.

    Raises:
        LanguageRefusal: The gripper stands between two directions of the base, so that no base phrase names its left.
    """
    x, y = float(pose_tool_in_base[0, 0]), float(pose_tool_in_base[1, 0])
    heading = math.atan2(y, x)
    quarters = round(heading / (math.pi / 2))
    if math.hypot(x, y) < 0.5 or abs(heading - quarters * math.pi / 2) > _LARGEST_SKEW:
        raise LanguageRefusal(
            f"The gripper stands at {math.degrees(heading):.0f} degrees, between two directions of the base. "
            'Do you mean "your left", which is the robot\'s, or shall I turn the gripper first?'
        )
    return Viewpoint(quarters % 4)
