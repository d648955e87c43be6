"""The simulated robot of a cell: its controller and its world, in the place of a real one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.node import Node

from roboact_ros.cells.description import Cell
from roboact_ros.errors import ConfigurationError
from roboact_ros.execution.realtime import prepare_process
from roboact_ros.nodes.messages.diagnostics import Level, Status, statuses_to_array
from roboact_ros.nodes.run import run_node
from roboact_ros.nodes.steady import every
from roboact_ros.robots import robot_model
from roboact_ros.sim.bases import planar_bases
from roboact_ros.sim.cell import SimulatedCell
from roboact_ros.sim.modes import SafetyMode
from roboact_ros.sim.tasks.suite import episode
from roboact_ros.sim.tasks.two_arms import pair_episode
from roboact_ros.sim.world import World
from roboact_ros.sim.world_port import WorldPort


class SimNode(Node):  # type: ignore[misc]
    """Runs the simulation in a thread of its own and reports on it once a second."""

    def __init__(self, cell: Cell) -> None:
        """Build the world and serve the controller.

        Raises:
            ConfigurationError: The cell has a real robot.
            SimulationError: A port is taken.
        """
        super().__init__("sim", namespace=cell.namespace)
        if not cell.simulated:
            raise ConfigurationError(f'arm.robot_ip is {cell.arm.robot_ip}; only the robot "sim" is simulated')
        arms = [cell.of_arm(name) for name in cell.arm_names]
        models, addresses = [robot_model(arm.arm.model) for arm in arms], [arm.robot_address for arm in arms]
        log = self.get_logger().info
        world = simulated_world(cell)
        self._simulation = SimulatedCell(models, addresses, world, [WorldPort(world, addresses[0])], log=log)
        self._names = cell.arm_names
        self._late = 0
        self._publisher = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        every(self, 1.0, self._report)
        self._simulation.start(lambda: log(prepare_process()))
        for model, address in zip(models, addresses, strict=True):
            log(f"simulated {model.name} at {address}")

    def destroy_node(self) -> None:
        """Stop the simulation and leave."""
        self._simulation.stop()
        super().destroy_node()

    def _report(self) -> None:
        self._simulation.check()
        newly_late = self._simulation.statistics.late - self._late
        self._late = self._simulation.statistics.late
        told = [_status(self._simulation, number, name, newly_late) for number, name in enumerate(self._names)]
        self._publisher.publish(statuses_to_array(told, self.get_clock().now().to_msg(), self.get_namespace()))


def simulated_world(cell: Cell) -> World:
    """Build what is on the table of a simulated cell: an episode of the task suite, or blocks to play with.

    Raises:
        SimulationError: There is no such task, or the objects do not fit.
    """
    if cell.arms:
        return _world_of_two(cell)
    model = robot_model(cell.arm.model)
    if cell.sim.task:
        chosen = episode(cell.sim.task, cell.sim.split, cell.sim.seed)
        return chosen.world(model, cell.arm.home, cell.safety.table_z)
    return World([model], seed=cell.sim.seed, home=[cell.arm.home], table_z=cell.safety.table_z)


def _world_of_two(cell: Cell) -> World:
    if cell.sim.task:
        return pair_episode(cell.sim.task, cell.sim.split, cell.sim.seed).world(cell)
    arms = [cell.of_arm(name) for name in cell.arm_names]
    models, homes = [robot_model(arm.arm.model) for arm in arms], [arm.arm.home for arm in arms]
    return World(models, cell.sim.seed, homes, planar_bases(cell), table_z=arms[0].safety.table_z)


def _status(simulation: SimulatedCell, number: int, arm: str, newly_late: int) -> Status:
    controller, statistics = simulation.controllers[number], simulation.statistics
    level, message = Level.OK, "running"
    if controller.safety_mode is not SafetyMode.NORMAL:
        level, message = Level.ERROR, controller.stop_reason
    elif newly_late:
        level, message = Level.WARN, f"{newly_late} ticks of the last second were late"
    values = {
        "late ticks": str(statistics.late),
        "lost_s": f"{statistics.lost_s:.3f}",
        "clients": str(simulation.clients),
        "robot mode": controller.robot_mode.name,
        "safety mode": controller.safety_mode.name,
        "program": controller.program_name,
    }
    return Status(f"simulated robot {arm}".strip(), level, message, values)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the node."""
    return run_node(_make, __doc__ or "", arguments)


def _make(cell: Cell, args: argparse.Namespace) -> Node:
    return SimNode(cell)


if __name__ == "__main__":
    sys.exit(main())
