"""List, describe and repair recorded episodes.

roboact bags [list] [FOLDER]   every episode in a bag folder (default: bags)
roboact bags show BAG          topics, rates, what was said and done, gaps
roboact bags repair BAG        make an episode whole again after a crash or power failure
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from roboact_ros.errors import RecordingError

ACTIONS = ("list", "show", "repair")
DEFAULT_FOLDER = "bags"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("words", nargs="*", metavar="[list] [FOLDER] | show BAG | repair BAG")
    parser.add_argument("--json", action="store_true", help="print one JSON value")


def run(args: argparse.Namespace) -> int:
    """Do what the words say."""
    words = list(args.words)
    action = words.pop(0) if words and words[0] in ACTIONS else "list"
    if len(words) > 1 or (action != "list" and not words):
        raise RecordingError(
            f'"bags {" ".join(args.words)}" is not understood; valid: list [FOLDER], show BAG, repair BAG'
        )
    if action == "list":
        _list(Path(words[0] if words else DEFAULT_FOLDER), args.json)
    elif action == "show":
        _show(Path(words[0]), args.json)
    else:
        _repair(Path(words[0]), args.json)
    return 0


def _list(folder: Path, as_json: bool) -> None:
    from roboact_ros.recording.folders import find_bags
    from roboact_ros.recording.summary import CUT_OFF, DAMAGED, list_bag

    bags = [list_bag(bag) for bag in find_bags(folder)]
    if as_json:
        print(json.dumps([asdict(bag) for bag in bags]))
        return
    if not bags:
        print(f"no episodes in {folder}")
    for bag in bags:
        length = "-" if bag.seconds is None else f"{bag.seconds:.1f} s"
        count = "-" if bag.messages is None else f"{bag.messages} messages"
        text = f'"{bag.instruction}"' if bag.instruction else ""
        if bag.state in ("unfinished", CUT_OFF, DAMAGED):
            text = f"roboact bags repair {folder / bag.name}"
        print(f"{bag.name:<64} {bag.state:<10} {length:>9} {count:>16} {bag.megabytes:8.1f} MB  {text}")


def _show(bag: Path, as_json: bool) -> None:
    from roboact_ros.recording.summary import summarise

    s = summarise(bag)
    if as_json:
        print(json.dumps(asdict(s)))
        return
    print(f"{s.path}\n  {s.state}, {s.seconds:.1f} s, {s.messages} messages, {s.megabytes:.1f} MB")
    if s.cut_off:
        print(f"  CUT OFF: only this part of it is whole; roboact bags repair {s.path} keeps it")
    print(f'  instruction: "{s.instruction}"')
    print(*(f"  {key}: {value}" for key, value in s.notes.items() if key not in ("cell", "instruction")), sep="\n")
    print("topics:", *(f"  {t.name:<40} {t.count:>8}  {t.rate:8.1f} Hz  {t.type_name}" for t in s.topics), sep="\n")
    for title, events in (("said", s.said), ("motions", s.motions)):
        print(f"{title}:", *(f"  {e.seconds:8.2f} s  {e.topic:<20} {e.text}" for e in events), sep="\n")
    print("gaps:", *(f"  {g.seconds:8.2f} s  {g.topic:<40} {g.length:.2f} s" for g in s.gaps), sep="\n")


def _repair(bag: Path, as_json: bool) -> None:
    from roboact_ros.recording.repair import repair

    result = repair(bag)
    if as_json:
        print(json.dumps({**asdict(result), "path": str(result.path)}))
        return
    print(f"{result.path}: {result.messages} messages; {result.dropped_bytes} bytes of a torn end were cut off")
