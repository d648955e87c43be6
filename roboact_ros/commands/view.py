"""Look at a recorded episode.

roboact view BAG                    opens it in rerun; without a display, writes the contact sheet BAG.png instead
roboact view BAG --sheet FILE.png   one picture: images over time, the arm, who moved it
roboact view BAG --rrd FILE.rrd     a rerun recording, to be opened on another machine
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("bag", type=Path, metavar="BAG", help="folder of an episode")
    parser.add_argument("--sheet", type=Path, metavar="FILE", help="write a contact sheet (.png or .jpg)")
    parser.add_argument("--rrd", type=Path, metavar="FILE", help="write a rerun recording")


def run(args: argparse.Namespace) -> int:
    """Show it."""
    from roboact_ros.recording.contact_sheet import write_contact_sheet
    from roboact_ros.recording.reader import Episode
    from roboact_ros.recording.rerun_view import show

    with Episode(args.bag) as episode:
        bag, damage = episode.path, episode.damage
    if damage:
        print(f"warning: {damage}", file=sys.stderr)
    sheet = args.sheet
    if args.rrd is not None:
        show(bag, args.rrd)
        print(args.rrd)
    elif sheet is None and _display():
        show(bag)
    elif sheet is None:
        sheet = Path(f"{bag.resolve().name}.png")
        print("there is no display here, so this is a contact sheet (--rrd FILE makes a recording)", file=sys.stderr)
    if sheet is not None:
        print(write_contact_sheet(bag, sheet))
    return 0


def _display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
