"""Universal Robots arms through ``ur_rtde``, with the robot's own watchdog armed."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable

import numpy as np
from rtde_control import RTDEControlInterface
from rtde_receive import RTDEReceiveInterface

from roboact_ros.arms.ur_dashboard import Dashboard
from roboact_ros.errors import ArmError
from roboact_ros.execution.realtime import lazy_threads
from roboact_ros.robots import RobotModel
from roboact_ros.types import ArmMode, ArmState, FloatArray

RTDE_PORT = 30004
STATE_RATE = 125.0
"""Rate at which the robot reports its state [Hz]; targets go out at the controller's own rate."""

WATCHDOG_HZ = 3.0
"""The robot stops its program when nothing arrives for one period of this."""

LOOKAHEAD, GAIN = 0.05, 300.0
"""Smoothing [s] (0.03 … 0.2) and stiffness (100 … 2000) of servoJ. More stiffness would make the arm trail less, but
turns every late packet into a jolt of a real arm: leave it where the maker has it."""

HALT_DECELERATION = 10.0
"""How hard the fastest joint brakes in a halt [rad/s^2]."""

STALE_NS = 400_000_000
"""Without a new state for this long the robot counts as disconnected."""

_KICK_NS = 20_000_000
_SUPERVISION_PERIOD = 0.1
_REMOTE_PERIOD = 0.5
_START_TIMEOUT = 5.0
_TOOL_DECELERATION = (0.2, 10.0)
"""Least and largest that is asked of the tool [m/s^2, rad/s^2]; the latter is the client library's own choice."""
_VARIABLES = [
    "timestamp",
    "actual_q",
    "actual_qd",
    "actual_TCP_speed",
    "robot_mode",
    "runtime_state",
    "speed_scaling",
    "target_speed_fraction",
    "robot_status_bits",
    "safety_status_bits",
]
_PLAYING = 2
_TEACH_BUTTON = 1 << 2
_PROTECTIVE = 1 << 2 | 1 << 4  # protective and safeguard stop
_EMERGENCY = 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 9  # emergency stops, violation, fault
_BACKDRIVE, _RUNNING = 6, 7


