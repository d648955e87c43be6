"""Put a block into the bowl or into the box."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import HingedBox, Planar
from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import Waypoint

_BOWL_ABOVE, _BOX_ABOVE = 0.075, 0.095
_OVER_THE_LID = 0.268
_BOX = Planar(0.66, -0.34, np.pi)


@dataclass(frozen=True, slots=True)
class PutInBowl:
    """Drop a block into the bowl."""

    target: str
    bowl: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"put the {self.target} in the {self.bowl}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It lies in the bowl, and the gripper has let go."""
        x, y, z = now.position(self.target) - now.position(self.bowl)
        inside = float(np.hypot(x, y)) < 0.05 and 0.0 < z < 0.05
        return inside and now.gripper.opening > 0.8

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        if now.holds(self.target):
            return skills.carry(now, self.target, now.position(self.bowl) + (0.0, 0.0, _BOWL_ABOVE))
        return skills.grasp(now, now.position(self.target))


@dataclass(frozen=True, slots=True)
class PutInBox:
    """Drop a block into the open box; ``middle`` is x, y of its floor and ``half`` half its width and depth [m]."""

    target: str
    middle: tuple[float, float]
    half: tuple[float, float]

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"put the {self.target} in the box"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It lies in the box, and the gripper has let go."""
        position = now.position(self.target)
        x, y = np.abs(position[:2] - self.middle)
        inside = x < self.half[0] and y < self.half[1] and position[2] - now.table_z < 0.06
        return bool(inside) and now.gripper.opening > 0.8

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        if now.holds(self.target):
            goal = np.array([*self.middle, now.table_z + _BOX_ABOVE])
            return skills.carry(now, self.target, goal, _OVER_THE_LID)
        return skills.grasp(now, now.position(self.target))


def draft_bowl(draw: Draw) -> Draft:
    """Draw an episode with the bowl."""
    blocks = draw.blocks(2, 3)
    return draw.table(PutInBowl(blocks[0].name, "bowl"), blocks, draw.maybe_a_can(), target=blocks[0].name)


def draft_box(draw: Draw) -> Draft:
    """Draw an episode with the box."""
    blocks = draw.blocks(2, 3)
    box = HingedBox(place=draw.shifted(_BOX, 0.03, 0.05))
    half_x, half_y, _ = (side / 2 for side in box.size)
    task = PutInBox(blocks[0].name, (box.place.x, box.place.y), (half_x, half_y))
    return draw.table(task, blocks, target=blocks[0].name, box=box)
