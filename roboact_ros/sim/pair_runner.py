"""Two simulated arms without their network: controllers, executors and physics in one process, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from roboact_ros.cells.description import Cell
from roboact_ros.errors import MotionRefused, SimulationError
from roboact_ros.execution.commanded import Command
from roboact_ros.execution.dual_executor import DualExecutor
from roboact_ros.execution.executor import Executor
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.limits import Limits
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.execution.status import POLICY, State
from roboact_ros.execution.trajectory import ToolLimits
from roboact_ros.robots import robot_model
from roboact_ros.sim.body import ArmBody
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.modes import SafetyMode
from roboact_ros.sim.motion_kernel import STEP
from roboact_ros.sim.moves import StopJ
from roboact_ros.sim.runner import GAIN, GRIPPER_FORCE, GRIPPER_SPEED, LOOKAHEAD, STATE_RATE
from roboact_ros.sim.streams import ServoJ
from roboact_ros.sim.tasks.pair.situation import PairSituation, observe_pair
from roboact_ros.sim.world import World
from roboact_ros.types import ActionChunk, ArmMode, ArmState, GripperState

_LONGEST = 60.0
_STOP = 2.0
_STATE_EVERY = round(1.0 / (STATE_RATE * STEP))


class PairRunner:
    """Carries out chunks on two simulated arms.

    Attributes:
        watch: Called after each period of 2 ms, for whoever records what happens.

    Args:
        cell: A cell with two arms.
        world: Its world, as :meth:`~roboact_ros.sim.tasks.two_arms.PairEpisode.world` builds it.

    Raises:
        SimulationError: The world does not have two arms, or they are not as fast as the simulation.
    """

    def __init__(self, cell: Cell, world: World) -> None:
        if len(world.arms) != 2 or not cell.arms:
            raise SimulationError(f"two arms are needed, not {len(world.arms)} in the world and {cell.arm_names}")
        self.world = world
        self._arms = [
            _SimulatedArm(cell.of_arm(name), body) for name, body in zip(cell.arm_names, world.arms, strict=True)
        ]
        if any(arm.controller.period != STEP for arm in self._arms):
            raise SimulationError(f"only arms with a period of {STEP} s run together")
        executors = {name: arm.executor for name, arm in zip(cell.arm_names, self._arms, strict=True)}
        self.executor = DualExecutor.from_cell(cell, executors)
        self._ticks = 0
        self.watch: Callable[[], None] = lambda: None
        for arm in self._arms:
            arm.measure(self._now)
        self._arms[0].play(self._step_both)
        self._arms[1].play(lambda: None)
        while self.executor.status.state is not State.IDLE:
            self._tick()

    @property
    def time(self) -> float:
        """Simulated time since the start [s]."""
        return self._ticks * STEP

    @property
    def now_ns(self) -> int:
        """The time that stamps of chunks are in [ns]."""
        return self._now

    @property
    def stopped(self) -> bool:
        """Whether a robot stands in a safety stop."""
        return any(arm.stopped for arm in self._arms)

    @property
    def wanted(self) -> tuple[float, ...]:
        """What the grippers were told last: 0 closed … 1 open."""
        return tuple(arm.wanted for arm in self._arms)

    @property
    def situation(self) -> PairSituation:
        """The true state of the table."""
        return observe_pair(self.world)

    def follow(self, chunk: ActionChunk) -> str:
        """Follow a chunk to its end and return why it was refused or given up, empty if it was not."""
        try:
            self.executor.follow(chunk, POLICY)
        except MotionRefused as error:
            return str(error)
        end = self._ticks + round(_LONGEST / STEP)
        while self.executor.status.state is not State.IDLE:
            self._tick()
            stopped = [arm.controller.stop_reason for arm in self._arms if arm.stopped]
            if stopped:
                return f"protective stop: {stopped[0]}"
            if self._ticks > end:
                return f"it did not end within {_LONGEST:g} s"
        return self.executor.status.refused or self.executor.status.reason

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        for _ in range(round(seconds / STEP)):
            self._tick()

    def _tick(self) -> None:
        """Advance everything by 2 ms, in the order of :class:`~roboact_ros.sim.cell.SimulatedCell`."""
        for arm in self._arms:
            arm.controller.cycle()
            arm.controller.step()
        self.world.step(STEP)
        self._ticks += 1
        for arm in self._arms:
            arm.controller.sense()
            if self._ticks % _STATE_EVERY == 0:
                arm.measure(self._now)
        self.watch()

    @property
    def _now(self) -> int:
        return 1 + round(self._ticks * STEP * 1e9)

    def _step_both(self) -> None:
        states, grippers = [arm.state for arm in self._arms], [arm.gripper for arm in self._arms]
        for arm, command in zip(self._arms, self.executor.step(states, grippers, self._now), strict=True):
            arm.command = command


class _SimulatedArm:
    """One arm: its controller, its executor, and what passes between them.

    Args:
        cell: The cell of this arm alone.
        body: Its body in the world.
    """

    name = "runner"
    state: ArmState
    gripper: GripperState

    def __init__(self, cell: Cell, body: ArmBody) -> None:
        model = robot_model(cell.arm.model)
        self._body = body
        self.controller = Controller(model, body, log=lambda line: None)
        kinematics = Kinematics(model, pose_from_vector(*cell.arm.tcp))
        limits, tool_limits = Limits.from_cell(cell, kinematics), ToolLimits.from_safety(cell.safety)
        home, gripper = np.array(cell.arm.home), cell.gripper.kind != "none"
        self.executor = Executor(kinematics, limits, tool_limits, home, self.controller.period, gripper)
        self.command = Command(None)
        self.wanted = float(round(body.read().gripper.opening))
        self._before: Callable[[], None] = lambda: None

    @property
    def stopped(self) -> bool:
        """Whether the robot stands in a safety stop."""
        return self.controller.safety_mode is not SafetyMode.NORMAL

    def measure(self, now_ns: int) -> None:
        """Take the newest state of the controller."""
        state = self.controller.state
        mode = ArmMode.RUNNING if self.controller.able else ArmMode.PROTECTIVE_STOP
        self.state = ArmState(now_ns, state.q, state.qd, mode)
        self.gripper = state.gripper

    def play(self, before: Callable[[], None]) -> None:
        """Run the program that carries out ``command`` in every period, after calling ``before``."""
        self._before = before
        self.controller.play(self)

    def run(self) -> Iterator[None]:
        """See :class:`~roboact_ros.sim.controller.Program`."""
        kernel, servo = self.controller.kernel, ServoJ()
        while True:
            self._before()
            command, self.command = self.command, Command(self.command.q)
            if command.gripper is not None:
                self._body.grip(command.gripper, GRIPPER_SPEED, GRIPPER_FORCE)
                self.wanted = command.gripper
                self.gripper = self._body.read().gripper
            if command.q is not None:
                servo.retarget(command.q, LOOKAHEAD, GAIN)
                kernel.motion = servo
            elif kernel.motion is servo:
                kernel.motion = StopJ(_STOP)
            yield
