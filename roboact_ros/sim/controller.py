"""One simulated UR controller: power, safety, the running program, and the arm that it moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from math import pi
from typing import Protocol

from roboact_ros.errors import SimulationError
from roboact_ros.robots import RobotModel
from roboact_ros.sim.body import ArmBody
from roboact_ros.sim.calibration import Calibration
from roboact_ros.sim.dh import DhArm, pose_from_matrix
from roboact_ros.sim.modes import RobotMode, RuntimeState, SafetyMode
from roboact_ros.sim.motion_kernel import STEP, MotionKernel, MotionViolation
from roboact_ros.sim.moves import MoveJ, StopJ
from roboact_ros.sim.obstruction import obstruction
from roboact_ros.sim.pins import Pins
from roboact_ros.sim.power import Power
from roboact_ros.sim.rtde_fields import INPUTS, OUTPUTS, Registers
from roboact_ros.sim.rtde_protocol import InputRecipe
from roboact_ros.sim.watchdog import Watchdog
from roboact_ros.types import FloatArray

VERSIONS = {"cb3": (3, 15, 4, 106291), "e-series": (5, 11, 1, 108318)}
"""Controller software that is imitated: major, minor, bugfix, build."""

_SAFETY_DECELERATION = 20.0
_STOP_DECELERATION = 6.0
_JOG_SPEED, _JOG_ACCELERATION = 0.5, 2.0
_START_DELAY = 0.02
_HISTORY = 1000


class Program(Protocol):
    """A program: ``run`` yields once per control cycle and returns at its end."""

    name: str

    def run(self) -> Iterator[None]:
        """Execute; a :class:`SimulationError` is the program's run-time error."""
        ...


