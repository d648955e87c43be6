"""How a controller notices that something is in the arm's way."""

from __future__ import annotations

import numpy as np

from roboact_ros.sim.body import BodyState
from roboact_ros.types import FloatArray

_LARGEST_TORQUE = np.array([80.0, 80.0, 80.0, 16.0, 16.0, 16.0])
_LARGEST_DEVIATION = 0.35


def obstruction(state: BodyState, commanded: FloatArray) -> str:
    """Return what is wrong, empty while the arm moves freely.

    Args:
        state: What the arm measures.
        commanded: (6,) joint positions that it should have [rad].
    """
    load = np.abs(state.torque) / _LARGEST_TORQUE
    if load.max() > 1.0:
        joint = int(np.argmax(load))
        return f"joint {joint} pushes with {state.torque[joint]:.0f} N m against an obstacle"
    deviation = np.abs(state.q - commanded)
    if deviation.max() > _LARGEST_DEVIATION:
        return f"joint {int(np.argmax(deviation))} cannot follow its path"
    return ""
