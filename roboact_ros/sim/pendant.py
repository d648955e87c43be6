"""Port 30099: the hand of the operator at a simulated robot, for tests and demonstrations.

JSON, one line each way. A request is ``{"do": "protective_stop", "reason": "…"}``, the answer ``{"ok": true}`` or
``{"ok": false, "error": "…"}``.
"""

from __future__ import annotations

import json
import selectors
import socket
from collections.abc import Callable
from typing import Any

from roboact_ros.errors import SimulationError, did_you_mean
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.sockets import Connection, Service, take_lines

PORT = 30099

Request = dict[str, Any]


class PendantPort:
    """Does what a person at the robot can do.

    Args:
        selector: Of the cell's loop.
        address: Loopback address.
        controller: The robot.
    """

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self._actions: dict[str, Callable[[Request], Request | None]] = {
            "protective_stop": lambda r: controller.raise_protective_stop(str(r.get("reason", "raised on request"))),
            "unlock": lambda r: controller.unlock_protective_stop(),
            "emergency_stop": lambda r: controller.emergency_stop(),
            "release_emergency_stop": lambda r: controller.release_emergency_stop(),
            "local": lambda r: controller.set_remote(False),
            "remote": lambda r: controller.set_remote(True),
            "freedrive": lambda r: controller.freedrive(bool(r.get("on", True))),
            "move_joint": lambda r: controller.move_joint(int(r["joint"]), float(r["by"])),
            "state": lambda r: _state(controller),
        }
        self.service = Service(selector, address, PORT, self._received)

    def _received(self, connection: Connection) -> None:
        for line in take_lines(connection):
            connection.send(json.dumps(self._answer(line)).encode() + b"\n")

    def _answer(self, line: str) -> Request:
        try:
            request = json.loads(line)
            action = self._actions[request["do"]]
        except (ValueError, KeyError, TypeError):
            return {"ok": False, "error": f"cannot do {line[:80]}: {did_you_mean('', self._actions)}"}
        try:
            return {"ok": True, **(action(request) or {})}
        except (SimulationError, ArithmeticError, KeyError, TypeError, ValueError) as error:
            return {"ok": False, "error": str(error)}


def _state(controller: Controller) -> Request:
    return {
        "time": controller.time,
        "robot_mode": controller.robot_mode.name,
        "safety_mode": controller.safety_mode.name,
        "reason": controller.stop_reason,
        "remote": controller.remote,
        "freedrive": controller.freedriving,
        "program": controller.program_name,
        "moving": controller.kernel.moving,
        "q": controller.state.q.tolist(),
        "digital_outputs": controller.pins.digital,
    }


class Pendant:
    """Client of a :class:`PendantPort`.

    Args:
        address: Of the simulated controller.

    Raises:
        SimulationError: Nobody answers there.
    """

    def __init__(self, address: str) -> None:
        try:
            self._socket = socket.create_connection((address, PORT), timeout=5.0)
        except OSError as error:
            raise SimulationError(f"no simulated controller at {address}:{PORT}: {error}") from error
        self._file = self._socket.makefile("rw", encoding="utf-8", newline="\n")

    def __enter__(self) -> Pendant:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    def close(self) -> None:
        """Disconnect."""
        self._file.close()
        self._socket.close()

    def do(self, action: str, **arguments: object) -> Request:
        """Do one thing and return the answer.

        Raises:
            SimulationError: The controller refused, or is gone.
        """
        try:
            self._file.write(json.dumps({"do": action, **arguments}) + "\n")
            self._file.flush()
            line = self._file.readline()
        except OSError as error:
            raise SimulationError(f"the simulated controller is gone: {error}") from error
        if not line:
            raise SimulationError("the simulated controller is gone: it closed the connection")
        answer: Request = json.loads(line)
        if not answer.get("ok"):
            raise SimulationError(str(answer.get("error")))
        return answer

    def protective_stop(self, reason: str = "raised on request") -> None:
        """Raise a protective stop."""
        self.do("protective_stop", reason=reason)

    def emergency_stop(self) -> None:
        """Press the emergency stop."""
        self.do("emergency_stop")

    def remote(self, remote: bool) -> None:
        """Switch to remote control, or to local control."""
        self.do("remote" if remote else "local")

    def freedrive(self, on: bool) -> None:
        """Hold or release the freedrive button."""
        self.do("freedrive", on=on)

    def move_joint(self, joint: int, by: float) -> None:
        """Move one joint by an angle [rad], by hand or by jogging; returns at once."""
        self.do("move_joint", joint=joint, by=by)

    def state(self) -> Request:
        """Return modes, joints and the reason of a stop."""
        return self.do("state")
