"""The networked cell without its network: controller, executor and physics in one process, as fast as they compute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.errors import LanguageRefusal, MotionRefused, SimulationError
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.status import PERSON, POLICY, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.language.parse import parse
from roboact_ros.robots import robot_model
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.modes import SafetyMode
from roboact_ros.sim.motion_kernel import STEP
from roboact_ros.sim.moves import StopJ
from roboact_ros.sim.streams import ServoJ
from roboact_ros.sim.tasks.situation import Situation, observe
from roboact_ros.sim.world import World
from roboact_ros.types import ActionChunk, ArmMode, ArmState, GripperState, Motion

LOOKAHEAD, GAIN = 0.05, 300.0
"""Smoothing [s] and stiffness of servoJ, those of the driver of the real arm."""

GRIPPER_SPEED, GRIPPER_FORCE = 0.5, 0.25
"""Speed and force of the gripper, 0 … 1, those of the driver of the real one."""

STATE_RATE = 125.0
"""Rate at which the executor gets to know the state of the arm [Hz], that of the driver."""

_LONGEST = 60.0
_STOP = 2.0
_BITS = 255


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request: ``finished`` steps, and why the rest was refused or given up (empty if it was not)."""

    finished: int
    refused: str = ""


class Runner:
    """Carries out words on a simulated arm, in simulated time.

    The controller, the world, the executor, its limits and its kinematics are those of the running system; only the
    network between them is gone, and with it the delay of a few milliseconds.

    Args:
        cell: Arm, gripper and limits.
        world: A world with one arm of that model at its home; a new one belongs to every episode, so that nothing of
            one shows in the next.

    Raises:
        SimulationError: The world has another arm.
    """

    def __init__(self, cell: Cell, world: World) -> None:
        model = robot_model(cell.arm.model)
        arms = [arm.model for arm in world.scene.arms]
        if arms != [model]:
            raise SimulationError(f"the cell has one {model.name}, the world {', '.join(arm.name for arm in arms)}")
        self.world = world
        self._body = world.arms[0]
        self._controller = Controller(model, self._body, log=_ignore)
        kinematics = Kinematics(model, pose_from_vector(*cell.arm.tcp))
        limits = Limits.from_cell(cell, kinematics)
        home, dt = np.array(cell.arm.home), 1.0 / model.rate_hz
        self.executor = Executor(
            kinematics, limits, ToolLimits.from_safety(cell.safety), home, dt, cell.gripper.kind != "none"
        )
        self._every = round(dt / STEP)
        self._state_every = max(1, round(1.0 / (STATE_RATE * STEP)))
        self._ticks = 0
        self._arm_state, self._gripper_state = self._measure()
        self._controller.play(_Stream(self))
        while self.executor.status.state is not State.IDLE:
            self._tick()

    @property
    def time(self) -> float:
        """Simulated time since the start [s]."""
        return self._ticks * STEP

    @property
    def stopped(self) -> bool:
        """Whether the robot stands in a protective stop, which only a person ends."""
        return self._controller.safety_mode is not SafetyMode.NORMAL

    @property
    def situation(self) -> Situation:
        """The true state of the table."""
        return observe(self.world)

    def say(self, words: str | Motion) -> Outcome:
        """Carry out a sentence or a motion to its end.

        Args:
            words: Anything the parser understands except what concerns a running motion ("stop", "pause").
        """
        return self._carry_out(lambda: self._submit(words))

    def follow(self, chunk: ActionChunk) -> Outcome:
        """Follow an action chunk to its end; its stamp is in simulated time."""
        return self._carry_out(lambda: self.executor.follow(chunk, POLICY))

    def _carry_out(self, ask: Callable[[], None]) -> Outcome:
        before = self.executor.status.finished
        try:
            ask()
        except (MotionRefused, LanguageRefusal) as error:
            return Outcome(0, str(error))
        end = self._ticks + round(_LONGEST / STEP)
        refused = ""
        while self._ticks < end:
            for _ in range(self._state_every):
                self._tick()
            status = self.executor.status
            refused = status.refused
            if status.state is not State.MOVING and status.state is not State.HALTING:
                break
        else:
            refused = f"it did not end within {_LONGEST:g} s"
            self.executor.done()
        if self.stopped:
            refused = f"protective stop: {self._controller.stop_reason}"
        return Outcome(self.executor.status.finished - before, refused)

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        for _ in range(round(seconds / STEP)):
            self._tick()

    def _submit(self, words: str | Motion) -> None:
        if isinstance(words, Motion):
            return self.executor.submit([words], PERSON)
        command = parse(words)
        if command.control == "home":
            return self.executor.home()
        if command.control == "undo":
            return self.executor.undo()
        if command.control is not None:
            raise LanguageRefusal(f'"{command.control}" has no meaning between motions')
        self.executor.submit(command.motions, PERSON)

    def _tick(self) -> None:
        """Advance everything by 2 ms, in the order of :class:`~roboact_ros.sim.cell.SimulatedCell`."""
        controller = self._controller
        if self._ticks % self._every == 0:
            controller.cycle()
        controller.step()
        self.world.step(STEP)
        controller.sense()
        self._ticks += 1
        if self._ticks % self._state_every == 0:
            self._arm_state, self._gripper_state = self._measure()

    def _measure(self) -> tuple[ArmState, GripperState]:
        controller = self._controller
        state = controller.state
        mode = ArmMode.RUNNING if controller.able else ArmMode.PROTECTIVE_STOP
        return ArmState(self._now, state.q, state.qd, mode), state.gripper

    @property
    def _now(self) -> int:
        return 1 + round(self._ticks * STEP * 1e9)

    def _cycle(self, servo: ServoJ) -> bool:
        """Run one control period of the executor and return whether ``servo`` follows its target."""
        command = self.executor.step(self._arm_state, self._gripper_state, self._now)
        if command.gripper is not None:
            opening = round(command.gripper * _BITS) / _BITS
            self._body.grip(opening, round(GRIPPER_SPEED * _BITS) / _BITS, round(GRIPPER_FORCE * _BITS) / _BITS)
            # The driver calls the gripper moving from the moment of a command on.
            self._gripper_state = self._body.read().gripper
        if command.q is not None:
            servo.retarget(command.q, LOOKAHEAD, GAIN)
        return command.q is not None


class _Stream:
    """The program that the controller runs: streams the executor's targets into servoJ.

    Args:
        runner: Whose executor.
    """

    name = "runner"

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def run(self) -> Iterator[None]:
        """See :class:`~roboact_ros.sim.controller.Program`."""
        runner, servo = self._runner, ServoJ()
        kernel = runner._controller.kernel
        while True:
            if runner._cycle(servo):
                kernel.motion = servo
            elif kernel.motion is servo:
                kernel.motion = StopJ(_STOP)
            yield


def _ignore(line: str) -> None:
    """Drop what the controller logs: an outcome says why something stopped."""
