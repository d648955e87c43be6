"""Pull the tray nearer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.grasp_tray import both_hold, carry_tray, grasp_tray
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft, moved, with_trays

_NEARER, _ON_TABLE = 0.06, 0.02
"""A tray is pulled when it is so much nearer to the arms than it was, and no higher than this above that [m]."""
_PULL = 0.08


@dataclass(frozen=True, slots=True)
class PullTray:
    """Pull a tray nearer by its two posts, along the table."""

    tray: Tray

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"pull the {self.tray.name} nearer"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Both hold it, it is 6 cm nearer than it was, and still on the table."""
        way = now.poses[self.tray.name][:3, 3] - start.poses[self.tray.name][:3, 3]
        return bool(way[0] < -_NEARER and way[2] < _ON_TABLE) and both_hold(self.tray, now)

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        if not both_hold(self.tray, now):
            return grasp_tray(self.tray, now)
        done = start.poses[self.tray.name][0, 3] - now.poses[self.tray.name][0, 3]
        return carry_tray(np.array([done - _PULL, 0.0, 0.0]), now)


def draft_pull_tray(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode."""
    tray = moved(Tray(), split, random)
    return with_trays(PullTray(tray), tray)
