"""Cells with the arm of a URDF file: what is filled in, what survives, and what is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from seven_joints import HOME, JOINTS, cell_text, urdf_text, written, written_cell

from roboact_ros.cells.load import cell_from_mapping, cell_to_mapping, load_cell
from roboact_ros.cells.processes import node_processes
from roboact_ros.errors import ConfigurationError
from roboact_ros.urdf import read_urdf


def test_a_cell_with_a_urdf_is_complete_and_survives_a_round_trip(tmp_path: Path) -> None:
    cell = load_cell(written_cell(tmp_path))
    assert cell.arm.home == HOME and cell.arm.tcp == (0.0,) * 6
    assert Path(cell.arm.urdf) == tmp_path / "seven.urdf"
    assert cell.gripper.kind == "none" and not cell.simulated
    assert cell.robot_address == "/joint_trajectory_controller/joint_trajectory"
    assert cell_from_mapping(cell_to_mapping(cell), "round trip") == cell
    assert "sim_node" not in [process.executable for process in node_processes(cell, "seven", ())]


def test_the_file_says_joints_links_and_limits(tmp_path: Path) -> None:
    arm = read_urdf(written(tmp_path), "stand", "grasp")
    assert arm.joints == tuple(name for name, *_ in JOINTS)
    assert arm.links == tuple(f"link_{number}" for number in range(1, 8))
    assert list(zip(arm.lowest, arm.highest, arm.speed, strict=True)) == [joint[3:] for joint in JOINTS]


@pytest.mark.parametrize(
    ("arm", "says"),
    [
        ({"urdf": "other.urdf"}, "other.urdf cannot be read: No such file"),
        ({"urdf": None}, "also needs urdf"),
        ({"home": None}, "also needs home"),
        ({"tool": "grap"}, 'no frame "grap" for arm.tool: did you mean "grasp"'),
        ({"base": "stnd"}, 'no frame "stnd" for arm.base: did you mean "stand"'),
        ({"base": "grasp", "tool": "stand"}, '"stand" does not hang on the base "grasp"; it hangs on world'),
        ({"tool": "link_5"}, "at least 6 joints.*there are 5"),
        ({"home": [0.0] * 6}, "6 joints are given, .* has 7: shoulder_yaw"),
        ({"home": [0.0, 0.0, 0.0, 2.7, 0.0, 0.0, 0.0]}, "elbow is at 2.7, .* allows -0.1 … 2.6"),
        ({"robot_ip": "10.0.0.7"}, "reached over the topics"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(tmp_path: Path, arm: dict[str, object], says: str) -> None:
    system = written_cell(tmp_path, **arm)
    with pytest.raises(ConfigurationError, match=says):
        load_cell(system)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<robot", "is no XML"),
        ("<mujoco/>", "holds <mujoco>, not <robot>"),
        ('<robot xmlns:xacro="http://www.ros.org/wiki/xacro"><xacro:include/></robot>', "is a xacro file"),
        (urdf_text("floating"), 'joint "shoulder_pitch" is floating; valid: revolute, continuous, prismatic, fixed'),
        (urdf_text().replace("<limit", "<dynamics"), 'joint "shoulder_yaw" has no limits'),
        (urdf_text().replace('lower="-0.1"', 'lower="3"'), 'joint "elbow" needs lower < upper, not 3 and 2.6'),
        (urdf_text().replace('lower="-0.1"', 'lower="low"'), 'joint "elbow" has limits that are no numbers'),
        (urdf_text().replace('velocity="2.2"', ""), "needs a velocity limit above 0, not 0"),
        (urdf_text().replace("<limit", '<mimic joint="elbow"/><limit', 1), '"shoulder_yaw" mimics another one'),
    ],
)
def test_a_bad_urdf_is_refused(tmp_path: Path, text: str, says: str) -> None:
    system = written_cell(tmp_path)
    written(tmp_path, text)
    with pytest.raises(ConfigurationError, match=says):
        load_cell(system)


def test_a_continuous_joint_needs_no_range(tmp_path: Path) -> None:
    arm = read_urdf(written(tmp_path, urdf_text("continuous")), "stand", "grasp")
    assert arm.highest[1] == float("inf") == -arm.lowest[1]


def test_an_arm_of_universal_robots_has_six_joints() -> None:
    with pytest.raises(ConfigurationError, match="home has 5 joints, the ur5e has 6"):
        load_cell("teleop_ur5", ["arm.home:=[0, 0, 0, 0, 0]"])


def test_two_arms_are_heard_apart_and_driven_at_one_rate(tmp_path: Path) -> None:
    one = cell_text(tmp_path).partition("safety")[0].removeprefix("arm:\n").replace("  ", "    ")
    arms = [f"  {name}:\n{one}    pose_base_in_cell: [0, {y}, 0, 0, 0, 3]\n" for name, y in (("left", 1), ("right", 0))]
    path = tmp_path / "pair.yaml"
    path.write_text("arms:\n" + "".join(arms) + "safety: {table_z: 0.0}\n")
    apart = [f"arms.{name}.command:=/{name}/command" for name in ("left", "right")]
    with pytest.raises(ConfigurationError, match="would both take shoulder_yaw on .*joint_states for their own"):
        load_cell(str(path), apart)
    apart.append("arms.right.joint_states:=/right/joint_states")
    assert load_cell(str(path), apart).arm_names == ("left", "right")
    with pytest.raises(ConfigurationError, match="they have one rate_hz, not 100 and 50"):
        load_cell(str(path), [*apart, "arms.right.rate_hz:=50"])
