from pathlib import Path

import pytest

from roboact_ros.cells.load import cell_from_mapping, cell_to_mapping, load_cell, system_names
from roboact_ros.errors import ConfigurationError


@pytest.mark.parametrize("system", system_names())
def test_every_installed_system_survives_a_round_trip(system: str) -> None:
    cell = load_cell(system)
    assert cell_from_mapping(cell_to_mapping(cell), "round trip") == cell


def test_without_hardware_the_robot_is_simulated() -> None:
    assert load_cell("teleop_ur5").simulated
    assert load_cell("clip_rt_ur5").simulated


def test_shorthands_and_dotted_keys_change_the_cell() -> None:
    cell = load_cell("teleop_ur5", ["robot_ip:=10.0.0.7", "camera:=opencv:/dev/video3", "safety.tool_speed:=0.1"])
    assert cell.robot_address == "10.0.0.7" and not cell.simulated
    assert (cell.cameras["front"].kind, cell.cameras["front"].source) == ("opencv", "/dev/video3")
    assert cell.safety.tool_speed == 0.1


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("robotip:=1.2.3.4", 'did you mean "robot_ip"'),
        ("safety.tool_sped:=1", 'did you mean "tool_speed"'),
        ("safety.tool_speed:=-1", "greater than 0"),
        ("safety.tool_speed:=.nan", "finite"),
        ("arm.model:=ur7", "urdf"),
        ("cameras.front.fsp:=3", 'did you mean "fps"'),
        ("camera:=webcam", "simulated"),
        ("name.first:=x", "plain value"),
        ("robot_ip=1.2.3.4", "key:=value"),
        ("safety.workspace_x:=[0.1, 0.2]", "must contain 0"),
        ("policy:={kind: clip_rt, camera: fron}", 'did you mean "front"'),
        ("policy:={kind: clip_rt, more_cameras: [wrst]}", 'policy.more_cameras "wrst" is not a camera of this cell'),
        ("policy:={kind: clip_rt, more_cameras: [front]}", 'policy.more_cameras "front" is there twice'),
        ("cameras:={front-left: {}}", 'cameras: "front-left" is no ROS name: letters, digits and single underscores'),
        ("cameras:={2nd: {}}", 'cameras: "2nd" is no ROS name'),
        ("cameras:={left__eye: {}}", 'cameras: "left__eye" is no ROS name'),
        (
            "cameras:={front: {kind: realsense, source: 831612}}",
            "cameras.front.source = 831612: Input should be a valid string",
        ),
    ],
)
def test_what_cannot_be_used_is_named_with_what_can(override: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match="(?s).*") as refusal:
        load_cell("teleop_ur5", [override])
    assert says in str(refusal.value)


def test_an_unknown_system_is_named_with_its_nearest() -> None:
    with pytest.raises(ConfigurationError, match='did you mean "teleop_ur5"'):
        load_cell("telop_ur5")
    with pytest.raises(ConfigurationError, match="does not exist"):
        load_cell("nowhere.yaml")


def test_a_file_that_is_not_a_mapping_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.yaml").write_text("- 1\n")
    with pytest.raises(ConfigurationError, match="mapping"):
        load_cell(str(tmp_path / "list.yaml"))
    (tmp_path / "broken.yaml").write_text("a: [1\n")
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        load_cell(str(tmp_path / "broken.yaml"))
