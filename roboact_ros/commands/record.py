"""Record episodes in a running cell: twenty good ones in a row, or one at a time.

  roboact record --task "stack the cups" --episodes 20    guides through a session, with single keys
  roboact record start | save | discard | rerecord        one episode; "rerecord" starts again in place of it
  roboact record status                                   how the recording goes

A session goes on where it was left when the same command is given again. It runs on the machine that records, so start
it there (over ssh with "ssh -t"); through a pipe each line is one key. When the terminal is closed, the running episode
is saved and waits for a decision. Exit status 0 when the recorder did it; 2 with its reason when not.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from roboact_ros.errors import ConfigurationError, RecordingError

ACTIONS = ("start", "save", "discard", "rerecord", "status")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("action", nargs="?", choices=ACTIONS, help="without one: a session")
    parser.add_argument("--task", default="", metavar="TEXT", help="of the session (default: the cell's instruction)")
    parser.add_argument("--episodes", type=int, default=20, metavar="N", help="good ones to collect (%(default)s)")
    parser.add_argument("--namespace", default="", help="ROS namespace of the cell (default: the root)")
    parser.add_argument("--json", action="store_true", help="print one JSON object (at the end of a session)")


def run(args: argparse.Namespace) -> int:
    """Ask the recorder, or guide through a session."""
    if args.action is None:
        return _session(args)
    from roboact_ros.nodes.recorder_client import RecorderClient

    with RecorderClient(args.namespace) as recorder:
        if args.action != "status":
            message = recorder.call(args.action)
            print(json.dumps({"message": message}) if args.json else message)
            return 0
        status = recorder.status()
    if args.json:
        print(json.dumps({"level": status.level.name.lower(), "message": status.message, **status.values}))
    else:
        print(status.message, *(f"  {key}: {value}" for key, value in status.values.items()), sep="\n")
    return 0


def _session(args: argparse.Namespace) -> int:
    if args.episodes < 1:
        raise ConfigurationError(f"--episodes is at least 1, not {args.episodes}")
    from roboact_ros.nodes.recording_desk import RecordingDesk
    from roboact_ros.recording.guide import Guide
    from roboact_ros.recording.session import resume, store
    from roboact_ros.recording.terminal import Terminal

    with RecordingDesk(args.namespace) as desk:
        values = desk.connect()
        task = args.task.strip() or values.get("task", "")
        if not task:
            raise ConfigurationError('nobody has said what the task is; give one: --task "stack the cups"')
        folder = Path(values["folder"])
        if not folder.parent.exists():
            raise RecordingError(
                f"the recorder writes to {folder}, which is not on this machine; run the session there"
            )
        desk.instruct(task)
        found = resume(folder, task, args.episodes)
        store(folder, found.session)
        with Terminal() as terminal:
            if found.session.kept:
                terminal.tell(f"the session goes on: {len(found.session.kept)} of {args.episodes} are recorded")
            if found.missing:
                terminal.tell(f"no longer in {folder}: {', '.join(found.missing)}")
            guide = Guide(desk, terminal, folder, found.session)
            for path in found.undecided:
                guide.review(path)
            guide.run()
        session = guide.session
    if args.json:
        print(json.dumps({"task": task, "folder": str(folder), "target": args.episodes, "kept": session.kept}))
    elif session.left:
        print(f"{len(session.kept)} of {args.episodes} are recorded in {folder}; the same command goes on")
    return 0
