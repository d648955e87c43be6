"""Two executors as one: chunks for both arms in step, what stops one stops the other, and neither hits the other."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

import numpy as np

from roboact_ros.cells.arm_description import PlacedArmDescription
from roboact_ros.cells.description import Cell
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.anticipation import CYCLES, Anticipation
from roboact_ros.execution.beginning import Beginning
from roboact_ros.execution.chunk_trajectory import common_timing
from roboact_ros.execution.chunks import Stage, stages
from roboact_ros.execution.commanded import Command
from roboact_ros.execution.dual_status import combined_status
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.neighbour import Shape, check_homes
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.shared_room import SharedRoom
from roboact_ros.execution.status import PERSON, ExecutorStatus, State
from roboact_ros.execution.steps import ChunkPart, Home, Step
from roboact_ros.types import ActionChunk, ArmMode, ArmState, FloatArray, GripperState, Motion

_OTHER = "other arm"


class DualExecutor:
    """Pure like :class:`~roboact_ros.execution.executor.Executor`, whose words it takes; one cycle steps both arms.

    Chunks move both arms: every step of one takes exactly as long as that of the other, and an arm that is slowed down
    slows down the other, so that they are never more than one period apart. Words move one arm, see
    :class:`~roboact_ros.execution.one_of_two.OneOfTwo`. An arm that cannot move, or gives up a motion, halts the other.

    Args:
        arms: Executors by the name of their arm, left first.
        shapes: How much room each takes, in the same order.
        clearance: Smallest distance between the arms [m].
        dt: Control period [s].
    """

    def __init__(self, arms: Mapping[str, Executor], shapes: tuple[Shape, Shape], clearance: float, dt: float) -> None:
        self._names, self._arms = tuple(arms), tuple(arms.values())
        self._room, self._dt = SharedRoom(self._arms, shapes, clearance), dt
        self._modes = [ArmMode.DISCONNECTED] * 2
        self._grippers: Sequence[GripperState | None] = (None, None)
        self._stages: deque[Stage] = deque()
        self._source = ""
        self._together = False
        self._coming: Anticipation | None = None
        self._later: Iterator[None] | None = None
        self._refused = ""

    @classmethod
    def from_cell(cls, cell: Cell, arms: Mapping[str, Executor]) -> DualExecutor:
        """Return that of a cell with two arms, made of the executors of its arms.

        Raises:
            ConfigurationError: The arms are inside each other at home.
        """
        shapes = tuple(
            arm.limits.boundary.shape(name, arm.limits.kinematics, _base(cell.arms[name]))  # type: ignore[index]
            for name, arm in arms.items()
        )
        check_homes((shapes[0], shapes[1]), [np.array(cell.of_arm(name).arm.home) for name in arms])
        return cls(arms, (shapes[0], shapes[1]), cell.safety.arm_clearance, next(iter(arms.values())).dt)

    # What people and policies ask for

    def submit(self, plan: Sequence[Motion], source: str) -> None:
        """Refuse a plan that does not say for which arm it is.

        Raises:
            MotionRefused: Always.
        """
        raise self.refuse(f"say which arm is meant: {' or '.join(self._names)} (--namespace {self._names[0]})")

    def undo(self, source: str = PERSON) -> None:
        """Refuse, as :meth:`submit` does: what two arms hold together would be torn apart.

        Raises:
            MotionRefused: Always.
        """
        self.submit([], source)

    def follow(self, chunk: ActionChunk, source: str) -> None:
        """Let both arms follow the steps of a chunk from the same moment on, in place of whatever runs.

        Arms that stand begin at once. Arms that move together begin ``CYCLES`` later, and where the chunk leads is
        looked at meanwhile; if it is refused, ``status`` says so, and what runs goes on to its end.

        Raises:
            MotionRefused: It is not allowed now, stale, leads an arm out of its limits or the arms together; nothing
                changes.
        """
        try:
            for arm in self._arms:
                arm.give_way(source)
            if self._coming is not None:
                raise MotionRefused("the chunk before is still being planned")
            ahead = CYCLES * self._dt if self._together else 0.0
            soon = [expected for arm in self._arms if (expected := arm.ahead(ahead)) is not None]
            ahead = ahead if len(soon) == 2 else 0.0
            looks = [arm.look(chunk, name, ahead) for name, arm in zip(self._names, self._arms, strict=True)]
            first, *rest = found = stages(chunk, looks, self._grippers)
            if ahead:  # what waits behind that which runs, e.g. a grasp, stays until the chunk begins
                self._coming = Anticipation(found, source, soon, self._room.shapes, self._room.clearance)
            else:
                self._begin(first, source, rest)
        except MotionRefused as error:
            raise self.refuse(str(error)) from None
        self._forget_refusals()

    def home(self, source: str = PERSON) -> None:
        """Take both arms to their home joints, each at its own pace.

        Raises:
            MotionRefused: It is not allowed now, or the arms would meet on the way.
        """
        try:
            self._begin((Home(), Home()), source)
        except MotionRefused as error:
            raise self.refuse(str(error)) from None
        self._forget_refusals()

    def stop(self) -> None:
        """Have both robots brake as hard as they may, and stay at rest until ``resume``."""
        self._forget()
        for arm in self._arms:
            arm.stop()

    def pause(self) -> None:
        """Bring both arms to rest and accept no motion until ``resume``."""
        self._forget()
        for arm in self._arms:
            arm.pause()

    def resume(self) -> None:
        """Accept motions again after ``stop`` or ``pause``; nothing that was interrupted continues."""
        self._refused = ""
        for arm in self._arms:
            arm.resume()

    def done(self) -> None:
        """Bring both arms to rest and wait for the next motion."""
        self._forget()
        for arm in self._arms:
            arm.done()

    def hold(self, key: str, reason: str) -> None:
        """Bring both arms to rest and accept no motion as long as the hold ``key`` is there."""
        self._forget()
        for arm in self._arms:
            arm.hold(key, reason)

    def release(self, key: str) -> None:
        """Take the hold ``key`` away; what it interrupted is not continued."""
        for arm in self._arms:
            arm.release(key)

    def refuse(self, why: str) -> MotionRefused:
        """Note a refusal, and return it to be raised."""
        self._refused = why
        return MotionRefused(why)

    # What the loop needs to know

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms."""
        return self._names

    @property
    def sources(self) -> tuple[str, ...]:
        """Who asked for the targets that each arm is sent now."""
        return tuple(arm.source for arm in self._arms)

    @property
    def driven(self) -> bool:
        """Whether an arm is being sent targets."""
        return any(arm.driven for arm in self._arms)

    @property
    def times(self) -> tuple[float, float]:
        """How far each arm is along its motion [s]."""
        return self._arms[0].time, self._arms[1].time

    @property
    def statuses(self) -> dict[str, ExecutorStatus]:
        """What the operator is told of each arm."""
        return {name: arm.status for name, arm in zip(self._names, self._arms, strict=True)}

    @property
    def status(self) -> ExecutorStatus:
        """What the operator is told of both."""
        told = combined_status(self.statuses, dict(zip(self._names, self._modes, strict=True)), self._refused)
        if told.state is State.IDLE and (self._stages or self._coming is not None):
            return replace(told, state=State.MOVING, source=self._source)  # they stand between two parts of a chunk
        return told

    # One control period

    def step(
        self, measured: Sequence[ArmState], grippers: Sequence[GripperState | None], now_ns: int
    ) -> tuple[Command, ...]:
        """Advance both arms by one period.

        Args:
            measured: Newest state of each arm.
            grippers: Newest state of each gripper, None without one or while it cannot be reached.
            now_ns: Monotonic time [ns].
        """
        self._grippers, self._modes = grippers, [state.mode for state in measured]
        slowest = min(state.speed_scaling for state in measured)
        if self._together and any(state.speed_scaling > slowest for state in measured):
            measured = [replace(state, speed_scaling=slowest) for state in measured]
        for name, other, state in zip(self._names, reversed(self._arms), measured, strict=True):
            if state.mode is ArmMode.RUNNING:
                other.release(_OTHER)
            else:
                self._forget()
                other.halt(_OTHER, f"{name} arm: {state.mode.value}")
        commands = []
        for number, (arm, state, gripper) in enumerate(zip(self._arms, measured, grippers, strict=True)):
            # The left arm goes first, at most one period ahead; the right one never passes it.
            other = self._arms[1 - number]
            until = other.time + (0.0 if number else self._dt) if self._together else inf
            arm.keep(until, self._room.neighbour(number))
            commands.append(arm.step(state, gripper, now_ns))
            if dropped := arm.take_dropped():
                self._forget()
                other.abandon(f"{self._names[number]} arm: {dropped}")
        if not all(arm.busy for arm in self._arms):
            self._together = False
        if self._coming is not None:
            self._anticipate(self._coming)
        elif self._later is not None:
            self._look_ahead(self._later)
        elif self._stages and all(arm.ready for arm in self._arms):
            self._next()
        return tuple(commands)

    # Transitions

    def _begin(self, stage: Stage, source: str, later: Sequence[Stage] = ()) -> None:
        """Let ``stage`` replace everything on the arms that it is for, and ``later`` follow.

        Raises:
            MotionRefused: It is not possible; nothing changes.
        """
        chunk = all(isinstance(step, ChunkPart) for step in stage)
        moving = self._together
        beginnings = self._prepare(_in_time(stage, self._arms) if chunk else stage)
        self._room.check(beginnings)
        # Together or not at all: both come to rest first, and begin in the same cycle.
        halts = chunk and any(beginning is not None and beginning.halts for beginning in beginnings)
        ahead = self._room.check_later((stage, *later) if halts else later, beginnings)
        if halts or not moving:
            for _ in ahead:
                pass
        self._forget()
        if halts:
            self._stages.append(stage)
            for arm in self._arms:
                arm.done()
        else:
            self._enter(beginnings, source)
            self._together = chunk
        self._stages.extend(later)
        self._source, self._later = source, ahead

    def _enter(self, beginnings: Sequence[Beginning | None], source: str) -> None:
        for arm, beginning in zip(self._arms, beginnings, strict=True):
            if beginning is not None:
                arm.begin(beginning, source)

    def _anticipate(self, coming: Anticipation) -> None:
        """Go on planning the chunk that is to come, and begin it when its moment has come."""
        try:
            if not coming.advance():
                return
            self._coming = None
            beginnings = coming.beginnings([arm.q for arm in self._arms])
            first, *later = coming.stages
            if beginnings is None:  # something has slowed the arms down
                self._begin(first, coming.source, later)
            else:
                self._forget()
                self._enter(beginnings, coming.source)
                self._together, self._source = True, coming.source
                self._stages.extend(later)
                self._later = self._room.check_later(later, beginnings)
            self._forget_refusals()
        except MotionRefused as error:
            self._coming = None
            self.refuse(str(error))

    def _next(self) -> None:
        """Begin the next stage of a chunk, from rest."""
        stage, *rest = self._stages
        try:
            self._begin(stage, self._source)
        except MotionRefused as error:
            self._forget()
            self.refuse(str(error))
        else:
            self._stages.extend(rest)

    def _look_ahead(self, later: Iterator[None]) -> None:
        """Go on checking what follows on the part of a chunk that runs; if it cannot, that is the last one."""
        try:
            if next(later, self) is self:
                self._later = None
        except MotionRefused as error:
            self._stages.clear()
            self._later = None
            self.refuse(str(error))

    def _forget_refusals(self) -> None:
        """Something was accepted."""
        self._refused = ""
        for arm in self._arms:
            arm.forget_refusal()

    def begin_one(self, number: int, beginning: Beginning, source: str) -> None:
        """Begin a plan of one arm; a motion of both ends, and the other arm comes to rest.

        Raises:
            MotionRefused: The arm would come too near to the other one; nothing changes.
        """
        beginnings: list[Beginning | None] = [None, None]
        beginnings[number] = beginning
        self._room.check(beginnings)
        if self._together or self._stages:
            self._arms[1 - number].done()
        self._forget()
        self._together = False
        self._arms[number].begin(beginning, source)
        self._forget_refusals()

    def _prepare(self, stage: Stage) -> list[Beginning | None]:
        return [None if step is None else self.prepare_one(number, [step]) for number, step in enumerate(stage)]

    def prepare_one(self, number: int, steps: list[Step]) -> Beginning:
        """Return how ``steps`` of one arm would begin.

        Raises:
            MotionRefused: They are not possible; the message says of which arm.
        """
        try:
            return self._arms[number].prepare(steps)
        except MotionRefused as error:
            raise self._named(number, error) from None

    def prepare_one_undo(self, number: int) -> Beginning:
        """Return how the last step of one arm would be reversed.

        Raises:
            MotionRefused: It is not possible; the message says of which arm.
        """
        try:
            return self._arms[number].prepare_undo()
        except MotionRefused as error:
            raise self._named(number, error) from None

    def _named(self, number: int, error: MotionRefused) -> MotionRefused:
        reason = str(error)
        return error if reason.startswith("not now") else MotionRefused(f"{self._names[number]} arm: {reason}")

    def arm(self, number: int) -> Executor:
        """Return the executor of an arm."""
        return self._arms[number]

    def _forget(self) -> None:
        """Forget what was to follow; arms that run together come to rest together."""
        self._stages.clear()
        self._coming = self._later = None


def _base(arm: PlacedArmDescription) -> FloatArray:
    return pose_from_vector(*arm.pose_base_in_cell)


def _in_time(stage: Stage, arms: Sequence[Executor]) -> Stage:
    """Return the parts of a chunk for all arms with one timing."""
    parts = [(arm, step) for arm, step in zip(arms, stage, strict=True) if isinstance(step, ChunkPart)]
    timing = common_timing([arm.way(part) for arm, part in parts], parts[0][1].period)
    return tuple(replace(part, timing=timing) for _, part in parts)
