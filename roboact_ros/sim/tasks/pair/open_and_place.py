"""Open the drawer and put a block in it: the right arm pulls and holds, the left one places."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, pi

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.execution.poses import inverse_pose
from roboact_ros.sim.furniture import HANDLE_REACH
from roboact_ros.sim.placement import Disc, Rectangle, place
from roboact_ros.sim.scene import Contents, Drawer, Planar
from roboact_ros.sim.tasks.layout import Draw, Split
from roboact_ros.sim.tasks.pair.situation import LEFT, RIGHT, PairSituation
from roboact_ros.sim.tasks.pair.task import Both, PairDraft
from roboact_ros.sim.tasks.skills import reached
from roboact_ros.sim.tasks.task import CLOSED, CRUISE, OPEN, Waypoint

HELD_OUT_PLACE: Disc = (0.48, 0.24, 0.05)
"""Where the block of an unseen episode lies, and no block of a seen one: x, y, radius [m]."""

_CABINET = Planar(0.56, -0.12, pi / 2)
_BLOCKS: Rectangle = (0.33, 0.66, 0.07, 0.42)
_HANDLE = np.array([-HANDLE_REACH, 0.0, 0.066, 1.0])
_ENOUGH, _WIDE, _PULL = 0.07, 0.105, 0.12
"""How far the drawer counts as open, how far the left arm waits for, and how far the right one pulls it [m]."""
_BEHIND_FRONT, _ABOVE = 0.078, 0.125
"""Where the block is let go: behind the front of the drawer and above the table [m]."""
_APART, _ROUNDS = 0.02, 200


@dataclass(frozen=True, slots=True)
class OpenAndPlace:
    """Pull a drawer open with the right arm and put a block in it with the left one."""

    block: str
    drawer: Drawer

    @property
    def instruction(self) -> str:
        """See :class:`PairTask`."""
        return f"open the {self.drawer.name} and put the {self.block} in it"

    def succeeded(self, start: PairSituation, now: PairSituation) -> bool:
        """The drawer is open by 7 cm or more, the block lies in it, and the left gripper has let go."""
        inner = inverse_pose(now.poses[self.drawer.name]) @ now.poses[self.block][:, 3]
        depth, width, height = self.drawer.size
        inside = 0.0 < inner[0] < depth and abs(inner[1]) < width / 2 and 0.0 < inner[2] < height - 0.03
        return bool(inside) and now.openings[self.drawer.name] > _ENOUGH and now.grippers[LEFT].opening > 0.8

    def next_waypoints(self, start: PairSituation, now: PairSituation) -> Both | None:
        """See :class:`PairTask`."""
        return self._place(now), self._pull(now)

    def _pull(self, now: PairSituation) -> Waypoint:
        drawer, opening = now.poses[self.drawer.name], now.openings[self.drawer.name]
        handle = (drawer @ _HANDLE)[:3]
        if now.holds(RIGHT, handle):
            further = max(_PULL - opening, 0.0)
            return Waypoint(now.tools[RIGHT] - further * drawer[:3, 0], CLOSED, True)
        return Waypoint(handle, CLOSED if reached(now.tools[RIGHT], handle) else OPEN)

    def _place(self, now: PairSituation) -> Waypoint:
        block, tool = now.poses[self.block][:3, 3], now.tools[LEFT]
        if not now.holds(LEFT, block):
            return Waypoint(block, CLOSED if reached(tool, block) else OPEN)
        if now.openings[self.drawer.name] < _WIDE:
            up = max(now.table_z + CRUISE - float(tool[2]), 0.0)
            return Waypoint(tool + np.array([0.0, 0.0, up]), CLOSED, True)
        x, y = (now.poses[self.drawer.name] @ np.array([_BEHIND_FRONT, 0.0, 0.0, 1.0]))[:2]
        hand = tool + np.array([x, y, now.table_z + _ABOVE]) - block
        return Waypoint(hand, OPEN if reached(tool, hand) else CLOSED)


def draft_open_and_place(split: Split, random: np.random.Generator) -> PairDraft:
    """Draw an episode: a drawer and two blocks, one of which is asked for.

    Raises:
        SimulationError: No places were found.
    """
    draw = Draw(split, random)
    drawer = Drawer(place=draw.shifted(_CABINET, 0.02, 0.04))
    blocks = draw.blocks(2, 2)
    radius = 0.75 * blocks[0].size
    for _ in range(_ROUNDS):
        where = _places(split, random, radius)
        if where is not None:
            places = dict(zip((block.name for block in blocks), where, strict=True))
            return PairDraft(OpenAndPlace(blocks[0].name, drawer), Contents(blocks, (), (), (drawer,), ()), places)
    raise SimulationError("no places for two blocks were found")


def _places(split: Split, random: np.random.Generator, radius: float) -> list[Planar] | None:
    """Return one try at places for the block in question and the other one; None where they do not fit."""
    found = place([radius, radius], _BLOCKS, [], int(random.integers(2**31)))
    x, y, wide = HELD_OUT_PLACE
    away = [hypot(one.x - x, one.y - y) for one in found]
    fits = away[0] < wide if split is Split.UNSEEN else min(away) > wide + _APART
    return found if fits else None
