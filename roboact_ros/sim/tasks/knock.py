"""Knock over a can."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import Waypoint

_HIGH = np.array([0.0, 0.0, 0.025])
_ROOM = 0.08
_LEFT, _BEYOND = (0.0, 1.0), 0.06
"""From the side a round can does not slip in between the fingers."""


@dataclass(frozen=True, slots=True)
class KnockOver:
    """Make an upright can lie down."""

    target: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"knock over the {self.target}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """Its axis leans by more than 60 degrees."""
        return abs(float(now.poses[self.target][2, 2])) < 0.5

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        return skills.push(now, now.position(self.target) + _HIGH, _LEFT, _BEYOND)


def draft(draw: Draw) -> Draft:
    """Draw an episode."""
    cans = draw.cans()
    target = cans[0].name
    return draw.table(KnockOver(target), draw.blocks(1, 2, targets=0), cans, target=target, room={target: _ROOM})
