"""The state machine between what people and policies ask for and the joint targets that an arm gets."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from roboact_ros.errors import MotionRefused
from roboact_ros.execution.admission import Admission
from roboact_ros.execution.arm_kinematics import ArmKinematics
from roboact_ros.execution.beginning import Beginning
from roboact_ros.execution.chunks import ChunkIntake, Look, along_the_edge, stages
from roboact_ros.execution.commanded import MOVED as MOVED
from roboact_ros.execution.commanded import STANDING, Command, Commanded
from roboact_ros.execution.expected import Expected
from roboact_ros.execution.follower import Event, Follower
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.neighbour import Neighbour
from roboact_ros.execution.planner import Planner
from roboact_ros.execution.status import OWN, PERSON, ExecutorStatus
from roboact_ros.execution.steps import ChunkPart, Home, Step, Undo
from roboact_ros.execution.trajectory import ToolLimits, ToolState
from roboact_ros.types import ActionChunk, ArmMode, ArmState, FloatArray, GripperState, Motion

STALL_NS = 250_000_000
"""After a gap this long between two cycles a motion is not continued: the robot has stopped by itself meanwhile."""

FOLLOWING_ERROR = 0.35
"""An arm at rest that is this far from its target does not follow [rad]: its state is read again."""


class Executor:
    """Pure: no clock, no hardware. Call ``step`` once per control period and everything else between two of them.

    Attributes:
        limits: Everything a joint target must respect.
        dt: Control period [s].

    Args:
        kinematics: Kinematics of the arm with its tool.
        limits: Everything a joint target must respect.
        tool_limits: How fast the tool may move.
        home: (n,) joints of the home pose [rad].
        dt: Control period [s].
        has_gripper: Whether gripper motions can be carried out.
    """

    def __init__(
        self,
        kinematics: ArmKinematics,
        limits: Limits,
        tool_limits: ToolLimits,
        home: FloatArray,
        dt: float,
        has_gripper: bool = True,
    ) -> None:
        self.limits, self.dt = limits, dt
        self._has_gripper = has_gripper
        self._planner = Planner(kinematics, limits, tool_limits, home)
        self._admission, self._commanded = Admission(), Commanded(limits, dt)
        self._follower = Follower(kinematics, self._planner, self._commanded, dt)
        self._running = self._follower.running
        self._chunks = ChunkIntake(kinematics, dt)
        self._measured: ArmState | None = None
        self._gripper: GripperState | None = None
        self._now = 0
        self._queue: deque[Step] = deque()
        self._source = ""
        self._finished = 0
        self._dropped = ""
        self._halt_gripper = False

    # What people and policies ask for

    def submit(self, plan: Sequence[Motion], source: str) -> None:
        """Carry out ``plan``, in place of whatever runs.

        Raises:
            MotionRefused: It is not allowed now or leads out of the limits; nothing changes.
        """
        self.give_way(source)
        self._start(list(plan), source)

    def follow(self, chunk: ActionChunk, source: str) -> None:
        """Follow the steps of a chunk, in place of whatever runs, from the commanded state on.

        Args:
            chunk: The chunk, its stamp in the time that :meth:`step` gets.
            source: Who asks.

        Raises:
            MotionRefused: It is not allowed now, leads out of the limits, or is stale; nothing changes.
        """
        self.give_way(source)
        found = stages(chunk, [self.look(chunk)], [self._gripper])
        self._start([step for (step,) in found if step is not None], source)

    def look(self, chunk: ActionChunk, arm: str = "", ahead: float = 0.0) -> Look:
        """Return what this arm makes of a chunk that is to begin ``ahead`` of now [s].

        Raises:
            MotionRefused: No chunk is followed now, or it is stale.
        """
        if self._running.step is not None and self._running.motion is None:
            raise self._admission.refuse("the gripper is still moving")
        if self._has_gripper and self._gripper is None:
            raise self._admission.refuse("the gripper cannot be reached, so nobody knows whether it is open")
        try:
            look = self._chunks.look(chunk, self._admit(), arm, round(ahead * 1e9))
            return along_the_edge(look, self.limits.boundary, arm)
        except MotionRefused as error:
            raise self._admission.refuse(str(error)) from None

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
        self.begin(self.prepare_undo(), source)

    def stop(self) -> None:
        """Have the robot brake as hard as it may, off the path if need be, and stay at rest until ``resume``.

        The fingers of the gripper stop, too, and keep what they hold.
        """
        self._admission.stop()
        self._halt_gripper = True
        self._rest()

    def pause(self) -> None:
        """Come to rest and accept no motion until ``resume``; the arm may be moved by hand meanwhile."""
        self.hold("pause", "paused by the person; resume to go on")

    def resume(self) -> None:
        """Accept motions again after ``stop`` or ``pause``; nothing that was interrupted continues."""
        self._admission.resume()

    def done(self) -> None:
        """Come to rest and wait for the next motion."""
        self._brake()

    def hold(self, key: str, reason: str) -> None:
        """Come to rest and accept no motion as long as the hold ``key`` is there; its reason may be renewed."""
        if self._admission.hold(key, reason):
            self._brake()

    def halt(self, key: str, reason: str) -> None:
        """Hold like :meth:`hold`, but brake like :meth:`stop`."""
        if self._admission.hold(key, reason):
            self._rest()

    def release(self, key: str) -> None:
        """Take the hold ``key`` away; what it interrupted is not continued."""
        self._admission.release(key)

    def refuse(self, why: str) -> MotionRefused:
        """Note a refusal for a reason that lies outside, and return it to be raised."""
        return self._admission.refuse(why)

    @property
    def source(self) -> str:
        """Who asked for the targets that are sent now."""
        return OWN if self._running.step is None else self._source

    @property
    def busy(self) -> bool:
        """Whether there is a step that runs or waits."""
        return self._busy

    @property
    def ready(self) -> bool:
        """Whether a motion could begin from rest now."""
        return self._commanded.driven and not self._busy and not self._admission.blocked

    @property
    def driven(self) -> bool:
        """Whether the arm is being sent targets."""
        return self._commanded.driven

    @property
    def status(self) -> ExecutorStatus:
        """What the operator is told."""
        admission = self._admission
        return ExecutorStatus(
            state=admission.state(self._follower.braking or self._coasting, self._busy),
            reason=admission.blocked or admission.note,
            motion=self._running.phrase,
            source=self._source if self._busy else "",
            finished=self._finished,
            refused=admission.refused,
            plan=tuple(step.phrase for step in self._queue),
            progress=self._running.progress,
        )

    # What another arm has to do with it

    @property
    def q(self) -> FloatArray | None:
        """(n,) joints where the arm is sent, or is while it is not driven [rad]; None before the first cycle."""
        return self._commanded.q if self._commanded.driven else self.q_measured

    @property
    def q_measured(self) -> FloatArray | None:
        """(n,) joints where the arm is [rad]; None before the first cycle."""
        return self._measured.q if self._measured is not None else None

    @property
    def time(self) -> float:
        """How far along its motion the running step is [s]."""
        return self._running.time

    def keep(self, until: float, neighbour: Neighbour | None) -> None:
        """Say what holds in the next cycle.

        Args:
            until: How far along its motion the running step may get [s].
            neighbour: What to keep away from.
        """
        self._follower.until, self._commanded.neighbour = until, neighbour

    def ahead(self, seconds: float) -> Expected | None:
        """Return where the arm will be if nothing comes between; None unless the tool moves as planned.

        Args:
            seconds: From now on [s].
        """
        return self._follower.ahead(seconds)

    def way(self, part: ChunkPart) -> tuple[ToolState, FloatArray, ToolLimits]:
        """Return what :func:`~roboact_ros.execution.chunk_trajectory.common_timing` has to know of a part of a chunk.

        Raises:
            MotionRefused: No motion is accepted now.
        """
        self._admit()
        return self._planner.way(part, self._follower.state)

    @property
    def planner(self) -> Planner:
        """What makes its motions."""
        return self._planner

    def forget_refusal(self) -> None:
        """Tell no refusal any more that lies before something that was accepted."""
        self._admission.refused = ""

    def take_dropped(self) -> str:
        """Return, once, why a motion was given up in the last cycle; empty when none was."""
        dropped, self._dropped = self._dropped, ""
        return dropped

    def abandon(self, reason: str) -> None:
        """Give up what runs and come to rest as fast as the joints may."""
        if self._busy:
            self._queue.clear()
            self._admission.note = reason
            if self._running.step is not None:
                self._follower.veto(reason)

    # One control period

    def step(self, measured: ArmState, gripper: GripperState | None, now_ns: int) -> Command:
        """Advance by one period.

        Args:
            measured: Newest state of the arm.
            gripper: Newest state of the gripper, None without one or while it cannot be reached.
            now_ns: Monotonic time [ns].
        """
        command = self._cycle(measured, gripper, now_ns)
        if self._halt_gripper:
            self._halt_gripper, command = False, replace(command, halt_gripper=True)
        by_person = "a person moved the arm" if self._source == PERSON and self._busy else ""
        self._chunks.note(command.q, now_ns, self._admission.blocked or by_person)
        return command

    def _cycle(self, measured: ArmState, gripper: GripperState | None, now_ns: int) -> Command:
        stalled = self._now != 0 and now_ns - self._now > STALL_NS
        self._measured, self._gripper, self._now, self._admission.mode = measured, gripper, now_ns, measured.mode
        if measured.mode is not ArmMode.RUNNING:
            self._lose(measured.mode.value)
            return Command(None)
        if stalled:
            self._lose(f"the control loop stood still for more than {STALL_NS / 1e9:g} s")
        held, commanded = self._admission.held, self._commanded
        if not commanded.driven:
            commanded.coast(measured.q, not self._coasting)
            if held or self._coasting:
                return Command(None)
            self._regain(measured.q)
        if self._running.step is not None:
            self._take(self._follower.advance(measured, gripper, now_ns))
        elif held:
            if self._follower.settled(measured, now_ns):
                self._lose("")
        elif self._queue:
            self._begin(self._queue.popleft())
        elif commanded.error(measured.q) > FOLLOWING_ERROR:
            self._lose("the arm is not where it was sent")
            self._admission.note = "the arm was not where it was sent; its state was read again"
        return Command(commanded.q.copy() if commanded.driven else None, self._follower.take_opening(gripper))

    def _take(self, event: Event | None) -> None:
        """Draw the consequences of what happened to the running step."""
        if event is None:
            return
        if not event.failure:
            self._finished += 1
            return
        self._queue.clear()
        self._admission.note = self._dropped = event.failure
        if event.refused:
            self._admission.refused = event.failure

    # Transitions

    def _start(self, steps: list[Step], source: str) -> None:
        """Let ``steps`` replace everything: at once where the tool goes on moving, after a halt otherwise."""
        self.begin(self.prepare(steps), source)

    def prepare(self, steps: list[Step]) -> Beginning:
        """Return how ``steps`` would begin in place of whatever runs; nothing changes.

        Raises:
            MotionRefused: They are not allowed now or lead out of the limits.
        """
        q, moving = self._admit(), self._running.moving
        try:
            if not steps:
                raise MotionRefused("the plan is empty")
            if not self._has_gripper and any(self._planner.opening(step) is not None for step in steps):
                raise MotionRefused("this cell has no gripper")
            first, *rest = steps
            if not (moving or self._coasting):
                motion, path = self._follower.from_rest(first)
            elif (blended := self._follower.blend(first)) is not None:
                motion, path = blended
            else:
                self._planner.check(steps, q)
                return Beginning(steps, None, q[None], halts=True)
            self._planner.check(rest, path[-1])
        except MotionRefused as error:
            raise self._admission.refuse(str(error)) from None
        return Beginning(steps, motion, path)

    def prepare_undo(self) -> Beginning:
        """Return how the last finished or interrupted step would be reversed; nothing changes.

        Raises:
            MotionRefused: It is not allowed now, or nothing is left to undo.
        """
        self._admit()
        if (undone := self._running.undoable) is None:
            raise self._admission.refuse("nothing to undo")
        return self.prepare([Undo(undone)])

    def begin(self, beginning: Beginning, source: str) -> None:
        """Begin what :meth:`prepare` returned in the same cycle."""
        first, *rest = beginning.steps
        if isinstance(first, Undo):
            self._running.take_undoable()
        if beginning.halts:
            self._follower.brake()
            self._queue = deque(beginning.steps)
        else:
            self._follower.enter(first, beginning.motion, self._gripper)
            self._queue = deque(rest)
        self._accept(source)

    def give_way(self, source: str) -> None:
        """Let a person go first.

        Raises:
            MotionRefused: Somebody else asks while a person's motion runs.
        """
        if source != PERSON and self._source == PERSON and self._busy:
            replaced = self._follower.braking and self._queue  # what runs comes to rest for the person's motion
            phrase = self._queue[0].phrase if replaced else self._running.phrase or self._queue[0].phrase
            raise self._admission.refuse(f"a person's motion runs: {phrase}")

    def _admit(self) -> FloatArray:
        """Return the joints (n,) that a new plan starts from, as far as is known, or refuse it."""
        self._admission.check()
        if not self._commanded.driven and self._measured is not None:
            if self._coasting:
                return self._measured.q
            self._regain(self._measured.q)
        return self._commanded.q

    def _accept(self, source: str) -> None:
        self._source = source
        self._admission.accept()

    def _begin(self, step: Step) -> None:
        """Start ``step`` from rest."""
        try:
            motion, _ = self._follower.from_rest(step)
        except MotionRefused as error:
            self._take(Event(str(error), refused=True))
        else:
            self._follower.enter(step, motion, self._gripper)

    def _brake(self) -> None:
        """Come to rest on the path of the running motion and forget what was to follow."""
        self._queue.clear()
        self._admission.note = ""
        self._follower.brake()

    def _rest(self) -> None:
        """Have the robot brake and forget what ran."""
        self._queue.clear()
        self._admission.note = ""
        self._follower.rest()
        self._commanded.halt()

    def _lose(self, reason: str) -> None:
        """Stop driving: whatever ran is over, and the arm is read again before it is driven again."""
        if self._busy:
            self._admission.note = f"the motion was dropped: {reason}"
            self._dropped = reason
        self._queue.clear()
        self._follower.rest()
        self._commanded.leave()

    def _regain(self, q: FloatArray) -> None:
        """Drive the arm from where it really is."""
        if self._commanded.regain(q):
            self._running.history.clear()

    @property
    def _coasting(self) -> bool:
        """Whether the arm moves without being driven: it is driven again from where it comes to rest."""
        measured = self._measured
        return not self._commanded.driven and measured is not None and float(np.abs(measured.qd).max()) > STANDING

    @property
    def _busy(self) -> bool:
        return self._running.step is not None or bool(self._queue)
