"""Port 29999: the dashboard, one line in, one line out."""

from __future__ import annotations

import selectors
from collections.abc import Callable

from roboact_ros.errors import SimulationError
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.modes import RuntimeState
from roboact_ros.sim.sockets import Connection, Service, take_lines

PORT = 29999
_SERIAL = "20235500001"


class Dashboard:
    """Answers the commands that clients of a UR controller use.

    Args:
        selector: Of the cell's loop.
        address: Loopback address.
        controller: Which is commanded.
    """

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self._controller = controller
        self._queries: dict[str, Callable[[], str]] = {
            "robotmode": lambda: f"Robotmode: {controller.robot_mode.name}",
            "safetymode": lambda: f"Safetymode: {controller.safety_mode.name}",
            "safetystatus": lambda: f"Safetystatus: {controller.safety_mode.name}",
            "programState": lambda: f"{controller.runtime_state.name} {controller.program_name}",
            "running": lambda: f"Program running: {self._flag(controller.runtime_state is RuntimeState.PLAYING)}",
            "isProgramSaved": lambda: f"{self._flag(True)} {controller.program_name}",
            "get loaded program": lambda: "No program loaded",
            "get robot model": lambda: controller.model.name.removesuffix("e").upper(),
            "get serial number": lambda: _SERIAL,
            "get operational mode": lambda: "NONE",
            "is in remote control": lambda: self._flag(controller.remote),
            "PolyscopeVersion": lambda: "URSoftware " + ".".join(map(str, controller.version)),
            "version": lambda: "URSoftware " + ".".join(map(str, controller.version)),
            "close safety popup": lambda: "closing safety popup",
            "close popup": lambda: "closing popup",
            "help": lambda: "commands: " + ", ".join((*self._queries, *self._commands, "popup", "addToLog", "quit")),
        }
        self._commands: dict[str, Callable[[], str]] = {
            "power on": lambda: self._do(lambda: controller.power_on(release_brakes=False), "Powering on"),
            "power off": lambda: self._do(controller.power_off, "Powering off"),
            "brake release": lambda: self._do(lambda: controller.power_on(release_brakes=True), "Brake releasing"),
            "unlock protective stop": lambda: self._do(controller.unlock_protective_stop, "Protective stop releasing"),
            "restart safety": lambda: self._do(controller.restart_safety, "Restarting safety"),
            "stop": lambda: self._do(lambda: controller.stop_program("dashboard"), "Stopped"),
            "play": lambda: "Failed to execute: play",
            "pause": lambda: "Failed to execute: pause",
        }
        self.service = Service(selector, address, PORT, self._received, self._greet)

    def _flag(self, value: bool) -> str:
        return str(value).lower() if self._controller.model.generation == "e-series" else str(value)

    def _greet(self, connection: Connection) -> None:
        connection.send(b"Connected: Universal Robots Dashboard Server\n")

    def _received(self, connection: Connection) -> None:
        for line in take_lines(connection):
            words = line.strip()
            connection.send((self.answer(words) + "\n").encode())
            if words == "quit":
                connection.close()
                return

    def answer(self, line: str) -> str:
        """Return the answer to one command."""
        if line in self._queries:
            return self._queries[line]()
        if line in self._commands:
            if not self._controller.remote:
                return f"Failed to execute: {line} (the robot is in local control)"
            return self._commands[line]()
        first, _, rest = line.partition(" ")
        if first == "popup":
            return "showing popup"
        if first == "addToLog":
            self._controller.log(f"dashboard: {rest}")
            return "Added log message"
        if first == "load":
            return f"File not found: {rest}"
        if first == "quit":
            return "Disconnected"
        return f'could not understand: "{line}"'

    @staticmethod
    def _do(act: Callable[[], None], answer: str) -> str:
        try:
            act()
        except SimulationError as error:
            return str(error)
        return answer
