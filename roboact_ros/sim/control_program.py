"""What the control script of ur_rtde does, command by command.

The script itself is not interpreted. Its protocol: the client writes a command number into ``input_int_register_0`` and
arguments into further registers; the program answers in ``output_int_register_0`` (1 ready, 2 done) and results in the
output registers. Streamed commands run every cycle and are never "done".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.async_progress import AsyncProgress
from roboact_ros.sim.control_queries import ControlQueries, plausible
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dh import matrix_from_pose
from roboact_ros.sim.motion_kernel import Motion
from roboact_ros.sim.moves import MoveJ, MoveL, StopJ, StopL
from roboact_ros.sim.streams import ServoJ, SpeedJ, SpeedL
from roboact_ros.types import FloatArray

READY, DONE = 1, 2
_STOP_SCRIPT = 255
_STREAMED_WITHOUT_EFFECT = (6, *range(66, 72))
_SERVOC_LOOKAHEAD, _SERVOC_GAIN = 0.1, 300.0


class ControlProgram:
    """The running control program of one ur_rtde client.

    Args:
        controller: Where it runs.
        offset: First register it uses: 0, or 24 with the upper range.
        path: Moves that were injected into the script for ``movePath``.
    """

    name = "rtde_control"

    def __init__(
        self, controller: Controller, offset: int = 0, path: Callable[[], Iterator[None]] | None = None
    ) -> None:
        self._controller = controller
        self._kernel = controller.kernel
        self._path = path
        self._in, self._out = controller.inputs.values, controller.outputs.values
        self._int = controller.inputs.slot[f"input_int_register_{offset}"]
        self._double = controller.inputs.slot[f"input_double_register_{offset}"]
        self._state = controller.outputs.slot[f"output_int_register_{offset}"]
        self._watchdog_input = f"input_int_register_{offset}"
        self._stream: ServoJ | SpeedJ | SpeedL | None = None
        self._async: Motion | None = None
        self._progress = AsyncProgress(self._out, self._state + 2)
        queries = ControlQueries(
            controller,
            self._double,
            self._int,
            controller.outputs.slot[f"output_double_register_{offset}"],
            self._state,
        )
        self._reported: set[int] = set()
        self._streamed: dict[int, Callable[[], None]] = {
            **{command: partial(self._no_effect, command) for command in _STREAMED_WITHOUT_EFFECT},
            9: self._speedj,
            10: self._speedl,
            11: self._servoj,
            24: self._servol,
            **queries.streamed,
        }
        self._commands: dict[int, Callable[[], Iterator[None]]] = {
            1: lambda: self._move(MoveJ(self._six(), *self._speeds())),
            2: lambda: self._move(MoveJ(self._inverse(self._six()), *self._speeds())),
            3: lambda: self._move(MoveL(self._six(), *self._speeds())),
            4: lambda: self._move(MoveL(controller.arm_pose(self._six()), *self._speeds())),
            12: self._servoc,
            15: lambda: self._finish(StopL if isinstance(self._stream, SpeedL) else StopJ),
            16: lambda: self._finish(StopL),
            33: lambda: self._stop(StopL),
            34: lambda: self._stop(StopJ),
            41: self._jog,
            42: lambda: self._finish(StopL),
            45: self._move_path,
        }
        self._answers: dict[int, Callable[[], None]] = {35: self._set_watchdog, **queries.answers}

    def run(self) -> Iterator[None]:
        """See :class:`Program`."""
        self._progress.reset()
        executing = False
        self._out[self._state] = READY
        while True:
            if self._async is not None and self._async.done:
                self._async = None
                self._progress.finished()
            command = int(self._in[self._int])
            if command in self._streamed:
                self._streamed[command]()
                self._out[self._state] = READY
            elif command == 0:
                executing = False
                self._out[self._state] = READY
            elif not executing:
                if command == _STOP_SCRIPT:
                    return
                if command in self._commands:
                    yield from self._commands[command]()
                elif command in self._answers:
                    self._answers[command]()
                else:
                    self._no_effect(command)
                self._out[self._state] = DONE
                executing = True
            yield

    def _no_effect(self, command: int) -> None:
        if command not in self._reported:
            self._reported.add(command)
            self._controller.log(f"control command {command} has no effect in the simulation")

    # Registers

    def _double_at(self, index: int) -> float:
        return plausible(self._in[self._double + index : self._double + index + 1])[0]

    def _six(self, first: int = 0) -> FloatArray:
        start = self._double + first
        return np.array(plausible(self._in[start : start + 6]))

    def _speeds(self) -> tuple[float, float]:
        return max(self._double_at(6), 1e-6), max(self._double_at(7), 1e-6)

    def _inverse(self, pose: FloatArray) -> FloatArray:
        return self._controller.arm.inverse(matrix_from_pose(pose), self._kernel.q)

    # Moves and stops

    def _held(self) -> None:
        if self._controller.freedriving:
            raise SimulationError("the arm is moved by hand: end teach mode or freedrive before the next move")

    def _alone(self) -> None:
        self._held()
        if self._stream is not None:
            raise SimulationError(
                "another thread is already controlling the robot: end the stream before the next move"
            )

    def _run(self, motion: Motion) -> Iterator[None]:
        self._kernel.motion = motion
        while not motion.done:
            yield

    def _stop_async(self) -> None:
        if self._async is not None:
            self._async = None
            self._progress.finished()

    def _move(self, motion: Motion) -> Iterator[None]:
        self._alone()
        self._stop_async()
        return self._start(motion)

    def _start(self, motion: Motion) -> Iterator[None]:
        if int(self._in[self._int + 1]) == 1:
            self._kernel.motion = self._async = motion
            self._progress.started()
        else:
            yield from self._run(motion)

    def _stop(self, how: type[StopJ] | type[StopL]) -> Iterator[None]:
        self._stream = None
        self._stop_async()
        return self._start(how(max(self._double_at(0), 1e-3)))

    def _finish(self, how: type[StopJ] | type[StopL]) -> Iterator[None]:
        deceleration = max(self._double_at(0), 1e-3) if int(self._in[self._int]) != 42 else 1.2
        self._stream = None
        yield from self._run(how(deceleration))

    def _move_path(self) -> Iterator[None]:
        self._alone()
        self._stop_async()
        if self._path is None:
            raise SimulationError("no path was uploaded with the control script")
        yield from self._path()

    # Streams

    def _stream_of(self, kind: type[ServoJ] | type[SpeedJ] | type[SpeedL]) -> None:
        if self._stream is not None and type(self._stream) is not kind:
            if isinstance(self._stream, ServoJ) or kind is ServoJ:
                self._alone()
            self._stream = None
        if self._stream is None:
            self._held()
            self._stop_async()
            self._stream = kind()
            self._kernel.motion = self._stream

    def _servo_to(self, q: FloatArray, lookahead: float, gain: float) -> None:
        self._stream_of(ServoJ)
        if isinstance(self._stream, ServoJ):
            self._stream.retarget(q, lookahead, gain)

    def _servoj(self) -> None:
        self._servo_to(self._six(), self._double_at(9), self._double_at(10))

    def _servol(self) -> None:
        self._servo_to(self._inverse(self._six()), self._double_at(9), self._double_at(10))

    def _servoc(self) -> Iterator[None]:
        self._servo_to(self._inverse(self._six()), _SERVOC_LOOKAHEAD, _SERVOC_GAIN)
        yield

    def _speedj(self) -> None:
        self._stream_of(SpeedJ)
        if isinstance(self._stream, SpeedJ):
            self._stream.retarget(self._six(), max(self._double_at(6), 1e-6))

    def _speedl(self) -> None:
        self._speed_to(self._six(), self._double_at(6))

    def _speed_to(self, twist: FloatArray, acceleration: float) -> None:
        self._stream_of(SpeedL)
        if isinstance(self._stream, SpeedL):
            self._stream.retarget(twist, max(acceleration, 1e-6))

    def _jog(self) -> Iterator[None]:
        speed, feature = self._six(), int(self._double_at(6))
        frame = np.eye(4)
        if feature == 1:
            frame = self._controller.arm.tool(self._kernel.q)
        elif feature == 2:
            frame = matrix_from_pose(self._six(8))
        turn = frame[:3, :3]
        self._speed_to(np.concatenate([turn.dot(speed[:3]), turn.dot(speed[3:])]), self._double_at(7))
        yield

    def _set_watchdog(self) -> None:
        frequency = self._double_at(0)
        if frequency > 0.0:
            self._controller.watchdog.arm(self._watchdog_input, 1.0 / frequency, self._controller.time)
        else:
            self._controller.watchdog.disarm()
