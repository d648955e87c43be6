"""Where a moving arm will be soon."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.execution.planner import Planner
from roboact_ros.execution.trajectory import ToolState
from roboact_ros.types import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Expected:
    """Where an arm will be.

    Attributes:
        q: (6,) commanded joints [rad].
        state: Commanded state of the tool.
        planner: Makes its motions.
    """

    q: FloatArray
    state: ToolState
    planner: Planner
