"""Ways to go from one action chunk to the next while a policy thinks, beside arms that wait for it.

Two simulated arms follow chunks of a policy in two minds (round an obstacle on one side or on the other) in simulated
time, with everything that drives them live: pilot, executor, limits, controllers. Told of each way and thinking time:
the largest acceleration [m/s^2] and jerk [m/s^3] of a tool and acceleration of a joint [rad/s^2] in the 0.4 s after a
chunk took over; for how long the arms stood before they arrived [s] (starved); how far a tool was from both ways round
(worst and root mean square [mm]); the time until they arrived [s]; and how far apart they were in time [ms].
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from roboact_ros.bench.report import Report
from roboact_ros.types import FloatArray

if TYPE_CHECKING:
    from roboact_ros.bench.seam_ride import Ride

WAYS = ("wait", "replace", "ensemble", "inpaint", "select")
_SEAM, _NEAR, _STANDS = 0.4, 0.005, 2e-3
"""After a seam [s]; of the end of the way, where the arms have arrived [m]; slower than that a tool stands [m/s]."""
_MEANS = ("seconds", "rms_mm", "starved", "seams")
"""Told as means over the seeds; of all other figures the worst."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="to measure (all)")
    parser.add_argument("--latency", nargs="+", type=float, default=[0, 50, 100, 200], help="of the policy [ms]")
    parser.add_argument("--seeds", type=int, default=4, help="of the policy's noise (%(default)s)")
    parser.add_argument("--horizon", type=int, default=32, help="steps of a chunk (%(default)s)")
    parser.add_argument("--hertz", type=float, default=30.0, help="steps in a second (%(default)s)")
    parser.add_argument("--lookahead", type=float, default=0.5, help="part of a chunk after which the next is chosen")


def run(args: argparse.Namespace) -> Report:
    """Measure."""
    from roboact_ros.bench.seam_ride import Course, ride

    figures = {}
    for ms in args.latency:
        for way in args.ways:
            courses = [
                Course(way, ms / 1e3, seed, args.horizon, args.hertz, args.lookahead) for seed in range(args.seeds)
            ]
            figures[way, ms] = summary([ride(course) for course in courses])
    named = {f"{way} {ms:g} ms": one for (way, ms), one in figures.items()}
    ratios = {
        f"time, {way} {ms:g} ms": figures["wait", ms]["seconds"] / one["seconds"]
        for (way, ms), one in figures.items()
        if way != "wait" and ("wait", ms) in figures
    }
    settings: dict[str, object] = {"horizon": args.horizon, "hertz": args.hertz, "seeds": args.seeds}
    return Report("seams", metrics=settings, peers=named, ratios=ratios)


def summary(rides: Sequence[Ride]) -> dict[str, float]:
    """Return the figures of some rides."""
    each = [_figures(one) for one in rides]
    return {
        name: float(np.mean([one[name] for one in each]) if name in _MEANS else max(one[name] for one in each))
        for name in each[0]
    }


def _figures(told: Ride) -> dict[str, float]:
    from roboact_ros.bench.seam_policy import LENGTH, side
    from roboact_ros.bench.seam_ride import ALONG, ASIDE, LONGEST
    from roboact_ros.sim.motion_kernel import STEP

    q, tools = np.array(told.q), np.array(told.tools)
    seams = np.zeros(len(q), dtype=bool)
    for row in told.overtaken[1:]:
        seams[row : row + round(_SEAM / STEP)] = True
    along, beside = tools @ ALONG, np.abs(tools @ ASIDE)
    off = np.abs(beside - side(along))
    arrived = int((along > LENGTH - _NEAR).all(axis=1).argmax()) if told.arrived else len(along) - 1
    speed = np.linalg.norm(np.diff(tools[: arrived + 1], axis=0), axis=2).max(axis=1) / STEP
    moves = np.flatnonzero(speed >= _STANDS)

    def largest(rows: FloatArray, order: int) -> float:
        """Return the largest length of a derivative behind a seam."""
        changes = np.linalg.norm(np.diff(rows, order, axis=0), axis=-1)[seams[order:]]
        return float(changes.max(initial=0.0)) / STEP**order

    return {
        "acceleration": largest(tools, 2),
        "jerk": largest(tools, 3),
        "joint_acceleration": largest(q[..., None], 2),
        "joint_speed": largest(q[..., None], 1),
        "starved": float((speed[moves[0] : moves[-1]] < _STANDS).sum()) * STEP,
        "worst_mm": float(off.max()) * 1e3,
        "rms_mm": float(np.sqrt((off**2).mean())) * 1e3,
        "seconds": arrived * STEP if told.arrived else LONGEST,
        "apart_ms": told.apart * 1e3,
        "seams": float(len(told.overtaken) - 1),
        "refused": float(len(told.refused)),
        "dropped": float(told.dropped),
    }
