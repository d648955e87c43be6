"""Commands of the ur_rtde control script that ask something or change a setting, without moving the arm."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from roboact_ros.errors import SimulationError
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.dh import matrix_from_pose, pose_from_matrix
from roboact_ros.types import FloatArray

_LARGEST = 1e4


def plausible(numbers: list[float]) -> list[float]:
    """Return ``numbers``.

    Raises:
        SimulationError: One of them is not finite, or no length, angle, speed or time that a robot knows.
    """
    if not all(-_LARGEST < number < _LARGEST for number in numbers):
        raise SimulationError(f"argument out of range: {', '.join(f'{number:g}' for number in numbers)}")
    return numbers


class ControlQueries:
    """Handlers by command number.

    Args:
        controller: Which is asked.
        doubles: Index of the first double argument in its inputs.
        ints: Index of the first integer argument in its inputs.
        results: Index of the first double result in its outputs.
        flag: Index of the answer state in its outputs; the integer result is the next.

    Attributes:
        answers: Handlers whose end the client awaits.
        streamed: Handlers that run every cycle.
    """

    def __init__(self, controller: Controller, doubles: int, ints: int, results: int, flag: int) -> None:
        self._controller = controller
        self._doubles, self._ints, self._results, self._flag = doubles, ints, results, flag + 1
        self.answers: dict[int, Callable[[], None]] = {
            8: lambda: None,
            17: self._set_payload,
            18: lambda: controller.teach(True),
            19: lambda: controller.teach(False),
            29: lambda: controller.set_tcp(self._six().tolist()),
            30: lambda: self._answer(self._inverse(self._six(6)).tolist()),
            31: lambda: controller.raise_protective_stop("requested by the program"),
            36: lambda: self._yes(self._reachable(controller.kernel.q)),
            37: lambda: self._yes(bool((np.abs(self._six()) <= controller.arm.position_limit).all())),
            39: lambda: self._answer(
                pose_from_matrix(matrix_from_pose(self._six()).dot(matrix_from_pose(self._six(6))))
            ),
            40: lambda: self._answer(controller.tcp_offset),
            43: lambda: self._answer(pose_from_matrix(controller.arm.tool(controller.state.q))),
            44: self._forward,
            46: lambda: self._answer(self._inverse(controller.kernel.q).tolist()),
            47: lambda: self._yes(not controller.kernel.moving),
            52: lambda: controller.teach(True),
            53: lambda: controller.teach(False),
            54: lambda: self._yes(False),
            60: lambda: self._yes(self._reachable(controller.kernel.q)),
            61: lambda: self._yes(self._reachable(self._six(6))),
            28: lambda: self._answer(pose_from_matrix(controller.arm.tool(controller.kernel.q))),
        }
        self.streamed: dict[int, Callable[[], None]] = {
            25: lambda: self._yes(False),
            26: lambda: self._answer([controller.period]),
            27: lambda: self._answer(self._past()),
            38: lambda: self._answer(controller.state.torque.tolist()),
            58: lambda: self._answer(pose_from_matrix(controller.arm.flange(controller.state.q))),
        }

    def _six(self, first: int = 0) -> FloatArray:
        start = self._doubles + first
        return np.array(plausible(self._controller.inputs.values[start : start + 6]))

    def _answer(self, numbers: list[float]) -> None:
        self._controller.outputs.values[self._results : self._results + len(numbers)] = numbers

    def _yes(self, answer: bool) -> None:
        self._controller.outputs.values[self._flag] = int(answer)

    def _inverse(self, near: FloatArray) -> FloatArray:
        return self._controller.arm.inverse(matrix_from_pose(self._six()), near)

    def _reachable(self, near: FloatArray) -> bool:
        try:
            self._inverse(near)
        except SimulationError:
            return False
        return True

    def _forward(self) -> None:
        flange = self._controller.arm.flange(self._six())
        self._answer(pose_from_matrix(flange.dot(matrix_from_pose(self._six(6)))))

    def _set_payload(self) -> None:
        start = self._doubles
        mass, *cog = plausible(self._controller.inputs.values[start : start + 4])
        self._controller.payload = mass
        if any(cog):
            self._controller.payload_cog = list(cog)

    def _past(self) -> list[float]:
        steps = max(int(self._controller.inputs.values[self._ints + 1]), 0)
        history: deque[FloatArray] = self._controller.history
        return history[-1 - min(steps, len(history) - 1)].tolist()  # type: ignore[no-any-return]
