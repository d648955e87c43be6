"""Jerk-limited trajectories of the tool and of the joints that can be re-planned from any state (Ruckig)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, sin, sqrt
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from ruckig import ControlInterface, InputParameter, Synchronization
from ruckig import Trajectory as RuckigTrajectory

from roboact_ros.cells.description import SafetyDescription
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.time_optimal import calculated
from roboact_ros.types import FloatArray

_AXES = 7
_AT_REST = 1e-9


@dataclass(frozen=True, slots=True)
class ToolLimits:
    """Speed, acceleration and jerk of the tool: linear [m/s, m/s^2, m/s^3] and angular [rad/s, …], per vector length.

    While one motion replaces another, the accelerations of the two may add up, and the speed may exceed its limit by a
    few percent until the old one is braked; the limits of every cycle then slow the arm down.
    """

    linear: tuple[float, float, float]
    angular: tuple[float, float, float]

    @classmethod
    def from_safety(cls, safety: SafetyDescription) -> ToolLimits:
        """Take the linear limits of the cell and let rotations accelerate over the same times."""
        speed, acceleration, jerk = safety.tool_speed, safety.tool_acceleration, safety.tool_jerk
        turn = safety.tool_rotation_speed
        return cls((speed, acceleration, jerk), (turn, turn * acceleration / speed, turn * jerk / speed))


@dataclass(frozen=True, slots=True, eq=False)
class ToolState:
    """Where the tool is commanded to be and how it moves.

    The *carrier* is the tool as it would be if the last wrist joint had not been turned by ``wrist``; turning that
    joint is an axis of its own because its motion is given in joint space.

    Attributes:
        pose_carrier_in_base: (4, 4).
        wrist: Rotation of the last wrist joint on top of the carrier pose [rad].
        velocity: (7,) linear [m/s] and angular [rad/s] of the carrier in base axes, then of the wrist [rad/s].
        acceleration: (7,) likewise.
    """

    pose_carrier_in_base: FloatArray
    wrist: float
    velocity: FloatArray
    acceleration: FloatArray

    @classmethod
    def at_rest(cls, pose_tool_in_base: FloatArray) -> ToolState:
        """Return the state of a tool that does not move."""
        return cls(np.array(pose_tool_in_base), 0.0, np.zeros(_AXES), np.zeros(_AXES))


def braking(start: ToolState, limits: ToolLimits) -> RuckigTrajectory:
    """Return the trajectory, from zero, of the seven axes of a tool that brakes as hard as it may."""
    request = InputParameter(_AXES)
    request.control_interface, request.synchronization = ControlInterface.Velocity, Synchronization.No
    request.current_velocity, request.current_acceleration = start.velocity.tolist(), start.acceleration.tolist()
    request.max_acceleration, request.max_jerk = ([limits.linear[k]] * 3 + [limits.angular[k]] * 4 for k in (1, 2))
    return calculated(request)


def way_to_rest(start: ToolState, limits: ToolLimits) -> FloatArray:
    """Return the (7,) displacement, as :class:`ToolTrajectory` takes it, of a tool that brakes as hard as it may."""
    path = braking(start, limits)
    return np.array(path.at_time(path.duration)[0])


class Path(Protocol):
    """Seven axes over time: x, y, z, the rotation vector relative to the orientation at the start, and the wrist."""

    @property
    def duration(self) -> float:
        """When it ends [s]."""
        ...

    def at_time(self, t: float) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
        """Return positions, velocities and accelerations, 7 each, at time ``t`` [s]."""
        ...


class ToolPath:
    """A motion of the tool along a path.

    At the start of a path its rotation vector is zero, so that its derivatives are the angular velocity and
    acceleration themselves; that is what lets a rotation be re-planned while it runs.

    Args:
        start: State that the motion continues from.
        path: Where it goes.
    """

    def __init__(self, start: ToolState, path: Path) -> None:
        self._rotation = np.ascontiguousarray(start.pose_carrier_in_base[:3, :3])
        self._path, self._wrist = path, start.wrist
        self.duration: float = path.duration

    def carrier(self, t: float) -> tuple[FloatArray, float]:
        """Return the (4, 4) pose of the carrier and the wrist angle [rad] at time ``t`` [s]."""
        position = self._path.at_time(min(t, self.duration))[0]
        return _carrier_pose(np.array(position), self._rotation), position[6]

    def state(self, t: float) -> ToolState:
        """Return the complete state at time ``t`` [s], to start another trajectory from."""
        position, velocity, acceleration = (np.array(v) for v in self._path.at_time(min(t, self.duration)))
        pose, wrist = self.carrier(t)
        turn, rate, change = position[3:6], velocity[3:6].copy(), acceleration[3:6].copy()
        step = 1e-5
        jacobian = _left_jacobian(turn)
        drift = (_left_jacobian(turn + step * rate) - _left_jacobian(turn - step * rate)) / (2 * step)
        velocity[3:6] = jacobian @ rate
        acceleration[3:6] = jacobian @ change + drift @ rate
        return ToolState(pose, wrist, velocity, acceleration)

    def turned(self, t: float) -> tuple[FloatArray, float]:
        """Return how far the carrier (rotation vector) and the wrist have turned at time ``t`` [s], in [rad]."""
        position = self._path.at_time(min(t, self.duration))[0]
        return np.array(position[3:6]), position[6] - self._wrist


class ToolTrajectory(ToolPath):
    """A motion of the tool to one place, straight when it starts from rest: Ruckig moves seven synchronised axes.

    Args:
        start: State that the motion continues from.
        displacement: (7,) where it goes, relative to ``start``: translation [m] and rotation vector [rad] in base axes
            about the tool, wrist [rad]. It ends at rest.
        limits: Limits of the tool.

    Raises:
        MotionRefused: The displacement is not finite, or there is no such motion.
    """

    def __init__(self, start: ToolState, displacement: FloatArray, limits: ToolLimits) -> None:
        if not np.all(np.isfinite(displacement)):
            raise MotionRefused(f"the displacement {np.asarray(displacement).tolist()} is not finite")
        request = InputParameter(_AXES)
        # Phase synchronisation keeps the path straight; where the start state forbids it, Ruckig synchronises in time.
        request.synchronization = Synchronization.Phase
        request.current_position = [*start.pose_carrier_in_base[:3, 3].tolist(), 0.0, 0.0, 0.0, start.wrist]
        request.current_velocity = start.velocity.tolist()
        request.current_acceleration = start.acceleration.tolist()
        request.target_position = (np.array(request.current_position) + displacement).tolist()
        moving = (np.abs(start.velocity) > _AT_REST) | (np.abs(start.acceleration) > _AT_REST)
        share = _share_of_axes(displacement, moving)
        bounds = [np.array([limits.linear[k]] * 3 + [limits.angular[k]] * 4) * share for k in range(3)]
        for _ in range(6):
            request.max_velocity, request.max_acceleration, request.max_jerk = (b.tolist() for b in bounds)
            path = calculated(request)
            excess = _excess(path, limits) if moving.any() else 1.0
            if excess <= 1.0:
                break
            bounds[0] = bounds[0] / (excess * 1.02)
        super().__init__(start, path)


class JointTrajectory:
    """A motion of all joints from rest to rest.

    Args:
        q_start: (6,) [rad].
        q_goal: (6,) [rad].
        limits: Speed [rad/s], acceleration [rad/s^2], jerk [rad/s^3] of each joint.

    Raises:
        MotionRefused: There is no such motion.
    """

    def __init__(self, q_start: FloatArray, q_goal: FloatArray, limits: tuple[float, float, float]) -> None:
        joints = len(q_start)
        request = InputParameter(joints)
        request.synchronization = Synchronization.Phase
        request.current_position, request.target_position = list(q_start), list(q_goal)
        request.max_velocity, request.max_acceleration, request.max_jerk = ([v] * joints for v in limits)
        self._path = calculated(request)
        self.duration: float = self._path.duration

    def joints(self, t: float) -> FloatArray:
        """Return the (6,) joint positions at time ``t`` [s]."""
        return np.array(self._path.at_time(min(t, self.duration))[0])


def _excess(path: Path, limits: ToolLimits) -> float:
    """Return by which factor the linear or angular speed exceeds its limit; the start may be beyond it already."""
    speeds = np.array([path.at_time(t)[1] for t in np.linspace(0.0, path.duration, 48)])
    linear = np.linalg.norm(speeds[:, :3], axis=1)
    angular = np.linalg.norm(speeds[:, 3:6], axis=1)
    return max(
        float(linear.max()) / max(limits.linear[0], 1.001 * float(linear[0])),
        float(angular.max()) / max(limits.angular[0], 1.001 * float(angular[0])),
    )


def _share_of_axes(displacement: FloatArray, moving: NDArray[np.bool_]) -> FloatArray:
    """Return which share of the limits each axis gets, so that a straight motion keeps them as a vector.

    Axes that move already keep all of it: they must be able to brake as hard as they were promised to.
    """
    share = np.ones(_AXES)
    for group in (slice(0, 3), slice(3, 6)):
        length = np.linalg.norm(displacement[group])
        if length > 0.0:
            share[group] = np.maximum(np.abs(displacement[group]) / length, 1e-3)
    return np.where(moving, 1.0, share)


@compiled("float64[:,::1](float64[::1], float64[:,::1])")
def _carrier_pose(position: FloatArray, rotation: FloatArray) -> FloatArray:
    """Return the (4, 4) pose at ``position``: x, y, z and rotation vector on top of ``rotation`` (Rodrigues' formula).

    The same as :func:`roboact_ros.execution.poses.rotation_from_vector`, at a tenth of its cost in every cycle.
    """
    x, y, z = position[3], position[4], position[5]
    angle = sqrt(x * x + y * y + z * z)
    s = sin(angle) / angle if angle > 1e-8 else 1.0
    half = sin(angle / 2) / angle if angle > 1e-8 else 0.5
    c, cosine = 2 * half * half, cos(angle)
    turn = np.empty((3, 3))
    turn[0, 0], turn[0, 1], turn[0, 2] = cosine + c * x * x, c * x * y - s * z, c * x * z + s * y
    turn[1, 0], turn[1, 1], turn[1, 2] = c * x * y + s * z, cosine + c * y * y, c * y * z - s * x
    turn[2, 0], turn[2, 1], turn[2, 2] = c * x * z - s * y, c * y * z + s * x, cosine + c * z * z
    pose = np.zeros((4, 4))
    for i in range(3):
        pose[i, 3] = position[i]
        for j in range(3):
            for k in range(3):
                pose[i, j] += turn[i, k] * rotation[k, j]
    pose[3, 3] = 1.0
    return pose


def _left_jacobian(turn: FloatArray) -> FloatArray:
    """Return the (3, 3) matrix that takes the rate of a rotation vector to the angular velocity in base axes."""
    angle = sqrt(float(turn @ turn))
    x, y, z = turn
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    if angle < 1e-4:
        first, second = 0.5 - angle**2 / 24, 1 / 6 - angle**2 / 120
    else:
        first, second = (1 - cos(angle)) / angle**2, (angle - sin(angle)) / angle**3
    jacobian: FloatArray = np.eye(3) + first * cross + second * cross @ cross
    return jacobian
