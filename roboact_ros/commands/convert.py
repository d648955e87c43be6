"""Turn recorded episodes and other people's data into training data.

SOURCE is a bag or a folder of bags, a folder in the released CLIP-RT layout, a table (*.csv), shards (*.tar), a LeRobot
data set or RLDS episodes (*.npz, *.tfrecord); docs/data.md describes each. OUT is a new folder; it appears when
everything is written, and not at all when a source is bad.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from roboact_ros.errors import ConfigurationError

TARGETS = ("clip_rt_raw", "csv", "webdataset")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="what to convert")
    parser.add_argument("out", type=Path, metavar="OUT", help="new folder")
    parser.add_argument("--to", required=True, choices=TARGETS, help="layout to write")
    parser.add_argument(
        "--camera", default="", metavar="NAME", help="camera to take the images of (default: the policy's)"
    )
    parser.add_argument(
        "--instruction", default="", metavar="TEXT", help="the task, in place of what was recorded in bags"
    )
    parser.add_argument(
        "--layout", default="standard", metavar="NAME", help="columns of LeRobot data sets (%(default)s)"
    )
    parser.add_argument("--hertz", type=float, default=3.0, help="steps per second of LeRobot data sets (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="draws the words that 7-D actions get (%(default)s)")
    parser.add_argument("--episodes-per-shard", type=int, default=32, metavar="N", help="with webdataset (%(default)s)")
    parser.add_argument("--ray", action="store_true", help="make the shards in parallel with Ray Data")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Convert."""
    from roboact_train.data.convert import convert
    from roboact_train.data.sources import Choices, find_sources

    if args.ray and args.to != "webdataset":
        raise ConfigurationError(f"--ray makes shards (--to webdataset), not {args.to}")
    if args.episodes_per_shard < 1 or not args.hertz > 0.0:
        raise ConfigurationError("--episodes-per-shard is at least 1 and --hertz above 0")

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    choices = Choices(args.camera, args.instruction, args.layout, args.hertz, args.seed)
    summary = convert(find_sources(args.sources, choices), args.to, args.out, tell, args.episodes_per_shard, args.ray)
    if args.json:
        counts = {"episodes": summary.episodes, "samples": dict(summary.samples), "skipped": dict(summary.skipped)}
        print(json.dumps({"out": str(args.out), "format": args.to, **counts}))
        return 0
    print(f"{args.out}: {summary.samples.total()} samples of {summary.episodes} episodes")
    print(*(f"  {count} {source}" for source, count in summary.samples.items()), sep="\n")
    print(*(f"  skipped: {count} {reason}" for reason, count in summary.skipped.items()), sep="\n")
    return 0
