"""Whether the executor takes motions now, and what the operator is told when it does not."""

from __future__ import annotations

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.status import State
from roboact_ros.types import ArmMode


class Admission:
    """Everything that may keep the arm from moving.

    Attributes:
        mode: What the robot can do, as last measured.
        note: Why the last motion ended early; empty when it did not.
        refused: The last refusal; empty again once something was accepted.
    """

    def __init__(self) -> None:
        self.mode = ArmMode.DISCONNECTED
        self.note = self.refused = ""
        self._stopped = False
        self._holds: dict[str, str] = {}

    @property
    def held(self) -> bool:
        """Whether somebody keeps the arm at rest."""
        return self._stopped or bool(self._holds)

    @property
    def blocked(self) -> str:
        """Why no motion is accepted; empty when it is."""
        if self.mode is not ArmMode.RUNNING:
            return f"the robot: {self.mode.value}"
        return "stopped by the person; resume to go on" if self._stopped else "; ".join(self._holds.values())

    def state(self, braking: bool, busy: bool) -> State:
        """Return what the executor does.

        Args:
            braking: Whether the running step is being brought to rest.
            busy: Whether there is a step that runs or waits.
        """
        if self.mode is ArmMode.DISCONNECTED:
            return State.DISCONNECTED
        if self.mode is not ArmMode.RUNNING:
            return State.HOLDING
        if braking:
            return State.HALTING
        if self._stopped:
            return State.STOPPED
        if self._holds:
            return State.HOLDING
        return State.MOVING if busy else State.IDLE

    def stop(self) -> None:
        """Accept nothing until :meth:`resume`."""
        self._stopped = True

    def resume(self) -> None:
        """Take a stop or pause of the person back."""
        self._stopped = False
        self.note = self.refused = ""
        self._holds.pop("pause", None)

    def hold(self, key: str, reason: str) -> bool:
        """Accept nothing as long as the hold ``key`` is there, and return whether it is new; its reason is renewed."""
        new = key not in self._holds
        self._holds[key] = reason
        return new

    def release(self, key: str) -> None:
        """Take the hold ``key`` away."""
        self._holds.pop(key, None)

    def check(self) -> None:
        """Refuse motions while something keeps the arm from moving.

        Raises:
            MotionRefused: Something does.
        """
        if self.blocked:
            raise self.refuse(f"not now: {self.blocked}")

    def refuse(self, why: str) -> MotionRefused:
        """Note a refusal and return it to be raised."""
        self.refused = why
        return MotionRefused(why)

    def accept(self) -> None:
        """Note that something was accepted."""
        self.refused = self.note = ""
