"""Decides when a policy may choose the next motion, so that it never acts on an old image or against a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from roboact_ros.policies.course import steps_of
from roboact_ros.types import CHUNK

ANSWER_NS = 500_000_000
"""Time the executor gets to begin a motion before it counts as not taken."""

RETRY_NS = 2_000_000_000
"""Time from asking for a motion that was refused to choosing again: the arm has not moved, so little has changed."""

AGAIN_NS = 200_000_000
"""Time from a policy that could not choose to the next image that it is asked about."""

_PERSON, _POLICY = "teleop", "policy"
_HELD = ("stopped", "holding", "disconnected")


@dataclass(frozen=True, slots=True)
class ExecutorReport:
    """What the executor says about itself.

    Attributes:
        state: ``idle``, ``moving``, ``halting``, ``stopped``, ``holding`` or ``disconnected``.
        motion: Phrase of the running motion.
        source: Who asked for it, ``policy`` or ``teleop``.
        finished: Motions finished so far.
        refused: The last refusal, or empty.
        progress: Fraction of the running motion that is done; 0 where the executor does not tell.
    """

    state: str
    motion: str = ""
    source: str = ""
    finished: int = 0
    refused: str = ""
    progress: float = 0.0

    @property
    def moves_for_policy(self) -> bool:
        """Whether a motion of the policy runs."""
        return self.state == "moving" and self.source == _POLICY


def report_from_values(values: Mapping[str, str]) -> ExecutorReport:
    """Read the values of ``executor/status``.

    Raises:
        ValueError: A number is none.
    """
    return ExecutorReport(
        state=values.get("state", ""),
        motion=values.get("motion", ""),
        source=values.get("source", ""),
        finished=int(values.get("finished") or 0),
        refused=values.get("refused", ""),
        progress=float(values.get("progress") or 0.0),
    )


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why no motion is chosen now: ``waiting``, ``paused`` or ``driving``, in one sentence, and whether that is bad."""

    state: str
    message: str
    warn: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A motion that the executor was asked for and has not begun."""

    since_ns: int
    before: ExecutorReport


class Pilot:
    """The state between the person, the executor and a policy. Pure: times come from outside, all of one clock [ns].

    Attributes:
        instruction: The task, or the present step of it; empty when there is none.
        paused: Why the policy does not drive, or empty.
        turn: Grows whenever a choice that is under way must not be carried out any more.

    Args:
        frame_timeout: Age at which an image is too old to act on [s].
        lookahead: Fraction of a motion after which the next one may be chosen; 1 waits for its end.
        step_seconds: Time for one step of a task of several [s]; 0 waits until somebody says that it is done.
        streams: Whether the choices are chunks that count from their image, and so may be chosen while the arm moves
            and carried out though the one before has ended meanwhile.
    """

    def __init__(
        self, frame_timeout: float, lookahead: float = 1.0, step_seconds: float = 0.0, streams: bool = False
    ) -> None:
        self.instruction, self.paused, self.turn = "", "", 0
        self._frame_timeout_ns, self._lookahead = int(frame_timeout * 1e9), lookahead
        self._steps: tuple[str, ...] = ()
        self._place, self._step_ns = 0, int(step_seconds * 1e9)
        self._step_ends_ns: int | None = None
        self._report: ExecutorReport | None = None
        self._asked: _Asked | None = None
        self._due = False
        self._due_ns = self._chosen_ns = self._again_ns = 0
        self._streams = streams

    @property
    def follows_chunk(self) -> bool:
        """Whether the arm follows the last chunk that the policy chose."""
        report = self._report
        return report is not None and report.moves_for_policy and CHUNK in report.motion and not report.refused

    @property
    def step(self) -> str:
        """Which step of how many this is, for the operator; empty for a task of one."""
        return f"step {self._place + 1} of {len(self._steps)}" if len(self._steps) > 1 else ""

    def instruct(self, instruction: str) -> None:
        """Take a new task, which also ends a pause; an empty one waits for the next."""
        self._steps, self._place = steps_of(instruction), 0
        self._begin(self._steps[0] if self._steps else "")

    def next_step(self) -> bool:
        """Go on to the next step of the task; return False if there is none, and then nothing changes."""
        if self._place + 1 >= len(self._steps):
            return False
        self._place += 1
        self._begin(self._steps[self._place])
        return True

    def time_passed(self, now_ns: int) -> None:
        """End a step whose time is over; it begins with the policy's first choice, after a pause or a hold anew."""
        if self._report is not None and self._report.state in _HELD:
            self._step_ends_ns = None
        if self._step_ends_ns is not None and now_ns > self._step_ends_ns and not self.next_step():
            self.pause(f'the time for "{self.instruction}" is over')

    def pause(self, why: str) -> None:
        """Choose nothing until :meth:`resume` or the next instruction."""
        self.paused, self._step_ends_ns = why, None
        self.turn += 1

    def resume(self) -> None:
        """End a pause."""
        self.paused = ""
        self.turn += 1

    def person_said(self, word: str, now_ns: int) -> None:
        """Take a word for the executor: a motion, which goes first, or ``stop``, ``pause``, ``resume`` or ``done``."""
        if word == "resume":
            self.resume()
        elif word in ("pause", "stop"):
            self.pause("paused by the person" if word == "pause" else "stopped by the person")
        elif word == "done":
            if not self.next_step():
                self.instruct("")
        else:
            self._ask(now_ns)

    def executor_said(self, report: ExecutorReport, now_ns: int) -> None:
        """Take the newest report of the executor."""
        before, self._report = self._report, report
        if self._asked is not None and _begun(report, self._asked.before):
            self._asked = None
        due = report.state == "idle" or (report.moves_for_policy and report.progress >= self._lookahead)
        moved_on = before is None or before.finished != report.finished or before.motion != report.motion
        if due and self._streams and before is not None and before.moves_for_policy:
            self._due_ns = self._chosen_ns
        elif due and (not self._due or moved_on):
            self._due_ns = now_ns
            self.turn += 1
        self._due = due

    def chose(self, now_ns: int) -> None:
        """Note that the executor was asked for a motion of the policy."""
        if self._step_ends_ns is None and self._step_ns and len(self._steps) > 1:
            self._step_ends_ns = now_ns + self._step_ns
        self._chosen_ns = now_ns
        self._ask(now_ns)

    def failed(self, now_ns: int) -> None:
        """Note that the policy could not choose: it looks again soon, at another image."""
        self._again_ns = now_ns + AGAIN_NS

    def obstacle(self, frame_ns: int | None, now_ns: int) -> Obstacle | None:
        """Return why no motion may be chosen for the newest image, exposed at ``frame_ns``; None: choose."""
        if not self.instruction:
            return Obstacle("waiting", "waiting for an instruction")
        if self.paused:
            return Obstacle("paused", self.paused)
        report = self._report
        if report is None:
            return Obstacle("waiting", "waiting for the executor", warn=True)
        if report.state in _HELD:
            return Obstacle("waiting", f"the arm is {report.state}")
        if self._asked is not None:
            waited_ns = now_ns - self._asked.since_ns
            if waited_ns < ANSWER_NS:
                return Obstacle("driving", "waiting for the executor to begin")
            if report.refused and waited_ns < RETRY_NS:
                return Obstacle("waiting", f"refused: {report.refused}", warn=True)
            self._asked, self._due_ns = None, now_ns
        if not self._due:
            person = report.source == _PERSON
            return Obstacle("waiting" if person else "driving", f"{report.source}: {report.motion or report.state}")
        return self._image_obstacle(frame_ns, now_ns)

    def _image_obstacle(self, frame_ns: int | None, now_ns: int) -> Obstacle | None:
        if frame_ns is None:
            return Obstacle("waiting", "no image yet", warn=True)
        if now_ns - frame_ns > self._frame_timeout_ns:
            return Obstacle("waiting", f"the newest image is {(now_ns - frame_ns) / 1e9:.1f} s old", warn=True)
        if frame_ns <= self._due_ns:
            return Obstacle("waiting", "waiting for an image from after the motion")
        if frame_ns <= self._again_ns:
            return Obstacle("waiting", "waiting for another image")
        return None

    def _begin(self, step: str) -> None:
        self.instruction, self.paused, self._step_ends_ns, self._again_ns = step, "", None, 0
        self.turn += 1

    def _ask(self, now_ns: int) -> None:
        self.turn += 1
        self._asked = _Asked(now_ns, self._report or ExecutorReport(""))


def _begun(report: ExecutorReport, before: ExecutorReport) -> bool:
    """Whether ``report`` shows that something was begun after ``before``."""
    if report.finished != before.finished:
        return True
    replaced = before.motion != report.motion or before.source != report.source or report.progress < before.progress
    return report.state == "moving" and (before.state != "moving" or replaced)
