"""Put a block beside or onto another one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.tasks import skills
from roboact_ros.sim.tasks.layout import Draft, Draw
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import Waypoint
from roboact_ros.types import FloatArray

_BESIDE = {"to the left of": 0.10, "to the right of": -0.10}
_ROOM = 0.11
_DROP = 0.004


@dataclass(frozen=True, slots=True)
class PutBeside:
    """Put a block on the table beside another; ``where`` is to the left of, or to the right of."""

    target: str
    reference: str
    where: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"put the {self.target} {self.where} the {self.reference}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It lies free on that side, 5 to 15 cm away and at most 4 cm before or behind it."""
        x, y, _ = now.position(self.target) - now.position(self.reference)
        away = y * np.sign(_BESIDE[self.where])
        height = float(start.position(self.target)[2]) - start.table_z
        there = 0.05 < away < 0.15 and abs(x) < 0.04 and now.resting_on_table(self.target, height)
        return there and now.free_of(self.target)

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        goal = now.position(self.reference) + (0.0, _BESIDE[self.where], _DROP)
        return _put(now, self.target, goal)


@dataclass(frozen=True, slots=True)
class Stack:
    """Put a block onto another."""

    target: str
    base: str

    @property
    def instruction(self) -> str:
        """See :class:`Task`."""
        return f"stack the {self.target} on the {self.base}"

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """It lies free on the other: as much higher as a block is tall, its middle over it."""
        x, y, z = now.position(self.target) - now.position(self.base)
        tall = 2.0 * float(start.position(self.base)[2] - start.table_z)
        return abs(z - tall) < 0.006 and float(np.hypot(x, y)) < tall / 2 and now.free_of(self.target)

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """See :class:`Task`."""
        tall = 2.0 * float(start.position(self.base)[2] - start.table_z)
        return _put(now, self.target, now.position(self.base) + (0.0, 0.0, tall + skills.REACHED + 0.001))


def _put(now: Situation, target: str, goal: FloatArray) -> Waypoint:
    """Take ``target`` to ``goal``, (3,) [m], and leave it there."""
    offset = now.position(target) - goal
    if now.holds(target):
        return skills.carry(now, target, goal)
    if float(np.hypot(*offset[:2])) < 0.02 and abs(offset[2]) < 0.02:
        return skills.retreat(now)
    return skills.grasp(now, now.position(target))


def draft_beside(draw: Draw) -> Draft:
    """Draw an episode of putting beside."""
    target, reference, *_ = blocks = draw.blocks(2, 3)
    task = PutBeside(target.name, reference.name, draw.choice(tuple(_BESIDE)))
    return draw.table(task, blocks, target=target.name, room={reference.name: _ROOM})


def draft_stack(draw: Draw) -> Draft:
    """Draw an episode of stacking."""
    target, base, *_ = blocks = draw.blocks(2, 3)
    return draw.table(Stack(target.name, base.name), blocks, target=target.name)
