"""The motion part of the controller: whatever a program asks for becomes one joint target every 2 ms."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.robots import RobotModel
from roboact_ros.sim.dh import DhArm
from roboact_ros.types import FloatArray

STEP = 0.002
"""Period of the joint targets [s]."""


class MotionViolation(SimulationError):
    """A motion left the safety limits; a controller answers with a protective stop."""


class Motion(Protocol):
    """Something that moves the joints; ``done`` once it has come to its end."""

    done: bool

    def step(self, kernel: MotionKernel) -> FloatArray:
        """Return the (6,) joint target one step ahead [rad]."""
        ...


class MotionKernel:
    """Holds the commanded joints and runs one motion at a time.

    Args:
        model: Limits of the arm.
        arm: Kinematics of the arm.
        q: (6,) joint positions to start at [rad].

    Attributes:
        q: (6,) commanded joint positions [rad].
        qd: (6,) commanded joint speeds [rad/s].
        qdd: (6,) commanded joint accelerations [rad/s^2].
        motion: What runs now; None holds the arm.
        speed_fraction: The speed slider, 0 … 1; it stretches the time of moves.
    """

    def __init__(self, model: RobotModel, arm: DhArm, q: FloatArray) -> None:
        self.arm = arm
        self._position_limit = np.array(model.position_limit)
        self._velocity_limit = np.array(model.velocity_limit) * 1.001
        self.speed_fraction = 1.0
        self.reset(q)

    def reset(self, q: FloatArray) -> None:
        """Hold still at ``q``, dropping any motion."""
        self.q = np.array(q, dtype=np.float64)
        self.qd = np.zeros(6)
        self.qdd = np.zeros(6)
        self.motion: Motion | None = None

    @property
    def moving(self) -> bool:
        """Whether the commanded joints move."""
        return bool(self.qd.any())

    def step(self) -> None:
        """Advance by one step.

        Raises:
            MotionViolation: The motion would break a joint limit; nothing was changed.
        """
        motion = self.motion
        if motion is None:
            if self.qd.any():
                self.qd, self.qdd = np.zeros(6), np.zeros(6)
            return
        q = motion.step(self)
        qd = (q - self.q) / STEP
        if not (np.abs(qd) <= self._velocity_limit).all():
            joint = int(np.argmax(np.abs(qd) / self._velocity_limit))
            raise MotionViolation(
                f"joint {joint} would turn at {qd[joint]:.2f} rad/s, allowed {self._velocity_limit[joint]:.2f}"
            )
        if (np.abs(q) > self._position_limit).any():
            joint = int(np.argmax(np.abs(q) / self._position_limit))
            raise MotionViolation(
                f"joint {joint} would reach {q[joint]:.3f} rad, allowed ±{self._position_limit[joint]:.3f}"
            )
        self.qdd = (qd - self.qd) / STEP
        self.q, self.qd = q, qd
        if motion.done:
            self.motion = None

    def slowed(self, deceleration: float) -> FloatArray:
        """Return the (6,) joint target one step ahead while braking along the present direction [rad]."""
        fastest = float(np.abs(self.qd).max())
        loss = deceleration * STEP
        return self.q if fastest <= loss else self.q + self.qd * ((1.0 - loss / fastest) * STEP)
