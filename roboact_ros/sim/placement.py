"""Chooses where loose objects lie: random, reachable, and far enough apart for a gripper to get between them."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, pi

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.scene import Drawer, HingedBox, Planar

REACH = (0.30, 0.80)
"""Distances from the base at which a tool that points down reaches the table [m]."""
GAP = 0.065
"""Free space around every loose object: an open finger and its clearance [m]."""
_MARGIN = 0.02
"""Distance that objects keep from the edge of the workspace [m]."""
_MOST_YAW = pi / 7
"""Blocks lie at most this far from straight, so that a gripper straightens rather than drops them [rad]."""
_TRIES = 2000

Rectangle = tuple[float, float, float, float]
"""x from, x to, y from, y to [m]."""
Disc = tuple[float, float, float]
"""x, y of the centre, radius [m]."""


def kept_free(drawers: Sequence[Drawer], boxes: Sequence[HingedBox]) -> list[Disc]:
    """Return the ground that furniture and its moving parts need."""
    discs: list[Disc] = []
    for drawer in drawers:
        lx, ly, _ = drawer.size
        # From the back wall to where the handle ends when the drawer is fully open.
        along = np.arange(-lx / 2 - drawer.travel - 0.09, lx / 2 + 0.01, 0.05)
        discs += [_beside(drawer.place, x, 0.0, 0.6 * ly) for x in along]
    for hinged in boxes:
        lx, ly, _ = hinged.size
        discs.append(_beside(hinged.place, 0.0, 0.0, 0.55 * hypot(lx, ly)))
        discs.append(_beside(hinged.place, 0.0, -ly / 2 - 0.05, 0.6 * lx))
    return discs


def place(radii: Sequence[float], region: Rectangle, taken: Sequence[Disc], seed: int) -> list[Planar]:
    """Return a place for each object, in the frame of arm 0's base.

    Args:
        radii: Radius of each object [m].
        region: Where objects may lie.
        taken: Ground that is occupied.
        seed: The same seed gives the same places.

    Raises:
        SimulationError: They do not fit.
    """
    random = np.random.default_rng(seed)
    x0, x1, y0, y1 = region
    for _ in range(_TRIES):
        places: list[Planar] = []
        discs = list(taken)
        for radius in radii:
            edge = radius + _MARGIN
            for _ in range(50):
                x, y = random.uniform(x0 + edge, x1 - edge), random.uniform(y0 + edge, y1 - edge)
                reachable = REACH[0] < hypot(x, y) < REACH[1]
                if reachable and all(hypot(x - a, y - b) > radius + r + GAP for a, b, r in discs):
                    places.append(Planar(float(x), float(y), float(random.uniform(-_MOST_YAW, _MOST_YAW))))
                    discs.append((x, y, radius))
                    break
            else:
                break
        else:
            return places
    raise SimulationError(f"{len(radii)} objects do not fit on the table with {GAP} m between them; use fewer")


def _beside(where: Planar, x: float, y: float, radius: float) -> Disc:
    c, s = np.cos(where.yaw), np.sin(where.yaw)
    return float(where.x + c * x - s * y), float(where.y + s * x + c * y), radius
