"""Conversions between homogeneous transforms and the x, y, z, rotation-vector form of Universal Robots."""

from __future__ import annotations

from math import atan2, cos, hypot, pi, sin, sqrt

import numpy as np

from roboact_ros.types import FloatArray


def pose_from_vector(x: float, y: float, z: float, rx: float, ry: float, rz: float) -> FloatArray:
    """Return the (4, 4) transform with translation x, y, z [m] and rotation vector rx, ry, rz [rad]."""
    pose = np.eye(4)
    pose[:3, :3] = rotation_from_vector(rx, ry, rz)
    pose[:3, 3] = x, y, z
    return pose


def vector_from_pose(pose: FloatArray) -> FloatArray:
    """Return x, y, z [m], rx, ry, rz [rad] of a (4, 4) transform; the rotation angle is at most pi."""
    return np.concatenate((pose[:3, 3], vector_from_rotation(pose[:3, :3])))


def rotation_from_vector(rx: float, ry: float, rz: float) -> FloatArray:
    """Return the (3, 3) rotation about the axis rx, ry, rz by its length [rad] (Rodrigues' formula)."""
    angle = sqrt(rx * rx + ry * ry + rz * rz)
    s = sin(angle) / angle if angle > 1e-8 else 1.0  # sin(t) / t
    half = sin(angle / 2) / angle if angle > 1e-8 else 0.5
    c = 2 * half * half  # (1 - cos(t)) / t^2 without cancellation
    cosine = cos(angle)
    return np.array(
        [
            [cosine + c * rx * rx, c * rx * ry - s * rz, c * rx * rz + s * ry],
            [c * rx * ry + s * rz, cosine + c * ry * ry, c * ry * rz - s * rx],
            [c * rx * rz - s * ry, c * ry * rz + s * rx, cosine + c * rz * rz],
        ]
    )


def vector_from_rotation(rotation: FloatArray) -> FloatArray:
    """Return the rotation vector (3,) [rad] of a (3, 3) rotation, by way of the quaternion so that pi is no trouble.

    At an angle of exactly pi both signs of the axis are right; the one with the larger-than-zero leading entry is
    returned.
    """
    x, y, z, w = quaternion_from_rotation(rotation)
    length = hypot(x, y, z)
    if length == 0.0:
        return np.zeros(3)
    angle = 2 * atan2(length, w)
    if angle > pi:
        angle -= 2 * pi
    return np.array([x, y, z]) * (angle / length)


def quaternion_from_rotation(rotation: FloatArray) -> tuple[float, float, float, float]:
    """Return the unit quaternion x, y, z, w of a (3, 3) rotation."""
    (r00, r01, r02), (r10, r11, r12), (r20, r21, r22) = rotation.tolist()
    # The largest of the four squared quaternion entries, all times four, is never close to zero (Shepperd 1978).
    ww, xx, yy, zz = 1 + r00 + r11 + r22, 1 + r00 - r11 - r22, 1 - r00 + r11 - r22, 1 - r00 - r11 + r22
    largest = max(ww, xx, yy, zz)
    if largest == ww:
        w, x, y, z = ww, r21 - r12, r02 - r20, r10 - r01
    elif largest == xx:
        w, x, y, z = r21 - r12, xx, r01 + r10, r02 + r20
    elif largest == yy:
        w, x, y, z = r02 - r20, r01 + r10, yy, r12 + r21
    else:
        w, x, y, z = r10 - r01, r02 + r20, r12 + r21, zz
    scale = 1.0 / sqrt(w * w + x * x + y * y + z * z)
    return scale * x, scale * y, scale * z, scale * w


def inverse_pose(pose: FloatArray) -> FloatArray:
    """Return the inverse of a (4, 4) rigid transform."""
    inverse = np.eye(4)
    inverse[:3, :3] = pose[:3, :3].T
    inverse[:3, 3] = -pose[:3, :3].T @ pose[:3, 3]
    return inverse
