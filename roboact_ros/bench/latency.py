"""From a spoken word to the first changed joint target, in a whole simulated cell with camera and recorder running.

Half of the corrections are given to an arm at rest, half to one that is moving and must turn to something else. The
clock runs from the moment the correction is published to the moment at which the servo loop sends the first joint
target that it would not have sent otherwise.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from roboact_ros.bench.report import Report, percentile
from roboact_ros.cells.background import background_cell
from roboact_ros.cells.load import load_cell
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.execution.poses import pose_from_vector
from roboact_ros.robots import robot_model
from roboact_ros.types import FloatArray

if TYPE_CHECKING:
    from roboact_ros.nodes.targets import TargetWitness

SYSTEM = "teleop_ur5"
START_SECONDS = 90.0
MOTION_SECONDS = 20.0
OFF_PATH = 1e-7
"""A target this far above or below a level motion belongs to the next motion [m]."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--corrections", type=int, default=40, help="how many corrections are given (default: 40)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the moments at which they are given (default: 0)")


def run(args: argparse.Namespace) -> Report:
    """Give corrections to a running cell and time the reaction."""
    cell = load_cell(SYSTEM)
    kinematics = Kinematics(robot_model(cell.arm.model), pose_from_vector(*cell.arm.tcp))
    moments = random.Random(args.seed)
    at_rest, moving = [], []
    with tempfile.TemporaryDirectory() as folder:
        with background_cell(SYSTEM, [f"bags:={folder}/bags", "record:=true"], Path(folder) / "cell.log"):
            from roboact_ros.nodes.targets import TargetWitness

            with TargetWitness() as person:
                person.ready(START_SECONDS)
                for _ in range((args.corrections + 1) // 2):
                    at_rest.append(_from_rest(person, moments))
                    moving.append(_while_moving(person, kinematics, moments))
                    person.do("home", MOTION_SECONDS)
    both = [*at_rest, *moving]
    metrics = {
        "p50_ms": percentile(both, 50),
        "p95_ms": percentile(both, 95),
        "max_ms": max(both),
        "at_rest_p95_ms": percentile(at_rest, 95),
        "moving_p95_ms": percentile(moving, 95),
        "corrections": len(both),
    }
    return Report("latency", metrics)


def _from_rest(person: TargetWitness, moments: random.Random) -> float:
    """Return the time from a correction to the first target of an arm at rest [ms]."""
    person.rest(MOTION_SECONDS)
    person.wait_for(moments.uniform(0.0, 0.1))
    person.targets.clear()
    said_ns = time.time_ns()
    person.say("move left 10 cm", MOTION_SECONDS)
    person.wait(lambda: bool(person.targets), MOTION_SECONDS, "no joint target came")
    return float(person.targets[0][0] - said_ns) / 1e6


def _while_moving(person: TargetWitness, kinematics: Kinematics, moments: random.Random) -> float:
    """Return the time from a correction to the first target off the level path of the motion that runs [ms]."""
    person.wait_for(moments.uniform(0.1, 0.35))
    said_ns = time.time_ns()
    level = _height(kinematics, person.targets[-1][1])

    def turned() -> list[int]:
        return [at for at, q in person.targets if at > said_ns and abs(_height(kinematics, q) - level) > OFF_PATH]

    person.say("raise the arm by 3 cm", MOTION_SECONDS)
    person.wait(lambda: bool(turned()), MOTION_SECONDS, "no joint target left the path")
    return float(turned()[0] - said_ns) / 1e6


def _height(kinematics: Kinematics, q: FloatArray) -> float:
    return float(kinematics.forward(np.asarray(q))[2, 3])
