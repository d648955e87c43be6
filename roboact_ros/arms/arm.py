"""The contract of the arm room."""

from __future__ import annotations

from typing import Protocol

from roboact_ros.types import ArmState, FloatArray


class Arm(Protocol):
    """One robot arm that follows streamed joint targets. Constructing one connects to it."""

    def read(self) -> ArmState:
        """Return the newest measured state; a lost robot is a state (``ArmMode.DISCONNECTED``), not an exception."""
        ...

    def servo(self, q: FloatArray) -> None:
        """Stream one joint target, (6,) [rad], for the next control period.

        Raises:
            ArmError: The robot does not accept targets now.
        """
        ...

    def halt(self) -> None:
        """Bring the arm to rest and stop accepting targets until the next ``servo``."""
        ...

    def unlock(self) -> None:
        """Ask the robot to release a protective stop, because a person asked for it; nothing that ran continues."""
        ...

    def close(self) -> None:
        """Halt, disconnect and release everything; may be called twice."""
        ...
