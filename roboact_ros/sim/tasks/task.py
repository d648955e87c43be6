"""The contract of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from roboact_ros.sim.tasks.situation import Situation
from roboact_ros.types import FloatArray

CLOSED, OPEN = 0.0, 1.0

CRUISE = 0.22
"""Height above the table at which the tool passes over what lies there [m]."""


@dataclass(frozen=True, slots=True, eq=False)
class Waypoint:
    """Where the teacher takes the tool next.

    Attributes:
        position: (3,) of the tool in the base [m].
        opening: Of the gripper, commanded before the tool moves: ``CLOSED`` or ``OPEN``.
        straight: Go there directly; otherwise lift the tool to ``cruise``, travel and come down.
        cruise: Height above the table [m].
    """

    position: FloatArray
    opening: float
    straight: bool = False
    cruise: float = CRUISE


class Task(Protocol):
    """One thing to do; immutable, decided by the situation alone, so that it can be taught from any state."""

    @property
    def instruction(self) -> str:
        """The words of the person."""
        ...

    def succeeded(self, start: Situation, now: Situation) -> bool:
        """Whether it is done, given the situations at the start of the episode and now."""
        ...

    def next_waypoint(self, start: Situation, now: Situation) -> Waypoint | None:
        """Return where to take the tool now; None when nothing is left to do, or nothing can be done."""
        ...
