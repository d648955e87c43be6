"""Motions that follow a stream of commands and never end by themselves: servoJ, speedJ, speedL."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.motion_kernel import STEP, MotionKernel
from roboact_ros.types import FloatArray

SERVO_ACCELERATION = 40.0
"""Largest joint acceleration that servoJ uses [rad/s^2]."""


def _limited(change: FloatArray, largest: float) -> FloatArray:
    size = float(np.abs(change).max())
    return change if size <= largest else change * (largest / size)


class ServoJ:
    """Follows streamed joint targets and holds the last one when the stream ends.

    The law is the documented one: ``gain`` pulls the joints to the target, and the present position is projected
    ``lookahead`` seconds ahead with the present speed before it is compared. The arm therefore trails a moving target
    by the lookahead time.
    """

    done = False

    def retarget(self, q: FloatArray, lookahead: float, gain: float) -> None:
        """Follow ``q``, (6,) [rad], from the next step on."""
        self._target, self._lookahead, self._gain = q, lookahead, gain

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        ahead = kernel.q + kernel.qd * self._lookahead
        pull = (self._target - ahead) * self._gain
        np.minimum(np.maximum(pull, -SERVO_ACCELERATION, out=pull), SERVO_ACCELERATION, out=pull)
        speed = kernel.qd + pull * STEP
        # Without a dead band the arm would creep for ever. The first joint alone says no most of the time.
        if abs(speed[0]) < 1e-6 and np.abs(speed).max() < 1e-6 and np.abs(self._target - kernel.q).max() < 1e-7:
            return kernel.q
        return kernel.q + speed * STEP


class SpeedJ:
    """Ramps the joints to streamed speeds."""

    done = False

    def retarget(self, speeds: FloatArray, acceleration: float) -> None:
        """Approach ``speeds``, (6,) [rad/s], with ``acceleration`` of the fastest changing joint [rad/s^2]."""
        self._speeds, self._acceleration = speeds, acceleration

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        change = self._speeds * kernel.speed_fraction - kernel.qd
        return kernel.q + (kernel.qd + _limited(change, self._acceleration * STEP)) * STEP


class SpeedL:
    """Ramps the tool to streamed twists.

    Attributes:
        twist: (6,) speed of the tool in the base [m/s, rad/s] of the last step.
    """

    def __init__(self) -> None:
        self.done = False
        self.twist: FloatArray | None = None

    def retarget(self, twist: FloatArray, acceleration: float) -> None:
        """Approach ``twist``, (6,) in the base [m/s, rad/s], with ``acceleration`` [m/s^2, rad/s^2]."""
        self._target, self._acceleration = twist, acceleration

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        _, jacobian = kernel.arm.tool_and_jacobian(kernel.q)
        if self.twist is None:
            self.twist = jacobian.dot(kernel.qd)
        self.twist = self.twist + _limited(self._target * kernel.speed_fraction - self.twist, self._acceleration * STEP)
        return kernel.q + kernel.arm.joint_speeds(jacobian, self.twist) * STEP
