"""The contract of an arm's kinematics: all that planning, limits and the executor know of its joints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from roboact_ros.types import FloatArray

if TYPE_CHECKING:
    from roboact_ros.execution.boundary import Boundary


class ArmKinematics(Protocol):
    """Kinematics of one arm of n joints with one tool; the last joint turns about the z axis of the flange.

    Joint positions are (n,) float64 [rad; prismatic joints m]; poses are (4, 4) float64 homogeneous transforms [m].
    *Frames* are (n + 1, 4, 4): the poses in the base of the frames behind the joints and of the tool.
    """

    @property
    def pose_tool_in_flange(self) -> FloatArray:
        """(4, 4) tool centre point."""
        ...

    @property
    def joint_limits(self) -> FloatArray:
        """(3, n) smallest and largest position [rad] and largest speed [rad/s] of the joints."""
        ...

    def chain(self, q: FloatArray) -> FloatArray:
        """Return the frames at ``q``."""
        ...

    def forward(self, q: FloatArray) -> FloatArray:
        """Return the (4, 4) pose of the tool in the base."""
        ...

    def condition_of(self, frames: FloatArray) -> float:
        """Return the condition number of the Jacobian with linear rows divided by ``CHARACTERISTIC_LENGTH``."""
        ...

    def inverse(self, pose_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return joints (n,) within their limits that take the tool to a pose, near ``q_near``.

        Raises:
            MotionRefused: The arm cannot take this pose.
        """
        ...

    def boundary(self, box_low: FloatArray, box_high: FloatArray, table_z: float) -> Boundary:
        """Return where this arm may be, given the workspace box and the height of the table in the base [m]."""
        ...
