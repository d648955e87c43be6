"""The step that runs, how far it is, and the steps before it that can be undone."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from roboact_ros.execution.steps import ChunkPart, JointMotion, Origin, Step, ToolMotion, Undo

UNDO_DEPTH = 100


class Running:
    """The running step, from its origin along its motion.

    Attributes:
        step: The step; None when nothing runs.
        motion: Its motion; None for gripper steps.
        origin: Where it started from; None when it is not to be undone.
        time: How far along the motion it is [s].
        history: Origins of what can be undone, the newest last.
    """

    def __init__(self) -> None:
        self.step: Step | None = None
        self.motion: ToolMotion | JointMotion | None = None
        self.time = 0.0
        self.history: deque[Origin] = deque(maxlen=UNDO_DEPTH)
        self.origin: Origin | None = None
        self._waiting_since: int | None = None

    @property
    def phrase(self) -> str:
        """Words of the step; empty when nothing runs."""
        return self.step.phrase if self.step is not None else ""

    @property
    def moving(self) -> bool:
        """Whether the motion has not come to its end."""
        return self.motion is not None and self.time < self.motion.duration

    @property
    def progress(self) -> float:
        """Fraction of the motion, or of the chunk it is a part of, that is done, in twentieths."""
        if self.motion is None or self.motion.duration <= 0.0:
            return 0.0  # a motion to where the arm is has no duration
        done = self.time / self.motion.duration
        if isinstance(self.step, ChunkPart):
            done = self.step.begin + (self.step.end - self.step.begin) * done
        return round(20 * done) / 20

    @property
    def waited(self) -> bool:
        """Whether :meth:`wait` was called for this step."""
        return self._waiting_since is not None

    def wait(self, now_ns: int) -> int:
        """Return for how long this step has been waiting for the hardware [ns], from its first call on."""
        if self._waiting_since is None:
            self._waiting_since = now_ns
        return now_ns - self._waiting_since

    def enter(self, step: Step, motion: ToolMotion | JointMotion | None, origin: Origin) -> None:
        """Begin ``step``; an undone step goes back to its own origin, whatever ``origin`` says."""
        self.step, self.motion, self.time, self._waiting_since = step, motion, 0.0, None
        self.origin = step.origin if isinstance(step, Undo) else origin

    def finish(self) -> None:
        """End the step: it was done; what was undone cannot be undone again."""
        if isinstance(self.step, Undo):
            self.origin = None
        self.close()

    def close(self) -> None:
        """End the step; what was done of it can be undone."""
        if self.step is not None and self.origin is not None:
            self.history.append(self._as_done(self.origin))
        self.step = self.motion = self.origin = self._waiting_since = None

    @property
    def undoable(self) -> Origin | None:
        """What undo goes back to: the beginning of the running step, else of the last one; None when there is none."""
        if self.origin is not None and not isinstance(self.step, Undo):
            return self._as_done(self.origin)
        return self.history[-1] if self.history else None

    def take_undoable(self) -> None:
        """Forget what :attr:`undoable` is."""
        if (self.origin is None or isinstance(self.step, Undo)) and self.history:
            self.history.pop()
        self.origin = None

    def _as_done(self, origin: Origin) -> Origin:
        """Return the origin of the running step with what tool and wrist have turned until now."""
        if not isinstance(self.motion, ToolMotion):
            return origin
        turn, wrist = self.motion.trajectory.turned(self.time)
        return replace(origin, turn=origin.turn + turn, wrist=origin.wrist + wrist)
