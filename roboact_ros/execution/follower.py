"""Follows one step at a time, cycle by cycle: how it begins, proceeds, is brought to rest, and ends."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.commanded import Commanded
from roboact_ros.execution.expected import Expected
from roboact_ros.execution.pace import Pace
from roboact_ros.execution.planner import Planner
from roboact_ros.execution.running import Running
from roboact_ros.execution.steps import ChunkPart, JointMotion, Origin, Step, ToolMotion
from roboact_ros.execution.trajectory import ToolState
from roboact_ros.types import ArmState, FloatArray, GripperState

SETTLED = 0.0003
"""The arm has arrived when every joint is this close to its target [rad], or after ``SETTLE_TIMEOUT_NS``."""

SETTLE_TIMEOUT_NS = 500_000_000
ARRIVED = 0.02
"""An arm that rests farther than this from its target [rad] was kept from getting there."""

LONGEST_STAND = 2.0
"""A chunk whose arm stands still on its way for so long is given up [s]."""

_CRAWL = 0.01
"""An arm stands still that is slower than this part of its plan."""

GRIPPER_TIMEOUT_NS = 6_000_000_000

ArmMotion = ToolMotion | JointMotion


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the running step: it was finished, or why it was given up.

    Attributes:
        failure: Why it was given up; empty when it was finished.
        refused: Whether that counts as a refusal.
    """

    failure: str = ""
    refused: bool = False


