"""Kinematics of an arm that a URDF file describes, with any number of joints from six on (Pinocchio reads the file).

With more joints than a pose needs, many postures put the tool in one place. The one is taken that is nearest to where
the arm is, drawn a little towards its posture at home as the tool travels: the nearest posture alone would lead the
elbow away with every closed path of the tool, while a fixed posture for each pose would make an arm leap that begins
in another one.
"""

from __future__ import annotations

from math import atan2, exp
from typing import Any

import numpy as np

from roboact_ros.errors import ConfigurationError, MotionRefused
from roboact_ros.execution import serial_chain
from roboact_ros.execution.dh import pose_error, solve_symmetric
from roboact_ros.execution.jacobian import CHARACTERISTIC_LENGTH, condition_number
from roboact_ros.execution.link_capsules import LinkBoundary
from roboact_ros.execution.whole_turns import nearest_turn
from roboact_ros.types import FloatArray
from roboact_ros.urdf import UrdfArm

SETTLING_LENGTH = 0.3
"""Way of the tool on which a posture comes nearer to that at home by a factor of e [m]; a radian is 0.4 m."""

ACCEPTED_ERROR = 1e-9
"""Largest error of a solution over metres and radians."""

LIMIT_MARGIN = 0.2
"""So near to its limit a joint moves less than the others, where these can take its part [rad]."""

_LEAST_SHARE = 1e-3
_ITERATIONS = 100


class UrdfKinematics:
    """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`.

    Args:
        arm: What the file says of the joints.
        home: (n,) joints of the home pose [rad].
        link_radius: Radius of the capsules around the links [m].
        pose_tool_in_frame: (4, 4) tool centre point in the tool frame; by default its origin.

    Raises:
        ConfigurationError: Pinocchio is not installed or cannot read the file, or home does not fit the joints.
    """

    def __init__(
        self, arm: UrdfArm, home: FloatArray, link_radius: float, pose_tool_in_frame: FloatArray | None = None
    ) -> None:
        self.arm = arm
        self._home = np.array(home, dtype=np.float64)
        self._lowest, self._highest = np.array(arm.lowest), np.array(arm.highest)
        arm.check_inside(self._home.tolist())
        self._radii = np.full(len(arm.joints) + 1, link_radius)
        self._placements, self._slides = _placements(arm)
        if pose_tool_in_frame is not None:
            self._placements[-1] = self._placements[-1] @ pose_tool_in_frame

    @property
    def pose_tool_in_flange(self) -> FloatArray:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`; the flange is behind the last joint."""
        pose: FloatArray = self._placements[-1]
        return pose

    @property
    def joint_limits(self) -> FloatArray:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`."""
        return np.array((self._lowest, self._highest, self.arm.speed))

    def chain(self, q: FloatArray) -> FloatArray:
        """Return the (n + 1, 4, 4) poses in the base of the frames behind the joints, z on the axis, and the tool."""
        return serial_chain.chain(q, self._placements, self._slides)

    def forward(self, q: FloatArray) -> FloatArray:
        """Return the (4, 4) pose of the tool in the base."""
        pose: FloatArray = self.chain(q)[-1].copy()
        return pose

    def jacobian(self, q: FloatArray) -> FloatArray:
        """Return the (6, n) geometric Jacobian about the tool point, base frame, rows linear [m] then angular [rad]."""
        return serial_chain.jacobian(self.chain(q), self._slides)

    def condition_of(self, frames: FloatArray) -> float:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`."""
        jacobian = serial_chain.jacobian(frames, self._slides)
        jacobian[:3] /= CHARACTERISTIC_LENGTH
        # The triangular factor has the same singular values, and is square.
        return condition_number(np.ascontiguousarray(np.linalg.qr(jacobian.T, mode="r")), 1.0)

    def boundary(self, box_low: FloatArray, box_high: FloatArray, table_z: float) -> LinkBoundary:
        """See :class:`~roboact_ros.execution.arm_kinematics.ArmKinematics`."""
        names = (self.arm.base, *self.arm.links)
        return LinkBoundary.around(box_low, box_high, table_z, self._radii, names, self.chain(self._home))

    def inverse(self, pose_tool_in_base: FloatArray, q_near: FloatArray) -> FloatArray:
        """Return joints (n,) within their limits that take the tool to a pose, near ``q_near``.

        The last joint takes the part of the rotation that is about its axis, damped least squares the rest. A joint
        that is beyond its limit in ``q_near`` gets no farther beyond.

        Raises:
            MotionRefused: No way leads there from ``q_near``.
        """
        q = np.array(q_near, dtype=np.float64)
        lowest, highest = np.minimum(self._lowest, q), np.maximum(self._highest, q)
        q[-1] = min(max(q[-1] + self._twist(pose_tool_in_base, q), lowest[-1]), highest[-1])
        frames = self.chain(q)
        error = pose_error(pose_tool_in_base, frames[-1])
        way = float(np.linalg.norm(error[:3]) + CHARACTERISTIC_LENGTH * np.linalg.norm(error[3:]))
        drawn: FloatArray = (1.0 - exp(-way / SETTLING_LENGTH)) * (self._home_near(q) - q)
        damping = 1e-12
        for _ in range(_ITERATIONS):
            if np.abs(error).max() < ACCEPTED_ERROR and not drawn.any():
                return q
            tried = np.clip(q + self._step(q, frames, error, drawn, damping), lowest, highest)
            tried_frames = self.chain(tried)
            tried_error = pose_error(pose_tool_in_base, tried_frames[-1])
            if tried_error @ tried_error < error @ error + ACCEPTED_ERROR**2:
                q, frames, error = tried, tried_frames, tried_error
                damping = max(0.1 * damping, 1e-12)
            elif damping > 1e3:
                break
            else:
                damping *= 100.0
            drawn = np.zeros_like(drawn)
        raise MotionRefused(self._refusal(pose_tool_in_base, q, error))

    def _home_near(self, q: FloatArray) -> FloatArray:
        return nearest_turn(self._home, q, self._lowest, self._highest)

    def _twist(self, pose: FloatArray, q: FloatArray) -> float:
        """Return how far the last joint turns alone towards a pose [rad]."""
        toward = self.pose_tool_in_flange[:3, :3]
        turn = toward @ self.chain(q)[-1, :3, :3].T @ pose[:3, :3] @ toward.T
        return atan2(turn[1, 0] - turn[0, 1], turn[0, 0] + turn[1, 1])

    def _step(
        self, q: FloatArray, frames: FloatArray, error: FloatArray, drawn: FloatArray, damping: float
    ) -> FloatArray:
        """Return the smallest change of the joints (n,) beside ``drawn`` that takes away an error of the tool (6,)."""
        jacobian = serial_chain.jacobian(frames, self._slides)
        room = np.minimum(q - self._lowest, self._highest - q) / LIMIT_MARGIN
        weighted = jacobian * np.clip(room, _LEAST_SHARE, 1.0)
        normal, solved = weighted @ jacobian.T, error - jacobian @ drawn
        normal.flat[::7] += damping
        solve_symmetric(normal, solved)
        step: FloatArray = drawn + weighted.T @ solved
        return step

    def _refusal(self, pose: FloatArray, q: FloatArray, error: FloatArray) -> str:
        place = "x = {:.3f}, y = {:.3f}, z = {:.3f} m".format(*pose[:3, 3])
        if not np.isfinite(error).all():
            return f"not a pose: the transform must be finite, got {pose.tolist()}"
        at_limit = np.minimum(q - self._lowest, self._highest - q) < 1e-6
        if at_limit.any():
            joint = int(at_limit.argmax())
            low, high = self._lowest[joint], self._highest[joint]
            return (
                f"the pose {place} needs {self.arm.joints[joint]} (joint {joint + 1}) beyond its limit; "
                f"allowed are {low:.2f} … {high:.2f}"
            )
        miss = max(float(np.linalg.norm(error[:3])), 1e-4)
        return f"the pose {place} is {miss:.4f} m out of the reach of {self.arm.tool}"


