"""Push a block away, or pull it closer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import Waypoint

_DIRECTIONS = {"forward": (1.0, 0.0), "back": (-1.0, 0.0), "to the left": (0.0, 1.0), "to the right": (0.0, -1.0)}
_ROOM = 0.08
_BEYOND = 0.07


@dataclass(frozen=True, slots=True)
class Push:
    """Slide a block along the table; ``where`` is one of forward, back, to the left, to the right."""

    target: str
    where: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"pull the {self.target} back" if self.where == "back" else f"push the {self.target} {self.where}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It went 4 cm or more that way, less than half as much to a side, and lies on the table."""
        moved = (now.position(self.target) - start.position(self.target))[:2]
        direction = np.array(_DIRECTIONS[self.where])
        ahead = float(moved @ direction)
        aside = float(np.linalg.norm(moved - ahead * direction))
        height = float(start.position(self.target)[2]) - start.table_z
        return ahead > 0.04 and aside < ahead / 2 and now.resting_on_table(self.target, height)

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        return skills.push(now, now.position(self.target), _DIRECTIONS[self.where], _BEYOND)


def draft_push(draw: Draw) -> Draft:
    """Draw an episode of pushing."""
    return _draft(draw, draw.choice(("forward", "to the left", "to the right")))


def draft_pull(draw: Draw) -> Draft:
    """Draw an episode of pulling."""
    return _draft(draw, "back")


def _draft(draw: Draw, where: str) -> Draft:
    blocks = draw.blocks(2, 3)
    target = blocks[0].name
    return draw.table(Push(target, where), blocks, target=target, room={target: _ROOM})
