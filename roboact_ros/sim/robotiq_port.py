"""Port 63352: a Robotiq gripper behind the socket of its URCap, ``SET POS 255`` and ``GET POS``."""

from __future__ import annotations

import selectors

from roboact_ros.sim.controller import Controller
from roboact_ros.sim.sockets import Connection, Service, take_lines
from roboact_ros.types import GripperState

PORT = 63352
_ACTIVATION = 0.5
_WRITABLE = ("ACT", "GTO", "ATR", "ARD", "FOR", "SPE", "POS", "SID")
_READABLE = (*_WRITABLE, "STA", "PRE", "OBJ", "FLT")
_RESET, _ACTIVATING, _ACTIVE = 0, 1, 3
_MOVING, _OUTER_OBJECT, _INNER_OBJECT, _AT_TARGET = 0, 1, 2, 3
_NO_FAULT, _NEEDS_ACTIVATION = 0, 7


class RobotiqPort:
    """Position 0 is open and 255 closed; the gripper has to be activated first, as the real one.

    Args:
        selector: Of the cell's loop.
        address: Loopback address.
        controller: Whose body carries the gripper.
    """

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self._controller = controller
        self._set = dict.fromkeys(_WRITABLE, 0)
        self._active_at = float("inf")
        self._closing = self._halted = False
        self.service = Service(selector, address, PORT, self._received)

    def _received(self, connection: Connection) -> None:
        answers = "".join(self.answer(line) for line in take_lines(connection) if line.strip())
        if answers:
            connection.send(answers.encode())

    def answer(self, line: str) -> str:
        """Return what the gripper says to one line; an acknowledgement has no line end, as on the real one."""
        verb, *words = line.split()
        if verb == "GET" and len(words) == 1 and words[0] in _READABLE:
            return f"{words[0]} {self._get(words[0])}\n"
        if verb == "SET" and words and len(words) % 2 == 0:
            pairs = list(zip(words[::2], words[1::2], strict=True))
            if all(name in _WRITABLE and value.isdecimal() and int(value) <= 255 for name, value in pairs):
                self._apply({name: int(value) for name, value in pairs})
                return "ack"
        return "?\n"

    def _status(self) -> int:
        if not self._set["ACT"]:
            return _RESET
        return _ACTIVE if self._controller.time >= self._active_at else _ACTIVATING

    def _apply(self, values: dict[str, int]) -> None:
        if values.get("ACT") == 1 and not self._set["ACT"]:
            self._active_at = self._controller.time + _ACTIVATION
        self._set.update(values)
        if values.get("GTO") == 0 and self._gripper.moving:
            self._halted = True  # what such a gripper says of its way no longer changes
            self._controller.body.grip(self._gripper.opening, self._set["SPE"] / 255.0, self._set["FOR"] / 255.0)
        if {"POS", "GTO", "SPE", "FOR"} & set(values) and self._set["GTO"] and self._status() == _ACTIVE:
            target = 1.0 - self._set["POS"] / 255.0
            self._closing, self._halted = target < self._gripper.opening, False
            self._controller.body.grip(target, self._set["SPE"] / 255.0, self._set["FOR"] / 255.0)

    @property
    def _gripper(self) -> GripperState:
        return self._controller.body.read().gripper

    def _get(self, name: str) -> int:
        if name == "POS":
            return round(255 * (1.0 - min(max(self._gripper.opening, 0.0), 1.0)))
        if name == "PRE":
            return self._set["POS"]
        if name == "STA":
            return self._status()
        if name == "FLT":
            return _NO_FAULT if self._status() == _ACTIVE else _NEEDS_ACTIVATION
        if name == "OBJ":
            state = self._gripper
            if state.moving or self._halted:
                return _MOVING
            if state.holding:
                return _INNER_OBJECT if self._closing else _OUTER_OBJECT
            return _AT_TARGET
        return self._set[name]
