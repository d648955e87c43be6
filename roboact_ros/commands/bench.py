"""Measure speed beside the best alternatives, in the same call and on the same inputs.

A ratio above 1 means ours is better than the best peer by that factor.
"""

from __future__ import annotations

import argparse
import importlib

BENCHMARKS = ("ik", "clip_rt", "images", "record", "latency", "loop")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments; each benchmark module adds its own."""
    subparsers = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    for name in BENCHMARKS:
        module = importlib.import_module(f"roboact_ros.bench.{name}")
        sub = subparsers.add_parser(name, description=module.__doc__, help=(module.__doc__ or "").split("\n")[0])
        sub.add_argument("--json", action="store_true", help="end with one JSON line")
        module.add_arguments(sub)
        sub.set_defaults(benchmark=module.run)


def run(args: argparse.Namespace) -> int:
    """Run one benchmark and print its report."""
    report = args.benchmark(args)
    print(report.to_json() if args.json else report.to_text())
    return 0
