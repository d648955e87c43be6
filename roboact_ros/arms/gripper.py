"""The contract of a gripper."""

from __future__ import annotations

from typing import Protocol

from roboact_ros.types import GripperState


class Gripper(Protocol):
    """A gripper that can be opened and closed."""

    def move(self, opening: float) -> None:
        """Start moving to ``opening`` (0 closed … 1 open) and return at once.

        Raises:
            ArmError: The gripper cannot be reached.
        """
        ...

    def halt(self) -> None:
        """Stop the fingers where they are, as far as they can be stopped, and return at once.

        Raises:
            ArmError: The gripper cannot be reached.
        """
        ...

    def read(self) -> GripperState:
        """Return the measured state.

        Raises:
            ArmError: The gripper cannot be reached.
        """
        ...

    def close(self) -> None:
        """Disconnect; may be called twice."""
        ...
