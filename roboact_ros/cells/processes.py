"""The processes that a cell consists of; launch files and ``roboact up`` both start exactly these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from roboact_ros.cells.description import Cell


@dataclass(frozen=True, slots=True)
class NodeProcess:
    """One process.

    Attributes:
        executable: Installed name, e.g. ``camera_node``; also the module in ``roboact_ros.nodes``.
        arguments: Its command line, without ROS arguments.
        namespace: ROS namespace.
        arm: The arm of two that it is for; empty for all others.
    """

    executable: str
    arguments: tuple[str, ...]
    namespace: str
    arm: str = ""


def node_processes(cell: Cell, system: str, overrides: Sequence[str]) -> list[NodeProcess]:
    """Return the processes of ``cell`` in the order in which they are started.

    Args:
        cell: The validated cell.
        system: The name or file it was read from.
        overrides: The ``key:=value`` texts it was read with; every process reads the same cell again from these.
    """
    common = (system, *overrides)
    processes = [NodeProcess("sim_node", common, cell.namespace)] if cell.simulated else []
    processes += [NodeProcess("executor_node", common, cell.namespace)]
    processes += [NodeProcess("camera_node", (*common, "--camera", name), cell.namespace) for name in cell.cameras]
    processes += [
        NodeProcess("recorder_node", common, cell.namespace),
        NodeProcess("teleop_node", common, cell.namespace),
    ]
    # What is said of one arm of two is said in its namespace; "stop" and the like may be said in that of the cell.
    processes += [
        NodeProcess("teleop_node", common, f"{cell.namespace}/{arm}".lstrip("/"), arm) for arm in cell.arm_names if arm
    ]
    if cell.speech.source != "none":
        processes.append(NodeProcess("speech_node", common, cell.namespace))
    if cell.policy.kind != "none":
        processes.append(NodeProcess("policy_node", common, cell.namespace))
    if cell.console.enabled and find_spec("aiohttp") is not None:
        processes.append(NodeProcess("console_node", common, cell.namespace))
    return processes
