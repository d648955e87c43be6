"""Let the teacher do episodes of the suite without network, and print how often and how fast it succeeds."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence

from roboact_ros.cells.arm_description import ArmDescription
from roboact_ros.cells.description import Cell
from roboact_ros.errors import RoboactError
from roboact_ros.robots import ROBOTS, robot_model
from roboact_ros.sim.lesson import teach
from roboact_ros.sim.runner import Runner
from roboact_ros.sim.tasks.layout import Split
from roboact_ros.sim.tasks.suite import TASKS, episode


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one line of JSON per task, then one for all."""
    parser = argparse.ArgumentParser(prog="python -m roboact_ros.sim.tasks", description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=f"all by default; {', '.join(TASKS)}")
    parser.add_argument("--split", default="train", choices=[split.value for split in Split])
    parser.add_argument("--seed", type=int, default=0, help="number of the first episode")
    parser.add_argument("--episodes", type=int, default=20, help="episodes of each task")
    parser.add_argument("--model", default="ur5e", choices=sorted(ROBOTS))
    parser.add_argument("--words", action="store_true", help="also print what was asked and what the teacher said")
    args = parser.parse_args(arguments)
    try:
        totals = [_task(name, args) for name in args.tasks or TASKS]
    except RoboactError as error:
        print(error, file=sys.stderr)
        return 1
    done, simulated, computed = (sum(column) for column in zip(*totals, strict=True))
    mean = done / (len(totals) * args.episodes)
    print(json.dumps({"success": mean, "simulated_s": round(simulated, 1), "faster": round(simulated / computed, 1)}))
    return 0


def _task(name: str, args: argparse.Namespace) -> tuple[int, float, float]:
    """Return successes, simulated time and computing time [s] of all episodes of one task."""
    cell = Cell(name="tasks", arm=ArmDescription(model=args.model))
    done, motions, simulated, computed = 0, 0, 0.0, 0.0
    for seed in range(args.seed, args.seed + args.episodes):
        chosen = episode(name, args.split, seed)
        runner = Runner(cell, chosen.world(robot_model(args.model), cell.arm.home))
        began = time.process_time()
        lesson = teach(chosen, runner)
        computed += time.process_time() - began
        simulated += lesson.seconds
        motions += len(lesson.phrases)
        done += lesson.success
        if args.words:
            print(f"{seed}: {chosen.instruction}", *lesson.phrases, lesson.problem or "", sep="\n    ")
    result = {"task": name, "success": done / args.episodes, "motions": motions / args.episodes}
    times = {"simulated_s": round(simulated, 1), "faster": round(simulated / computed, 1)}
    print(json.dumps({**result, **times}), flush=True)
    return done, simulated, computed


if __name__ == "__main__":
    sys.exit(main())
