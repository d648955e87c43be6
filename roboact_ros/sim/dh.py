"""Kinematics of the simulated controller, straight from its Denavit-Hartenberg table.

Written apart from the kinematics of the executor on purpose: the two check each other.
"""

from __future__ import annotations

from math import atan2, cos, sin, sqrt

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.robots import RobotModel
from roboact_ros.sim.calibration import Calibration
from roboact_ros.types import FloatArray

_IDENTITY = np.eye(4)
_IDENTITY_6 = np.eye(6)


def matrix_from_pose(pose: FloatArray | list[float]) -> FloatArray:
    """Return the (4, 4) transform of a pose (x, y, z [m], rotation vector [rad])."""
    x, y, z, rx, ry, rz = (float(value) for value in pose)
    angle = sqrt(rx * rx + ry * ry + rz * rz)
    if angle < 1e-12:
        return np.array([[1, -rz, ry, x], [rz, 1, -rx, y], [-ry, rx, 1, z], [0, 0, 0, 1]], dtype=np.float64)
    kx, ky, kz = rx / angle, ry / angle, rz / angle
    c, s = cos(angle), sin(angle)
    v = 1.0 - c
    return np.array(
        [
            [kx * kx * v + c, kx * ky * v - kz * s, kx * kz * v + ky * s, x],
            [kx * ky * v + kz * s, ky * ky * v + c, ky * kz * v - kx * s, y],
            [kx * kz * v - ky * s, ky * kz * v + kx * s, kz * kz * v + c, z],
            [0.0, 0.0, 0.0, 1.0],
        ]
    )


def pose_from_matrix(matrix: FloatArray) -> list[float]:
    """Inverse of :func:`matrix_from_pose`, rotation angle 0 … π."""
    (a, b, c, x), (d, e, f, y), (g, h, i, z), _ = matrix.tolist()
    vx, vy, vz = (h - f) / 2, (c - g) / 2, (d - b) / 2
    sine, cosine = sqrt(vx * vx + vy * vy + vz * vz), (a + e + i - 1) / 2
    angle = atan2(sine, cosine)
    if sine > 1e-4:
        scale = angle / sine
        return [x, y, z, vx * scale, vy * scale, vz * scale]
    if cosine > 0:
        return [x, y, z, vx, vy, vz]
    # Half a turn: the skew part vanishes, so the axis comes from the largest column of (R + I) / 2.
    columns = ((a + 1, d, g), (b, e + 1, h), (c, f, i + 1))
    ax, ay, az = max(columns, key=lambda column: sum(value * value for value in column))
    norm = sqrt(ax * ax + ay * ay + az * az)
    scale = angle / norm if ax * vx + ay * vy + az * vz >= 0 else -angle / norm
    return [x, y, z, ax * scale, ay * scale, az * scale]


