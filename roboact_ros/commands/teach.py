"""Let the scripted teacher talk to simulated cells, and record what it says and does as ordinary episodes.

  roboact teach stack --episodes 3 --seed 0 --output bags

For each episode a whole cell is started on a network of its own, with that episode on its table; the teacher speaks
through the same topic as a person. Episodes in which the task was not done are not saved. For volume there is
"roboact demonstrate".
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from roboact_ros.commands.demonstrate import chosen_tasks
from roboact_ros.errors import ConfigurationError, SimulationError

SYSTEM = "teleop_ur5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("tasks", nargs="+", metavar="TASK", help='names of tasks, or "all"')
    parser.add_argument("--output", "-o", type=Path, default=Path("bags"), metavar="FOLDER", help="of bags (bags)")
    parser.add_argument("--episodes", type=int, default=1, metavar="N", help="of each task (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="number of the first episode (%(default)s)")
    parser.add_argument("--split", default="train", metavar="NAME", help="train or unseen (%(default)s)")
    parser.add_argument("--log", type=Path, default=Path("teach.log"), metavar="FILE", help="of the cell (%(default)s)")


def run(args: argparse.Namespace) -> int:
    """Teach; exit status 1 when an episode did not succeed."""
    from roboact_ros.cells.background import background_cell
    from roboact_ros.sim.tasks.suite import episode

    if args.episodes < 1:
        raise ConfigurationError(f"--episodes is at least 1, not {args.episodes}")
    failed = 0
    for task in chosen_tasks(args.tasks):
        for seed in range(args.seed, args.seed + args.episodes):
            chosen = episode(task, args.split, seed)
            print(f"{task} {seed}: {chosen.instruction}", flush=True)
            address = f"127.1.{random.randint(1, 254)}.{random.randint(2, 254)}"
            laid = [f"sim.task:={task}", f"sim.split:={args.split}", f"sim.seed:={seed}", f"sim.address:={address}"]
            try:
                with background_cell(SYSTEM, [*laid, f"bags:={args.output.absolute()}"], args.log):
                    from roboact_ros.nodes.teacher_client import teach_cell

                    path = teach_cell(chosen, address, lambda phrase: print(f"  {phrase}", flush=True))
                print(f"saved {path}", flush=True)
            except SimulationError as error:
                failed += 1
                print(f"not saved: {error}", file=sys.stderr, flush=True)
    return 1 if failed else 0
