"""Ports 30001-30003: programs in, and the kinematics of this robot out on the first two."""

from __future__ import annotations

import selectors

from roboact_ros.errors import SimulationError
from roboact_ros.sim.control_program import ControlProgram
from roboact_ros.sim.controller import Controller
from roboact_ros.sim.primary_interface import kinematics_message
from roboact_ros.sim.script_parser import Script, take_scripts
from roboact_ros.sim.script_program import ScriptProgram
from roboact_ros.sim.sockets import Connection, Service

PRIMARY, SECONDARY, REALTIME = 30001, 30002, 30003


class ScriptPorts:
    """Takes URScript from anybody and starts it.

    Args:
        selector: Of the cell's loop.
        address: Loopback address.
        controller: Which runs the programs.
    """

    def __init__(self, selector: selectors.BaseSelector, address: str, controller: Controller) -> None:
        self._controller = controller
        self._kinematics = kinematics_message(controller.arm)
        self.services: list[Service] = []
        try:
            for port in (PRIMARY, SECONDARY):
                self.services.append(Service(selector, address, port, self._received, self._greet))
            self.services.append(Service(selector, address, REALTIME, self._received))
        except SimulationError:
            for service in self.services:
                service.close()
            raise

    def _greet(self, connection: Connection) -> None:
        connection.send(self._kinematics)

    def _received(self, connection: Connection) -> None:
        for script in take_scripts(connection.inbox):
            try:
                self._start(script)
            except SimulationError as error:
                self._controller.log(str(error))

    def _start(self, script: Script) -> None:
        controller = self._controller
        if not script.is_control_script:
            controller.play(ScriptProgram(controller, script.name, script.lines))
            return
        if script.register_offset not in (0, 24):
            raise SimulationError(f"register offset {script.register_offset} of the control script: valid are 0 and 24")
        path = script.injected_path
        moves = ScriptProgram(controller, "path", path).run if path else None
        controller.play(ControlProgram(controller, script.register_offset, moves))