def _placements(arm: UrdfArm) -> tuple[FloatArray, Any]:
    """Return what :func:`~roboact_ros.execution.serial_chain.chain` takes for an arm."""
    try:
        import pinocchio
    except ImportError as error:
        raise ConfigurationError(f"URDF arms need Pinocchio ({error}): pip install 'roboact_ros[urdf]'") from None
    try:
        model = pinocchio.buildModelFromUrdf(str(arm.path))
    except (ValueError, RuntimeError) as error:
        raise ConfigurationError(f"Pinocchio cannot read {arm.path}: {error}") from None
    data, neutral = model.createData(), pinocchio.neutral(model)
    before = model.frames[model.getFrameId(arm.base, pinocchio.BODY)].placement.inverse()
    tool = model.frames[model.getFrameId(arm.tool, pinocchio.BODY)].placement
    placements, slides = [], []
    for name in arm.joints:
        number = model.getJointId(name)
        # How the joint moves its own frame: the column has the axis in its first or last three entries.
        axes = pinocchio.computeJointJacobian(model, data, neutral, number)[:, model.joints[number].idx_v]
        slides.append(bool(axes[:3].any()))
        axis = axes[:3] if slides[-1] else axes[3:]
        if not np.linalg.norm(axis) > 0.5:
            raise ConfigurationError(f"{arm.path}: {name} has no axis")
        turn = pinocchio.SE3(_rotation_to(axis), np.zeros(3))
        placements.append((before * model.jointPlacements[number] * turn).homogeneous)
        before = turn.inverse()
    placements.append((before * tool).homogeneous)
    return np.ascontiguousarray(placements), np.array(slides)


def _rotation_to(axis: FloatArray) -> FloatArray:
    """Return a rotation (3, 3) that takes z to ``axis``."""
    helper = np.eye(3)[int(np.abs(axis).argmin())]
    if axis[2] == 1.0:
        return np.eye(3)
    x = np.cross(helper, axis)
    x /= np.linalg.norm(x)
    return np.column_stack((x, np.cross(axis, x), axis))
