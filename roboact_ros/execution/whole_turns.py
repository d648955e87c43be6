"""Joints that turn without end: positions a whole turn apart are one place."""

from __future__ import annotations

from math import tau

import numpy as np

from roboact_ros.types import FloatArray


def nearest_turn(q: FloatArray, q_near: FloatArray, lowest: FloatArray, highest: FloatArray) -> FloatArray:
    """Return joints (n,) at the same place as ``q``, those that turn without end less than a half turn from ``q_near``.

    Args:
        q: (n,) joints [rad; prismatic joints m].
        q_near: (n,) joints, likewise.
        lowest: (n,) smallest positions, -inf of a joint that turns without end.
        highest: (n,) largest positions.
    """
    endless = np.isinf(lowest) & np.isinf(highest)
    # Only whole turns are added, so that other joints, and places that are near already, stay exactly as they are.
    turns = np.where(endless, np.rint((q_near - q) / tau), 0.0)
    return q + tau * turns
