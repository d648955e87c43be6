"""Arms and grippers without a robot, for tests: they are wherever they were told to be."""

from __future__ import annotations

import numpy as np

from roboact_ros.errors import ArmError
from roboact_ros.types import ArmMode, ArmState, FloatArray, GripperState


class IdealArm:
    """An :class:`~roboact_ros.arms.arm.Arm` that reaches every target within one period.

    Args:
        q: (n,) joint positions at start [rad].
        dt: Control period [s].
    """

    def __init__(self, q: FloatArray, dt: float = 0.002) -> None:
        self._dt = dt
        self._time_ns = 0
        self.q = np.array(q, dtype=np.float64)
        self.qd = np.zeros_like(self.q)
        self.mode = ArmMode.RUNNING
        self.speed_scaling = 1.0
        self.servoing = False
        self.targets: list[FloatArray] = []

    def read(self) -> ArmState:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        self._time_ns += round(self._dt * 1e9)
        return ArmState(self._time_ns, self.q.copy(), self.qd.copy(), self.mode, self.speed_scaling)

    def servo(self, q: FloatArray) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        if self.mode is not ArmMode.RUNNING:
            raise ArmError(f"the arm takes no targets: {self.mode.value}")
        self.qd = (np.asarray(q) - self.q) / self._dt
        self.q = np.array(q, dtype=np.float64)
        self.servoing = True
        self.targets.append(self.q.copy())

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        self.servoing = False
        self.qd = np.zeros_like(self.q)

    def unlock(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        if self.mode is ArmMode.PROTECTIVE_STOP:
            self.mode = ArmMode.RUNNING

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        self.servoing = False


class IdealGripper:
    """A :class:`~roboact_ros.arms.gripper.Gripper` that needs ``reads`` readings to arrive."""

    def __init__(self, reads: int = 0) -> None:
        self._reads = reads
        self._left = 0
        self.opening = 1.0

    def move(self, opening: float) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        self.opening = opening
        self._left = self._reads

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        self._left = 0

    def read(self) -> GripperState:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
        self._left = max(0, self._left - 1)
        return GripperState(self.opening, moving=self._left > 0, holding=False)

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.gripper.Gripper`."""
