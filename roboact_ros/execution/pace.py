"""How fast a running motion proceeds: 1 as planned, 0 at rest, changed without a jolt."""

from __future__ import annotations

from ruckig import ControlInterface, InputParameter, OutputParameter, Ruckig

DECELERATION = 11.0
"""Largest change of pace [1/s]: with the jerk below, a stop from full pace takes 0.1 s."""

JERK = 1000.0
"""Largest change of deceleration [1/s^2]."""

_SAME = 0.01
"""Paces that differ by less are the same."""


class Pace:
    """The derivative of a trajectory's own time; slowing it down stops the arm on the path that was checked.

    Args:
        dt: Control period [s].
    """

    def __init__(self, dt: float) -> None:
        self._dt = dt
        self._otg, self._output = Ruckig(1, dt), OutputParameter(1)
        self._request = InputParameter(1)
        self._request.control_interface = ControlInterface.Velocity
        self._request.max_acceleration, self._request.max_jerk = [DECELERATION], [JERK]
        self.reset()

    def reset(self) -> None:
        """Go on at full pace at once: only for a motion that starts from rest."""
        self.value, self.braking = 1.0, False
        self._steady = True
        self._request.current_position = [0.0]
        self._request.current_velocity, self._request.current_acceleration = [1.0], [0.0]

    def fall_to(self, value: float) -> None:
        """Note that a motion was held back to a lower pace: it slows down, or goes on, from there."""
        if value < self.value - _SAME:
            self.value, self._steady = value, False
            self._request.current_velocity, self._request.current_acceleration = [value], [0.0]

    @property
    def steady(self) -> bool:
        """Whether the last period did not change the pace."""
        return self._steady

    def advance(self, target: float) -> float:
        """Approach ``target`` (0 … 1) for one period and return the trajectory time that passed [s]."""
        if not (self._steady and target == self.value):
            self._request.target_velocity = [target]
            self._otg.update(self._request, self._output)
            self._output.pass_to_input(self._request)
            self.value = max(0.0, self._output.new_velocity[0])
            self._steady = abs(self.value - target) < 1e-9 and abs(self._output.new_acceleration[0]) < 1e-9
            if self._steady:
                self.value = target
        return self.value * self._dt
