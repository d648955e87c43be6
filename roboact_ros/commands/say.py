"""Say something to a running cell, and wait until the arm has done it.

Exit status 0 when it did; 2 with the reason or a question when not.
"""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("text", metavar="TEXT", help='for example "move left a bit"')
    parser.add_argument("--namespace", default="", help="ROS namespace of the cell (default: the root)")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="S", help="how long the arm may take [s]")


def run(args: argparse.Namespace) -> int:
    """Say it and follow the arm."""
    from roboact_ros.nodes.operator import Operator

    with Operator(args.namespace) as operator:
        operator.connect()
        before = operator.arm
        answer = operator.say(args.text)
        if not answer.values["refused"]:
            print(answer.message, flush=True)
        print(operator.follow(answer, before, args.timeout))
    return 0
