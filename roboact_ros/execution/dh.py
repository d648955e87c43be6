"""Kernels of a six-joint chain in classic Denavit-Hartenberg convention, nominal or calibrated."""

from __future__ import annotations

from math import cos, inf, sin, sqrt

import numpy as np

from roboact_ros.execution.compiled import compiled
from roboact_ros.types import FloatArray


def dh_table(theta: FloatArray, d: FloatArray, a: FloatArray, alpha: FloatArray) -> FloatArray:
    """Return the (6, 5) table the kernels read: joint offset, d, a, cos(alpha), sin(alpha) of each joint [rad, m]."""
    return np.column_stack((theta, d, a, np.cos(alpha), np.sin(alpha)))


@compiled("float64[:,:,::1](float64[::1], float64[:,::1], float64[:,::1])")
def chain(q: FloatArray, table: FloatArray, pose_tool_in_flange: FloatArray) -> FloatArray:
    """Return the (7, 4, 4) poses in the base of the frames behind joints 1 … 6 (6 is the flange) and of the tool.

    Args:
        q: (6,) joint positions [rad].
        table: What :func:`dh_table` returned.
        pose_tool_in_flange: (4, 4).
    """
    frames = np.zeros((7, 4, 4))
    # Running transform: rotation columns x, y, z and origin p, in the base.
    xx, xy, xz, yx, yy, yz, zx, zy, zz = 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0
    px, py, pz = 0.0, 0.0, 0.0
    for i in range(6):
        angle = q[i] + table[i, 0]
        d, a, ca, sa = table[i, 1], table[i, 2], table[i, 3], table[i, 4]
        c, s = cos(angle), sin(angle)
        tx, ty, tz = c * yx - s * xx, c * yy - s * xy, c * yz - s * xz
        xx, xy, xz = c * xx + s * yx, c * xy + s * yy, c * xz + s * yz
        px, py, pz = px + d * zx + a * xx, py + d * zy + a * xy, pz + d * zz + a * xz
        yx, yy, yz = ca * tx + sa * zx, ca * ty + sa * zy, ca * tz + sa * zz
        zx, zy, zz = ca * zx - sa * tx, ca * zy - sa * ty, ca * zz - sa * tz
        f = frames[i]
        f[0, 0], f[1, 0], f[2, 0] = xx, xy, xz
        f[0, 1], f[1, 1], f[2, 1] = yx, yy, yz
        f[0, 2], f[1, 2], f[2, 2] = zx, zy, zz
        f[0, 3], f[1, 3], f[2, 3] = px, py, pz
        f[3, 3] = 1.0
    flange, tool = frames[5], frames[6]
    for row in range(3):
        for column in range(4):
            total = flange[row, 3] if column == 3 else 0.0
            for k in range(3):
                total += flange[row, k] * pose_tool_in_flange[k, column]
            tool[row, column] = total
    tool[3, 3] = 1.0
    return frames


@compiled("float64[:,::1](float64[:,:,::1])")
def jacobian(frames: FloatArray) -> FloatArray:
    """Return the (6, 6) geometric Jacobian about the tool point, base frame, rows linear [m] then angular [rad].

    Args:
        frames: What :func:`chain` returned.
    """
    result = np.empty((6, 6))
    tx, ty, tz = frames[6, 0, 3], frames[6, 1, 3], frames[6, 2, 3]
    for i in range(6):
        if i == 0:
            zx, zy, zz, x, y, z = 0.0, 0.0, 1.0, tx, ty, tz
        else:
            f = frames[i - 1]
            zx, zy, zz = f[0, 2], f[1, 2], f[2, 2]
            x, y, z = tx - f[0, 3], ty - f[1, 3], tz - f[2, 3]
        result[0, i], result[1, i], result[2, i] = zy * z - zz * y, zz * x - zx * z, zx * y - zy * x
        result[3, i], result[4, i], result[5, i] = zx, zy, zz
    return result


