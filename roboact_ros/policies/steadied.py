"""Keeps a policy from going to and fro for ever.

A policy without memory that goes right from one place and left from the next does so until somebody stops it. Here,
turning back along an axis is only for shorter motions than the one before, so that going to and fro comes to rest like
a search that halves its steps; where no shorter one is left, the best motion along another axis has its turn.
"""

from __future__ import annotations

from dataclasses import replace

from roboact_ros.language.vocabulary import primitive
from roboact_ros.policies.policy import Policy
from roboact_ros.types import Decision, Frame, Motion

FORGET = 0.10
"""Having gone so far along another axis [m or rad], the arm is somewhere else, and any motion is new."""

_AXES = 7


class Steadied:
    """Chooses the best motion of a policy that does not just take back an earlier one.

    What a person does in between is not seen here; it costs at most a shorter motion.

    Args:
        policy: Scores motions of the vocabulary.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._last = [0.0] * _AXES

    def instruct(self, instruction: str) -> None:
        """Set the task and forget what was done for the one before."""
        self._policy.instruct(instruction)
        self._last = [0.0] * _AXES

    def act(self, frame: Frame) -> Decision:
        """Choose a motion; ``Decision.note`` says what was passed over."""
        first = self._policy.act(frame)
        motion = first.motion
        if self._takes_back(motion):
            ranked = sorted(first.scores, key=lambda phrase: -first.scores[phrase])
            motion = next((m for m in map(primitive, ranked) if not self._takes_back(m)), motion)
        self._note(motion)
        if motion.phrase == first.motion.phrase:
            return first
        return replace(first, motion=motion, note=f'instead of taking back a motion by "{first.motion.phrase}"')

    def _takes_back(self, motion: Motion) -> bool:
        return any(
            step * last < 0.0 and abs(step) > abs(last) - 1e-9
            for step, last in zip(motion.action[:_AXES], self._last, strict=True)
        )

    def _note(self, motion: Motion) -> None:
        if not motion.moves_tool:
            self._last = [0.0] * _AXES
            return
        for axis, step in enumerate(motion.action[:_AXES]):
            if not step:
                continue
            if abs(step) > FORGET - 1e-9:
                self._last = [0.0] * _AXES
            self._last[axis] = step
