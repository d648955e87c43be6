"""What a policy feels of its arm, as numbers."""

from __future__ import annotations

import numpy as np

from roboact_ros.types import FloatArray, ToolState


def proprioception(tool: ToolState) -> FloatArray:
    """Return (10,): position of the tool in the base [m], the first two columns of its rotation, 1 when open, else 0.

    Rotation vectors and Euler angles leap where a tool points straight down; columns of the rotation do not.
    """
    pose = tool.pose_tool_in_base
    return np.array([*pose[:3, 3], *pose[:3, 0], *pose[:3, 1], float(tool.open)])
