"""Hand over the rod."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import Planar, Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.situation import LEFT, RIGHT, PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft, drawn, with_trays
from roboact_ros.sim.tasks.skills import reached
from roboact_ros.sim.tasks.task import CLOSED, OPEN, Waypoint

_HIGH, _AWAY = 0.05, 0.07
"""A rod has been handed over when it is so far above the table and from the gripper that gave it [m]."""
_MEETING = 0.12
"""Height above the table at which a rod is handed over [m]."""
_ROD = Tray("rod", Planar(0.50, -0.48), (0.035, 0.30, 0.012), 0.25)
_OVER_BOTH = 0.30


@dataclass(frozen=True, slots=True)
class HandOver:
    """Take a rod with the right arm and give it to the left one."""

    rod: Tray

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"hand over the {self.rod.name}"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """The left arm alone holds it, above the table."""
        left, right = now.posts(self.rod)
        high = float(now.poses[self.rod.name][2, 3]) > now.table_z + _HIGH
        given = now.grippers[RIGHT].opening > 0.8 and float(np.linalg.norm(now.tools[RIGHT] - right)) > _AWAY
        return high and given and now.holds(LEFT, left)

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        left, right = now.posts(self.rod)
        stay = Waypoint(now.tools[LEFT], OPEN, True)
        if now.holds(LEFT, left):
            away = np.array([0.0, 0.0, 1.5 * _AWAY])
            return Waypoint(now.tools[LEFT], CLOSED, True), Waypoint(right + away, OPEN, True)
        if not now.holds(RIGHT, right):
            return stay, Waypoint(right, CLOSED if reached(now.tools[RIGHT], right) else OPEN)
        x, y, z = now.poses[self.rod.name][:3, 3]
        up = np.array([0.0, 0.0, now.table_z + _MEETING - z])
        if up[2] > 0.02:
            return stay, Waypoint(now.tools[RIGHT] + up, CLOSED, True)
        hold = Waypoint(now.tools[RIGHT], CLOSED, True)
        return Waypoint(left, CLOSED if reached(now.tools[LEFT], left) else OPEN, cruise=_OVER_BOTH), hold


def draft_hand_over(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode."""
    rod = drawn(_ROD, split, random)
    return with_trays(HandOver(rod), rod)
