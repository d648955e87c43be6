"""Pick up a block or a can."""

from __future__ import annotations

from dataclasses import dataclass

from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import CLOSED, Waypoint

_LIFT = (0.0, 0.0, 0.10)
_CAN_GRIP = 0.01
"""Cans are held this far above their middle [m]."""


@dataclass(frozen=True, slots=True)
class PickUp:
    """Lift an object off the table; ``grip`` is how far above its middle it is held [m]."""

    target: str
    grip: float = 0.0

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"pick up the {self.target}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It is held, 5 cm or more above where it stood."""
        risen = float(now.position(self.target)[2] - start.position(self.target)[2])
        return risen > 0.05 and now.holds(self.target)

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        if now.holds(self.target):
            return Waypoint(now.tool + _LIFT, CLOSED, straight=True)
        return skills.grasp(now, now.position(self.target) + (0.0, 0.0, self.grip))


def draft_block(draw: Draw) -> Draft:
    """Draw an episode with a block."""
    blocks = draw.blocks(2, 4)
    return draw.table(PickUp(blocks[0].name), blocks, target=blocks[0].name)


def draft_can(draw: Draw) -> Draft:
    """Draw an episode with a can."""
    cans = draw.cans()
    task = PickUp(cans[0].name, _CAN_GRIP)
    return draw.table(task, draw.blocks(1, 2, targets=0), cans, target=cans[0].name)
