"""Talk to a simulated UR5e for a minute, and prove from the recorded bag that it did what was said.

Starts the cell, says a few sentences, one of them contradictory and one that interrupts another, saves the episode,
reads it back, prints a table, and writes a picture of what the camera saw before and after. Exit status 0 only when
every measured motion matches what was said.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from roboact_ros.demo.conversation import converse
from roboact_ros.demo.evidence import rows, table
from roboact_ros.demo.picture import before_after
from roboact_ros.demo.sentences import SENTENCES
from roboact_ros.recording.reader import Episode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--output", type=Path, default=Path("demo"), metavar="FOLDER", help="where results go (demo)")


def run(args: argparse.Namespace) -> int:
    """Run the conversation and judge it."""
    print("starting a simulated UR5e, and saying:", flush=True)
    bag = converse(SENTENCES, args.output / "bags", args.output / "cell.log")
    with Episode(bag) as episode:
        found = rows(episode, SENTENCES)
        picture = before_after(episode, "front", args.output / "before_after.png")
    print(f"\nread back from {bag}:\n\n{table(found)}\n\nthe camera before and after: {picture}")
    return 0 if all(row.matches for row in found) else 1
