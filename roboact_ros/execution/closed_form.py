"""Closed-form inverse kinematics of arms built like the UR5: axes 2, 3, 4 parallel, offset wrist.

The kernels read the arm as one packed array, :func:`pack_arm`. In the notes, frame i sits behind joint i; the axes of
joints 2, 3 and 4 all point along z1 = (sin q1, -cos q1, 0).
"""

from __future__ import annotations

from math import acos, atan2, cos, pi, sin, sqrt

import numpy as np

from roboact_ros.execution.compiled import compiled
from roboact_ros.execution.poses import inverse_pose
from roboact_ros.robots import RobotModel
from roboact_ros.types import FloatArray

REACHED, OUT_OF_REACH, BEYOND_JOINT_LIMITS, NOT_A_POSE = 0, 1, 2, 3

_WRIST_SINGULAR = 1e-10  # |sin q5| below which q6 is taken from the seed; the tool is then off by less than that angle
_AT_LIMIT = 1e-9  # a joint this little beyond its limit is at its limit [rad]


def pack_arm(model: RobotModel, pose_tool_in_flange: FloatArray, reach_tolerance: float) -> FloatArray:
    """Return the array the kernels read: six lengths, six joint limits, tolerance, flange in tool (3 x 4, row by row).

    Args:
        model: Arm with the twists of a UR arm and only d1, d4, d5, d6, a2, a3 not zero.
        pose_tool_in_flange: (4, 4).
        reach_tolerance: A pose this much out of reach counts as on the boundary [m].
    """
    lengths = (model.d[0], model.a[1], model.a[2], model.d[3], model.d[4], model.d[5])
    pose_flange_in_tool = inverse_pose(pose_tool_in_flange)[:3].ravel()
    return np.concatenate((lengths, model.position_limit, [reach_tolerance], pose_flange_in_tool))


@compiled("float64(float64, float64, float64, float64, float64, float64)")
def _within_reach(q234: float, across: float, up: float, d5: float, outer: float, inner: float) -> float:
    """Return the angle next to ``q234`` at which the two links reach frame 4, or ``q234`` if there is none.

    Where the wrist is singular, q4 and q6 may turn oppositely; that moves frame 4 around frame 5 at (across, up).
    """
    wx, wy = across - d5 * sin(q234), up + d5 * cos(q234)
    reach = sqrt(wx * wx + wy * wy)
    wanted = min(max(reach, inner), outer)
    centre = sqrt(across * across + up * up)
    cosine = (wanted**2 - centre**2 - d5**2) / (2.0 * d5 * centre)
    if reach == wanted or not abs(cosine) <= 1.0:
        return q234
    middle, half = -atan2(across, up), acos(cosine)
    one = middle + half + 2.0 * pi * np.rint((q234 - middle - half) / (2.0 * pi))
    other = middle - half + 2.0 * pi * np.rint((q234 - middle + half) / (2.0 * pi))
    return float(one if abs(one - q234) < abs(other - q234) else other)


