"""A policy that plays a list: the fake beside the contract, for trying out everything around a policy."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.errors import PolicyError
from roboact_ros.types import Decision, Frame, Motion


class ScriptedPolicy:
    """Chooses its motions in turn and starts over with every instruction.

    Args:
        motions: What to play; the last one is repeated.
    """

    def __init__(self, motions: Sequence[Motion]) -> None:
        self._motions = tuple(motions)
        self._next = 0
        self._instruction = ""

    def instruct(self, instruction: str) -> None:
        """Start over."""
        self._instruction, self._next = instruction, 0

    def act(self, frame: Frame) -> Decision:
        """Return the next motion with score 1 and the others with 0."""
        if not self._instruction:
            raise PolicyError("no instruction was given yet")
        motion = self._motions[min(self._next, len(self._motions) - 1)]
        self._next += 1
        scores = {other.phrase: float(other is motion) for other in self._motions}
        return Decision(motion, scores, frame.stamp_ns, 0.0)
