"""Starts a node from the command line: reads the cell, spins, and leaves quietly."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from roboact_ros.cells.description import Cell
from roboact_ros.cells.load import load_cell
from roboact_ros.errors import RoboactError
from roboact_ros.nodes.steady import every

_NOTICE_SIGNAL = 0.1
"""A signal is noticed within this time even when nothing else happens [s]."""

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
    # Signals only ask the loop to end: ROS stays whole until the node has brought everything to rest, however many
    # signals arrive meanwhile (a terminal and a launcher each send their own).
    leaving = threading.Event()
    # The end of the terminal (SIGHUP) is one of them.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: leaving.set())
    rclpy.init(args=["", *words[len(own) :]], signal_handler_options=SignalHandlerOptions.NO)
    node: Node | None = None
    try:
        node = make(load_cell(args.system, args.overrides), args)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        every(node, _NOTICE_SIGNAL, lambda: None)
        print("ready", flush=True)
        while not leaving.is_set():
            executor.spin_once()
    except RoboactError as error:
        print(f"{parser.prog}: {error}", file=sys.stderr, flush=True)
        return 2
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.shutdown()
    return 0
