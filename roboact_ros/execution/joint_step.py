"""How much of one joint step the joint limits allow."""

from __future__ import annotations

from math import inf, isfinite, sqrt

import numpy as np

from roboact_ros.execution.compiled import compiled
from roboact_ros.types import FloatArray

LEAP = 3.0
"""A target more than this many full-speed steps away is a leap and refused; up to here it is slowed down."""

SLACK = 1.0 + 1e-3
"""Factor on every speed and acceleration: trajectories run exactly at their limits, give or take rounding."""

FREE, SPEED, ACCELERATION, POSITION, NO_STATE, NO_TARGET, STEP_LEAP, ARM_LEAP = range(8)
"""What binds. From ``NO_STATE`` on, there is nothing to step from or to."""


@compiled(
    "Tuple((int64, int64, float64, float64))"
    "(float64[:], float64[:], float64[:], float64[:], float64[:,:], float64[:], float64)"
)
def joint_share(
    q_target: FloatArray,
    q_previous: FloatArray,
    qd_previous: FloatArray,
    q_measured: FloatArray,
    joints: FloatArray,
    middle: FloatArray,
    dt: float,
) -> tuple[int, int, float, float]:
    """Find the shares of a step, all joints in proportion, that respect speed, acceleration and joint limits.

    Near a joint limit the speed is kept low enough to brake in front of it.

    Args:
        q_target: (n,) wanted joint target [rad].
        q_previous: (n,) target commanded one period ago [rad].
        qd_previous: (n,) velocity of that command [rad/s].
        q_measured: (n,) measured joints [rad].
        joints: (4, n) largest |position - middle|, speed, acceleration and following error [rad, s].
        middle: (n,) middle of the joints' ranges [rad].
        dt: Control period [s].

    Returns:
        What binds, which joint, the smallest share (a smaller one brakes too hard) and the largest, which may exceed 1.
    """
    binding, which, low, high = FREE, 0, -inf, inf
    if not 0.0 < dt < inf:
        return NO_STATE, 0, 0.0, 0.0
    for i in range(len(q_previous)):
        if not (isfinite(q_previous[i]) and isfinite(qd_previous[i])):
            return NO_STATE, i, 0.0, 0.0
        if not (isfinite(q_target[i]) and isfinite(q_measured[i])):
            return NO_TARGET, i, 0.0, 0.0
    for i in range(len(q_previous)):
        step = q_target[i] - q_previous[i]
        velocity = step / dt
        if abs(velocity) > LEAP * joints[1, i]:
            return STEP_LEAP, i, 0.0, 0.0
        if abs(q_target[i] - q_measured[i]) > joints[3, i]:
            return ARM_LEAP, i, 0.0, 0.0
        change = joints[2, i] * dt
        if velocity == 0.0:
            if abs(qd_previous[i]) > SLACK * change:
                low = inf
                binding, which = ACCELERATION, i
            continue
        if SLACK * joints[1, i] < high * abs(velocity):
            high = SLACK * joints[1, i] / abs(velocity)
            binding, which = SPEED, i
        off = q_previous[i] - middle[i]
        room = max(joints[0, i] - off if velocity > 0.0 else joints[0, i] + off, 0.0)
        # Braking by `change` every period from speed v takes up to dt (v^2 / (2 change) + v / 2 + change / 8).
        stoppable = max(sqrt(2.0 * change * room / dt) - 0.5 * change, 0.0)
        if stoppable < high * abs(velocity):
            high = stoppable / abs(velocity)
            binding, which = POSITION, i
        first, second = (qd_previous[i] - SLACK * change) / velocity, (qd_previous[i] + SLACK * change) / velocity
        if max(first, second) < high:
            high = max(first, second)
            binding, which = ACCELERATION, i
        low = max(low, min(first, second))
    return binding, which, low, high


@compiled("float64[::1](float64[:], float64[:], float64[:,:], float64[:], float64)")
def brake(
    q_previous: FloatArray, qd_previous: FloatArray, joints: FloatArray, middle: FloatArray, dt: float
) -> FloatArray:
    """Return the next joint target (n,) [rad] of an arm that comes to rest as fast as its joints may.

    All joints slow down in proportion, which keeps the direction, unless one would pass its position limit; then each
    slows down as hard as it can.
    """
    fastest = 0.0
    for i in range(len(q_previous)):
        fastest = max(fastest, abs(qd_previous[i]) / (joints[2, i] * dt))
    keep = max(1.0 - 1.0 / fastest, 0.0) if fastest > 0.0 else 0.0
    q = np.empty(len(q_previous))
    straight = True
    for i in range(len(q_previous)):
        velocity = keep * qd_previous[i]
        q[i] = q_previous[i] + velocity * dt
        off = q[i] - middle[i]
        room = joints[0, i] - abs(off)
        change = joints[2, i] * dt
        if velocity * off > 0.0 and abs(velocity) > max(sqrt(2.0 * change * max(room, 0.0) / dt) - 0.5 * change, 0.0):
            straight = False
    if not straight:
        for i in range(len(q_previous)):
            speed = max(abs(qd_previous[i]) - joints[2, i] * dt, 0.0)
            q[i] = q_previous[i] + (speed if qd_previous[i] > 0.0 else -speed) * dt
    return q


def explain(
    binding: int,
    joint: int,
    q_target: FloatArray,
    q_previous: FloatArray,
    qd_previous: FloatArray,
    q_measured: FloatArray,
    joints: FloatArray,
    middle: FloatArray,
    dt: float,
) -> str:
    """Return words for what :func:`joint_share` found to bind."""
    target, previous, measured = q_target[joint], q_previous[joint], q_measured[joint]
    position, speed, acceleration, following = joints[:, joint]
    name = f"joint {joint + 1}"
    if binding == NO_STATE:
        return f"cannot step from {q_previous} rad, {qd_previous} rad/s in {dt} s"
    if binding == SPEED:
        return f"{name} would move at {abs(target - previous) / dt:.2f} rad/s, allowed {speed:.2f}"
    if binding == ACCELERATION:
        change = abs((target - previous) / dt - qd_previous[joint]) / dt
        return f"{name} would accelerate at {change:.1f} rad/s^2, allowed {acceleration:.1f}"
    if binding == POSITION:
        low, high = middle[joint] - position, middle[joint] + position
        return f"{name} is at {previous:.3f} rad and would go to {target:.3f}, allowed {low:.3f} … {high:.3f}"
    if binding == STEP_LEAP:
        return f"a leap: {name} by {target - previous:.4f} rad in one step, allowed {speed * dt:.4f}"
    if binding == ARM_LEAP:
        return f"a leap: {name} to {target:.3f} rad while the arm is at {measured:.3f}, allowed {following:.2f} apart"
    return f"not a number: {name} to {target} rad while the arm is at {measured}"
