"""Depth images in the unit that frames carry."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

_SAME = 1e-6


def millimetres(raw: NDArray[np.uint16], unit: float) -> NDArray[np.uint16]:
    """Return depth in millimetres, in memory of its own; what does not fit becomes 0, unknown.

    Args:
        raw: (H, W) depth in steps of the sensor.
        unit: Length of a step [mm].
    """
    if abs(unit - 1.0) < _SAME:
        return raw.copy()
    scaled = np.rint(raw * np.float32(unit))
    scaled[scaled > np.iinfo(np.uint16).max] = 0
    return cast(NDArray[np.uint16], scaled.astype(np.uint16))
