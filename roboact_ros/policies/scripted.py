"""Policies that play a list: the fakes beside the contracts, for trying out everything around a policy."""

from __future__ import annotations

from collections.abc import Sequence

from roboact_ros.errors import PolicyError
from roboact_ros.types import CHUNK_AXES, ActionChunk, Decision, FloatArray, Frame, Motion


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


class ScriptedChunks:
    """Plays chunks in turn and starts over with every instruction; the last one is repeated.

    Args:
        chunks: (N, 7) steps of one arm each, axes as in :data:`~roboact_ros.types.CHUNK_AXES`.
        period_ns: Time of one step [ns].
    """

    def __init__(self, chunks: Sequence[FloatArray], period_ns: int) -> None:
        self._chunks, self._period_ns = tuple(chunks), period_ns
        self._next = 0
        self._instruction = ""

    def instruct(self, instruction: str) -> None:
        """Start over."""
        self._instruction, self._next = instruction, 0

    def act(self, frame: Frame) -> ActionChunk:
        """Return the next chunk."""
        if not self._instruction:
            raise PolicyError("no instruction was given yet")
        steps = self._chunks[min(self._next, len(self._chunks) - 1)]
        self._next += 1
        return ActionChunk(CHUNK_AXES, steps, self._period_ns, frame.stamp_ns)