@compiled("Tuple((int64, float64))(float64[:,:], float64, float64[::1], float64[:,::1])")
def solutions(pose: FloatArray, q6_if_free: float, arm: FloatArray, found: FloatArray) -> tuple[int, float]:
    """Fill the first rows of ``found`` (8, 6) with every solution, each joint in no particular turn.

    Args:
        pose: (4, 4) wanted pose of the tool in the base.
        q6_if_free: Last joint to use, or to stay near, where the wrist is singular (q5 = 0 or pi) and only q4 and q6
            together count.
        arm: What :func:`pack_arm` returned.
        found: (8, 6), overwritten.

    Returns:
        The number of solutions and, if there is none, how far the pose is out of reach [m] (NaN for what is no pose).
    """
    d1, a2, a3, d4, d5, d6 = arm[0], arm[1], arm[2], arm[3], arm[4], arm[5]
    tolerance, t = arm[12], arm[13:]
    r00, r01, r02 = pose[0, 0], pose[0, 1], pose[0, 2]
    r10, r11, r12 = pose[1, 0], pose[1, 1], pose[1, 2]
    r20, r21, r22 = pose[2, 0], pose[2, 1], pose[2, 2]
    determinant = r00 * (r11 * r22 - r12 * r21) - r01 * (r10 * r22 - r12 * r20) + r02 * (r10 * r21 - r11 * r20)
    squares = r00**2 + r01**2 + r02**2 + r10**2 + r11**2 + r12**2 + r20**2 + r21**2 + r22**2
    # Three squared singular values with sum 3 and product 1 are all 1. Written so that NaN fails.
    if not (abs(determinant - 1.0) < 1e-6 and abs(squares - 3.0) < 1e-6):
        return 0, np.nan
    # Flange axes and origin of frame 5 in the base.
    xx, yx, zx = r00 * t[0] + r01 * t[4] + r02 * t[8], r00 * t[1] + r01 * t[5] + r02 * t[9], 0.0
    xy, yy, zy = r10 * t[0] + r11 * t[4] + r12 * t[8], r10 * t[1] + r11 * t[5] + r12 * t[9], 0.0
    xz, yz, zz = r20 * t[0] + r21 * t[4] + r22 * t[8], r20 * t[1] + r21 * t[5] + r22 * t[9], 0.0
    zx = r00 * t[2] + r01 * t[6] + r02 * t[10]
    zy = r10 * t[2] + r11 * t[6] + r12 * t[10]
    zz = r20 * t[2] + r21 * t[6] + r22 * t[10]
    px = pose[0, 3] + r00 * t[3] + r01 * t[7] + r02 * t[11] - d6 * zx
    py = pose[1, 3] + r10 * t[3] + r11 * t[7] + r12 * t[11] - d6 * zy
    pz = pose[2, 3] + r20 * t[3] + r21 * t[7] + r22 * t[11] - d6 * zz - d1
    if not (abs(px) < 1e6 and abs(py) < 1e6 and abs(pz) < 1e6):
        return 0, np.nan

    # Joint 1: frame 5 is d4 from the plane of the upper arm, px sin q1 - py cos q1 = d4.
    squared = px * px + py * py
    if squared < (d4 - tolerance) ** 2:
        return 0, d4 - sqrt(squared)
    inner = sqrt(max(squared - d4 * d4, 0.0))
    scale = 1.0 / sqrt(squared * (inner * inner + d4 * d4))
    count, miss = 0, np.inf
    for shoulder in range(2):
        if shoulder == 1:
            inner = -inner
        c1, s1 = scale * (px * inner - py * d4), scale * (py * inner + px * d4)
        q1 = atan2(s1, c1)
        # z1 seen from the flange is (s5 c6, -s5 s6, c5); of the two signs of s5, start with the positive one.
        u, v, c5 = s1 * xx - c1 * xy, s1 * yx - c1 * yy, s1 * zx - c1 * zy
        s5 = sqrt(u * u + v * v)
        q5 = atan2(s5, c5)
        singular = s5 < _WRIST_SINGULAR
        q6 = q6_if_free if singular else atan2(-v, u)
        c6, s6 = (cos(q6), sin(q6)) if singular else (u / s5, -v / s5)
        # z4 in the plane of the upper arm (horizontal, vertical) is (s234, -c234).
        s234 = -(s6 * (c1 * xx + s1 * xy) + c6 * (c1 * yx + s1 * yy))
        c234 = s6 * xz + c6 * yz
        q234 = atan2(s234, c234)
        across = c1 * px + s1 * py
        if singular:
            q234_reached = _within_reach(q234, across, pz, d5, abs(a2 + a3), abs(a2 - a3))
            q6, q234 = q6 - c5 * (q234_reached - q234), q234_reached
            s234, c234 = sin(q234), cos(q234)
        for _ in range(1 if singular else 2):
            # Two links a2, a3 to the origin of frame 4 in that plane.
            wx, wy = across - d5 * s234, pz + d5 * c234
            reach_squared = wx * wx + wy * wy
            reach = sqrt(reach_squared)
            beyond = max(reach - abs(a2 + a3), abs(a2 - a3) - reach)
            if beyond <= tolerance:
                c3 = min(max((reach_squared - a2 * a2 - a3 * a3) / (2.0 * a2 * a3), -1.0), 1.0)
                s3 = sqrt((1.0 - c3) * (1.0 + c3))
                q3 = atan2(s3, c3)
                towards, between = atan2(wy, wx), atan2(a3 * s3, a2 + a3 * c3)
                for _ in range(2):
                    row, q2 = found[count], towards - between
                    row[0], row[1], row[2], row[3], row[4], row[5] = q1, q2, q3, q234 - q2 - q3, q5, q6
                    count += 1
                    q3, between = -q3, -between
            else:
                miss = min(miss, beyond)
            # The other sign of s5 turns joints 4 and 6 by half a turn.
            q5, q6, q234 = -q5, q6 + pi, q234 + pi
            s234, c234 = -s234, -c234
    return count, miss


