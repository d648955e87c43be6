"""Power and brakes of a simulated arm; both take a moment to switch on."""

from __future__ import annotations

from roboact_ros.sim.modes import RobotMode

_DELAY = 0.5


class Power:
    """Follows what was asked for, one mode after the other.

    Attributes:
        mode: What the arm's power and brakes do now.
    """

    def __init__(self) -> None:
        self.mode = RobotMode.RUNNING
        self._changes: list[tuple[float, RobotMode]] = []

    def off(self) -> None:
        """Take the power away at once."""
        self.mode = RobotMode.POWER_OFF
        self._changes = []

    def on(self, release_brakes: bool, now: float) -> None:
        """Switch the power on and, if asked, release the brakes."""
        steps = [RobotMode.POWER_ON, RobotMode.IDLE, RobotMode.RUNNING][: 3 if release_brakes else 2]
        ahead = [mode for mode in steps if mode > self.mode]
        self._changes = [(now + _DELAY * i, mode) for i, mode in enumerate(ahead)]

    def advance(self, now: float) -> None:
        """Change the mode when its time has come."""
        while self._changes and now >= self._changes[0][0]:
            self.mode = self._changes.pop(0)[1]
