"""Do recorded demonstrations again in other ways, and record that: stochastic trajectory augmentation.

  roboact augment bags/* --times 3                     # simulated cells, started for this
  roboact augment bags/* --times 3 --running           # the cell that runs, with a person who puts everything back

Between waypoints the arm takes another way; shortly before them it leaves the path and recovers. "roboact convert"
takes the recoveries and the other ways as samples and leaves the deviations out. Copies that are in the output already
are not made again, so that after an interruption the same command goes on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from roboact_ros.commands.tell import tell
from roboact_ros.errors import ConfigurationError

if TYPE_CHECKING:
    from roboact_train.augment.original import Copy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bags", nargs="+", metavar="BAG", help="demonstrations")
    parser.add_argument("--times", type=int, default=3, metavar="K", help="copies of each (%(default)s)")
    parser.add_argument(
        "--output", "-o", type=Path, metavar="FOLDER", help="of the copies (with --running: of the running cell); bags"
    )
    parser.add_argument("--seed", type=int, default=0, help="draws the other ways (%(default)s)")
    parser.add_argument("--running", action="store_true", help="use the cell that runs instead of simulated ones")
    parser.add_argument("--namespace", default="", help="ROS namespace of the running cell (default: the root)")
    parser.add_argument("--log", type=Path, default=Path("augment.log"), metavar="FILE", help="of simulated cells")
    parser.add_argument("--json", action="store_true", help="end with one JSON line")


def run(args: argparse.Namespace) -> int:
    """Make the copies; exit status 1 when some could not be made."""
    from roboact_train.augment.carry_out import TRIES, Failed
    from roboact_train.augment.original import copies_to_make, read_original

    if args.times < 1 or args.seed < 0:
        raise ConfigurationError("--times is at least 1, --seed not negative")
    output = (args.output or Path("bags")).absolute()
    originals = [read_original(bag) for bag in args.bags]
    copies = copies_to_make(originals, args.times, output)
    total = len(originals) * args.times
    missing: list[Copy] = []
    for number, copy in enumerate(copies, start=total - len(copies) + 1):
        tell(f"[{number}/{total}] {copy.original.name}, copy {copy.number}: {copy.original.instruction}")
        for attempt in range(TRIES):
            generator = copy.generator(args.seed, attempt)
            try:
                if args.running:
                    from roboact_ros.nodes.augment_client import copy_in_running_cell

                    path = copy_in_running_cell(copy, generator, args.namespace, _ask)
                else:
                    from roboact_ros.nodes.augment_client import copy_in_simulated_cell

                    path = copy_in_simulated_cell(copy, generator, output, args.log)
                tell(f"  saved {path}")
                break
            except Failed as failure:
                tell(f"  try {attempt + 1} of {TRIES}: {failure}")
        else:
            missing.append(copy)
    made = {"made": len(copies) - len(missing), "before": total - len(copies), "failed": len(missing)}
    print(json.dumps(made) if args.json else f"{output}: " + ", ".join(f"{n} {what}" for what, n in made.items()))
    return 1 if missing else 0


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise ConfigurationError("--running asks the person beside the robot; give it a terminal") from None
