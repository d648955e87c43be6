"""What makes one robot differ from the published table: the small offsets measured in the factory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.robots import Six

_ZERO: Six = (0.0,) * 6


@dataclass(frozen=True, slots=True)
class Calibration:
    """Offsets added to the Denavit-Hartenberg table: d, a [m], alpha, theta [rad]."""

    d: Six
    a: Six
    alpha: Six
    theta: Six

    @classmethod
    def none(cls) -> Calibration:
        """Return the calibration of a robot that is exactly as published."""
        return cls(_ZERO, _ZERO, _ZERO, _ZERO)

    @classmethod
    def random(cls, seed: int) -> Calibration:
        """Return a plausible factory calibration: it moves the tool by one to two millimetres."""
        generator = np.random.default_rng(seed)

        def six(scale: float) -> Six:
            a, b, c, d, e, f = (float(value) for value in generator.uniform(-scale, scale, 6))
            return (a, b, c, d, e, f)

        return cls(d=six(4e-4), a=six(4e-4), alpha=six(8e-4), theta=six(8e-4))