class Follower:
    """The running step and the commanded arm.

    Attributes:
        running: The running step.
        braking: Whether it is being brought to rest.
        until: How far along its motion the running step may be after the next period [s].

    Args:
        kinematics: Kinematics of the arm with its tool.
        planner: Makes motions of steps.
        commanded: What the arm was told.
        dt: Control period [s].
    """

    def __init__(self, kinematics: ArmKinematics, planner: Planner, commanded: Commanded, dt: float) -> None:
        self._kinematics, self._planner, self._commanded = kinematics, planner, commanded
        self._pace, self._dt = Pace(dt), dt
        self._opening: float | None = None
        self._refusing = False
        self._rate, self._stood = 1.0, 0.0
        self.running = Running()
        self.braking = False
        self.until = inf

    # How a step begins

    @property
    def state(self) -> ToolState:
        """The commanded state of the tool."""
        motion = self.running.motion
        if isinstance(motion, ToolMotion) and self.running.moving and not self._refusing:
            return motion.trajectory.state(self.running.time)
        return self._planner.at_rest(self._commanded.q)

    def ahead(self, seconds: float) -> Expected | None:
        """Return where the arm will be in ``seconds``; None unless the tool moves at a steady pace."""
        running = self.running
        motion = running.motion
        if not isinstance(motion, ToolMotion) or not running.moving or self.braking or not self._pace.steady:
            return None
        time = min(running.time + seconds * self._pace.value, motion.duration)
        return Expected(motion.target(time, self._commanded.q), motion.trajectory.state(time), self._planner)

    def blend(self, step: Step) -> tuple[ArmMotion, FloatArray] | None:
        """Return the motion that goes over into ``step`` without a stop, and its joints; None when a stop is needed.

        Raises:
            MotionRefused: Its numbers are none.
        """
        motion = self.running.motion
        if not isinstance(motion, ToolMotion) or self._refusing or not self._planner.moves_tool(step):
            return None
        self._planner.check_numbers(step)
        q = self._commanded.q
        try:
            blended = self._planner.motion(step, q, motion.trajectory.state(self.running.time))
            return blended, self._planner.check_motion(blended, q)
        except MotionRefused:
            return None  # carried on by its speed the arm would leave the limits; after a stop it may not

    def from_rest(self, step: Step) -> tuple[ArmMotion | None, FloatArray]:
        """Return the motion of a step that starts from rest (None for the gripper), and joints (N, n) on its path.

        Raises:
            MotionRefused: It is not possible.
        """
        q = self._commanded.q
        self._planner.check_numbers(step)
        if self._planner.opening(step) is not None:
            return None, q[None]
        motion = self._planner.motion(step, q, self._planner.at_rest(q))
        path = self._planner.check_motion(motion, q)
        self._pace.reset()
        self._rate = 1.0
        self._commanded.rest()
        return motion, path

    def enter(self, step: Step, motion: ArmMotion | None, gripper: GripperState | None) -> None:
        """Begin a step with the motion that :meth:`blend` or :meth:`from_rest` returned for it."""
        before: float | None = None
        self._opening = None
        if motion is None:
            before = gripper.opening if gripper is not None else 1.0
            self._opening = self._planner.opening(step)
        q, joint = self._commanded.q, isinstance(motion, JointMotion)
        origin = Origin(step.phrase, q, self._kinematics.forward(q), joint=joint, opening=before)
        self.running.close()
        self.running.enter(step, motion, origin)
        self._pace.fall_to(self._rate)
        self._stood = 0.0
        self.braking = False

    # How it proceeds

    def advance(self, measured: ArmState, gripper: GripperState | None, now_ns: int) -> Event | None:
        """Proceed by one period and return what happened to the step, if anything did."""
        running, motion = self.running, self.running.motion
        if motion is None:
            sent = running.waited and self._opening is None
            if self.braking:
                self.rest()
            elif sent and gripper is None:
                return self._give_up("the gripper was lost before it reported an end")
            elif sent and gripper is not None and not gripper.moving:
                return self._finish()
            elif running.wait(now_ns) > GRIPPER_TIMEOUT_NS:
                return self._give_up(f"the gripper did not report an end within {GRIPPER_TIMEOUT_NS / 1e9:g} s")
        elif self._refusing:
            self._commanded.brake(measured.q)
            if self._commanded.standing:
                self.rest()
        elif running.moving:
            return self._follow(motion, measured)
        elif self.braking:
            self.rest()
        elif self.settled(measured, now_ns):
            error = self._commanded.error(measured.q)
            if error > ARRIVED:
                reason = f"the arm did not arrive: a joint is {error:.3f} rad from its target"
                return self._give_up(reason, refused=True)
            return self._finish()
        return None

    def settled(self, measured: ArmState, now_ns: int) -> bool:
        """Whether the arm has arrived where it was sent, or has had time enough."""
        waited = self.running.wait(now_ns)
        return waited > SETTLE_TIMEOUT_NS or self._commanded.error(measured.q) <= SETTLED

    def take_opening(self, gripper: GripperState | None) -> float | None:
        """Return the opening to send to the gripper now, once; not while it cannot be reached: it would be lost."""
        if gripper is None:
            return None
        opening, self._opening = self._opening, None
        return opening

    def brake(self) -> None:
        """Come to rest on the path of the running motion."""
        self.braking = self.running.step is not None
        self._pace.fall_to(self._rate)  # an arm that was held back does not first catch up

    def rest(self) -> None:
        """What ran is over, and the commanded arm stands."""
        self._opening = None
        self.running.close()
        self._pace.reset()
        self._rate = 1.0
        self._commanded.rest()
        self.braking = self._refusing = False

    def _follow(self, motion: ArmMotion, measured: ArmState) -> Event | None:
        """Move the commanded joints one period along the path of the running motion."""
        running = self.running
        passed = self._pace.advance(0.0 if self.braking else measured.speed_scaling)
        passed = max(0.0, min(passed, self.until - running.time))
        if self.braking and self._pace.value == 0.0:
            self.rest()
            return None
        try:
            target = motion.target(running.time + passed, self._commanded.q)
        except MotionRefused as error:
            self._commanded.brake(measured.q)
            return self.veto(str(error))
        verdict = self._commanded.step(target, measured.q)
        self._rate = passed * verdict.share / self._dt
        running.time = min(running.time + passed * verdict.share, motion.duration)
        if verdict.stop:
            return self.veto(verdict.reason or "the limits refuse the next target")
        return self._held_up() if isinstance(running.step, ChunkPart) else None

    def _held_up(self) -> Event | None:
        """Give a chunk up whose arm does not get on, e.g. as a person has turned its speed down: its image is old."""
        self._stood = self._stood + self._dt if self._rate < _CRAWL else 0.0
        if self._stood < LONGEST_STAND:
            return None
        self.rest()
        return Event(f"the chunk is stale: the arm stood still on its way for {LONGEST_STAND:g} s")

    def veto(self, reason: str) -> Event:
        """Come to rest as fast as the joints may: the path ahead is not allowed."""
        self.braking = self._refusing = True
        return Event(reason, refused=True)

    def _give_up(self, reason: str, refused: bool = False) -> Event:
        self._opening = None
        self.running.close()
        return Event(reason, refused)

    def _finish(self) -> Event:
        self.running.finish()
        return Event()
