"""Start, save or discard an episode in a running cell, or show how the recording goes.

Exit status 0 when the recorder did it; 2 with its reason when not.
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", choices=("start", "save", "discard", "status"))
    parser.add_argument("--namespace", default="", help="ROS namespace of the cell (default: the root)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Ask the recorder."""
    from roboact_ros.nodes.recorder_client import RecorderClient

    with RecorderClient(args.namespace) as recorder:
        if args.action != "status":
            message = recorder.call(args.action)
            print(json.dumps({"message": message}) if args.json else message)
            return 0
        status = recorder.status()
    if args.json:
        print(json.dumps({"level": status.level.name.lower(), "message": status.message, **status.values}))
    else:
        print(status.message, *(f"  {key}: {value}" for key, value in status.values.items()), sep="\n")
    return 0
