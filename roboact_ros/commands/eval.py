"""Measure how often a policy does its tasks in the simulator, in closed loop and from images alone.

  roboact eval tabletop --policy models/clip_rt_tabletop --episodes 50 --json
  roboact eval tabletop --policy teacher --tasks stack push --split unseen --plot success.png
  roboact eval two_arms --policy runs/rf/best --tasks lift_tray hand_over --executed 16 --json
  roboact eval kitchen --policy scripted --tasks kettle microwave --python kitchen/bin/python
  roboact eval libero --policy remote:ws://127.0.0.1:10093 --tasks libero_spatial --python libero/bin/python

POLICY is a folder of a model, a file of weights (with --model), "random", or "teacher": the upper bound, which sees the
true state of the table. An episode ends when the task is done, when the policy says so, or after M motions. With
--json the last line is {"mean": …, "tasks": {name: {"success", "episodes", "ci", …}}, …}, equal for equal arguments.

With two arms, POLICY is the folder of a trained clap_rf or clap_ntp, "random" or "teacher"; motions are steps of
chunks, and "chunk_ms" is how long the policy takes for a chunk.

The kitchen is FrankaKitchen of gymnasium-robotics, which needs a Python of its own. There, POLICY is "random",
"scripted" (the upper bound), or a model that was trained for it, and a motion is a step of 80 ms. LIBERO has a Python
of its own, too; there, POLICY is "random", "remote:" and the address of a policy server, or the folder of a CLAP-RF.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roboact_ros.commands.demonstrate import TWO_ARMS, chosen_pair_tasks, chosen_tasks
from roboact_ros.commands.tell import tell
from roboact_ros.errors import ConfigurationError

if TYPE_CHECKING:
    from roboact_train.evaluate.result import Result


_SEED = 100_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("suite", choices=("tabletop", "two_arms", "kitchen", "libero"), help="where to evaluate")
    parser.add_argument("--policy", required=True, metavar="POLICY", help="what to evaluate")
    parser.add_argument(
        "--model", default="ViT-H-14-378-quickgelu", metavar="NAME", help="open_clip model of a file of weights"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    parser.add_argument("--tasks", nargs="+", default=["all"], metavar="TASK", help="(all)")
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="of each task (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=_SEED, metavar="S", help="number of the first episode (%(default)s)"
    )
    parser.add_argument("--split", default="train", metavar="NAME", help="train or unseen (%(default)s)")
    parser.add_argument(
        "--interventions", type=int, default=0, metavar="K", help="most motions that the teacher may replace (0)"
    )
    parser.add_argument(
        "--motions", type=int, metavar="M", help="after so many an episode has failed (60; two arms: 320; kitchen: 200)"
    )
    parser.add_argument("--camera", metavar="NAME", help="camera of the scene (front; kitchen: default)")
    parser.add_argument(
        "--size",
        type=int,
        nargs=2,
        metavar=("W", "H"),
        help="of images [px] (320 240; two arms: as in training; kitchen: 128 128)",
    )
    parser.add_argument("--executed", type=int, metavar="N", help="steps of each chunk that two arms follow (all)")
    parser.add_argument(
        "--python", metavar="PATH", help="of the simulator (ROBOACT_KITCHEN_PYTHON, ROBOACT_LIBERO_PYTHON, or this one)"
    )
    parser.add_argument(
        "--base", default="", metavar="DIR", help="language model of a run in LIBERO (where the run says)"
    )
    parser.add_argument("--arm", default="ur5e", metavar="MODEL", help="ur5 or ur5e (%(default)s)")
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="how many work at the same time (all processors; a model on a GPU: 1)",
    )
    parser.add_argument(
        "--record", type=Path, metavar="OUT", help="also write what was done as shards; corrections too"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also write a picture, e.g. success.png")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


@dataclass(frozen=True, slots=True)
class _Work:
    """An evaluation to be done.

    Attributes:
        results: What became of its episodes, in order; it is done while they are asked for.
        episodes: How many there are.
        title: What is evaluated.
        privileged: Whether the policy sees the true state.
        settings: What the report says of the circumstances.
        measured: Returns, when it is done, what the report says beside the scores.
    """

    results: Iterator[Result]
    episodes: int
    title: str
    privileged: bool
    settings: dict[str, Any]
    measured: Callable[[], dict[str, Any]] = dict


def run(args: argparse.Namespace) -> int:
    """Evaluate."""
    from roboact_train.data.picture_file import check_picture
    from roboact_train.evaluate.plot import save_plot, table
    from roboact_train.evaluate.score import mean_success, scores

    if args.episodes < 1:
        raise ConfigurationError(f"--episodes is at least 1, not {args.episodes}")
    if args.base and args.suite != "libero":
        raise ConfigurationError("--base is for LIBERO")
    if args.plot is not None:
        check_picture(args.plot)
    with _SUITES[args.suite](args) as work:
        results: list[Result] = []
        for result in work.results:
            results.append(result)
            done = "done" if result.success else "not done"
            line = f"[{len(results)}/{work.episodes}] {result.task} {result.seed}: {done}, {result.motions} motions"
            tell(line)
    found = scores(results)
    title = work.title + (" (privileged: sees the true state)" if work.privileged else "")
    print(f"{title}\n{table(found)}")
    if args.plot is not None:
        save_plot(found, title, args.plot)
    if args.json:
        summary = {
            "mean": round(mean_success(found), 4),
            "tasks": {task: score.to_mapping() for task, score in found.items()},
            "policy": args.policy,
            "privileged": work.privileged,
            **work.settings,
            **work.measured(),
        }
        print(json.dumps(summary))
    return 0


def _processes(args: argparse.Namespace, loads: bool) -> int:
    """Return how many processes play; ``loads`` says that each loads a model, for which a GPU may have room once."""
    from roboact_train.processes import cores

    if args.processes is not None:
        return int(args.processes)
    if loads and args.device != "cpu":
        import torch

        if torch.cuda.is_available():
            return 1
    return cores()


@contextmanager
def _tabletop(args: argparse.Namespace) -> Iterator[_Work]:
    from roboact_train.evaluate.contender import RANDOM, TEACHER, Contender
    from roboact_train.evaluate.run import play, record_to
    from roboact_train.evaluate.trial import Rules, Trial
    from roboact_train.table import View

    if args.python is not None:
        raise ConfigurationError("--python is for the kitchen; the tabletop runs in this one")
    if args.executed is not None:
        raise ConfigurationError("--executed is for chunks of two arms")
    contender = Contender(args.policy, args.model, args.device)
    view = View(args.camera or "front", *(args.size or (320, 240)))
    rules = Rules(args.split, args.interventions, view, args.arm, 60 if args.motions is None else args.motions)
    seeds = range(args.seed, args.seed + args.episodes)
    trials = [Trial(contender, task, seed, rules) for task in chosen_tasks(args.tasks) for seed in seeds]
    processes = _processes(args, args.policy not in (RANDOM, TEACHER))
    title = f"{args.policy}, {args.split}" + (f", {args.interventions} interventions" if args.interventions else "")
    settings = {"split": args.split, "seed": args.seed, "interventions": args.interventions}
    with record_to(args.record) as record:

        def results() -> Iterator[Result]:
            for result, samples in play(trials, processes, args.record is not None):
                record(samples)
                yield result

        yield _Work(results(), len(trials), title, contender.privileged, settings)


@contextmanager
def _two_arms(args: argparse.Namespace) -> Iterator[_Work]:
    from roboact_ros.sim.tasks.two_arms import PAIR_TASKS
    from roboact_train.evaluate.pair_contender import PairContender
    from roboact_train.evaluate.pair_trial import MOST_STEPS, Latency, PairRules, PairTrial
    from roboact_train.processes import spread

    if (args.python, args.camera, args.arm, args.interventions, args.record) != (None, None, "ur5e", 0, None):
        raise ConfigurationError("--python, --camera, --arm, --interventions and --record are not for two arms")
    tasks = chosen_pair_tasks([TWO_ARMS if name == "all" else name for name in args.tasks])
    if not tasks:
        raise ConfigurationError(f"{args.tasks[0]} is not a task for two arms; valid: {', '.join(PAIR_TASKS)}")
    executed = args.executed or 0
    if executed < 0:
        raise ConfigurationError(f"--executed is at least 1, or 0 for all, not {executed}")
    contender = PairContender(args.policy, args.device, executed)
    view = contender.view(None if args.size is None else (args.size[0], args.size[1]))
    rules = PairRules(args.split, view, MOST_STEPS if args.motions is None else args.motions)
    seeds = range(args.seed, args.seed + args.episodes)
    trials = [PairTrial(contender, task, seed, rules) for task in tasks for seed in seeds]
    processes = _processes(args, contender.learned)
    settings = {"split": args.split, "seed": args.seed, "executed": executed}
    latency, title = Latency(), f"{args.policy}, two arms, {args.split}"
    results = latency.results(spread(PairTrial.run, trials, processes))
    yield _Work(results, len(trials), title, contender.privileged, settings, latency.measured)


@contextmanager
def _kitchen(args: argparse.Namespace) -> Iterator[_Work]:
    from roboact_train.evaluate.kitchen.connection import PYTHON, Kitchen, KitchenView
    from roboact_train.evaluate.kitchen.policy import policy_at
    from roboact_train.evaluate.kitchen.tasks import MOST_STEPS, chosen_kitchen_tasks
    from roboact_train.evaluate.kitchen.trial import KitchenTrial, play

    if (args.split, args.arm, args.interventions, args.record, args.executed) != ("train", "ur5e", 0, None, None):
        raise ConfigurationError(
            "--split, --arm, --interventions, --record and --executed are for the tabletop or two arms, not the kitchen"
        )
    tasks = chosen_kitchen_tasks(args.tasks)
    steps = MOST_STEPS if args.motions is None else args.motions
    seeds = range(args.seed, args.seed + args.episodes)
    trials = [KitchenTrial(args.policy, task, seed, steps, args.device) for task in tasks for seed in seeds]
    policy = policy_at(args.policy, args.device, tasks[0], args.seed)
    drawn = policy.sees or args.size is not None or args.camera is not None
    view = KitchenView(args.camera or "default", *(args.size or (128, 128))) if drawn else None
    python = args.python or os.environ.get(PYTHON) or sys.executable
    processes = _processes(args, False)  # of simulators; the policies are all in this one
    settings = {"seed": args.seed, "motions": steps}
    with closing(play(trials, processes, partial(Kitchen, python, view))) as results:
        yield _Work(results, len(trials), f"{args.policy}, kitchen", policy.privileged, settings)


@contextmanager
def _libero(args: argparse.Namespace) -> Iterator[_Work]:
    from roboact_train.evaluate.foreign import play
    from roboact_train.evaluate.libero.policy import weights_of
    from roboact_train.evaluate.libero.trial import trials_of

    if args.seed != _SEED:
        raise ConfigurationError("--seed is not for LIBERO, whose stored states are taken in their order")
    trials, libero = trials_of(args)
    weights = weights_of(args.policy)
    processes = 1 if args.processes is None else args.processes
    with closing(play(trials, processes, libero)) as results:
        settings = {"motions": args.motions, **({"weights": str(weights)} if weights is not None else {})}
        yield _Work(results, len(trials), f"{weights or args.policy}, LIBERO", False, settings)


_SUITES = {"tabletop": _tabletop, "two_arms": _two_arms, "kitchen": _kitchen, "libero": _libero}
