"""Straight-line URScript: a sequence of plain calls, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.control_queries import plausible
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dh import matrix_from_pose
from roboact_ros.sim.motion_kernel import Motion
from roboact_ros.sim.moves import MoveJ, MoveL, StopJ, StopL
from roboact_ros.sim.script_parser import Call, parse_call
from roboact_ros.types import FloatArray


class ScriptProgram:
    """A program of moves, stops, sleeps and output writes.

    Args:
        controller: Where it runs.
        name: Of the program.
        lines: Its body.

    Raises:
        SimulationError: A line is not supported; nothing is run then.
    """

    def __init__(self, controller: Controller, name: str, lines: Sequence[str]) -> None:
        self.name = name
        self._controller = controller
        self._functions: dict[str, Callable[[Call], Iterator[None]]] = {
            "movej": lambda call: self._run(MoveJ(self._joints(call), *self._speeds(call, 1.05, 1.4))),
            "movel": lambda call: self._run(MoveL(self._pose(call), *self._speeds(call, 0.25, 1.2))),
            "stopj": lambda call: self._run(StopJ(_deceleration(call))),
            "stopl": lambda call: self._run(StopL(_deceleration(call))),
            "sleep": lambda call: self._sleep(float(call.arguments[0])),
            "set_tcp": lambda call: self._now(lambda: controller.set_tcp(call.arguments[0])),
            "textmsg": lambda call: self._now(lambda: controller.log(" ".join(map(str, call.arguments)))),
            "signal_async_progress": lambda call: self._now(lambda: None),
            "protective_stop": lambda call: self._now(lambda: controller.raise_protective_stop("program")),
            "set_standard_digital_out": lambda call: self._now(lambda: self._pin(*call.arguments)),
            "set_digital_out": lambda call: self._now(lambda: self._pin(*call.arguments)),
            "write_output_integer_register": lambda call: self._now(lambda: self._register("int", *call.arguments)),
            "write_output_float_register": lambda call: self._now(lambda: self._register("double", *call.arguments)),
        }
        self._calls: list[Call] = []
        for line in lines:
            if not line.split("#")[0].strip():
                continue
            try:
                call = parse_call(line)
            except ValueError as error:
                raise SimulationError(f'script line not supported by the simulation: "{error}"') from None
            if call.name not in self._functions:
                raise SimulationError(
                    f'script function "{call.name}" is not supported; supported: {", ".join(self._functions)}'
                )
            self._calls.append(call)

    def run(self) -> Iterator[None]:
        """See :class:`Program`."""
        for call in self._calls:
            try:
                yield from self._functions[call.name](call)
            except (ArithmeticError, IndexError, TypeError, ValueError) as error:
                raise SimulationError(f"{call.name}: bad arguments {call.arguments}: {error}") from None

    def _joints(self, call: Call) -> FloatArray:
        target = _six(call)
        kernel = self._controller.kernel
        return self._controller.arm.inverse(matrix_from_pose(target), kernel.q) if call.pose else target

    def _pose(self, call: Call) -> list[float]:
        target = _six(call)
        return target.tolist() if call.pose else self._controller.arm_pose(target)

    @staticmethod
    def _speeds(call: Call, speed: float, acceleration: float) -> tuple[float, float]:
        positional = dict(zip(("a", "v"), call.arguments[1:], strict=False))
        named = {**positional, **call.named}
        v, a = float(named.get("v", speed)), float(named.get("a", acceleration))
        if not (v > 0.0 and a > 0.0):
            raise ValueError("speed and acceleration must be above zero")
        return v, a

    def _run(self, motion: Motion) -> Iterator[None]:
        self._controller.kernel.motion = motion
        while not motion.done:
            yield

    def _sleep(self, seconds: float) -> Iterator[None]:
        end = self._controller.time + seconds
        while self._controller.time < end:
            yield

    @staticmethod
    def _now(act: Callable[[], None]) -> Iterator[None]:
        act()
        return iter(())

    def _pin(self, pin: int, level: int) -> None:
        self._controller.pins.set(1 << int(pin), int(bool(level)) << int(pin))

    def _register(self, kind: str, index: int, value: float) -> None:
        outputs = self._controller.outputs
        name = f"output_{kind}_register_{int(index)}"
        if name not in outputs.slot or not abs(value) < 1 << 31:
            raise ValueError("no such register, or too large a number")
        outputs.values[outputs.slot[name]] = int(value) if kind == "int" else float(value)


def _deceleration(call: Call) -> float:
    return max(float(call.arguments[0]), 1e-3)


def _six(call: Call) -> FloatArray:
    target = np.array(call.arguments[0], dtype=np.float64)
    if target.shape != (6,):
        raise ValueError("six numbers are needed")
    plausible(target.tolist())
    return target
