"""Measure speed beside the best alternatives, in the same call and on the same inputs.

A ratio above 1 means ours is better than the best peer by that factor.
"""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = {
    "ik": "inverse kinematics beside EAIK, ur-analytic-ik and Pinocchio",
    "clip_rt": "one policy step beside the plain procedure",
    "roboact_clip": "a step on 16 frames beside encoding all of them",
    "clap": "one chunk of CLAP-RF beside the released procedure",
    "seams": "from one action chunk to the next while a policy thinks, beside waiting for it",
    "images": "camera to callback beside a stock rclpy pair",
    "record": "writing bags beside the rosbags library",
    "latency": "from a spoken word to the first changed joint target",
    "console": "from the stop button of the web page to an arm that stands still",
    "speech": "spoken commands: how many are right, and how soon the arm moves",
    "train": "training CLIP-RT beside the plain loop of the released procedure",
    "loop": "the control loop beside a stock rclpy timer",
}
"""Every benchmark with its one-line help; the modules are imported only when run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; each benchmark adds its own."""
    names = "\n".join(f"  {name:<12} {text}" for name, text in BENCHMARKS.items())
    parser.epilog = f"benchmarks (roboact bench NAME --help explains each):\n{names}"
    parser.add_argument("name", metavar="NAME", choices=list(BENCHMARKS), help="one of those below")
    parser.add_argument("options", nargs=argparse.REMAINDER, help="of the benchmark; --json ends with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Run one benchmark and print its report."""
    module = importlib.import_module(f"roboact_ros.bench.{args.name}")
    parser = argparse.ArgumentParser(
        prog=f"roboact bench {args.name}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="end with one JSON line")
    module.add_arguments(parser)
    options = parser.parse_args(args.options)
    report = module.run(options)
    print(report.to_json() if options.json else report.to_text())
    return 0
