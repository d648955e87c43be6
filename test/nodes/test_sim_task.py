"""A simulated cell whose table is laid for an episode of the task suite."""

from __future__ import annotations

import numpy as np
import pytest

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import ConfigurationError, SimulationError
from roboact_ros.nodes.sim_node import simulated_world
from roboact_ros.robots import robot_model
from roboact_ros.sim.tasks.suite import episode


def cell(*overrides: str) -> Cell:
    return load_cell("teleop_ur5", overrides)


def test_the_table_is_that_of_the_episode() -> None:
    laid = cell("sim.task:=stack", "sim.split:=unseen", "sim.seed:=3")
    world, expected = simulated_world(laid), episode("stack", "unseen", 3).world(robot_model("ur5e"), laid.arm.home)
    assert world.scene == expected.scene
    np.testing.assert_array_equal(world.qpos(), expected.qpos())


def test_without_a_task_there_is_something_to_play_with() -> None:
    assert "red block" in simulated_world(cell("sim.seed:=3")).objects


def test_the_table_may_be_higher() -> None:
    usual = simulated_world(cell("sim.task:=push")).scene.table_z
    assert simulated_world(cell("sim.task:=push", f"safety.table_z:={usual + 0.03}")).scene.table_z == usual + 0.03


def test_what_cannot_be_laid_is_named() -> None:
    with pytest.raises(SimulationError, match='no task "stac": did you mean "stack"'):
        simulated_world(cell("sim.task:=stac"))
    with pytest.raises(ConfigurationError, match="sim.split"):
        cell("sim.split:=seen")
    with pytest.raises(ConfigurationError, match="sim.seed"):
        cell("sim.seed:=-1")
