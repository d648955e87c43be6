"""Inverse kinematics of a UR5e: success, accuracy and time per pose beside EAIK, ur-analytic-ik and Pinocchio.

Every contender gets the same flange poses. The peers' figures are those of their bare calls; EAIK returns all
solutions and leaves it to the caller to pick the one next to the arm, so it is also timed with that done in numpy.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from math import asin, pi
from statistics import median

import numpy as np

from roboact_ros.bench.ik_peers import each, import_peers
from roboact_ros.bench.report import Report, interleaved
from roboact_ros.errors import MotionRefused
from roboact_ros.execution.calibrated import CalibratedKinematics, Calibration
from roboact_ros.execution.kinematics import Kinematics
from roboact_ros.robots import UR5E, Six
from roboact_ros.types import FloatArray

CLOSED_FORM_ERROR, CALIBRATED_ERROR = 1e-9, 1e-6
"""Largest position error of a success [m]."""

SINGLE_CALLS = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--poses", type=int, default=10_000, help="reachable poses (default: 10000)")
    parser.add_argument("--rounds", type=int, default=7, help="timed rounds, the median counts (default: 7)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the poses (default: 0)")


def run(args: argparse.Namespace) -> Report:
    """Run the benchmark.

    Raises:
        ConfigurationError: A peer is not installed.
    """
    rng = np.random.default_rng(args.seed)
    ours, calibrated = Kinematics(UR5E, np.eye(4)), CalibratedKinematics(UR5E, np.eye(4), _calibration(rng))
    q_true = rng.uniform(-pi, pi, (args.poses, 6))
    q_near = q_true + rng.uniform(-0.1, 0.1, q_true.shape)
    poses = _forward(ours, q_true)
    success, error = _accuracy(ours, poses, q_near, CLOSED_FORM_ERROR)
    calibrated_poses = _forward(calibrated, q_true)
    calibrated_success, calibrated_error = _accuracy(calibrated, calibrated_poses, q_near, CALIBRATED_ERROR)
    metrics: dict[str, object] = {
        "poses": args.poses,
        "success": success,
        "position_error_m": error,
        "calibrated_success": calibrated_success,
        "calibrated_position_error_m": calibrated_error,
    }
    for name, q in _special(rng, args.poses // 10).items():
        for label, kinematics, allowed in (
            (name, ours, CLOSED_FORM_ERROR),
            (f"calibrated_{name}", calibrated, CALIBRATED_ERROR),
        ):
            metrics[f"{label}_success"], metrics[f"{label}_position_error_m"] = _accuracy(
                kinematics, _forward(kinematics, q), q + rng.uniform(-0.1, 0.1, q.shape), allowed
            )

    peers = import_peers()
    some = list(zip(poses[:SINGLE_CALLS], q_near[:SINGLE_CALLS], strict=True))
    some_calibrated = list(zip(calibrated_poses[:SINGLE_CALLS], q_near[:SINGLE_CALLS], strict=True))
    single = _microseconds(
        {
            "ours": partial(each, ours.inverse, some),
            "calibrated": partial(each, calibrated.inverse, some_calibrated),
            **{name: partial(each, solve, some) for name, solve in peers.single.items()},
        },
        len(some),
        args.rounds,
    )
    listed = list(poses)
    batch = _microseconds(
        {
            "ours": partial(ours.inverse_batch, poses, q_near),
            **{name: partial(solve, listed) for name, solve in peers.batch.items()},
        },
        args.poses,
        args.rounds,
    )
    our_single, our_batch = single.pop("ours"), batch.pop("ours")
    metrics |= {"single_us": our_single, "batch_us": our_batch, "calibrated_single_us": single.pop("calibrated")}
    return Report(
        "ik",
        metrics,
        {name: {"single_us": time} for name, time in single.items()}
        | {name: {"batch_us": time} for name, time in batch.items()},
        {
            "single": min(single.values()) / our_single,
            "batch": min(*single.values(), *batch.values()) / our_batch,
        },
    )


def _calibration(rng: np.random.Generator) -> Calibration:
    """Return offsets that move the tool by one to two millimetres."""

    def six(size: float) -> Six:
        a, b, c, d, e, f = rng.uniform(-size, size, 6).tolist()
        return a, b, c, d, e, f

    return Calibration(theta=six(1e-3), d=six(5e-4), a=six(5e-4), alpha=six(1e-3))


def _special(rng: np.random.Generator, count: int) -> dict[str, FloatArray]:
    """Return joints at the singular poses and on the boundary of the reach, by name."""
    wrist, boundary, shoulder = (rng.uniform(-pi, pi, (count, 6)) for _ in range(3))
    wrist[:, 4] = rng.choice((0.0, pi, -pi), count)
    boundary[:, 2] = rng.choice((0.0, pi), count)  # arm stretched, arm folded
    for q in shoulder:  # wrist centre above the shoulder: s234 cancels the reach of the two links
        reach = 1.0
        while abs(reach) >= 1.0:
            q[1:3] = rng.uniform(-pi, pi, 2)
            reach = -float(UR5E.a[1] * np.cos(q[1]) + UR5E.a[2] * np.cos(q[1] + q[2])) / UR5E.d[4]
        q[3] = asin(reach) - q[1] - q[2]
    return {"singular_wrist": wrist, "singular_shoulder": shoulder, "boundary": boundary}


def _forward(kinematics: Kinematics, q: FloatArray) -> FloatArray:
    return np.array([kinematics.forward(row) for row in q])


def _accuracy(kinematics: Kinematics, poses: FloatArray, q_near: FloatArray, allowed: float) -> tuple[float, float]:
    """Return the share of poses solved by both calls within ``allowed``, and the largest position error [m]."""
    singles = np.full(q_near.shape, np.nan)
    for row, pose, near in zip(singles, poses, q_near, strict=True):
        try:
            row[:] = kinematics.inverse(pose, near)
        except MotionRefused:
            continue
    errors = []
    for found in (singles, kinematics.inverse_batch(poses, q_near)):
        reached = np.where(np.isnan(found[:, :1, None]), np.nan, _forward(kinematics, np.nan_to_num(found)))
        errors.append(np.linalg.norm(reached[:, :3, 3] - poses[:, :3, 3], axis=1))
        errors[-1][np.abs(reached[:, :3, :3] - poses[:, :3, :3]).max(axis=(1, 2)) > allowed] = np.nan
    both = np.maximum(*errors)
    return float(np.mean(both <= allowed)), float(np.nanmax(both))


def _each(
    solve: Callable[[FloatArray, FloatArray], object], pairs: list[tuple[FloatArray, FloatArray]]
) -> Callable[[], None]:
    def call() -> None:
        for pose, near in pairs:
            solve(pose, near)

    return call


def _microseconds(contenders: dict[str, Callable[[], object]], calls: int, rounds: int) -> dict[str, float]:
    return {name: median(times) / calls * 1e6 for name, times in interleaved(contenders, rounds).items()}
