"""Forward and inverse kinematics of an arm and its tool, exact for the published table of the model."""

from __future__ import annotations

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution import closed_form, dh
from roboact_ros.execution.boundary import Boundary
from roboact_ros.execution.collision import link_offsets
from roboact_ros.execution.jacobian import CHARACTERISTIC_LENGTH, condition_number
from roboact_ros.robots import RobotModel
from roboact_ros.types import FloatArray

REACH_TOLERANCE = 5e-10
"""A pose this much out of reach counts as reachable [m]: rounding puts fully stretched poses there."""


class Kinematics:
    """Kinematics of one arm with one tool.

    Joint positions are (6,) float64 [rad]; poses are (4, 4) float64 homogeneous transforms [m].

    Args:
        model: The arm.
        pose_tool_in_flange: (4, 4) tool centre point.
    """

    def __init__(self, model: RobotModel, pose_tool_in_flange: FloatArray) -> None:
        self.model = model
        self.pose_tool_in_flange = np.array(pose_tool_in_flange, dtype=np.float64, order="C")
        self._table = dh.dh_table(np.zeros(6), np.array(model.d), np.array(model.a), np.array(model.alpha))
        self._arm = closed_form.pack_arm(model, self.pose_tool_in_flange, REACH_TOLERANCE)

    @property
    def joint_limits(self) -> FloatArray:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`."""
        largest = np.array(self.model.position_limit)
        return np.array((-largest, largest, self.model.velocity_limit))

    def chain(self, q: FloatArray) -> FloatArray:
        """Return the (7, 4, 4) poses in the base of the frames behind joints 1 … 6 and of the tool."""
        return dh.chain(q, self._table, self.pose_tool_in_flange)

    def forward(self, q: FloatArray) -> FloatArray:
        """Return the (4, 4) pose of the tool in the base."""
        pose: FloatArray = self.chain(q)[6].copy()
        return pose

    def jacobian(self, q: FloatArray) -> FloatArray:
        """Return the (6, 6) geometric Jacobian about the tool point, base frame, rows linear [m] then angular [rad]."""
        return dh.jacobian(self.chain(q))

    def condition(self, q: FloatArray) -> float:
        """Return the condition number of the Jacobian with linear rows divided by ``CHARACTERISTIC_LENGTH``."""
        return self.condition_of(self.chain(q))

    def condition_of(self, frames: FloatArray) -> float:
        """Return :meth:`condition` where :meth:`chain` returned ``frames``."""
        return condition_number(dh.jacobian(frames), CHARACTERISTIC_LENGTH)

    def boundary(self, box_low: FloatArray, box_high: FloatArray, table_z: float) -> Boundary:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`."""
        return Boundary(box_low, box_high, table_z, link_offsets(self.model.name))

    def inverse(self, pose_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return the solution (6,) with the smallest max |q - q_near|, joints turned within their limits.

        Where the wrist is singular, the last joint stays where ``q_near`` has it.

        Raises:
            MotionRefused: The arm cannot take this pose.
        """
        q = np.empty(6)
        status, miss = closed_form.nearest(pose_tool_in_base, q_near, self._arm, np.empty((8, 6)), q)
        if status != closed_form.REACHED:
            raise MotionRefused(refusal(status, miss, pose_tool_in_base, self.model))
        return q

    def inverse_all(self, pose_tool_in_base: FloatArray) -> FloatArray:
        """Return all solutions, (0 … 8, 6) in -pi … pi; where the wrist is singular, those with the last joint at 0."""
        found = np.empty((8, 6))
        count, _ = closed_form.solutions(pose_tool_in_base, 0.0, self._arm, found)
        return (found[:count] + np.pi) % (2 * np.pi) - np.pi

    def inverse_batch(self, poses_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return (N, 6) solutions of (N, 4, 4) poses, each near its row of seeds (N, 6); NaN where there is none."""
        return closed_form.nearest_batch(poses_tool_in_base, q_near, self._arm)


def refusal(status: int, miss: float, pose: FloatArray, model: RobotModel) -> str:
    """Return the message for a status of the closed form that is not ``REACHED``; ``miss`` is how far out of reach."""
    place = "x = {:.3f}, y = {:.3f}, z = {:.3f} m".format(*pose[:3, 3])
    if status == closed_form.OUT_OF_REACH:
        return f"the pose {place} is {max(miss, 1e-4):.4f} m out of the reach of the {model.name}"
    if status == closed_form.BEYOND_JOINT_LIMITS:
        limits = ", ".join(f"{limit:.2f}" for limit in model.position_limit)
        return f"the pose {place} needs a joint beyond its limit; allowed are +-({limits}) rad"
    return f"not a pose: the transform must be finite with a rotation in its upper left, got {pose.tolist()}"
