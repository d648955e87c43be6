"""Measure how often a policy does its tasks in the simulator, in closed loop and from images alone.

  roboact eval tabletop --policy models/clip_rt_tabletop --episodes 50 --json
  roboact eval tabletop --policy teacher --tasks stack push --split unseen --plot success.png

POLICY is a folder of a model, a file of weights (with --model), "random", or "teacher": the upper bound, which sees the
true state of the table. An episode ends when the task is done, when the policy says so, or after M motions. With
--json the last line is {"mean": …, "tasks": {name: {"success", "episodes", "ci", …}}, …}, equal for equal arguments.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from roboact_ros.commands.demonstrate import chosen_tasks
from roboact_ros.errors import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("suite", choices=("tabletop",), help="where to evaluate")
    parser.add_argument("--policy", required=True, metavar="POLICY", help="what to evaluate")
    parser.add_argument(
        "--model", default="ViT-H-14-378-quickgelu", metavar="NAME", help="open_clip model of a file of weights"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (%(default)s)")
    parser.add_argument("--tasks", nargs="+", default=["all"], metavar="TASK", help="(all)")
    parser.add_argument("--episodes", type=int, default=50, metavar="N", help="of each task (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=100_000, metavar="S", help="number of the first episode (%(default)s)"
    )
    parser.add_argument("--split", default="train", metavar="NAME", help="train or unseen (%(default)s)")
    parser.add_argument(
        "--interventions", type=int, default=0, metavar="K", help="most motions that the teacher may replace (0)"
    )
    parser.add_argument(
        "--motions", type=int, default=60, metavar="M", help="after so many an episode has failed (%(default)s)"
    )
    parser.add_argument("--camera", default="front", metavar="NAME", help="camera of the scene (%(default)s)")
    parser.add_argument(
        "--size", type=int, nargs=2, default=(320, 240), metavar=("W", "H"), help="of images [px] (320 240)"
    )
    parser.add_argument("--arm", default="ur5e", metavar="MODEL", help="ur5 or ur5e (%(default)s)")
    parser.add_argument("--processes", type=int, metavar="N", help="how many work at the same time (all processors)")
    parser.add_argument(
        "--record", type=Path, metavar="OUT", help="also write what was done as shards; corrections too"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also write a picture, e.g. success.png")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Evaluate."""
    from roboact_train.evaluate.contender import Contender
    from roboact_train.evaluate.plot import save_plot, table
    from roboact_train.evaluate.run import play, record_to
    from roboact_train.evaluate.score import mean_success, scores
    from roboact_train.evaluate.trial import Result, Rules, Trial
    from roboact_train.processes import cores
    from roboact_train.table import View

    if args.episodes < 1:
        raise ConfigurationError(f"--episodes is at least 1, not {args.episodes}")
    contender = Contender(args.policy, args.model, args.device)
    rules = Rules(args.split, args.interventions, View(args.camera, *args.size), args.arm, args.motions)
    seeds = range(args.seed, args.seed + args.episodes)
    trials = [Trial(contender, task, seed, rules) for task in chosen_tasks(args.tasks) for seed in seeds]
    processes = cores() if args.processes is None else args.processes
    with record_to(args.record) as record:
        results: list[Result] = []
        for result, samples in play(trials, processes, args.record is not None):
            results.append(result)
            record(samples)
            done = "done" if result.success else "not done"
            line = f"[{len(results)}/{len(trials)}] {result.task} {result.seed}: {done}, {result.motions} motions"
            print(line, file=sys.stderr, flush=True)
    found = scores(results)
    title = f"{args.policy}, {args.split}" + (f", {args.interventions} interventions" if args.interventions else "")
    title += " (privileged: sees the true state)" if contender.privileged else ""
    print(f"{title}\n{table(found)}")
    if args.plot is not None:
        save_plot(found, title, args.plot)
    if args.json:
        summary = {
            "mean": round(mean_success(found), 4),
            "tasks": {task: score.to_mapping() for task, score in found.items()},
            "policy": args.policy,
            "privileged": contender.privileged,
            "split": args.split,
            "seed": args.seed,
            "interventions": args.interventions,
        }
        print(json.dumps(summary))
    return 0
