"""Turn recorded episodes and other people's data into training data.

SOURCE is a bag or a folder of bags, a folder in the released CLIP-RT layout, a table (*.csv), shards (*.tar), a LeRobot
data set or RLDS episodes (*.npz, *.tfrecord); docs/data.md describes each. "--to lerobot" makes a LeRobot data set of
bags, "--to bags" the other way round. OUT is a new folder with a README.md about what is in it; it appears when
everything is written, and not at all when a source is bad.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from roboact_ros.errors import ConfigurationError

TARGETS = ("clip_rt_raw", "csv", "webdataset", "lerobot", "bags")


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
    parser.add_argument("--licence", default="not stated", metavar="NAME", help="of the data, for their card")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Convert."""
    from roboact_train.data.convert import convert, convert_to_bags
    from roboact_train.data.progress import Progress
    from roboact_train.data.sources import Choices, cut_off, find_sources

    if args.ray and args.to != "webdataset":
        raise ConfigurationError(f"--ray makes shards (--to webdataset), not {args.to}")
    if args.episodes_per_shard < 1 or not args.hertz > 0.0:
        raise ConfigurationError("--episodes-per-shard is at least 1 and --hertz above 0")
    with Progress() as progress:
        if args.to == "bags":
            card = convert_to_bags([Path(source) for source in args.sources], args.out, progress.step, args.licence)
        else:
            choices = Choices(args.camera, args.instruction, args.layout, args.hertz, args.seed)
            sources = find_sources(args.sources, choices)
            for warning in cut_off(sources):
                progress.tell(f"warning: {warning}")
            size, ray = args.episodes_per_shard, args.ray
            card = convert(sources, args.to, args.out, progress.step, size, ray, args.licence)
    if args.json:
        counts = {"episodes": card.episodes, "samples": dict(card.samples), "skipped": dict(card.skipped)}
        print(json.dumps({"out": str(args.out), "format": args.to, **counts}))
        return 0
    unit = "frames" if args.to in ("lerobot", "bags") else "samples"
    print(f"{args.out}: {card.samples.total()} {unit} of {card.episodes} episodes")
    print(*(f"  {count} {source or 'at rest'}" for source, count in card.samples.items()), sep="\n")
    print(*(f"  skipped: {count} {reason}" for reason, count in card.skipped.items()), sep="\n")
    return 0
