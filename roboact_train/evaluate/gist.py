"""What the steps of a chunk come to, as the one motion that a person beside the policy sees coming."""

from __future__ import annotations

from roboact_ros.execution.chunks import CLOSES, OPENS, is_open
from roboact_ros.types import ActionChunk, GripperState, Motion

_NOTHING = 0.005
"""A displacement below this is none [m or rad]."""


def gist_of(chunk: ActionChunk, gripper: GripperState) -> Motion:
    """Return the displacement of the tool up to where the gripper changes, or that change if it comes first.

    Args:
        chunk: Steps of one arm.
        gripper: Measured before them.
    """
    opened = is_open(gripper)
    way = [0.0] * 6
    for x, y, z, rx, ry, rz, opening in chunk.of_arm().tolist():
        way = [done + more for done, more in zip(way, (x, y, z, rx, ry, rz), strict=True)]
        if opening < CLOSES if opened else opening > OPENS:
            if max(map(abs, way)) < _NOTHING:
                return Motion(chunk.phrase, (0.0,) * 7 + (0.0 if opened else 1.0,), chunk.phrase)
            break
    dx, dy, dz, rx, ry, rz = way
    return Motion(chunk.phrase, (dx, dy, dz, rx, ry, rz, 0.0, 1.0), chunk.phrase)
