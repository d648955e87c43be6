"""Point at a block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import CLOSED, Waypoint

_ABOVE = np.array([0.0, 0.0, 0.06])


@dataclass(frozen=True, slots=True)
class Point:
    """Hold the closed fingers just above an object without touching it."""

    target: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"point at the {self.target}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """Closed fingers, at most 2 cm beside and 3 to 9 cm above its middle, and it has not moved."""
        offset = now.tool - now.position(self.target)
        moved = float(np.linalg.norm(now.position(self.target) - start.position(self.target)))
        over = float(np.hypot(*offset[:2])) < 0.02 and 0.03 < offset[2] < 0.09
        return over and moved < 0.01 and now.gripper.opening < 0.2

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        return Waypoint(now.position(self.target) + _ABOVE, CLOSED)


def draft(draw: Draw) -> Draft:
    """Draw an episode."""
    blocks = draw.blocks(2, 4)
    return draw.table(Point(blocks[0].name), blocks, target=blocks[0].name)
