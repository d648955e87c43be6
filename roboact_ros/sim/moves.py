"""Motions that end by themselves: moveJ, moveL, stopJ, stopL."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.dh import matrix_from_pose, pose_from_matrix
from roboact_ros.sim.motion_kernel import STEP, MotionKernel, MotionViolation
from roboact_ros.sim.streams import SpeedL
from roboact_ros.sim.trapezoid import Trapezoid
from roboact_ros.types import FloatArray


class StopJ:
    """Brakes all joints together; deceleration of the fastest one [rad/s^2]."""

    def __init__(self, deceleration: float) -> None:
        self.done = False
        self._deceleration = deceleration

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        q = kernel.slowed(self._deceleration)
        self.done = q is kernel.q
        return q


class StopL(SpeedL):
    """Brakes the tool along its path; deceleration [m/s^2]."""

    def __init__(self, deceleration: float) -> None:
        super().__init__()
        self.retarget(np.zeros(6), deceleration)

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        q = super().step(kernel)
        self.done = self.twist is None or not self.twist.any()
        return q


class MoveJ:
    """Straight in joint space, rest to rest, led by the joint with the longest way.

    Args:
        goal: (6,) joint positions [rad].
        speed: Of the leading joint [rad/s].
        acceleration: Of the leading joint [rad/s^2].
    """

    def __init__(self, goal: FloatArray, speed: float, acceleration: float) -> None:
        self.done = False
        self._goal, self._speed, self._acceleration = np.array(goal, dtype=np.float64), speed, acceleration
        self._profile: Trapezoid | None = None
        self._time = 0.0

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        if self._profile is None:
            if kernel.moving:
                return kernel.slowed(self._acceleration)
            self._start = kernel.q
            self._length = float(np.abs(self._goal - kernel.q).max())
            if self._length < 1e-9:
                self.done = True
                return kernel.q
            self._profile = Trapezoid(self._length, self._speed, self._acceleration)
        self._time += STEP * kernel.speed_fraction
        if self._time >= self._profile.duration:
            self.done = True
            return self._goal
        return self._start + (self._goal - self._start) * (self._profile.at(self._time) / self._length)


class MoveL:
    """Straight line of the tool, rest to rest.

    Args:
        pose_tool_in_base: x, y, z [m], rotation vector [rad] of the goal.
        speed: Of the tool [m/s]; [rad/s] where the motion is a pure rotation.
        acceleration: Of the tool [m/s^2] or [rad/s^2].
    """

    def __init__(self, pose_tool_in_base: FloatArray | list[float], speed: float, acceleration: float) -> None:
        self.done = False
        self._goal, self._speed, self._acceleration = matrix_from_pose(pose_tool_in_base), speed, acceleration
        self._profile: Trapezoid | None = None
        self._time = 0.0

    def step(self, kernel: MotionKernel) -> FloatArray:
        """See :class:`Motion`."""
        if self._profile is None:
            if kernel.moving:
                return kernel.slowed(self._acceleration)
            self._start = start = kernel.arm.tool(kernel.q)
            turn = np.eye(4)
            turn[:3, :3] = self._goal[:3, :3].dot(start[:3, :3].T)
            self._turn = np.array(pose_from_matrix(turn))
            way = float(np.linalg.norm(self._goal[:3, 3] - start[:3, 3]))
            self._length = way if way > 1e-4 else max(way, float(np.linalg.norm(self._turn[3:])))
            if self._length < 1e-9:
                self.done = True
                return kernel.q
            self._profile = Trapezoid(self._length, self._speed, self._acceleration)
        self._time += STEP * kernel.speed_fraction
        self.done = self._time >= self._profile.duration
        part = 1.0 if self.done else self._profile.at(self._time) / self._length
        target = matrix_from_pose(self._turn * part)
        target[:3, :3] = target[:3, :3].dot(self._start[:3, :3])
        target[:3, 3] = self._start[:3, 3] + (self._goal[:3, 3] - self._start[:3, 3]) * part
        q, missing = kernel.arm.newton(target, kernel.q, 3, 1e-7)
        if missing > 1e-4:
            pose = ", ".join(f"{value:.4f}" for value in pose_from_matrix(target))
            raise MotionViolation(f"the line leaves the arm's reach at [{pose}]")
        return q