class URArm:
    """See :class:`~roboact_ros.arms.arm.Arm`.

    A supervising thread starts the control program whenever the robot allows it (after power-on, a protective stop,
    freedrive or a tripped watchdog), always as a fresh program: one that was interrupted would go on with its old
    motion. A lost link is final, because the client library reconnects and restarts its program on its own when it
    sees fit: construct the arm again, in a new process. Another thread does nothing but halt, so that a halt waits for
    no answer of the dashboard.

    Args:
        address: Host name or address of the controller.
        model: The arm that is expected there.
        tcp: Tool centre point in the flange: x, y, z [m], rotation vector [rad].
        report: Takes one line whenever the robot did or refused something the operator should know.
        deceleration: How hard the fastest joint brakes in a halt [rad/s^2].

    Raises:
        ArmError: No such robot answers there.
    """

    def __init__(
        self,
        address: str,
        model: RobotModel,
        tcp: tuple[float, ...],
        report: Callable[[str], None] = print,
        deceleration: float = HALT_DECELERATION,
    ) -> None:
        self._address, self._model, self._tcp, self._report = address, model, list(tcp), report
        self._deceleration = deceleration
        _require_reachable(address)
        self._dashboard = Dashboard(address, model)
        try:
            with lazy_threads():
                self._receive = RTDEReceiveInterface(address, min(STATE_RATE, model.rate_hz), _VARIABLES)
        except RuntimeError as error:
            raise ArmError(f"the controller at {address} does not speak RTDE: {error}") from error
        self._control: RTDEControlInterface | None = None
        self._lock = threading.Lock()  # the control interface serves one caller at a time
        self._ready = self._servoing = self._halting = self._unlocking = self._closing = False
        self._lost = ""
        self._remote = self._dashboard.remote()
        self._stamp, self._stamp_ns, self._kicked_ns = -1.0, time.monotonic_ns(), 0
        self._state = self._take_state(time.monotonic_ns())
        self._wake, self._brake = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._supervise, name="arm supervisor", daemon=True),
            threading.Thread(target=self._halt_when_asked, name="arm halt", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def read(self) -> ArmState:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        now = time.monotonic_ns()
        stamp = self._receive.getTimestamp()
        if stamp != self._stamp:
            self._stamp, self._stamp_ns = stamp, now
            self._state = self._take_state(now)
        elif not self._lost and not self._receive.isConnected():
            self._lost = f"the controller at {self._address} closed the connection"
        elif not self._lost and now - self._stamp_ns > STALE_NS:
            self._lost = f"the controller at {self._address} has sent nothing for {STALE_NS / 1e9:g} s"
        if self._lost:
            if self._state.mode is not ArmMode.DISCONNECTED:
                self._report(self._lost)
                s = self._state
                self._state = ArmState(now, s.q, np.zeros(6), ArmMode.DISCONNECTED)
        elif not self._servoing:
            self._kick(now)
        return self._state

    def servo(self, q: FloatArray) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`; a target also counts as a sign of life for the watchdog."""
        control = self._control
        if control is None or not self._ready:
            raise ArmError(f"the arm takes no targets: {self._state.mode.value}")
        # A halt that is under way takes a few control periods; the first target after it waits for its end.
        if not self._lock.acquire(timeout=0.5):
            raise ArmError("the arm takes no targets: it is still coming to rest")
        try:
            self._servoing, self._halting = True, False
            if not control.servoJ(q.tolist(), 0.0, 0.0, 1.0 / self._model.rate_hz, LOOKAHEAD, GAIN):
                raise ArmError(f"the arm did not take a target: {self._state.mode.value}")
        except RuntimeError as error:  # all that the client library raises, here when its connection is gone
            self._lost = f"the controller at {self._address} was lost: {error}"
            raise ArmError(self._lost) from error
        finally:
            self._lock.release()

    def halt(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`; returns at once."""
        if self._servoing:
            self._servoing = False
            self._halting = True
            self._brake.set()

    def unlock(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`; returns at once."""
        if self._state.mode is ArmMode.PROTECTIVE_STOP:
            self._unlocking = True
            self._wake.set()

    def close(self) -> None:
        """See :class:`~roboact_ros.arms.arm.Arm`."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        self._brake.set()
        for thread in self._threads:
            thread.join()
        try:
            if self._control is not None and not self._lost:
                if self._ready:
                    self._control.servoStop(self._tool_deceleration())
                    self._control.stopScript()
                self._control.disconnect()
        finally:
            self._receive.disconnect()
            self._dashboard.close()

    def _take_state(self, now: int) -> ArmState:
        receive = self._receive
        mode = self._mode()
        playing = receive.getRuntimeState() == _PLAYING
        if not playing:
            self._ready = False
        if mode is ArmMode.RUNNING and not self._ready:
            mode = ArmMode.NO_PROGRAM
        if mode is not ArmMode.RUNNING:
            self._servoing = False
        return ArmState(
            monotonic_ns=now,
            q=np.array(receive.getActualQ()),
            qd=np.array(receive.getActualQd()),
            mode=mode,
            speed_scaling=min(1.0, max(0.0, receive.getSpeedScaling() * receive.getTargetSpeedFraction())),
        )

    def _mode(self) -> ArmMode:
        """Return what the robot allows, the control program aside."""
        safety, robot = self._receive.getSafetyStatusBits(), self._receive.getRobotMode()
        if safety & _EMERGENCY:
            return ArmMode.EMERGENCY_STOP
        if safety & _PROTECTIVE:
            return ArmMode.PROTECTIVE_STOP
        if robot == _BACKDRIVE or self._receive.getRobotStatus() & _TEACH_BUTTON:
            return ArmMode.FREEDRIVE
        if robot != _RUNNING:
            return ArmMode.POWER_OFF
        return ArmMode.RUNNING if self._remote else ArmMode.LOCAL

    def _kick(self, now: int) -> None:
        """Feed the watchdog while no targets do. Never right after a target: the kick would overwrite it."""
        if now - self._kicked_ns < _KICK_NS or not self._ready or self._control is None:
            return
        if self._lock.acquire(blocking=False):
            try:
                self._control.kickWatchdog()
                self._kicked_ns = now
            finally:
                self._lock.release()

    # The threads: everything that may block -------------------------------------------------------------------------

    def _supervise(self) -> None:
        asked_ns = 0
        while not self._closing and not self._lost:
            self._wake.wait(_SUPERVISION_PERIOD)
            self._wake.clear()
            try:
                if self._unlocking:
                    self._unlocking = False
                    self._report(self._dashboard.unlock_protective_stop())
                if time.monotonic_ns() - asked_ns > _REMOTE_PERIOD * 1e9:
                    asked_ns = time.monotonic_ns()
                    self._remote = self._dashboard.remote()
                if not self._ready and self._mode() in (ArmMode.RUNNING, ArmMode.LOCAL):
                    self._remote = self._dashboard.remote()
                    if self._remote:
                        self._start_program()
            except (ArmError, RuntimeError) as error:
                # RuntimeError is all that the client library raises.
                if not self._closing:
                    self._report(f"{self._address}: {error}")
                    self._wake.wait(1.0)

    def _halt_when_asked(self) -> None:
        while not self._closing:
            self._brake.wait()
            self._brake.clear()
            with self._lock:
                try:
                    if self._halting and self._control is not None and self._ready:
                        self._control.servoStop(self._tool_deceleration())
                except RuntimeError as error:  # all that the client library raises, here when its connection is gone
                    self._report(f"{self._address}: {error}")
                self._halting = False

    def _tool_deceleration(self) -> float:
        """Return how hard the tool is to brake, along its path [m/s^2, rad/s^2], for what the joints may bear."""
        least, largest = _TOOL_DECELERATION
        fastest = max(map(abs, self._receive.getActualQd()))
        tool = max(map(abs, self._receive.getActualTCPSpeed()))
        wanted = self._deceleration * tool
        return largest if wanted >= largest * fastest else max(wanted / fastest, least)

    def _start_program(self) -> None:
        """Start a fresh control program, with the tool centre point set and the watchdog armed."""
        with self._lock:
            if self._control is None:
                with lazy_threads():
                    self._control = RTDEControlInterface(self._address, self._model.rate_hz)
            else:
                # The command register still holds the last target; a program that found it there would go to it.
                self._control.kickWatchdog()
                self._dashboard.stop_program()
                self._control.reuploadScript()
            control = self._control
            deadline = time.monotonic() + _START_TIMEOUT
            # Both connections must have seen it, or the older news of the other one would look like a stop.
            while not (control.isProgramRunning() and self._receive.getRuntimeState() == _PLAYING):
                if time.monotonic() > deadline:
                    raise ArmError(f"the control program did not start within {_START_TIMEOUT:g} s")
                time.sleep(0.01)
            if not (control.setTcp(self._tcp) and control.setWatchdog(WATCHDOG_HZ)):
                raise ArmError("the control program did not accept the tool centre point or the watchdog")
            self._kicked_ns = time.monotonic_ns()
            self._ready = True
        self._report(f"control program started on {self._address}")


def _require_reachable(address: str) -> None:
    """Try the port with a time-out: the client library would block for minutes on a silent address.

    Raises:
        ArmError: Nothing answers.
    """
    try:
        socket.create_connection((address, RTDE_PORT), timeout=2.0).close()
    except OSError as error:
        raise ArmError(
            f"no robot controller answers at {address}:{RTDE_PORT} ({error.strerror or error}); "
            "check arm.robot_ip, the cable, and that the robot is switched on"
        ) from error