class Controller:
    """The state machine of one controller; the cell calls ``step`` every 2 ms and ``cycle`` once per control period.

    Args:
        model: The arm.
        body: What the joint targets drive.
        calibration: How this robot differs from the published table.
        unlock_after: Time before a protective stop may be unlocked [s]; five on real robots.
        log: Takes one line for the operator.

    Attributes:
        time: Seconds since the controller started.
        outputs: What RTDE sends.
        inputs: What RTDE received.
        remote: Whether the network may control the robot; False is local control on the teach pendant.
    """

    def __init__(
        self,
        model: RobotModel,
        body: ArmBody,
        calibration: Calibration | None = None,
        unlock_after: float = 5.0,
        log: Callable[[str], None] = print,
    ) -> None:
        self.model, self.body, self.log = model, body, log
        self.version = VERSIONS[model.generation]
        self.period = 1.0 / model.rate_hz
        self.arm = DhArm(model, calibration)
        self.state = body.read()
        self.kernel = MotionKernel(model, self.arm, self.state.q)
        self.outputs, self.inputs = Registers(OUTPUTS), Registers(INPUTS)
        self.pins = Pins()
        self.history = deque([self.state.q], maxlen=_HISTORY)
        self.time = 0.0
        self.remote = True
        self.safety_mode = SafetyMode.NORMAL
        self.stop_reason = ""
        self.freedriving = self._released = False
        self.tcp_offset = [0.0] * 6
        self.payload, self.payload_cog = 0.0, [0.0] * 3
        self._unlock_after = unlock_after
        self._stopped_at = -1e9
        self._program: Program | None = None
        self._running: Iterator[None] | None = None
        self._starts_at = 0.0
        self._power = Power()
        self.watchdog = Watchdog()

    # What happens every tick

    def step(self) -> None:
        """Advance the motion by 2 ms and drive the body."""
        self.time += STEP
        if self.freedriving and self.kernel.motion is None:
            return
        try:
            self.kernel.step()
        except MotionViolation as violation:
            if self.safety_mode is SafetyMode.NORMAL:
                self.raise_protective_stop(str(violation))
            else:  # even braking would leave the limits: the brakes fall in
                self.kernel.reset(self.kernel.q)
        self.body.drive(self.kernel.q)

    def cycle(self) -> None:
        """Run one control period: modes, watchdog and program."""
        self._power.advance(self.time)
        if self._program is None:
            return
        if self._running is None:
            if self.time < self._starts_at:
                return
            self._running = self._program.run()
        if reason := self.watchdog.bite(self.time):
            self.stop_program(reason)
            return
        try:
            next(self._running)
        except StopIteration:
            self.stop_program("it ended")
        except SimulationError as error:
            self.stop_program(str(error))

    def sense(self) -> None:
        """Read the body; the cell calls it after the world was stepped."""
        state = self.state = self.body.read()
        self.history.append(state.q)
        if self.freedriving:
            if self.kernel.motion is None:
                self._release(True)
                self.kernel.reset(state.q)
        elif self.able and (problem := obstruction(state, self.kernel.q)):
            self.raise_protective_stop(problem)
            self.kernel.reset(state.q)

    def _release(self, free: bool) -> None:
        if free != self._released:
            self._released = free
            self.body.release(free)

    # Programs

    @property
    def robot_mode(self) -> RobotMode:
        """What the arm's power and brakes do."""
        return self._power.mode

    @property
    def able(self) -> bool:
        """Whether the arm can move: powered, brakes released, no safety stop."""
        return self.robot_mode is RobotMode.RUNNING and self.safety_mode is SafetyMode.NORMAL

    @property
    def runtime_state(self) -> RuntimeState:
        """Whether a program runs."""
        return RuntimeState.STOPPED if self._running is None else RuntimeState.PLAYING

    @property
    def program_name(self) -> str:
        """Name of the running program; empty without one."""
        return "" if self._program is None else self._program.name

    def play(self, program: Program) -> None:
        """Start ``program`` in place of the running one.

        Raises:
            SimulationError: The robot does not accept programs now.
        """
        if not self.remote:
            raise SimulationError(f"program {program.name} refused: the robot is in local control")
        if not self.able:
            raise SimulationError(
                f"program {program.name} refused: robot mode {self.robot_mode.name}, safety {self.safety_mode.name}"
            )
        if self.freedriving:
            raise SimulationError(f"program {program.name} refused: the arm is being moved by hand")
        self.stop_program("another program starts")
        self._program = program
        self._starts_at = self.time + _START_DELAY

    def stop_program(self, reason: str, deceleration: float = _STOP_DECELERATION) -> None:
        """Stop the program, if one runs, and bring the arm to rest."""
        if self._program is not None:
            self.log(f"program {self._program.name} stopped: {reason}")
        self._program = self._running = None
        self.watchdog.disarm()
        if self.kernel.moving or self.kernel.motion is not None:
            self.kernel.motion = StopJ(deceleration)

    def received(self, recipe: InputRecipe) -> None:
        """Act on a data package whose numbers are now in ``inputs``."""
        self.watchdog.written(recipe.names, self.time)
        if recipe.commands:
            self.pins.apply(recipe.names, self.inputs)
            if "speed_slider_mask" in recipe.names and self.inputs.values[self.inputs.slot["speed_slider_mask"]]:
                fraction = self.inputs.values[self.inputs.slot["speed_slider_fraction"]]
                if 0.0 <= fraction <= 1.0:
                    self.kernel.speed_fraction = fraction

    # What the operator, the safety system and the dashboard do

    def raise_protective_stop(self, reason: str) -> None:
        """Stop the arm as fast as it can and lock it until the stop is acknowledged."""
        if self.safety_mode is not SafetyMode.NORMAL:
            return
        self.log(f"protective stop: {reason}")
        self.stop_reason = reason
        self.safety_mode = SafetyMode.PROTECTIVE_STOP
        self._stopped_at = self.time
        self.freedrive(False)
        self.stop_program("protective stop", _SAFETY_DECELERATION)

    def unlock_protective_stop(self) -> None:
        """Acknowledge a protective stop.

        Raises:
            SimulationError: It is too early.
        """
        if self.safety_mode is not SafetyMode.PROTECTIVE_STOP:
            return
        if self.time - self._stopped_at < self._unlock_after:
            raise SimulationError(
                f"Cannot unlock protective stop until {self._unlock_after:g}s after occurrence. "
                "Always inspect cause of protective stop before unlocking"
            )
        self.safety_mode = SafetyMode.NORMAL
        self.stop_reason = ""

    def emergency_stop(self) -> None:
        """Press the emergency stop: the arm brakes and loses its power."""
        self.log("emergency stop")
        self.safety_mode = SafetyMode.ROBOT_EMERGENCY_STOP
        self.stop_reason = "emergency stop"
        self.power_off(_SAFETY_DECELERATION)

    def release_emergency_stop(self) -> None:
        """Pull the emergency stop out again; the arm stays without power."""
        if self.safety_mode is SafetyMode.ROBOT_EMERGENCY_STOP:
            self.safety_mode = SafetyMode.NORMAL
            self.stop_reason = ""

    def restart_safety(self) -> None:
        """Restart the safety system: no safety stop remains, and the arm has no power."""
        self.safety_mode = SafetyMode.NORMAL
        self.stop_reason = ""
        self.power_off()

    def power_off(self, deceleration: float = _STOP_DECELERATION) -> None:
        """Brake and take the power away."""
        self.freedrive(False)
        self.stop_program("power off", deceleration)
        self._power.off()

    def power_on(self, release_brakes: bool) -> None:
        """Power the arm and, if asked, release its brakes; takes a moment.

        Raises:
            SimulationError: The emergency stop is pressed.
        """
        if self.safety_mode is SafetyMode.ROBOT_EMERGENCY_STOP:
            raise SimulationError("the emergency stop is pressed")
        self._power.on(release_brakes, self.time)

    def set_remote(self, remote: bool) -> None:
        """Switch between remote control and local control; going local stops the program."""
        self.remote = remote
        if not remote:
            self.stop_program("the robot was switched to local control")

    def freedrive(self, free: bool) -> None:
        """Hold or release the freedrive button: the arm can be moved by hand, and no program runs.

        Raises:
            SimulationError: The arm has no power or is stopped for safety.
        """
        if free and not self.able:
            raise SimulationError(f"no freedrive: robot mode {self.robot_mode.name}, safety {self.safety_mode.name}")
        if free and not self.freedriving:
            self.stop_program("the arm is moved by hand")
        self.teach(free)

    def teach(self, free: bool) -> None:
        """Let the running program free the arm, or hold it again."""
        if self.freedriving and not free:
            self._release(False)
            self.kernel.reset(self.body.read().q)
        self.freedriving = free

    def move_joint(self, joint: int, by: float) -> None:
        """Jog one joint, by the pendant or by hand.

        Raises:
            SimulationError: There is no such joint, a program runs, or the arm cannot move.
        """
        if not 0 <= joint < 6 or not abs(by) <= 2 * pi:
            raise SimulationError(f"cannot move joint {joint} by {by} rad; valid: joints 0 … 5, at most 2 pi")
        if self._program is not None or not self.able:
            raise SimulationError("cannot jog now: a program runs or the arm is stopped")
        if self.freedriving:
            self._release(False)
            self.kernel.reset(self.state.q)
        goal = self.kernel.q.copy()
        goal[joint] += by
        self.kernel.motion = MoveJ(goal, _JOG_SPEED, _JOG_ACCELERATION)

    def arm_pose(self, q: FloatArray) -> list[float]:
        """Return the pose of the tool (x, y, z [m], rotation vector [rad]) in the base at ``q``."""
        return pose_from_matrix(self.arm.tool(q))

    def set_tcp(self, pose_tool_in_flange: list[float]) -> None:
        """Set the tool centre point: x, y, z [m], rotation vector [rad] in the flange."""
        self.tcp_offset = [float(value) for value in pose_tool_in_flange]
        self.arm.set_tool(self.tcp_offset)
