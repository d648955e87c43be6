"""Lift the tray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.situation import LEFT, RIGHT, PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft, moved, with_trays
from roboact_ros.sim.tasks.skills import reached
from roboact_ros.sim.tasks.task import CLOSED, OPEN, Waypoint

_LIFTED, _LEVEL = 0.08, 0.985
"""A tray is lifted when it is so much higher than it was [m], and level when its normal has so much of the vertical."""
_LIFT = 0.11


@dataclass(frozen=True, slots=True)
class LiftTray:
    """Lift a tray by its two posts, level."""

    tray: Tray

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"lift the {self.tray.name}"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Both hold it, it is 8 cm higher than it was, and level to within 10 degrees."""
        pose, posts = now.poses[self.tray.name], now.posts(self.tray)
        higher = float(pose[2, 3] - start.poses[self.tray.name][2, 3])
        return higher > _LIFTED and float(pose[2, 2]) > _LEVEL and all(now.holds(arm, posts[arm]) for arm in (0, 1))

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        posts = now.posts(self.tray)
        if all(now.holds(arm, posts[arm]) for arm in (LEFT, RIGHT)):
            higher = now.poses[self.tray.name][2, 3] - start.poses[self.tray.name][2, 3]
            up = np.array([0.0, 0.0, _LIFT - higher])
            return Waypoint(now.tools[0] + up, CLOSED, True), Waypoint(now.tools[1] + up, CLOSED, True)
        # Neither closes before both are there, or one would pull the tray away from the other.
        there = all(now.holds(arm, posts[arm]) or reached(now.tools[arm], posts[arm]) for arm in (LEFT, RIGHT))
        return Waypoint(posts[0], CLOSED if there else OPEN), Waypoint(posts[1], CLOSED if there else OPEN)


def draft_lift_tray(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode."""
    tray = moved(Tray(), split, random)
    return with_trays(LiftTray(tray), tray)