@compiled("float64(float64[::1], float64[:], float64[::1], float64)")
def turn_towards(q: FloatArray, q_near: FloatArray, arm: FloatArray, bound: float) -> float:
    """Add whole turns to each joint of ``q`` in place, to bring it next to ``q_near`` within the joint limits.

    Returns:
        Largest |q - q_near| [rad], infinite if it is not below ``bound`` or a joint cannot be within its limits.
    """
    farthest = 0.0
    for i in range(6):
        limit = arm[6 + i]
        angle = q[i] + 2.0 * pi * np.rint((q_near[i] - q[i]) / (2.0 * pi))
        if angle > limit + _AT_LIMIT:
            angle -= 2.0 * pi * np.ceil((angle - limit - _AT_LIMIT) / (2.0 * pi))
        elif angle < -limit - _AT_LIMIT:
            angle += 2.0 * pi * np.ceil((-limit - _AT_LIMIT - angle) / (2.0 * pi))
        if not abs(angle) <= limit + _AT_LIMIT:
            return np.inf
        angle = min(max(angle, -limit), limit)
        q[i] = angle
        distance = abs(angle - q_near[i])
        if not distance < bound:
            return np.inf
        farthest = max(farthest, distance)
    return farthest


@compiled(
    "Tuple((int64, float64))(float64[:,::1], float64[::1], float64[::1], float64[:,::1], float64[::1])",
    "Tuple((int64, float64))(float64[:,:], float64[:], float64[::1], float64[:,::1], float64[::1])",
)
def nearest(
    pose: FloatArray, q_near: FloatArray, arm: FloatArray, found: FloatArray, q: FloatArray
) -> tuple[int, float]:
    """Write the solution with the smallest max |q - q_near| into ``q`` (6,), NaN if there is none.

    Args:
        pose: (4, 4) wanted pose of the tool in the base.
        q_near: (6,) joint positions to stay near to [rad].
        arm: What :func:`pack_arm` returned.
        found: (8, 6) scratch.
        q: (6,), overwritten.

    Returns:
        One of the status numbers, and for ``OUT_OF_REACH`` by how much [m].
    """
    count, miss = solutions(pose, q_near[5], arm, found)
    q[:] = np.nan
    if count == 0:
        return (NOT_A_POSE if np.isnan(miss) else OUT_OF_REACH), miss
    best = np.inf
    for i in range(count):
        distance = turn_towards(found[i], q_near, arm, best)
        if distance < best:
            best = distance
            q[:] = found[i]
    return (REACHED if best < np.inf else BEYOND_JOINT_LIMITS), 0.0


@compiled("float64[:,::1](float64[:,:,:], float64[:,:], float64[::1])")
def nearest_batch(poses: FloatArray, q_near: FloatArray, arm: FloatArray) -> FloatArray:
    """Return (N, 6) solutions of ``poses`` (N, 4, 4) near the rows of ``q_near`` (N, 6), NaN where there is none."""
    result = np.empty((poses.shape[0], 6))
    found = np.empty((8, 6))
    for i in range(poses.shape[0]):
        nearest(poses[i], q_near[i], arm, found, result[i])
    return result
