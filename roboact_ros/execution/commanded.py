"""What the arm was told last; the only way to tell it more leads through the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.limits import Limits, StepRequest, Verdict, allow
from roboact_ros.execution.neighbour import Neighbour
from roboact_ros.types import FloatArray

STANDING = 0.02
"""An arm stands when every joint is slower than this [rad/s]."""

MOVED = 0.05
"""An arm found this far from where it was left has been moved by somebody else [rad]: nothing is left to undo."""


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """What one cycle asks of the hardware.

    Attributes:
        q: (n,) joint target [rad], or None: the arm is not driven and must be halted.
        gripper: Opening to send now, or None.
        halt_gripper: Whether the gripper must stop where it is, now and once.
    """

    q: FloatArray | None
    gripper: float | None = None
    halt_gripper: bool = False


class Commanded:
    """The joint target of the last cycle.

    Attributes:
        neighbour: The other arm of two, as it is now.

    Args:
        limits: What every target must respect.
        dt: Control period [s].
    """

    def __init__(self, limits: Limits, dt: float) -> None:
        self._limits, self._dt = limits, dt
        self._q: FloatArray | None = None
        self._qd = np.zeros_like(limits.middle)
        self._q_left: FloatArray | None = None
        self._halting = False
        self.neighbour: Neighbour | None = None

    @property
    def driven(self) -> bool:
        """Whether the arm is being sent targets."""
        return self._q is not None

    @property
    def standing(self) -> bool:
        """Whether the last target did not move the arm."""
        return not self._qd.any()

    @property
    def q(self) -> FloatArray:
        """(n,) joint target of the last cycle [rad].

        Raises:
            MotionRefused: The arm is not driven.
        """
        if self._q is None:
            raise MotionRefused("the arm is not driven")
        return self._q

    def error(self, q_measured: FloatArray) -> float:
        """Return how far the joint that is farthest from its target is from it [rad]."""
        return float(np.abs(q_measured - self.q).max())

    def step(self, q_target: FloatArray, q_measured: FloatArray) -> Verdict:
        """Go to a joint target (n,) [rad] as far as the limits allow in one period, and return what they allowed."""
        request = StepRequest(q_target, self.q, self._qd, q_measured, self._dt, self.neighbour)
        verdict = allow(request, self._limits)
        self._qd = (verdict.q - self.q) / self._dt
        self._q = verdict.q
        return verdict

    def brake(self, q_measured: FloatArray) -> None:
        """Slow down for one period as hard as the joints may."""
        self.step(np.full_like(q_measured, np.nan), q_measured)

    def rest(self) -> None:
        """Count the arm as standing where it was sent."""
        self._qd = np.zeros_like(self._qd)

    def leave(self) -> None:
        """Stop driving the arm."""
        self._halting = False
        if self._q is not None:
            self._q_left, self._q = self._q, None

    def halt(self) -> None:
        """Stop driving an arm that may be moving; the robot brings it to rest, and there it counts as left."""
        if self._q is not None:
            self.leave()
            self._halting = True

    def coast(self, q: FloatArray, standing: bool) -> None:
        """Note where the arm is that is not driven, joints (n,) [rad], and whether it stands."""
        if self._halting:
            self._q_left, self._halting = q.copy(), not standing

    def regain(self, q: FloatArray) -> bool:
        """Drive the arm from where it really is, joints (n,) [rad]; return whether it was moved meanwhile."""
        moved = self._q_left is not None and float(np.abs(q - self._q_left).max()) > MOVED
        self._q, self._q_left = q.copy(), None
        return moved
