"""Lift the tray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.grasp_tray import both_hold, carry_tray, grasp_tray
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft, drawn, with_trays

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
        pose = now.poses[self.tray.name]
        higher = float(pose[2, 3] - start.poses[self.tray.name][2, 3])
        return higher > _LIFTED and float(pose[2, 2]) > _LEVEL and both_hold(self.tray, now)

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        if not both_hold(self.tray, now):
            return grasp_tray(self.tray, now)
        higher = now.poses[self.tray.name][2, 3] - start.poses[self.tray.name][2, 3]
        return carry_tray(np.array([0.0, 0.0, _LIFT - higher]), now)


def draft_lift_tray(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode."""
    tray = drawn(Tray(), split, random)
    return with_trays(LiftTray(tray), tray)
