"""Open the drawer; close the lid of the box."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

import numpy as np

from roboact_ros.sim.furniture import HANDLE_REACH
from roboact_ros.sim.scene import Drawer, HingedBox, Planar
from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import CLOSED, Waypoint

_HANDLE = np.array([-HANDLE_REACH, 0.0, 0.066, 1.0])
_DRAWER, _BOX = Planar(0.56, 0.50, pi / 2), Planar(0.66, -0.36, pi)
_PULL = 0.11
_LID_HEIGHT, _BEHIND, _BEYOND = 0.14, 0.12, 0.055
"""Where the fingers meet the lid: above the table, behind its hinge to begin with and before it in the end [m]."""


@dataclass(frozen=True, slots=True)
class OpenDrawer:
    """Pull a drawer open by its handle."""

    target: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"open the {self.target}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It is open by 7 cm or more."""
        return now.openings[self.target] > 0.07

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        drawer = now.poses[self.target]
        handle = (drawer @ _HANDLE)[:3]
        if now.holds(self.target, handle):
            return Waypoint(now.tool - (_PULL - now.openings[self.target]) * drawer[:3, 0], CLOSED, straight=True)
        return skills.grasp(now, handle)


@dataclass(frozen=True, slots=True)
class CloseLid:
    """Push the open lid of a box over, so that it falls shut; ``side`` is x, y of the hinge's middle [m]."""

    target: str
    side: tuple[float, float]

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"close the {self.target}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It is shut to within 0.1 rad."""
        return now.openings[self.target] < 0.1

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        edge = np.array([*self.side, now.table_z + _LID_HEIGHT])
        offset = now.tool - edge
        behind = -_BEYOND < offset[1] < 2.0 * _BEHIND and np.abs(offset[[0, 2]]).max() < 2.0 * skills.REACHED
        if behind and now.gripper.opening < 0.1:
            return Waypoint(now.tool - (0.0, offset[1] + _BEYOND, 0.0), CLOSED, straight=True)
        return Waypoint(edge + (0.0, _BEHIND, 0.0), CLOSED)


def draft_drawer(draw: Draw) -> Draft:
    """Draw an episode with the drawer."""
    drawer = Drawer(place=draw.shifted(_DRAWER, 0.03, 0.05))
    return draw.table(OpenDrawer(drawer.name), draw.blocks(2, 3, targets=0), draw.maybe_a_can(), drawer=drawer)


def draft_lid(draw: Draw) -> Draft:
    """Draw an episode with the lid."""
    box = HingedBox(place=draw.shifted(_BOX, 0.03, 0.05))
    side = (box.place.x, box.place.y + box.size[1] / 2)
    return draw.table(CloseLid(box.name, side), draw.blocks(2, 3, targets=0), draw.maybe_a_can(), box=box)
