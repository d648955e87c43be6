"""Let the scripted teacher demonstrate tasks in the simulator, and write what it shows as training data.

  roboact demonstrate stack push --episodes 50 --seed 0 --output data/tabletop
  roboact demonstrate all --episodes 50 --augment 3 --perturb 0.2 --output data/tabletop

The episodes of each task are those numbered SEED, SEED + 1, …; equal arguments give equal bytes. OUT is a new folder of
WebDataset shards. Only demonstrations that end with the task done are kept; what failed is counted and shown. The
same command goes on where an interrupted one was.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from roboact_ros.errors import ConfigurationError, did_you_mean


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help='names of tasks, or "all"')
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="OUT", help="new folder")
    parser.add_argument("--episodes", type=int, default=10, metavar="N", help="of each task (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="number of the first episode (%(default)s)")
    parser.add_argument("--split", default="train", metavar="NAME", help="train or unseen (%(default)s)")
    parser.add_argument(
        "--augment", type=int, default=0, metavar="K", help="augmented copies of each demonstration (%(default)s)"
    )
    parser.add_argument(
        "--perturb",
        type=float,
        default=0.0,
        metavar="P",
        help="probability of an unrecorded random motion before each of the teacher's (%(default)s)",
    )
    parser.add_argument("--camera", default="front", metavar="NAME", help="camera of the scene (%(default)s)")
    parser.add_argument(
        "--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"), help="of images [px] (320 240)"
    )
    parser.add_argument("--arm", default="ur5e", metavar="MODEL", help="ur5 or ur5e (%(default)s)")
    parser.add_argument("--episodes-per-shard", type=int, default=32, metavar="N", help="(%(default)s)")
    parser.add_argument("--processes", type=int, metavar="N", help="how many work at the same time (all processors)")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Make the demonstrations."""
    from roboact_train.demonstrate.source import Recipe, TaughtEpisode
    from roboact_train.demonstrate.write import write_demonstrations
    from roboact_train.processes import cores
    from roboact_train.table import View

    if args.episodes < 1 or args.episodes_per_shard < 1:
        raise ConfigurationError("--episodes and --episodes-per-shard are at least 1")
    recipe = Recipe(args.split, args.augment, args.perturb, View(args.camera, *args.size), args.arm)
    seeds = range(args.seed, args.seed + args.episodes)
    episodes = [TaughtEpisode(task, seed, recipe) for task in chosen_tasks(args.tasks) for seed in seeds]
    processes = cores() if args.processes is None else args.processes
    tallies = write_demonstrations(args.output, episodes, processes, _tell, args.episodes_per_shard)
    if args.json:
        print(json.dumps({"out": str(args.output), "tasks": {task: t.to_mapping() for task, t in tallies.items()}}))
        return 0
    width = max(map(len, tallies))
    for task, tally in tallies.items():
        print(f"{task:<{width}}  {tally.kept}/{tally.tried} kept, {tally.copies} copies, {tally.samples} samples")
        print(*(f"{'':<{width}}  failed: {n} x {reason}\n" for reason, n in tally.failed.items()), sep="", end="")
    return 0


def chosen_tasks(names: list[str]) -> list[str]:
    """Return the tasks that were asked for, each once.

    Raises:
        ConfigurationError: There is no such task.
    """
    from roboact_ros.sim.tasks.suite import TASKS

    for name in names:
        if name not in (*TASKS, "all"):
            raise ConfigurationError(f'no task "{name}": {did_you_mean(name, (*TASKS, "all"))}')
    return list(TASKS) if "all" in names else list(dict.fromkeys(names))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
