"""Chooses where loose objects lie: random, reachable, and far enough apart for a gripper to get between them."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, pi

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.furniture import HANDLE_REACH
from roboact_ros.sim.scene import Drawer, HingedBox, Planar
from roboact_ros.types import FloatArray

REACH = (0.30, 0.80)
"""Distances from the base at which a tool that points down reaches the table [m]."""
GAP = 0.05
"""Free space around every loose object: an open finger and its clearance [m]."""
_MARGIN = 0.02
"""Distance that objects keep from the edge of the workspace [m]."""
MOST_YAW = pi / 7
"""Blocks lie at most this far from straight, so that a gripper straightens rather than drops them [rad]."""
_TRIES = 100
_DRAWS = 100

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
        along = np.arange(-lx / 2 - HANDLE_REACH - drawer.travel, lx / 2 + 0.01, 0.05)
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
    for _ in range(_TRIES):
        discs = list(taken)
        for radius in radii:
            edge = radius + _MARGIN
            low, high = (region[0] + edge, region[2] + edge), (region[1] - edge, region[3] - edge)
            point = _free_point(random.uniform(low, high, (_DRAWS, 2)), radius, np.array(discs).reshape(-1, 3))
            if point is None:
                break
            discs.append((*point, radius))
        else:
            yaws = random.uniform(-MOST_YAW, MOST_YAW, len(radii)).tolist()
            return [Planar(x, y, yaw) for (x, y, _), yaw in zip(discs[len(taken) :], yaws, strict=True)]
    raise SimulationError(f"{len(radii)} objects do not fit on the table with {GAP} m between them; use fewer")


def _free_point(points: FloatArray, radius: float, discs: FloatArray) -> tuple[float, float] | None:
    """Return the first of (N, 2) ``points`` [m] where a disc is reachable and away from (M, 3) ``discs``."""
    reach = np.hypot(*points.T)
    gaps = np.linalg.norm(points[:, None] - discs[None, :, :2], axis=2) - discs[:, 2] - radius
    free = np.flatnonzero((reach > REACH[0]) & (reach < REACH[1]) & (gaps > GAP).all(axis=1))
    return (float(points[free[0], 0]), float(points[free[0], 1])) if free.size else None


def _beside(where: Planar, x: float, y: float, radius: float) -> Disc:
    c, s = np.cos(where.yaw), np.sin(where.yaw)
    return float(where.x + c * x - s * y), float(where.y + s * x + c * y), radius
