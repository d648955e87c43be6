"""The contract of the policy room."""

from __future__ import annotations

from typing import Protocol

from roboact_ros.types import Decision, Frame


class Policy(Protocol):
    """Chooses what the arm does next from what a camera sees and what the person asked for."""

    def instruct(self, instruction: str) -> None:
        """Set the task; everything that depends on the words alone is computed here, once."""
        ...

    def act(self, frame: Frame) -> Decision:
        """Choose a motion for ``frame``.

        Raises:
            PolicyError: No instruction was given, or the frame cannot be used.
        """
        ...
