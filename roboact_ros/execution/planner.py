"""Turns the steps of a plan into trajectories, after checking where they lead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.chunk_trajectory import ChunkTrajectory
from roboact_ros.execution.limits import Limits, check_joint_path
from roboact_ros.execution.steps import (
    ChunkPart,
    Home,
    JointMotion,
    Step,
    ToolMotion,
    Undo,
    carrier_displacement,
    displacement_back,
    displacement_to,
)
from roboact_ros.execution.trajectory import JointTrajectory, ToolLimits, ToolState, ToolTrajectory, way_to_rest
from roboact_ros.execution.whole_turns import nearest_turn
from roboact_ros.types import FloatArray, Motion

HOME_LIMITS = (1.0, 2.0, 10.0)
"""Speed [rad/s], acceleration [rad/s^2] and jerk [rad/s^3] of joint motions, before the tool's own limits."""

_MARGIN = 1.1
"""Peaks of the tool speed lie this much above the mean between two samples."""

_SAMPLES, _SAMPLE_PERIOD = 24, 0.04
_MOST_SAMPLES = 400
"""Places of a motion that are looked at beforehand; every cycle looks again."""


class Planner:
    """Makes trajectories for one arm.

    Args:
        kinematics: Kinematics of the arm with its tool.
        limits: Where the tool and the joints may be.
        tool_limits: How fast the tool may move.
        home: (n,) joints of the home pose [rad].
    """

    def __init__(self, kinematics: ArmKinematics, limits: Limits, tool_limits: ToolLimits, home: FloatArray) -> None:
        self._kinematics, self._limits, self._tool_limits = kinematics, limits, tool_limits
        self._home = np.array(home, dtype=np.float64)

    def opening(self, step: Step) -> float | None:
        """Return the opening that ``step`` commands to the gripper, or None for a step of the arm."""
        if isinstance(step, Motion):
            return step.gripper
        return step.origin.opening if isinstance(step, Undo) else None

    def moves_tool(self, step: Step) -> bool:
        """Whether ``step`` is a motion of the tool, which can replace another one without a stop."""
        if isinstance(step, Undo):
            return step.origin.opening is None and not step.origin.joint
        return isinstance(step, ChunkPart) or (isinstance(step, Motion) and step.moves_tool)

    def check(self, steps: Sequence[Step], q: FloatArray) -> None:
        """Check a whole plan, step after step, as if each started from rest where the one before ended.

        Args:
            steps: The plan.
            q: (n,) joints it starts from [rad].

        Raises:
            MotionRefused: One of them is not possible; the message says which and why.
        """
        for step in steps:
            try:
                self.check_numbers(step)
                if self.opening(step) is None:
                    q = self._end(step, q)
            except MotionRefused as error:
                raise MotionRefused(f'"{step.phrase}": {error}') from None

    def check_numbers(self, step: Step) -> None:
        """Refuse a motion with numbers that are none.

        Raises:
            MotionRefused: One of them is NaN or infinite.
        """
        if isinstance(step, Motion) and not np.all(np.isfinite(step.action)):
            raise MotionRefused(f"the numbers of the motion are not finite: {step.action}")

    def motion(self, step: Step, q: FloatArray, state: ToolState) -> ToolMotion | JointMotion:
        """Return the trajectory of a step of the arm.

        Args:
            step: The step.
            q: (n,) commanded joints [rad].
            state: Commanded state of the tool, which may be moving if the step moves the tool.

        Raises:
            MotionRefused: There is no such trajectory.
        """
        if isinstance(step, Home):
            home = nearest_turn(self._home, q, *self._kinematics.joint_limits[:2])
            return JointMotion(self._joint_trajectory(q, home))
        if isinstance(step, Undo) and step.origin.joint:
            return JointMotion(self._joint_trajectory(q, step.origin.q))
        if isinstance(step, ChunkPart):
            chunk = ChunkTrajectory(*self.way(step, state)[:2], step.period, self._tool_limits, step.timing)
            return ToolMotion(chunk, self._kinematics)
        displacement = self._displacement(step, state)
        return ToolMotion(ToolTrajectory(state, displacement, self._tool_limits), self._kinematics)

    def way(self, part: ChunkPart, state: ToolState) -> tuple[ToolState, FloatArray, ToolLimits]:
        """Return the start of a part of a chunk, its (N, 7) waypoints relative to it, and the limits of the tool."""
        ways = [displacement_to(pose, state, self._kinematics) for pose in part.poses_tool_in_base]
        return state, np.array(ways), self._tool_limits

    def at_rest(self, q: FloatArray) -> ToolState:
        """Return the state of a tool that stands at joints (n,) [rad]."""
        return ToolState.at_rest(self._kinematics.forward(q))

    def _displacement(self, step: Step, state: ToolState) -> FloatArray:
        if isinstance(step, Undo):
            return displacement_back(step.origin, state, self._kinematics)
        if isinstance(step, Motion):
            named = np.array(step.action[:7])
            # Along axes that the motion does not name, the tool comes to rest ahead instead of turning back.
            ahead = np.where(named == 0.0, way_to_rest(state, self._tool_limits), 0.0)
            return carrier_displacement(named, state, self._kinematics) + ahead
        raise MotionRefused(f'"{step.phrase}" is not a motion of the tool')

    def _end(self, step: Step, q: FloatArray) -> FloatArray:
        """Return the joints at the end of a step of the arm that starts from rest, after checking its path."""
        motion = self.motion(step, q, self.at_rest(q))
        end: FloatArray = self.check_motion(motion, q)[-1]
        return end

    def check_motion(self, motion: ToolMotion | JointMotion, q: FloatArray) -> FloatArray:
        """Check the whole path of ``motion`` and return joints (N, n) on it at equal distances in time [rad].

        Raises:
            MotionRefused: The path cannot be followed or leaves the limits.
        """
        path, near = [], q
        samples = min(max(_SAMPLES, int(motion.duration / _SAMPLE_PERIOD)), _MOST_SAMPLES)
        for t in np.linspace(0.0, motion.duration, samples):
            near = motion.target(float(t), near)
            path.append(near)
        joints = np.array(path)
        check_joint_path(joints, q, self._limits)
        return joints

    def check_joints(self, q_path: FloatArray, q_start: FloatArray, q_before: FloatArray) -> None:
        """Check a part (N, n) of a path that began at ``q_start`` and got to ``q_before``, each (n,) [rad].

        Raises:
            MotionRefused: It leaves the limits.
        """
        check_joint_path(q_path, q_start, self._limits, q_before)

    def _joint_trajectory(self, q: FloatArray, goal: FloatArray) -> JointTrajectory:
        """Return a joint trajectory slow enough for the limits of the tool."""
        trajectory = JointTrajectory(q, goal, HOME_LIMITS)
        if trajectory.duration == 0.0:
            return trajectory
        times = np.linspace(0.0, trajectory.duration, _SAMPLES)
        poses = [self._kinematics.forward(trajectory.joints(float(t))) for t in times]
        step = times[1]
        moved = max(float(np.linalg.norm(b[:3, 3] - a[:3, 3])) for a, b in zip(poses, poses[1:], strict=False))
        turned = max(
            float(np.arccos(np.clip((np.trace(b[:3, :3] @ a[:3, :3].T) - 1) / 2, -1, 1)))
            for a, b in zip(poses, poses[1:], strict=False)
        )
        fastest = max(moved / self._tool_limits.linear[0], turned / self._tool_limits.angular[0]) / step
        excess = max(1.0, _MARGIN * fastest)
        # Stretching the time by a factor divides speed, acceleration and jerk by its first three powers.
        speed, acceleration, jerk = HOME_LIMITS
        return JointTrajectory(q, goal, (speed / excess, acceleration / excess**2, jerk / excess**3))
