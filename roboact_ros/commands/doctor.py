"""Find out what a robot cell lacks on this machine, and what to do about it.

  roboact doctor                                    this machine, for a simulated cell
  roboact doctor clip_rt_ur5 robot_ip:=192.168.1.10 a cell, as "roboact up" would start it

Every line is a check: cameras, robot, realtime, ROS and DDS, clocks, GPU, disk. End a running cell first to have its
cameras tried; leave it running to have its clock offsets measured. Exit status 1 when something cannot work.
"""

from __future__ import annotations

import argparse
import json
import os

from roboact_ros.cells.description import Cell
from roboact_ros.cells.environment import environment_defaults
from roboact_ros.cells.load import load_cell
from roboact_ros.doctor.finding import Finding, Verdict
from roboact_ros.doctor.network import Heard

_SIGNS = {Verdict.OK: "ok  ", Verdict.WARN: "WARN", Verdict.FAIL: "FAIL"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("system", nargs="?", default="teleop_ur5", metavar="SYSTEM", help="name or file (%(default)s)")
    parser.add_argument("overrides", nargs="*", metavar="key:=value", help="changes to the system file")
    parser.add_argument("--json", action="store_true", help="print one JSON array")


def run(args: argparse.Namespace) -> int:
    """Examine."""
    from roboact_ros.doctor.examine import examine

    cell = load_cell(args.system, args.overrides)
    os.environ.update(environment_defaults())  # as the cell's own processes would have it
    findings: list[Finding] = []
    for finding in examine(cell, _listen, os.environ):
        findings.append(finding)
        if not args.json:
            print(f"{_SIGNS[finding.verdict]}  {finding.part:<18} {finding.what}", flush=True)
            if finding.do_this:
                print(f"{'':<25} -> {finding.do_this}", flush=True)
    if args.json:
        print(json.dumps([_mapping(finding) for finding in findings]))
    return 1 if any(finding.verdict is Verdict.FAIL for finding in findings) else 0


def _listen(cell: Cell) -> Heard:
    try:
        from roboact_ros.nodes.listen import listen
    except ImportError as error:
        return Heard(missing=f"ROS 2 cannot be imported: {error}")
    return listen(cell)


def _mapping(finding: Finding) -> dict[str, str]:
    return {
        "verdict": finding.verdict.value,
        "part": finding.part,
        "what": finding.what,
        "do_this": finding.do_this,
    }
