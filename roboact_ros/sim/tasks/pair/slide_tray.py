"""Pull the tray nearer, or push it away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.scene import Tray
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.pair.grasp_tray import both_hold, carry_tray, grasp_tray
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft, drawn, with_trays

_MOVED, _ON_TABLE = 0.06, 0.02
"""A tray is moved when it is so much nearer or farther than it was, and no higher than this above that [m]."""
_WAY = 0.08


@dataclass(frozen=True, slots=True)
class SlideTray:
    """Pull a tray nearer by its two posts, along the table, or push it away."""

    tray: Tray
    nearer: bool

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"pull the {self.tray.name} nearer" if self.nearer else f"push the {self.tray.name} away"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """Both hold it, it is 6 cm from where it was, the right way, and still on the table."""
        on_table = now.poses[self.tray.name][2, 3] - start.poses[self.tray.name][2, 3] < _ON_TABLE
        return bool(on_table) and self._done(start, now) > _MOVED and both_hold(self.tray, now)

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        if not both_hold(self.tray, now):
            return grasp_tray(self.tray, now)
        return carry_tray(np.array([self._sign * (_WAY - self._done(start, now)), 0.0, 0.0]), now)

    @property
    def _sign(self) -> int:
        return -1 if self.nearer else 1

    def _done(self, start: PairSituation, now: PairSituation) -> float:
        """Return how far it has been moved the right way, along x [m]."""
        return self._sign * float(now.poses[self.tray.name][0, 3] - start.poses[self.tray.name][0, 3])


def draft_pull_tray(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode of pulling."""
    return _draft(split, random, nearer=True)


def draft_push_tray(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode of pushing."""
    return _draft(split, random, nearer=False)


def _draft(split: Split, random: np.random.Generator, nearer: bool) -> PairDraft:
    tray = drawn(Tray(), split, random)
    return with_trays(SlideTray(tray, nearer), tray)
