"""Rotations as CLAP writes them: roll, pitch and yaw, and as its data keep them: two rows of the matrix."""

from __future__ import annotations

import numpy as np

from roboact_ros.errors import PolicyError
from roboact_ros.types import FloatArray

_LEVEL = 1.0 - 1e-7
"""Largest sine of the pitch; beyond it roll and yaw turn about the same axis."""


def rotation_from_euler(angles: FloatArray) -> FloatArray:
    """Return the (…, 3, 3) rotations Rz(yaw) Ry(pitch) Rx(roll) of (…, 3) roll, pitch, yaw [rad]."""
    (sr, sp, sy), (cr, cp, cy) = np.moveaxis(np.sin(angles), -1, 0), np.moveaxis(np.cos(angles), -1, 0)
    rows = (
        (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
        (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
        (-sp, cp * sr, cp * cr),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def euler_from_rotation(rotation: FloatArray) -> FloatArray:
    """Return (…, 3) roll, pitch, yaw [rad] of (…, 3, 3) rotations; the pitch is between -pi/2 and pi/2."""
    pitch = np.arcsin(np.clip(-rotation[..., 2, 0], -_LEVEL, _LEVEL))
    roll = np.arctan2(rotation[..., 2, 1], rotation[..., 2, 2])
    yaw = np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
    return np.stack((roll, pitch, yaw), axis=-1)


def rotation_from_rows(six: FloatArray) -> FloatArray:
    """Return the (…, 3, 3) rotations of which (…, 6) numbers are about the first two rows.

    NaN stays NaN.

    Raises:
        PolicyError: Two rows do not span a plane.
    """
    first = six[..., :3] / np.linalg.norm(six[..., :3], axis=-1, keepdims=True).clip(1e-8)
    second = six[..., 3:] - (six[..., 3:] * first).sum(axis=-1, keepdims=True) * first
    length = np.linalg.norm(second, axis=-1, keepdims=True)
    if (length < 1e-6).any():
        bad = six.reshape(-1, 6)[int(np.argmax(length.reshape(-1) < 1e-6))]
        raise PolicyError(f"these are not two rows of a rotation: {bad.tolist()}")
    second = second / length
    return np.stack((first, second, np.cross(first, second)), axis=-2)
