"""Short spellings of the primitive geoms that every body of the scene is made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

Point = Sequence[float]

WORLD_BIT = 1
"""Contact bit of the table and everything on it; arm k has bit ``2 << k``."""


def box(body: Any, centre: Point, half: Point, **attributes: Any) -> Any:
    """Add a box: centre and half sizes [m] in the frame of ``body``."""
    return body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, pos=list(centre), size=list(half), **attributes)


def cylinder(body: Any, start: Point, end: Point, radius: float, **attributes: Any) -> Any:
    """Add a cylinder whose end faces are centred at ``start`` and ``end`` [m] in the frame of ``body``."""
    return _round(mujoco.mjtGeom.mjGEOM_CYLINDER, body, start, end, radius, attributes)


def capsule(body: Any, start: Point, end: Point, radius: float, **attributes: Any) -> Any:
    """Add a capsule whose half spheres are centred at ``start`` and ``end`` [m] in the frame of ``body``."""
    return _round(mujoco.mjtGeom.mjGEOM_CAPSULE, body, start, end, radius, attributes)


def quaternion_z(angle: float) -> list[float]:
    """Return the quaternion (w, x, y, z) of a rotation about z [rad]."""
    return [float(np.cos(angle / 2)), 0.0, 0.0, float(np.sin(angle / 2))]


def quaternion_x(angle: float) -> list[float]:
    """Return the quaternion (w, x, y, z) of a rotation about x [rad]."""
    return [float(np.cos(angle / 2)), float(np.sin(angle / 2)), 0.0, 0.0]


def _round(kind: Any, body: Any, start: Point, end: Point, radius: float, attributes: dict[str, Any]) -> Any:
    return body.add_geom(type=kind, fromto=[*start, *end], size=[radius, 0.0, 0.0], **attributes)
