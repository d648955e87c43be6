"""Starts a node from the command line: reads the cell, spins, and leaves quietly."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.experimental import EventsExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import RoboactError

Make = Callable[[Cell, argparse.Namespace], Node]


def run_node(
    make: Make,
    description: str,
    arguments: Sequence[str] | None = None,
    extra: Callable[[argparse.ArgumentParser], None] | None = None,
) -> int:
    """Run one node until it is interrupted; every node's ``main`` is one call of this.

    Args:
        make: Builds the node from the cell and the parsed arguments.
        description: Text of ``--help``.
        arguments: Command line without the program name; ``sys.argv`` by default.
        extra: Declares further arguments of this node.

    Returns:
        Exit status: 0, or 2 when the cell or the node refused with a message on stderr.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(description=description, allow_abbrev=False)
    parser.add_argument("system", help="name of an installed system, or a YAML file")
    parser.add_argument("overrides", nargs="*", metavar="key:=value", help="e.g. robot_ip:=192.168.1.10")
    if extra is not None:
        extra(parser)
    # ROS would take key:=value for a remapping, so it only sees what follows --ros-args.
    own = words[: words.index("--ros-args")] if "--ros-args" in words else words
    args = parser.parse_args(own)
    rclpy.init(args=["", *words[len(own) :]])
    node: Node | None = None
    try:
        node = make(load_cell(args.system, args.overrides), args)
        executor = EventsExecutor()
        executor.add_node(node)
        print("ready", flush=True)
        while rclpy.ok():
            executor.spin_once(timeout_sec=1.0)
    except RoboactError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr, flush=True)
        return 2
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    except rclpy_implementation.RCLError:
        # A signal shut ROS down under a callback or between two turns of the loop; anything else is a real failure.
        if rclpy.ok():
            raise
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0