class DhArm:
    """A six-joint arm with a tool, as its controller knows it.

    Args:
        model: Published kinematics.
        calibration: What the table of this individual robot adds to the published one.
    """

    def __init__(self, model: RobotModel, calibration: Calibration | None = None) -> None:
        calibration = calibration or Calibration.none()
        self.d = np.add(model.d, calibration.d)
        self.a = np.add(model.a, calibration.a)
        self.alpha = np.add(model.alpha, calibration.alpha)
        self.theta = np.array(calibration.theta)
        self.position_limit = np.array(model.position_limit)
        self._links = np.zeros((6, 4, 4))
        for link, d, a, alpha in zip(self._links, self.d, self.a, self.alpha, strict=True):
            c, s = cos(alpha), sin(alpha)
            link[:] = [[1, 0, 0, a], [0, c, -s, 0], [0, s, c, d], [0, 0, 0, 1]]
        self.set_tool([0.0] * 6)

    def set_tool(self, pose_tool_in_flange: FloatArray | list[float]) -> None:
        """Set the tool centre point: x, y, z [m] and rotation vector [rad]."""
        self.tool_in_flange = matrix_from_pose(pose_tool_in_flange)

    def _frames(self, q: FloatArray) -> FloatArray:
        """Return the (n, 7, 4, 4) transforms of base, five links and flange in the base, for (n, 6) joints [rad]."""
        angle = q + self.theta
        c, s = np.cos(angle)[:, :, None], np.sin(angle)[:, :, None]
        x, y = self._links[:, 0], self._links[:, 1]
        joints = np.empty((len(q), 6, 4, 4))
        joints[:] = self._links
        joints[:, :, 0] = c * x - s * y
        joints[:, :, 1] = s * x + c * y
        frames = np.empty((len(q), 7, 4, 4))
        frames[:, 0] = _IDENTITY
        for i in range(6):
            np.matmul(frames[:, i], joints[:, i], out=frames[:, i + 1])
        return frames

    def flange(self, q: FloatArray) -> FloatArray:
        """Return the (4, 4) pose of the flange in the base."""
        flange: FloatArray = self._frames(q[None])[0, 6]
        return flange

    def tool(self, q: FloatArray) -> FloatArray:
        """Return the (4, 4) pose of the tool in the base."""
        tool: FloatArray = self.flange(q).dot(self.tool_in_flange)
        return tool

    def tool_and_jacobian(self, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the (4, 4) pose of the tool and the (6, 6) geometric Jacobian at the tool, both in the base."""
        tools, jacobians = self.tools_and_jacobians(q[None])
        return tools[0], jacobians[0]

    def tools_and_jacobians(self, q: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Do the same for (n, 6) joints at once: (n, 4, 4) and (n, 6, 6)."""
        frames = self._frames(q)
        tools = np.matmul(frames[:, 6], self.tool_in_flange)
        axes = frames[:, :6, :3, 2]
        arms = tools[:, None, :3, 3] - frames[:, :6, :3, 3]
        ax, ay, az = axes[..., 0], axes[..., 1], axes[..., 2]
        rx, ry, rz = arms[..., 0], arms[..., 1], arms[..., 2]
        jacobians = np.empty((len(q), 6, 6))
        jacobians[:, 0] = ay * rz - az * ry
        jacobians[:, 1] = az * rx - ax * rz
        jacobians[:, 2] = ax * ry - ay * rx
        jacobians[:, 3:] = axes.transpose(0, 2, 1)
        return tools, jacobians

    def joint_speeds(self, jacobian: FloatArray, twist: FloatArray) -> FloatArray:
        """Return the (6,) joint speeds [rad/s] of a tool twist [m/s, rad/s]; huge at singularities, never undefined."""
        speeds: FloatArray = np.linalg.solve(jacobian.T.dot(jacobian) + 1e-9 * _IDENTITY_6, jacobian.T.dot(twist))
        return speeds

    def newton(self, goal: FloatArray, q: FloatArray, steps: int, tolerance: float = 1e-9) -> tuple[FloatArray, float]:
        """Move ``q`` towards the joints that put the tool at ``goal`` (4, 4).

        Returns:
            The (6,) joints reached and the size of what is missing [m, rad].
        """
        missing = float("inf")
        for step in range(steps + 1):
            tool, jacobian = self.tool_and_jacobian(q)
            error = np.empty(6)
            error[:3] = goal[:3, 3] - tool[:3, 3]
            turn = np.eye(4)
            turn[:3, :3] = goal[:3, :3].dot(tool[:3, :3].T)
            error[3:] = pose_from_matrix(turn)[3:]
            missing = float(np.abs(error).max())
            if missing < tolerance or step == steps:
                break
            damped = jacobian.T.dot(jacobian) + min(1e-3, missing * missing) * _IDENTITY_6
            change = np.linalg.solve(damped, jacobian.T.dot(error))
            largest = float(np.abs(change).max())
            q = q + (change if largest < 0.5 else change * (0.5 / largest))
        return q, missing

    def inverse(self, goal: FloatArray, near: FloatArray) -> FloatArray:
        """Return the (6,) joints [rad] nearest to ``near`` that put the tool at ``goal``.

        Raises:
            SimulationError: No joints within the limits reach the pose.
        """
        generator = np.random.default_rng(0)
        best: FloatArray | None = None
        for attempt in range(24):
            start = near if attempt == 0 else near + generator.uniform(-2.0, 2.0, 6)
            q, missing = self.newton(goal, start, 60)
            if not missing <= 1e-8:
                continue
            q = near + (q - near + np.pi) % (2 * np.pi) - np.pi
            over = np.abs(q) > self.position_limit
            q[over] -= 2 * np.pi * np.sign(q[over])
            if attempt == 0:
                return q
            if best is None or np.abs(q - near).max() < np.abs(best - near).max():
                best = q
        if best is None:
            pose = ", ".join(f"{value:.4f}" for value in pose_from_matrix(goal))
            raise SimulationError(f"no joint positions reach the tool pose [{pose}]; give one inside the arm's reach")
        return best
