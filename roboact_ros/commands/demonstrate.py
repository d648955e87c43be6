"""Let the scripted teacher demonstrate tasks in the simulator, and write what it shows as training data.

  roboact demonstrate stack push --episodes 50 --seed 0 --output data/tabletop
  roboact demonstrate all --episodes 50 --augment 3 --perturb 0.2 --output data/tabletop
  roboact demonstrate lift_tray hand_over open_and_place --episodes 50 --size 160 120 --output data/two_arms
  roboact demonstrate two_arms --episodes 200 --split unseen --without-actions --output data/videos

The episodes of each task are those numbered SEED, SEED + 1, …; equal arguments give equal bytes. OUT is a new folder of
WebDataset shards. Only demonstrations that end with the task done are kept; what failed is counted and shown. The
same command goes on where an interrupted one was.

Of tasks for two arms OUT is a LeRobot data set, which act_vae, vd_vae, clap_ntp and clap_rf learn from; it is written
in one go. Tasks of one arm and of two do not go into one call.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from roboact_ros.commands.tell import tell
from roboact_ros.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    from roboact_train.demonstrate.write import Tally

TWO_ARMS = "two_arms"
"""All tasks for two arms."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "tasks", nargs="+", metavar="TASK", help='names of tasks; "all" with one arm, "two_arms" with two'
    )
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="OUT", help="new folder")
    parser.add_argument("--episodes", type=int, default=10, metavar="N", help="of each task (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="number of the first episode (%(default)s)")
    parser.add_argument("--split", default="train", metavar="NAME", help="train or unseen (%(default)s)")
    parser.add_argument(
        "--augment",
        type=int,
        default=0,
        metavar="K",
        help="augmented copies of each demonstration, of one arm (%(default)s)",
    )
    parser.add_argument(
        "--perturb",
        type=float,
        default=0.0,
        metavar="P",
        help="probability of an unrecorded random motion before each of the teacher's, of two arms somewhere on the "
        "way to what they grasp, before the recording begins (%(default)s)",
    )
    parser.add_argument(
        "--camera", metavar="NAME", help="camera of the scene (front); of two arms head, right or left (all three)"
    )
    parser.add_argument(
        "--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"), help="of images [px] (320 240)"
    )
    parser.add_argument("--arm", metavar="MODEL", help="ur5 or ur5e (ur5e)")
    parser.add_argument("--episodes-per-shard", type=int, metavar="N", help="(32)")
    parser.add_argument("--hertz", type=float, metavar="F", help="frames per second, of two arms (10)")
    parser.add_argument(
        "--without-actions",
        action="store_true",
        help="videos that do not say what the arms did, of two arms (with --camera head: as of people)",
    )
    parser.add_argument("--processes", type=int, metavar="N", help="how many work at the same time (all processors)")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Make the demonstrations."""
    if args.episodes < 1:
        raise ConfigurationError(f"--episodes is at least 1, not {args.episodes}")
    pairs = chosen_pair_tasks(args.tasks)
    tallies = _with_two_arms(args, pairs) if pairs else _with_one_arm(args)
    if args.json:
        print(json.dumps({"out": str(args.output), "tasks": {task: t.to_mapping() for task, t in tallies.items()}}))
        return 0
    width = max(map(len, tallies))
    for task, tally in tallies.items():
        made = f"{tally.samples} frames" if pairs else f"{tally.copies} copies, {tally.samples} samples"
        print(f"{task:<{width}}  {tally.kept}/{tally.tried} kept, {made}")
        print(*(f"{'':<{width}}  failed: {n} x {reason}\n" for reason, n in tally.failed.items()), sep="", end="")
    return 0


def _with_one_arm(args: argparse.Namespace) -> dict[str, Tally]:
    from roboact_ros.sim.tasks.two_arms import PAIR_TASKS
    from roboact_train.demonstrate.source import Recipe, TaughtEpisode
    from roboact_train.demonstrate.write import write_demonstrations
    from roboact_train.processes import cores
    from roboact_train.table import View

    if args.hertz is not None or args.without_actions:
        raise ConfigurationError("--hertz and --without-actions are for tasks with two arms, not with one")
    per_shard = 32 if args.episodes_per_shard is None else args.episodes_per_shard
    if per_shard < 1:
        raise ConfigurationError(f"--episodes-per-shard is at least 1, not {per_shard}")
    view = View(args.camera or "front", *args.size)
    recipe = Recipe(args.split, args.augment, args.perturb, view, args.arm or "ur5e")
    seeds = range(args.seed, args.seed + args.episodes)
    episodes = [
        TaughtEpisode(task, seed, recipe)
        for task in chosen_tasks(args.tasks, (*PAIR_TASKS, TWO_ARMS))
        for seed in seeds
    ]
    processes = cores() if args.processes is None else args.processes
    return write_demonstrations(args.output, episodes, processes, tell, per_shard)


def _with_two_arms(args: argparse.Namespace, tasks: list[str]) -> dict[str, Tally]:
    from roboact_train.demonstrate.pair_source import PairRecipe, TaughtPairEpisode
    from roboact_train.demonstrate.pair_write import write_pair_demonstrations
    from roboact_train.pair_table import CAMERAS, PairView
    from roboact_train.processes import cores

    if args.augment or (args.arm, args.episodes_per_shard) != (None, None):
        raise ConfigurationError("--augment, --arm and --episodes-per-shard are for tasks with one arm")
    if args.camera not in (None, *CAMERAS):
        raise ConfigurationError(f'no view "{args.camera}" of two arms; valid: {", ".join(CAMERAS)}')
    view = PairView((args.camera,) if args.camera else tuple(CAMERAS), *args.size)
    hertz = 10.0 if args.hertz is None else args.hertz
    recipe = PairRecipe(args.split, args.perturb, hertz, not args.without_actions, view)
    seeds = range(args.seed, args.seed + args.episodes)
    episodes = [TaughtPairEpisode(task, seed, recipe) for task in tasks for seed in seeds]
    processes = cores() if args.processes is None else args.processes
    return write_pair_demonstrations(args.output, episodes, processes, tell)


def chosen_pair_tasks(names: list[str]) -> list[str]:
    """Return the tasks for two arms that were asked for, each once; none where only tasks of one arm were.

    Raises:
        ConfigurationError: Tasks of both kinds were asked for.
    """
    from roboact_ros.sim.tasks.two_arms import PAIR_TASKS

    chosen = [name for name in names if name in (*PAIR_TASKS, TWO_ARMS)]
    if chosen and len(chosen) < len(names):
        from roboact_ros.sim.tasks.suite import TASKS

        (other, *_) = (name for name in names if name not in chosen)
        raise ConfigurationError(
            f"{other} does not go together with {chosen[0]}; in one call there are tasks of one arm "
            f"({', '.join(TASKS)}) or of two ({', '.join(PAIR_TASKS)})"
        )
    return list(PAIR_TASKS) if TWO_ARMS in chosen else list(dict.fromkeys(chosen))


def chosen_tasks(names: list[str], others: tuple[str, ...] = ()) -> list[str]:
    """Return the tasks with one arm that were asked for, each once.

    Args:
        names: What was asked for.
        others: What could have been asked for as well.

    Raises:
        ConfigurationError: There is no such task.
    """
    from roboact_ros.sim.tasks.suite import TASKS

    for name in names:
        if name not in (*TASKS, "all"):
            raise ConfigurationError(f'no task "{name}": {did_you_mean(name, (*TASKS, "all", *others))}')
    return list(TASKS) if "all" in names else list(dict.fromkeys(names))
