"""The single steps a plan consists of, ready to be followed cycle by cycle."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi

import numpy as np

from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.chunk_trajectory import ChunkTiming
from roboact_ros.execution.poses import inverse_pose, rotation_from_vector, vector_from_rotation
from roboact_ros.execution.trajectory import JointTrajectory, ToolPath, ToolState
from roboact_ros.types import FloatArray, Motion


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where a step started from: all that undoing it needs.

    Attributes:
        phrase: What was done.
        q: (n,) commanded joints at the start [rad].
        pose_tool_in_base: (4, 4) commanded pose at the start.
        wrist: How far the last wrist joint was turned on top of the tool motion [rad].
        turn: (3,) rotation vector of the tool motion [rad]; unlike two poses it tells a turn by more than a half.
        joint: Whether the step moved in joint space.
        opening: Opening of the gripper before a gripper step; None for steps of the arm.
    """

    phrase: str
    q: FloatArray
    pose_tool_in_base: FloatArray
    wrist: float = 0.0
    turn: FloatArray = field(default_factory=lambda: np.zeros(3))
    joint: bool = False
    opening: float | None = None


@dataclass(frozen=True, slots=True)
class Home:
    """Go to the home joints."""

    phrase: str = "home"


@dataclass(frozen=True, slots=True)
class Undo:
    """Go back to where a step started from."""

    origin: Origin

    @property
    def phrase(self) -> str:
        """What the operator reads."""
        return f"undo: {self.origin.phrase}"


@dataclass(frozen=True, slots=True, eq=False)
class ChunkPart:
    """Steps of an action chunk that are followed in one go.

    Attributes:
        phrase: What the operator reads.
        poses_tool_in_base: (N, 4, 4) where the steps lead.
        period: Time of a step [s].
        begin: Part of the whole chunk that lies before, 0 … 1.
        end: Part of the whole chunk that is done at its end.
        timing: When which step is done, where it is not for this arm alone to say.
    """

    phrase: str
    poses_tool_in_base: FloatArray
    period: float
    begin: float
    end: float
    timing: ChunkTiming | None = None


Step = Motion | Home | Undo | ChunkPart


class ToolMotion:
    """Follows a tool trajectory through inverse kinematics."""

    def __init__(self, trajectory: ToolPath, kinematics: ArmKinematics) -> None:
        self.trajectory = trajectory
        self.duration = trajectory.duration
        self._kinematics = kinematics

    def target(self, t: float, q_near: FloatArray) -> FloatArray:
        """Return the joints (n,) at time ``t`` [s] on the branch of ``q_near``."""
        pose, wrist = self.trajectory.carrier(t)
        near = q_near.copy()
        near[-1] -= wrist
        q = self._kinematics.inverse(pose, near)
        q[-1] += wrist
        return q


class JointMotion:
    """Follows a joint trajectory."""

    def __init__(self, trajectory: JointTrajectory) -> None:
        self.trajectory = trajectory
        self.duration = trajectory.duration

    def target(self, t: float, q_near: FloatArray) -> FloatArray:
        """Return the joints (n,) at time ``t`` [s]."""
        return self.trajectory.joints(t)


def displacement_of(motion: Motion) -> FloatArray:
    """Return the (7,) displacement of a motion that moves the tool: the rotation turns it about its own point."""
    return np.array(motion.action[:7])


def displacement_to(
    pose_tool_in_base: FloatArray, state: ToolState, kinematics: ArmKinematics, wrist: float = 0.0
) -> FloatArray:
    """Return the (7,) displacement that takes the tool of ``state`` to a pose while its wrist turns by ``wrist``."""
    carrier, goal, turned = state.pose_carrier_in_base, pose_tool_in_base, state.wrist + wrist
    if turned != 0.0:
        goal = goal @ inverse_pose(wrist_turn(turned, kinematics.pose_tool_in_flange))
    turn = vector_from_rotation(goal[:3, :3] @ carrier[:3, :3].T)
    return np.concatenate((goal[:3, 3] - carrier[:3, 3], turn, [wrist]))


def displacement_back(origin: Origin, state: ToolState, kinematics: ArmKinematics) -> FloatArray:
    """Return the (7,) displacement that takes ``state`` to where ``origin`` was, turned back as it came."""
    displacement = displacement_to(origin.pose_tool_in_base, state, kinematics, -origin.wrist)
    displacement[3:6] = _turned_like(displacement[3:6], -origin.turn)
    return displacement


def _turned_like(turn: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return the rotation vector (3,) that leads where ``turn`` does and is, whole turns more or less, like another."""
    angle, far = float(np.linalg.norm(turn)), float(np.linalg.norm(wanted))
    if max(angle, far) < 1e-6:
        return turn
    axis = turn / angle if angle > 1e-6 else wanted / far
    whole = round((float(wanted @ axis) - angle) / (2 * pi))
    return axis * (angle + 2 * pi * whole) if whole else turn


def carrier_displacement(displacement: FloatArray, state: ToolState, kinematics: ArmKinematics) -> FloatArray:
    """Turn a displacement about the tool's own point into one of the carrier of ``state``."""
    if state.wrist == 0.0:
        return displacement
    turn = wrist_turn(state.wrist, kinematics.pose_tool_in_flange)
    tool = state.pose_carrier_in_base @ turn
    goal = np.eye(4)
    goal[:3, :3] = rotation_from_vector(*displacement[3:6]) @ tool[:3, :3]
    goal[:3, 3] = tool[:3, 3] + displacement[:3]
    moved = (goal @ inverse_pose(turn))[:3, 3] - state.pose_carrier_in_base[:3, 3]
    return np.concatenate((moved, displacement[3:]))


def wrist_turn(angle: float, pose_tool_in_flange: FloatArray) -> FloatArray:
    """Return the (4, 4) transform of the tool, in its own frame, when the last wrist joint turns by ``angle`` [rad]."""
    spin = np.eye(4)
    spin[:3, :3] = rotation_from_vector(0.0, 0.0, angle)
    turned: FloatArray = inverse_pose(pose_tool_in_flange) @ spin @ pose_tool_in_flange
    return turned
