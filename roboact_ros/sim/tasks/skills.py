"""The few things that all tasks are made of: grasping, carrying, pushing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.task import CLOSED, CRUISE, OPEN, Waypoint
from roboact_ros.types import FloatArray

REACHED = 0.0065
"""Largest error on each axis that counts as being there [m]: motions come in centimetres."""

STAND_OFF = 0.065
"""Distance between a closed gripper and the middle of what it is about to push [m]."""

_RETREAT = 0.15


def reached(tool: FloatArray, position: FloatArray) -> bool:
    """Whether the tool (3,) is at ``position`` (3,), as near as whole centimetres allow."""
    return bool((np.abs(position - tool) <= REACHED).all())


def grasp(now: Situation, point: FloatArray) -> Waypoint:
    """Take hold of whatever is at ``point``, (3,) [m], from above."""
    return Waypoint(point, CLOSED if reached(now.tool, point) else OPEN)


def carry(now: Situation, name: str, goal: FloatArray, cruise: float = CRUISE) -> Waypoint:
    """Bring a held object to ``goal``, (3,) [m], at the height ``cruise`` [m] above the table, and let go."""
    hand = now.tool + goal - now.position(name)
    return Waypoint(hand, OPEN if reached(now.tool, hand) else CLOSED, cruise=cruise)


def retreat(now: Situation) -> Waypoint:
    """Leave an object that was let go, straight up."""
    return Waypoint(now.tool + [0.0, 0.0, _RETREAT], OPEN, straight=True)


def push(now: Situation, point: FloatArray, direction: Sequence[float], beyond: float) -> Waypoint:
    """Push what is at ``point``, (3,) [m], along a unit vector ``direction`` in the plane.

    Args:
        now: The situation.
        point: Where the closed fingers should meet the object.
        direction: (2,) where to push it.
        beyond: How far beyond ``point`` the fingers go [m].
    """
    along = np.array([*direction, 0.0])
    offset = now.tool - point
    ahead = float(offset @ along)
    aside = offset - ahead * along
    behind = -2.0 * STAND_OFF < ahead < 0.0 if now.gripper.opening < 0.1 else False
    if behind and np.abs(aside).max() < 2.0 * REACHED:
        return Waypoint(point + aside + beyond * along, CLOSED, straight=True)
    return Waypoint(point - STAND_OFF * along, CLOSED)
