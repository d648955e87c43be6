"""Kernels of a chain of n joints, each of which turns about or slides along the z axis of its own frame."""

from __future__ import annotations

from math import cos, sin

import numpy as np
from numpy.typing import NDArray

from roboact_ros.execution.compiled import compiled
from roboact_ros.types import FloatArray


@compiled("float64[:,:,::1](float64[::1], float64[:,:,::1], boolean[::1])")
def chain(q: FloatArray, placements: FloatArray, slides: NDArray[np.bool_]) -> FloatArray:
    """Return the (n + 1, 4, 4) poses in the base of the frames behind the joints and of the tool.

    Args:
        q: (n,) joint positions [rad or m].
        placements: (n + 1, 4, 4) pose of each joint's frame, at position 0, in the frame behind the joint before (the
            first in the base), and of the tool in the last.
        slides: (n,) which joints are prismatic.
    """
    joints = len(q)
    frames = np.zeros((joints + 1, 4, 4))
    before = np.eye(4)
    for i in range(joints + 1):
        frame, placement = frames[i], placements[i]
        for row in range(3):
            for column in range(4):
                total = before[row, 3] if column == 3 else 0.0
                for k in range(3):
                    total += before[row, k] * placement[k, column]
                frame[row, column] = total
        frame[3, 3] = 1.0
        if i < joints:
            if slides[i]:
                for row in range(3):
                    frame[row, 3] += q[i] * frame[row, 2]
            else:
                c, s = cos(q[i]), sin(q[i])
                for row in range(3):
                    x, y = frame[row, 0], frame[row, 1]
                    frame[row, 0], frame[row, 1] = c * x + s * y, c * y - s * x
        before = frame
    return frames


@compiled("float64[:,::1](float64[:,:,::1], boolean[::1])")
def jacobian(frames: FloatArray, slides: NDArray[np.bool_]) -> FloatArray:
    """Return the (6, n) geometric Jacobian about the tool point, base frame, rows linear [m] then angular [rad].

    Args:
        frames: What :func:`chain` returned.
        slides: (n,) which joints are prismatic.
    """
    joints = len(slides)
    result = np.zeros((6, joints))
    for i in range(joints):
        f = frames[i]
        zx, zy, zz = f[0, 2], f[1, 2], f[2, 2]
        if slides[i]:
            result[0, i], result[1, i], result[2, i] = zx, zy, zz
            continue
        x, y, z = frames[joints, 0, 3] - f[0, 3], frames[joints, 1, 3] - f[1, 3], frames[joints, 2, 3] - f[2, 3]
        result[0, i], result[1, i], result[2, i] = zy * z - zz * y, zz * x - zx * z, zx * y - zy * x
        result[3, i], result[4, i], result[5, i] = zx, zy, zz
    return result
