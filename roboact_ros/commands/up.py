"""Start a robot cell: every process that its system file asks for.

SYSTEM is the name of an installed system (see config/systems) or a YAML file. Anything in it can be changed with
key:=value, for example robot_ip:=192.168.1.10, camera:=opencv:/dev/video0, record:=true, safety.tool_speed:=0.1.
Without robot_ip the robot is simulated. Ctrl-C stops the arm and ends every process.
"""

from __future__ import annotations

import argparse

from roboact_ros.cells.environment import cell_environment
from roboact_ros.cells.load import load_cell
from roboact_ros.cells.processes import node_processes
from roboact_ros.cells.supervisor import Supervisor


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("system", metavar="SYSTEM", help="name of an installed system, or a YAML file")
    parser.add_argument("overrides", nargs="*", metavar="key:=value", help="changes to the system file")


def run(args: argparse.Namespace) -> int:
    """Run the cell until it is interrupted."""
    cell = load_cell(args.system, args.overrides)
    print(f"starting {cell.name} with {cell.robot_words} (Ctrl-C ends it)", flush=True)
    processes = node_processes(cell, args.system, args.overrides)
    if cell.console.enabled and all(process.executable != "console_node" for process in processes):
        print("no console: pip install 'roboact_ros[console]', or console.enabled:=false", flush=True)
    return Supervisor(processes, cell_environment()).run()
