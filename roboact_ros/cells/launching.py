"""The same processes as ``roboact up``, described to ``ros2 launch``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from roboact_ros.cells.environment import environment_defaults
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.processes import node_processes

ARGUMENTS = {
    "robot_ip": "address of the UR controller; empty runs a simulated one",
    "robot_model": "ur5 or ur5e",
    "camera": "KIND[:SOURCE] of the camera called front, e.g. opencv:/dev/video0; empty keeps the system file's",
    "checkpoint": "weights of the policy",
    "model": "open_clip model of the policy",
    "instruction": "the task at start; empty waits for one on the topic instruction",
    "record": "true starts an episode at once",
    "bags": "folder that episodes are written to",
    "namespace": "ROS namespace of every topic of the cell",
}
"""Launch arguments, each an override of the system file, with their descriptions."""

DUAL_ARGUMENTS = {
    "left_ip": "address of the left UR controller; empty runs a simulated one",
    "right_ip": "address of the right UR controller; empty runs a simulated one",
    **{name: text for name, text in ARGUMENTS.items() if name in ("instruction", "record", "bags", "namespace")},
}
"""The same for a cell with two arms."""


def cell_launch(system: str, arguments: Mapping[str, str] = ARGUMENTS) -> LaunchDescription:
    """Return the launch description of an installed system.

    Args:
        system: Default of the argument ``system``: an installed name or a YAML file.
        arguments: Names of the launch arguments, with their descriptions.
    """
    declared = [DeclareLaunchArgument("system", default_value=system, description="system file: a name or a path")]
    declared += [DeclareLaunchArgument(name, default_value="", description=text) for name, text in arguments.items()]
    overrides = DeclareLaunchArgument(
        "overrides", default_value="", description="further key:=value changes, separated by spaces"
    )
    environment = [SetEnvironmentVariable(name, value) for name, value in environment_defaults().items()]
    nodes = OpaqueFunction(function=partial(_nodes, names=tuple(arguments)))
    return LaunchDescription([*declared, overrides, *environment, nodes])


def _nodes(context: LaunchContext, names: Sequence[str]) -> list[Node]:
    def value(name: str) -> str:
        return str(LaunchConfiguration(name).perform(context))

    given = [f"{name}:={value(name)}" for name in names if value(name)]
    overrides = [*given, *value("overrides").split()]
    cell = load_cell(value("system"), overrides)
    return [
        Node(
            package="roboact_ros",
            executable=process.executable,
            name=None,
            namespace=process.namespace,
            arguments=list(process.arguments),
            output="screen",
            emulate_tty=True,
            respawn=True,
            respawn_delay=1.0,
        )
        for process in node_processes(cell, value("system"), overrides)
    ]
