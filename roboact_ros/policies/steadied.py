"""Keeps a policy that has no memory from doing the same for ever.

Going right from one place and left from the next, such a policy does so until somebody stops it. Here, turning back
along an axis is only for shorter motions than the one before, so that going to and fro comes to rest like a search that
halves its steps. And what was refused in one place is asked for again and again; here, a motion that changed nothing to
be seen is not repeated before something has changed. The best of the other motions has its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np

from roboact_ros.language.vocabulary import DONE, choice
from roboact_ros.policies.policy import Policy
from roboact_ros.types import Decision, FloatArray, Frame, ImageArray, Motion

FORGET = 0.10
"""Having gone so far along another axis [m or rad], the arm is somewhere else, and any motion is new."""

UNCHANGED = 3.0
"""Largest change of any cell of the coarse picture that counts as none, of 255: noise is below, a centimetre above."""

SURE = 0.02
"""By how much "done" must lead to be believed: too early it leaves a task undone, too late it costs a motion."""

_AXES = 7
_CELLS = (48, 36)


class Steadied:
    """Chooses the best motion of a policy that neither takes back an earlier one nor has just done nothing.

    What a person does in between is not known here; it costs at most a shorter or another motion.

    Args:
        policy: Scores motions of the vocabulary.
    """

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._forget()

    def instruct(self, instruction: str) -> None:
        """Set the task and forget what was done for the one before."""
        self._policy.instruct(instruction)
        self._forget()

    def act(self, frame: Frame) -> Decision:
        """Choose a motion; ``Decision.note`` says what was passed over."""
        first = self._policy.act(frame)
        self._look(frame.image)
        motion, why = first.motion, self._objection(first.motion, first.scores)
        if why:
            ranked = map(choice, sorted(first.scores, key=lambda phrase: -first.scores[phrase]))
            motion = next((other for other in ranked if not self._objection(other, first.scores)), motion)
        self._note(motion)
        if motion.phrase == first.motion.phrase:
            return first
        return replace(first, motion=motion, note=f'"{first.motion.phrase}" {why}')

    def _forget(self) -> None:
        self._last = self._before = [0.0] * _AXES
        self._seen: FloatArray | None = None
        self._useless: set[str] = set()
        self._chosen = ""

    def _look(self, image: ImageArray) -> None:
        """Notice whether the last motion changed anything."""
        seen = cv2.resize(image, _CELLS, interpolation=cv2.INTER_AREA).astype(np.float64)
        if self._seen is not None and np.abs(seen - self._seen).max() < UNCHANGED:
            self._useless.add(self._chosen)
            self._last = self._before
        else:
            self._useless.clear()
        self._seen = seen

    def _objection(self, motion: Motion, scores: Mapping[str, float]) -> str:
        if motion.phrase == DONE.phrase and not _surely_done(scores):
            return "may be too early"
        if motion.phrase in self._useless:
            return "changed nothing"
        for step, last in zip(motion.action[:_AXES], self._last, strict=True):
            if step * last < 0.0 and abs(step) > abs(last) - 1e-9:
                return "would take back an earlier motion"
        return ""

    def _note(self, motion: Motion) -> None:
        self._chosen, self._before = motion.phrase, self._last
        far = not motion.moves_tool or max(map(abs, motion.action[:_AXES])) > FORGET - 1e-9
        kept = [0.0] * _AXES if far else self._last
        self._last = [step or last for step, last in zip(motion.action[:_AXES], kept, strict=True)]


def _surely_done(scores: Mapping[str, float]) -> bool:
    return all(scores[DONE.phrase] - score > SURE for phrase, score in scores.items() if phrase != DONE.phrase)
