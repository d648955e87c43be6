"""The state machine between what people and policies ask for and the joint targets that an arm gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits, StepRequest, allow
from roboact_ros.execution.pace import Pace
from roboact_ros.execution.planner import Planner
from roboact_ros.execution.status import OWN, PERSON, ExecutorStatus, State
from roboact_ros.execution.steps import Home, JointMotion, Origin, Step, ToolMotion, Undo
from roboact_ros.execution.trajectory import ToolLimits, ToolState
from roboact_ros.types import ArmMode, ArmState, FloatArray, GripperState, Motion

SETTLED = 0.0003
"""The arm has arrived when every joint is this close to its target [rad], or after ``SETTLE_TIMEOUT_NS``."""

SETTLE_TIMEOUT_NS = 500_000_000
ARRIVED = 0.02
"""An arm that rests farther than this from its target [rad] was kept from getting there."""

GRIPPER_TIMEOUT_NS = 6_000_000_000

STALL_NS = 250_000_000
"""After a gap this long between two cycles a motion is not continued: the robot has stopped by itself meanwhile."""

FOLLOWING_ERROR = 0.35
"""An arm at rest that is this far from its target does not follow [rad]: its state is read again."""

MOVED = 0.05
"""An arm found this far from where it was left has been moved by somebody else [rad]: nothing is left to undo."""

UNDO_DEPTH = 100

_NOT_A_TARGET = np.full(6, np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Command:
    """What one cycle asks of the hardware.

    Attributes:
        q: (6,) joint target [rad], or None: the arm is not driven and must be halted.
        gripper: Opening to send now, or None.
    """

    q: FloatArray | None
    gripper: float | None = None


class Executor:
    """Pure: no clock, no hardware. Call ``step`` once per control period and everything else between two of them.

    Args:
        kinematics: Kinematics of the arm with its tool.
        limits: Everything a joint target must respect.
        tool_limits: How fast the tool may move.
        home: (6,) joints of the home pose [rad].
        dt: Control period [s].
        has_gripper: Whether gripper motions can be carried out.
    """

    def __init__(
        self,
        kinematics: Kinematics,
        limits: Limits,
        tool_limits: ToolLimits,
        home: FloatArray,
        dt: float,
        has_gripper: bool = True,
    ) -> None:
        self._kinematics, self._limits, self._dt, self._has_gripper = kinematics, limits, dt, has_gripper
        self._planner = Planner(kinematics, limits, tool_limits, home)
        self._pace = Pace(dt)
        # What is known of the hardware, and what was commanded last; no command while the arm is not driven.
        self._measured: ArmState | None = None
        self._gripper: GripperState | None = None
        self._now = 0
        self._q: FloatArray | None = None
        self._qd = np.zeros(6)
        self._q_left: FloatArray | None = None
        # The running step, from ``_origin`` along ``_motion`` (None for gripper steps), and those that wait.
        self._step: Step | None = None
        self._origin: Origin | None = None
        self._motion: ToolMotion | JointMotion | None = None
        self._time = 0.0
        self._waiting_since: int | None = None
        self._opening: float | None = None
        self._queue: deque[Step] = deque()
        self._source = ""
        self._braking = self._refusing = False
        # Why it may not move, and what to tell.
        self._stopped = False
        self._holds: dict[str, str] = {}
        self._note = self._refused = ""
        self._finished = 0
        self._history: deque[Origin] = deque(maxlen=UNDO_DEPTH)

    # What people and policies ask for

    def submit(self, plan: Sequence[Motion], source: str) -> None:
        """Carry out ``plan``, in place of whatever runs.

        Raises:
            MotionRefused: It is not allowed now or leads out of the limits; nothing changes.
        """
        if source != PERSON and self._source == PERSON and self._busy:
            raise self._refuse(f"a person's motion runs: {self._step.phrase if self._step else self._queue[0].phrase}")
        self._start(list(plan), source)

    def home(self, source: str = PERSON) -> None:
        """Go to the home joints.

        Raises:
            MotionRefused: It is not allowed now.
        """
        self._start([Home()], source)

    def undo(self, source: str = PERSON) -> None:
        """Reverse the last finished or interrupted step; again for the one before.

        Raises:
            MotionRefused: It is not allowed now, or nothing is left to undo.
        """
        self._admit()
        running = self._origin if self._step is not None and not isinstance(self._step, Undo) else None
        if running is None and not self._history:
            raise self._refuse("nothing to undo")
        undone = self._as_done(running) if running is not None else self._history.pop()
        remembered, self._origin = self._origin, None
        try:
            self._start([Undo(undone)], source)
        except MotionRefused:
            self._origin = remembered
            if running is None:
                self._history.append(undone)
            raise

    def stop(self) -> None:
        """Come to rest and stay there until ``resume``."""
        self._stopped = True
        self._brake("")

    def pause(self) -> None:
        """Come to rest and accept no motion until ``resume``; the arm may be moved by hand meanwhile."""
        self.hold("pause", "paused by the person; resume to go on")

    def resume(self) -> None:
        """Accept motions again after ``stop`` or ``pause``; nothing that was interrupted continues."""
        self._stopped = False
        self._note = self._refused = ""
        self._holds.pop("pause", None)

    def done(self) -> None:
        """Come to rest and wait for the next motion."""
        self._brake("")

    def hold(self, key: str, reason: str) -> None:
        """Come to rest and accept no motion as long as the hold ``key`` is there; its reason may be renewed."""
        new = key not in self._holds
        self._holds[key] = reason
        if new:
            self._brake("")

    def release(self, key: str) -> None:
        """Take the hold ``key`` away; what it interrupted is not continued."""
        self._holds.pop(key, None)

    def refuse(self, why: str) -> None:
        """Refuse what somebody asked for, for a reason that lies outside.

        Raises:
            MotionRefused: Always.
        """
        raise self._refuse(why)

    @property
    def source(self) -> str:
        """Who asked for the targets that are sent now."""
        return self._source if self._step is not None else OWN

    @property
    def driven(self) -> bool:
        """Whether the arm is being sent targets."""
        return self._q is not None

    @property
    def status(self) -> ExecutorStatus:
        """What the operator is told."""
        mode = self._mode
        if mode is ArmMode.DISCONNECTED:
            state = State.DISCONNECTED
        elif mode is not ArmMode.RUNNING:
            state = State.HOLDING
        elif self._braking:
            state = State.HALTING
        elif self._stopped:
            state = State.STOPPED
        elif self._holds:
            state = State.HOLDING
        else:
            state = State.MOVING if self._busy else State.IDLE
        return ExecutorStatus(
            state=state,
            reason=self._blocked or self._note,
            motion=self._step.phrase if self._step is not None else "",
            source=self._source if self._busy else "",
            finished=self._finished,
            refused=self._refused,
            plan=tuple(step.phrase for step in self._queue),
            progress=self._progress,
        )

    @property
    def _progress(self) -> float:
        """Fraction of the running motion that is done, in twentieths; a motion to where the arm is has no duration."""
        if self._motion is None or self._motion.duration <= 0.0:
            return 0.0
        return round(20 * self._time / self._motion.duration) / 20

    # One control period

    def step(self, measured: ArmState, gripper: GripperState | None, now_ns: int) -> Command:
        """Advance by one period.

        Args:
            measured: Newest state of the arm.
            gripper: Newest state of the gripper, None without one or while it cannot be reached.
            now_ns: Monotonic time [ns].
        """
        stalled = self._now != 0 and now_ns - self._now > STALL_NS
        self._measured, self._gripper, self._now = measured, gripper, now_ns
        if measured.mode is not ArmMode.RUNNING:
            self._lose(measured.mode.value)
            return Command(None)
        if stalled:
            self._lose(f"the control loop stood still for more than {STALL_NS / 1e9:g} s")
        held = self._stopped or bool(self._holds)
        if self._q is None:
            if held:
                return Command(None)
            self._regain(measured.q)
        if self._step is not None:
            self._advance(measured, gripper)
        elif held:
            if self._settled(measured):
                self._lose("")
        elif self._queue:
            self._begin(self._queue.popleft())
        elif np.abs(measured.q - self._commanded).max() > FOLLOWING_ERROR:
            self._lose("the arm is not where it was sent")
            self._note = "the arm was not where it was sent; its state was read again"
        command = Command(None if self._q is None else self._q.copy(), self._opening)
        self._opening = None
        return command

    def _advance(self, measured: ArmState, gripper: GripperState | None) -> None:
        motion = self._motion
        if motion is None:
            if self._braking:
                self._rest()
            elif gripper is not None and not gripper.moving and self._waiting_since is not None:
                self._finish()
            elif self._waited() > GRIPPER_TIMEOUT_NS:
                self._give_up(f"the gripper did not report an end within {GRIPPER_TIMEOUT_NS / 1e9:g} s")
        elif self._refusing:
            self._command(allow(self._request(_NOT_A_TARGET, measured), self._limits).q)
            if not self._qd.any():
                self._rest()
        elif self._time < motion.duration:
            self._follow(motion, measured)
        elif self._braking:
            self._rest()
        elif self._settled(measured):
            error = np.abs(measured.q - self._commanded).max()
            if error > ARRIVED:
                self._give_up(f"the arm did not arrive: a joint is {error:.3f} rad from its target")
                self._refused = self._note
            else:
                self._finish()

    def _follow(self, motion: ToolMotion | JointMotion, measured: ArmState) -> None:
        """Move the commanded joints one period along the path of the running motion."""
        passed = self._pace.advance(0.0 if self._braking else measured.speed_scaling)
        if self._braking and self._pace.value == 0.0:
            self._rest()
            return
        try:
            verdict = allow(self._request(motion.target(self._time + passed, self._commanded), measured), self._limits)
        except MotionRefused as error:
            self._veto(str(error))
            verdict = allow(self._request(_NOT_A_TARGET, measured), self._limits)
        if verdict.stop and not self._refusing:
            self._veto(verdict.reason or "the limits refuse the next target")
        self._time = min(self._time + passed * verdict.share, motion.duration)
        self._command(verdict.q)

    def _request(self, target: FloatArray, measured: ArmState) -> StepRequest:
        return StepRequest(target, self._commanded, self._qd, measured.q, self._dt)

    def _command(self, q: FloatArray) -> None:
        self._qd = (q - self._commanded) / self._dt
        self._q = q

    # Transitions

    def _start(self, steps: list[Step], source: str) -> None:
        """Let ``steps`` replace everything: at once where the tool goes on moving, after a halt otherwise."""
        q = self._admit()
        running = self._motion
        moving = running is not None and self._time < running.duration
        try:
            if not steps:
                raise MotionRefused("the plan is empty")
            if not self._has_gripper and any(self._planner.opening(step) is not None for step in steps):
                raise MotionRefused("this cell has no gripper")
            first, *rest = steps
            if not moving:
                motion, end = self._from_rest(first)
            elif (blended := self._blend(first)) is not None:
                motion, end = blended
            else:
                self._planner.check(steps, q)
                self._braking = True
                self._queue = deque(steps)
                return self._accept(source)
            self._planner.check(rest, end)
        except MotionRefused as error:
            raise self._refuse(str(error)) from None
        self._close_step()
        self._enter(first, motion)
        self._queue = deque(rest)
        self._braking = False
        self._accept(source)

    def _accept(self, source: str) -> None:
        self._source, self._refused, self._note = source, "", ""

    def _blend(self, step: Step) -> tuple[ToolMotion | JointMotion, FloatArray] | None:
        """Return the motion that goes over into ``step`` without a stop, and its end; None when a stop is needed."""
        running = self._motion
        if not isinstance(running, ToolMotion) or self._refusing or not self._planner.moves_tool(step):
            return None
        self._planner.check_numbers(step)
        try:
            motion = self._planner.motion(step, self._commanded, running.trajectory.state(self._time))
            return motion, self._planner.check_motion(motion, self._commanded)
        except MotionRefused:
            return None  # carried on by its speed the arm would leave the limits; after a stop it may not

    def _from_rest(self, step: Step) -> tuple[ToolMotion | JointMotion | None, FloatArray]:
        """Return the motion of a step that starts from rest (None for the gripper), and the joints at its end."""
        q = self._commanded
        self._planner.check_numbers(step)
        if self._planner.opening(step) is not None:
            return None, q
        motion = self._planner.motion(step, q, ToolState.at_rest(self._kinematics.forward(q)))
        end = self._planner.check_motion(motion, q)
        self._pace.reset()
        self._qd = np.zeros(6)
        return motion, end

    def _begin(self, step: Step) -> None:
        """Start ``step`` from rest."""
        try:
            motion, _ = self._from_rest(step)
        except MotionRefused as error:
            self._refused = str(error)
            self._give_up(str(error))
        else:
            self._enter(step, motion)

    def _enter(self, step: Step, motion: ToolMotion | JointMotion | None) -> None:
        before: float | None = None
        if motion is None:
            before = self._gripper.opening if self._gripper is not None else 1.0
            self._opening = self._planner.opening(step)
        self._step, self._motion, self._time, self._waiting_since = step, motion, 0.0, None
        if isinstance(step, Undo):
            self._origin = step.origin
        else:
            q = self._commanded
            joint = isinstance(motion, JointMotion)
            self._origin = Origin(step.phrase, q, self._kinematics.forward(q), joint=joint, opening=before)

    def _finish(self) -> None:
        if isinstance(self._step, Undo):
            self._origin = None
        self._close_step()
        self._finished += 1

    def _close_step(self) -> None:
        """End the running step; what was done of it can be undone."""
        if self._step is not None and self._origin is not None:
            self._history.append(self._as_done(self._origin))
        self._step = self._origin = self._motion = self._waiting_since = None

    def _as_done(self, origin: Origin) -> Origin:
        """Return the origin of the running step with what the wrist has turned until now."""
        if not isinstance(self._motion, ToolMotion):
            return origin
        return replace(origin, wrist=origin.wrist + self._motion.trajectory.turned(self._time))

    def _brake(self, note: str) -> None:
        """Come to rest on the path of the running motion and forget what was to follow."""
        self._queue.clear()
        self._note = note
        self._braking = self._step is not None

    def _veto(self, reason: str) -> None:
        """Come to rest as fast as the joints may: the path ahead is not allowed."""
        self._refused = reason
        self._brake(reason)
        self._refusing = True

    def _rest(self) -> None:
        """The commanded arm stands."""
        self._close_step()
        self._pace.reset()
        self._qd = np.zeros(6)
        self._braking = self._refusing = False

    def _give_up(self, reason: str) -> None:
        self._queue.clear()
        self._close_step()
        self._note = reason

    def _lose(self, reason: str) -> None:
        """Stop driving: whatever ran is over, and the arm is read again before it is driven again."""
        if self._busy:
            self._note = f"the motion was dropped: {reason}"
        self._queue.clear()
        self._rest()
        if self._q is not None:
            self._q_left, self._q = self._q, None

    def _regain(self, q: FloatArray) -> None:
        """Drive the arm from where it really is."""
        if self._q_left is not None and np.abs(q - self._q_left).max() > MOVED:
            self._history.clear()
        self._q, self._q_left = q.copy(), None

    # Small questions

    @property
    def _busy(self) -> bool:
        return self._step is not None or bool(self._queue)

    @property
    def _mode(self) -> ArmMode:
        return self._measured.mode if self._measured is not None else ArmMode.DISCONNECTED

    @property
    def _commanded(self) -> FloatArray:
        if self._q is None:
            raise MotionRefused("the arm is not driven")
        return self._q

    @property
    def _blocked(self) -> str:
        """Why no motion is accepted; empty when it is."""
        if self._mode is not ArmMode.RUNNING:
            return f"the robot: {self._mode.value}"
        return "stopped by the person; resume to go on" if self._stopped else "; ".join(self._holds.values())

    def _refuse(self, why: str) -> MotionRefused:
        """Note a refusal and return it to be raised."""
        self._refused = why
        return MotionRefused(why)

    def _admit(self) -> FloatArray:
        """Return the joints that a new plan starts from, or refuse it."""
        if self._blocked:
            raise self._refuse(f"not now: {self._blocked}")
        if self._q is None and self._measured is not None:
            self._regain(self._measured.q)
        return self._commanded

    def _waited(self) -> int:
        if self._waiting_since is None:
            self._waiting_since = self._now
        return self._now - self._waiting_since

    def _settled(self, measured: ArmState) -> bool:
        """Whether the arm has arrived where it was sent, or has had time enough."""
        error = np.abs(measured.q - self._commanded).max()
        return bool(self._waited() > SETTLE_TIMEOUT_NS or error <= SETTLED)