@compiled("float64[::1](float64[:,:], float64[:,:])")
def pose_error(goal: FloatArray, pose: FloatArray) -> FloatArray:
    """Return the (6,) displacement [m] and rotation, base axes, that takes ``pose`` to ``goal``.

    The rotation is its axis times the sine of its angle, or times 2 minus the sine beyond 90 degrees, so that only
    equal poses have no error.
    """
    error = np.empty(6)
    error[3:] = 0.0
    for i in range(3):
        error[i] = goal[i, 3] - pose[i, 3]
    aligned = 0.0  # 1 + 2 cos(angle)
    for k in range(3):
        aligned += pose[0, k] * goal[0, k] + pose[1, k] * goal[1, k] + pose[2, k] * goal[2, k]
        error[3] += 0.5 * (pose[1, k] * goal[2, k] - pose[2, k] * goal[1, k])
        error[4] += 0.5 * (pose[2, k] * goal[0, k] - pose[0, k] * goal[2, k])
        error[5] += 0.5 * (pose[0, k] * goal[1, k] - pose[1, k] * goal[0, k])
    if aligned < 1.0:
        sine = sqrt(error[3] ** 2 + error[4] ** 2 + error[5] ** 2)
        if sine < 1e-12:
            error[3] = 2.0
        else:
            for i in range(3, 6):
                error[i] *= (2.0 - sine) / sine
    return error


@compiled("float64(float64[::1])")
def _largest(values: FloatArray) -> float:
    largest = 0.0
    for value in values:
        if not abs(value) < inf:
            return inf
        largest = max(largest, abs(value))
    return largest


@compiled("float64(float64[::1])")
def _squares(values: FloatArray) -> float:
    total = 0.0
    for value in values:
        total += value * value
    return total


@compiled("void(float64[:,::1], float64[::1])")
def solve_symmetric(a: FloatArray, b: FloatArray) -> None:
    """Solve a x = b for a symmetric positive definite ``a`` (6, 6) by Cholesky, in place: ``b`` becomes x."""
    for i in range(6):
        for j in range(i + 1):
            total = a[i, j]
            for k in range(j):
                total -= a[i, k] * a[j, k]
            a[i, j] = sqrt(max(total, 1e-300)) if i == j else total / a[j, j]
    for i in range(6):
        for k in range(i):
            b[i] -= a[i, k] * b[k]
        b[i] /= a[i, i]
    for i in range(5, -1, -1):
        for k in range(i + 1, 6):
            b[i] -= a[k, i] * b[k]
        b[i] /= a[i, i]


@compiled("float64(float64[:,:], float64[::1], float64[:,::1], float64[:,::1], int64)")
def refine(
    goal: FloatArray, q: FloatArray, table: FloatArray, pose_tool_in_flange: FloatArray, iterations: int
) -> float:
    """Improve ``q`` in place until the tool is at ``goal``, by damped Newton steps (Levenberg-Marquardt).

    The damping only grows where a full step does not help, which is at singular poses.

    Args:
        goal: (4, 4) wanted pose of the tool in the base.
        q: (6,) start, within a few degrees of the solution [rad]; overwritten.
        table: What :func:`dh_table` returned.
        pose_tool_in_flange: (4, 4).
        iterations: Most steps to try.

    Returns:
        The largest error left, over metres and radians.
    """
    damping, tried = 1e-12, np.empty(6)
    frames = chain(q, table, pose_tool_in_flange)
    error = pose_error(goal, frames[6])
    for _ in range(iterations):
        if _largest(error) < 1e-13:
            break
        j = jacobian(frames)
        normal, step = np.zeros((6, 6)), np.zeros(6)
        for row in range(6):
            for column in range(row + 1):
                for k in range(6):
                    normal[row, column] += j[k, row] * j[k, column]
            normal[row, row] += damping
            for k in range(6):
                step[row] += j[k, row] * error[k]
        solve_symmetric(normal, step)
        for i in range(6):
            tried[i] = q[i] + step[i]
        tried_frames = chain(tried, table, pose_tool_in_flange)
        tried_error = pose_error(goal, tried_frames[6])
        if _squares(tried_error) < _squares(error):
            for i in range(6):
                q[i] = tried[i]
            frames, error = tried_frames, tried_error
            damping = max(damping * 0.1, 1e-12)
        else:
            damping *= 100.0
            if damping > 1e3:
                break
    return _largest(error)
