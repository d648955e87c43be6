"""A controller over the physical world, ticked as fast as the machine can."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from ur_process import free_address

from roboact_ros.robots import UR5E
from roboact_ros.sim.cell import SimulatedCell
from roboact_ros.sim.modes import SafetyMode
from roboact_ros.sim.script_program import ScriptProgram
from roboact_ros.sim.world import World


@pytest.fixture
def cell() -> Iterator[SimulatedCell]:
    cell = SimulatedCell([UR5E], [free_address()], World([UR5E]), log=lambda text: None)
    yield cell
    cell.close()


def tick_until(cell: SimulatedCell, condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    for _ in range(round(seconds / 0.002)):
        cell.tick()
        if condition():
            return True
    return False


def test_arm_follows_its_targets_without_a_stop(cell: SimulatedCell) -> None:
    (controller,) = cell.controllers
    start = controller.state.q
    goal = start + [-0.5, -0.3, 0.3, 0.2, 0.1, 0.5]
    lag = 0.0
    controller.play(ScriptProgram(controller, "go", [f"movej({goal.tolist()}, a=3, v=1.5)"]))
    assert tick_until(cell, lambda: controller.program_name == "")
    for _ in range(250):
        cell.tick()
        lag = float(np.abs(controller.state.q - controller.kernel.q).max())
    assert controller.safety_mode is SafetyMode.NORMAL and lag < 5e-3


def test_pushing_into_the_table_raises_a_protective_stop(cell: SimulatedCell) -> None:
    (controller,) = cell.controllers
    pose = controller.arm_pose(controller.state.q)
    pose[2] -= 0.6
    controller.play(ScriptProgram(controller, "down", [f"movel(p{pose}, a=1, v=0.1)"]))
    assert tick_until(cell, lambda: controller.safety_mode is SafetyMode.PROTECTIVE_STOP)
    assert "joint" in controller.stop_reason
    assert controller.arm_pose(controller.state.q)[2] > pose[2] + 0.1


def test_freed_arm_can_be_held_again(cell: SimulatedCell) -> None:
    (controller,) = cell.controllers
    controller.freedrive(True)
    for _ in range(500):
        cell.tick()
    controller.freedrive(False)
    held = controller.state.q
    for _ in range(250):
        cell.tick()
    assert controller.safety_mode is SafetyMode.NORMAL and np.allclose(controller.state.q, held, atol=0.02)
