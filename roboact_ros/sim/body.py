"""The contract between a simulated controller and the physics that it drives, with an ideal body beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from roboact_ros.types import FloatArray, GripperState


@dataclass(frozen=True, slots=True, eq=False)
class BodyState:
    """What the sensors of a simulated arm measure.

    Attributes:
        q: (6,) joint positions [rad].
        qd: (6,) joint velocities [rad/s].
        torque: (6,) joint torques that the motors spend against the outside world (gravity compensated) [N m].
        gripper: Measured state of the gripper.
    """

    q: FloatArray
    qd: FloatArray
    torque: FloatArray
    gripper: GripperState


class ArmBody(Protocol):
    """One simulated arm with a gripper; whoever owns the world steps it."""

    def drive(self, q: FloatArray) -> None:
        """Set the joint position targets, (6,) [rad], that the motors follow from the next step on."""
        ...

    def grip(self, opening: float, speed: float, force: float) -> None:
        """Set the target of the gripper; all three 0 … 1, opening 1 is open."""
        ...

    def release(self, free: bool) -> None:
        """Let the arm be moved by hand (motors only damp), or hold it again where it is."""
        ...

    def read(self) -> BodyState:
        """Return the measured state after the last step."""
        ...


class IdealBody:
    """A body that is wherever it was told to be: what controller tests need instead of a world."""

    def __init__(self, q: FloatArray, dt: float = 0.002) -> None:
        self._q = np.array(q, dtype=np.float64)
        self._qd = np.zeros(6)
        self._dt = dt
        self._opening = 1.0
        self.free = False

    def drive(self, q: FloatArray) -> None:
        """See :class:`ArmBody`."""
        self._qd = (np.asarray(q, dtype=np.float64) - self._q) / self._dt
        self._q = np.array(q, dtype=np.float64)

    def grip(self, opening: float, speed: float, force: float) -> None:
        """See :class:`ArmBody`."""
        self._opening = opening

    def release(self, free: bool) -> None:
        """See :class:`ArmBody`."""
        self.free = free

    def read(self) -> BodyState:
        """See :class:`ArmBody`."""
        gripper = GripperState(opening=self._opening, moving=False, holding=False)
        return BodyState(self._q.copy(), self._qd.copy(), np.zeros(6), gripper)
