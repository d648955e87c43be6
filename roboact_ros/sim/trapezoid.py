"""Trapezoidal speed profile: accelerate, cruise, decelerate to rest."""

from __future__ import annotations

from math import sqrt


class Trapezoid:
    """Distance over time of a motion from rest to rest.

    Args:
        length: Distance to travel, > 0.
        speed: Cruise speed, > 0.
        acceleration: Of both ramps, > 0.
    """

    def __init__(self, length: float, speed: float, acceleration: float) -> None:
        self._length = length
        self._acceleration = acceleration
        self._speed = min(speed, sqrt(length * acceleration))
        self._ramp = self._speed / acceleration
        self.duration = length / self._speed + self._ramp

    def at(self, time: float) -> float:
        """Return the distance travelled after ``time`` [s]."""
        if time < self._ramp:
            return 0.5 * self._acceleration * time * time
        if time < self.duration - self._ramp:
            return self._speed * (time - 0.5 * self._ramp)
        left = max(self.duration - time, 0.0)
        return self._length - 0.5 * self._acceleration * left * left
