"""The only place where a joint target may be changed or refused."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, sqrt

import numpy as np

from roboact_ros.cells.description import TABLE_BELOW_HOME, Cell
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.boundary import Boundary
from roboact_ros.execution.dh import pose_error
from roboact_ros.execution.joint_step import NO_STATE, SLACK, brake, explain, joint_share
from roboact_ros.execution.neighbour import Neighbour
from roboact_ros.types import FloatArray

FOLLOWING_ERROR = 0.35
"""A target farther than this from the measured joints is a leap [rad]: an arm at full speed lags behind by less."""

SLOWEST = 0.1
"""Share of the speed that is left at a singular pose, so that the arm can leave it."""

ROUNDING = 1e-9
"""Relative difference that is none."""

JUMP = 0.3
"""Joints may differ this much between neighbouring poses of a path [rad]; more means that it passes a singularity."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Everything a joint target must respect.

    Attributes:
        kinematics: Kinematics of the arm with its tool.
        boundary: Where the arm may be.
        joints: (4, n) largest distance from ``middle`` [rad], speed [rad/s], acceleration [rad/s^2] and following error
            [rad].
        middle: (n,) middle of the joints' ranges [rad].
        tool_speed: Largest speed of the tool point [m/s].
        tool_rotation_speed: Largest rotation speed of the tool [rad/s].
        singularity_slowdown: Condition number of the Jacobian above which all speeds shrink in proportion.
    """

    kinematics: ArmKinematics
    boundary: Boundary
    joints: FloatArray
    middle: FloatArray
    tool_speed: float
    tool_rotation_speed: float
    singularity_slowdown: float

    @classmethod
    def from_cell(cls, cell: Cell, kinematics: ArmKinematics) -> Limits:
        """Take the limits of a cell; its workspace box lies around the tool at the home joints."""
        safety = cell.safety
        home = kinematics.forward(np.array(cell.arm.home))[:3, 3]
        low, high = home + np.array((safety.workspace_x, safety.workspace_y, safety.workspace_z)).T
        table_z = float(home[2]) - TABLE_BELOW_HOME if safety.table_z is None else safety.table_z
        low[2] = max(low[2], table_z + safety.table_clearance)
        lowest, highest, fastest = kinematics.joint_limits
        middle, ranged = np.zeros_like(lowest), np.isfinite(lowest)
        middle[ranged] = 0.5 * (lowest[ranged] + highest[ranged])
        speed = np.minimum(safety.joint_speed, fastest)
        acceleration, following = np.full_like(speed, safety.joint_acceleration), np.full_like(speed, FOLLOWING_ERROR)
        return cls(
            kinematics=kinematics,
            boundary=kinematics.boundary(low, high, table_z),
            joints=np.array((highest - middle, speed, acceleration, following)),
            middle=middle,
            tool_speed=safety.tool_speed,
            tool_rotation_speed=safety.tool_rotation_speed,
            singularity_slowdown=safety.singularity_slowdown,
        )


@dataclass(frozen=True, slots=True, eq=False)
class StepRequest:
    """One step that somebody wants the arm to make.

    Attributes:
        q_target: (n,) wanted joint target [rad].
        q_previous: (n,) target commanded one period ago [rad].
        qd_previous: (n,) velocity of that command [rad/s].
        q_measured: (n,) measured joints [rad].
        dt: Control period [s].
        neighbour: Another arm to keep away from.
    """

    q_target: FloatArray
    q_previous: FloatArray
    qd_previous: FloatArray
    q_measured: FloatArray
    dt: float
    neighbour: Neighbour | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Verdict:
    """What is allowed, and why.

    Attributes:
        q: (n,) joint target to command, a new array [rad].
        reason: Why it differs from what was wanted; None when it does not.
        stop: The wanted target is refused and ``q`` brakes the arm: give the motion up.
        share: Part of the wanted step that is allowed, 0 … 1; let the trajectory's own time pass as slowly.
    """

    q: FloatArray
    reason: str | None
    stop: bool
    share: float


def allow(request: StepRequest, limits: Limits) -> Verdict:
    """Return the part of a step that is allowed.

    Somewhat too fast a step is shortened in its own direction. A leap, what is no number, and a step that leads
    (farther) out of the workspace box, into a collision or too near to another arm are refused: the result then brakes
    from the previous velocity as hard as the joints may. While braking, a boundary can be overrun by the braking
    distance. An arm that is already outside may move back.

    Raises:
        MotionRefused: The previous state or the period is no number, so there is nothing to brake from.
    """
    q_target, q_previous, dt, joints = request.q_target, request.q_previous, request.dt, limits.joints
    state = (q_target, q_previous, request.qd_previous, request.q_measured, joints, limits.middle, dt)
    binding, joint, low, high = joint_share(*state)
    if binding == NO_STATE:
        raise MotionRefused(explain(binding, joint, *state))

    def refuse(reason: str) -> Verdict:
        return Verdict(brake(q_previous, request.qd_previous, joints, limits.middle, dt), reason, stop=True, share=0.0)

    if binding > NO_STATE:
        return refuse(explain(binding, joint, *state))
    chain, step = limits.kinematics.chain, q_target - q_previous
    before, share, limit = chain(q_previous), min(high, 1.0), ""
    for _ in range(10):  # one round suffices unless the step is long enough to be curved
        q = q_target.copy() if share > 1.0 - ROUNDING else q_previous + share * step
        after = chain(q)
        x, y, z, rx, ry, rz = pose_error(after[-1], before[-1]).tolist()
        speed = sqrt(x * x + y * y + z * z) / (dt * limits.tool_speed)
        turn = asin(min(sqrt(rx * rx + ry * ry + rz * rz), 1.0)) / (dt * limits.tool_rotation_speed)
        if max(speed, turn) <= SLACK + ROUNDING:
            break
        if speed > turn:
            limit = limit or f"the tool would move at {speed * limits.tool_speed:.3f} m/s, allowed {limits.tool_speed}"
        else:
            turning = turn * limits.tool_rotation_speed
            limit = limit or f"the tool would turn at {turning:.2f} rad/s, allowed {limits.tool_rotation_speed}"
        share *= SLACK / max(speed, turn)
    else:
        return refuse(limit)
    if low > share + ROUNDING or share == 0.0:
        return refuse(limit or explain(binding, joint, *state))

    condition = limits.kinematics.condition_of(after)
    if condition > limits.singularity_slowdown:
        slow = SLACK * max(limits.singularity_slowdown / condition, SLOWEST)
        use = max(speed, turn, share / dt * float((np.abs(step) / joints[1]).max()))
        if use > slow and share > low:
            share = max(share * slow / use, low)  # acceleration goes first
            limit = f"near a singular pose, condition number {condition:.0f}"
            q = q_previous + share * step
            after = chain(q)

    reason = None
    if share <= 1.0 - ROUNDING:
        reason = f"slowed down to {share:.0%}: {limit or explain(binding, joint, *state)}"
    crossed = limits.boundary.crossed(after, before)
    if crossed is None and request.neighbour is not None:
        crossed = request.neighbour.approached(after, before)
    return refuse(crossed) if crossed is not None else Verdict(q, reason, stop=False, share=min(share, 1.0))


def check_joint_path(
    q_path: FloatArray, q_start: FloatArray, limits: Limits, q_before: FloatArray | None = None
) -> None:
    """Refuse a path of joints (N, n), a few hundredths of a radian apart, that the arm must not take.

    Args:
        q_path: The path [rad].
        q_start: (n,) where the motion starts; an arm that is outside there may move back.
        limits: What it must respect.
        q_before: (n,) joints before the path, if it is not the first part of the motion.

    Raises:
        MotionRefused: It leaves the joint limits or the workspace box, collides, or leaps.
    """
    start, previous = limits.kinematics.chain(q_start), q_start if q_before is None else q_before
    middle = limits.middle
    largest = np.maximum(limits.joints[0], np.abs(q_start - middle))
    for q in q_path:
        jump, beyond = np.abs(q - previous), np.abs(q - middle) > largest
        joint = int(jump.argmax())
        if not jump[joint] <= JUMP:
            raise MotionRefused(f"the path passes a singular pose: joint {joint + 1} leaps by {jump[joint]:.2f} rad")
        if beyond.any():
            joint = int(beyond.argmax())
            low, high = middle[joint] - largest[joint], middle[joint] + largest[joint]
            raise MotionRefused(f"joint {joint + 1} would go to {q[joint]:.2f} rad, allowed {low:.2f} … {high:.2f}")
        frames = limits.kinematics.chain(q)
        crossed = limits.boundary.crossed(frames, start)
        if crossed is not None:
            if limits.boundary.left(frames[-1:, :3, 3], start[-1, :3, 3]):
                # How far it leads out, not its first centimetre: who asked knows then what to ask for instead.
                tools = np.array([limits.kinematics.chain(q)[-1, :3, 3] for q in q_path])
                crossed = limits.boundary.left(tools, start[-1, :3, 3])
            raise MotionRefused(crossed)
        previous = q
