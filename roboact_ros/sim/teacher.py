"""A teacher that knows the true state of the table and speaks in the 58 motion primitives."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from roboact_ros.language.vocabulary import CLOSE, LENGTHS, OPEN, displacement, primitive
from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.sim.tasks.skills import REACHED
from roboact_ros.sim.tasks.task import Task, Waypoint
from roboact_ros.types import FloatArray, Motion

_SLACK = 0.005
_LOWER = 0.04
"""Depth under the height of travel that is not worth climbing [m]."""
_OPEN, _CLOSED = 0.9, 0.1


class Teacher:
    """Chooses the next primitive by looking at the situation only, so it can take over from any state.

    Args:
        task: What to teach.
        start: The situation in which the episode began.
    """

    def __init__(self, task: Task, start: Situation) -> None:
        self._task, self._start = task, start

    def next_motion(self, now: Situation) -> Motion | None:
        """Return what to do next; None when the task is done or the teacher knows no way on."""
        if self._task.succeeded(self._start, now):
            return None
        waypoint = self._task.next_waypoint(self._start, now)
        return None if waypoint is None else towards(waypoint, now)


def towards(waypoint: Waypoint, now: Situation) -> Motion | None:
    """Return the primitive that brings the tool nearer to ``waypoint``; None when it is there."""
    if waypoint.opening > 0.5 and now.gripper.opening < _OPEN:
        return primitive(OPEN)
    if waypoint.opening <= 0.5 and now.gripper.opening > _CLOSED and not now.gripper.holding:
        return primitive(CLOSE)
    remaining = waypoint.position - now.tool
    if not waypoint.straight and np.abs(remaining[:2]).max() > REACHED:
        height = now.tool[2] - now.table_z
        remaining[2] = waypoint.cruise - height if height < waypoint.cruise - _LOWER else 0.0
        if remaining[2]:
            remaining[:2] = 0.0
    axis = int(np.argmax(np.abs(remaining)))
    return _step(axis, remaining) if abs(remaining[axis]) > REACHED else None


def _step(axis: int, remaining: FloatArray) -> Motion:
    """Return the largest motion along ``axis`` that does not go too far."""
    left = 100.0 * (abs(float(remaining[axis])) + _SLACK)
    amount = max(length for length in LENGTHS if length <= max(left, 1.0))
    return primitive(displacement(axis, 1 if remaining[axis] > 0 else -1, Decimal(amount)).phrase)
