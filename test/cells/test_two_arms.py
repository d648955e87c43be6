"""The description of a cell with two arms: what it says, what it refuses, and which processes it makes."""

import numpy as np
import pytest

from roboact_ros.cells.arm_description import ARMS
from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.processes import node_processes
from roboact_ros.errors import ConfigurationError, SimulationError
from roboact_ros.nodes.sim_node import simulated_world
from roboact_ros.sim.bases import planar_bases
from roboact_ros.sim.renderer import camera_names

SYSTEM = "clap_dual_ur5"


def test_each_arm_is_a_cell_of_its_own_at_its_own_address() -> None:
    cell = load_cell(SYSTEM, ["sim.address:=127.9.8.255", "safety.table_z:=0.1"])
    left, right = (cell.of_arm(name) for name in ARMS)
    assert (left.robot_address, right.robot_address) == ("127.9.8.255", "127.9.9.0")
    assert not left.arms and left.simulated and cell.simulated and cell.arm_names == ARMS
    assert left.safety.table_z == right.safety.table_z == 0.1
    lower = load_cell(SYSTEM, ["arms.right.pose_base_in_cell:=[0, -0.7, -0.2, 0, 0, 0]", "safety.table_z:=0.1"])
    assert lower.of_arm("right").safety.table_z == pytest.approx(0.3)


def test_a_cell_with_one_arm_is_the_cell_of_its_only_arm() -> None:
    cell = load_cell("teleop_ur5")
    assert cell.arm_names == ("",) and cell.of_arm("") is cell
    with pytest.raises(KeyError):
        cell.of_arm("left")


def test_real_arms_are_told_apart() -> None:
    cell = load_cell(SYSTEM, ["left_ip:=10.0.0.1", "right_ip:=10.0.0.2"])
    assert not cell.simulated
    assert [cell.of_arm(name).robot_address for name in ARMS] == ["10.0.0.1", "10.0.0.2"]
    assert "10.0.0.1 and 10.0.0.2" in cell.robot_words


@pytest.mark.parametrize(
    ("overrides", "says"),
    [
        (["robot_ip:=10.0.0.1"], "left_ip"),
        (["left_ip:=10.0.0.1"], "both arms are simulated, or none"),
        (["left_ip:=10.0.0.1", "right_ip:=10.0.0.1"], "every controller has its own"),
        (["arms.left.model:=ur5"], "one model, not ur5 and ur5e"),
        (["arms.left.modl:=ur5"], 'did you mean "model"'),
        (["arms.middle:={}"], "Valid: left, right"),
        (["arms.right.pose_base_in_cell:=[0, 0.1, 0, 0, 0, 0]"], "0.1 m apart, at least 0.2 m"),
        (["policy.kind:=clip_rt"], "drives one arm; for two, valid are: none, clap, clap_ntp, clap_remote"),
        (["sim.address:=here"], "no IPv4 address"),
        (
            ["arms.left.pose_base_in_cell:=[0, 0, 0, 0, 0.7854, 0]", "safety.table_z:=0.1"],
            "arms.left.pose_base_in_cell tilts the base by 45.0 degrees",
        ),
        (
            ["policy.kind:=clap_remote", "policy.remote:={server: 'ws://127.0.0.1:1', arm: left}"],
            "policy.remote.arm is left; for this cell, valid: both",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_what_can(overrides: list[str], says: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        load_cell(SYSTEM, overrides)
    assert says in str(refusal.value)


def test_one_arm_alone_is_not_two() -> None:
    with pytest.raises(ConfigurationError, match="arms needs both left and right; right is missing"):
        load_cell("teleop_ur5", ["left_ip:=10.0.0.1"])


def test_its_processes_are_those_of_one_cell_and_a_listener_for_each_arm() -> None:
    cell = load_cell(SYSTEM, ["namespace:=pair"])
    processes = node_processes(cell, SYSTEM, [])
    named = [(process.executable, process.namespace) for process in processes]
    assert [space for name, space in named if name == "teleop_node"] == ["pair", "pair/left", "pair/right"]
    assert [name for name, _ in named].count("executor_node") == [name for name, _ in named].count("sim_node") == 1
    assert len({(process.executable, process.arguments, process.arm) for process in processes}) == len(processes)


def test_the_simulated_world_has_both_arms_where_they_stand_and_their_cameras() -> None:
    cell = load_cell(SYSTEM)
    world = simulated_world(cell)
    left, right = (arm.pose_tool_in_world for arm in world.arms)
    np.testing.assert_allclose(right[:3, 3] - left[:3, 3], [0.0, -0.7, 0.0], atol=1e-9)
    assert {camera.source for camera in cell.cameras.values()} <= set(camera_names(world.scene))


def test_bases_are_relative_to_the_left_one_and_upright() -> None:
    def cell(left: list[float], right: list[float]) -> Cell:
        poses = [f"arms.{arm}.pose_base_in_cell:={pose}" for arm, pose in zip(ARMS, (left, right), strict=True)]
        return load_cell(SYSTEM, poses)

    _, right = planar_bases(cell([1.0, 0.5, 0.7, 0, 0, np.pi / 2], [1.0, -0.5, 0.7, 0, 0, -np.pi / 2]))
    np.testing.assert_allclose((right.x, right.y, abs(right.yaw)), (-1.0, 0.0, np.pi), atol=1e-12)
    with pytest.raises(SimulationError, match="0.3 m above"):
        planar_bases(cell([0, 0, 0, 0, 0, 0], [0, -0.7, 0.3, 0, 0, 0]))
