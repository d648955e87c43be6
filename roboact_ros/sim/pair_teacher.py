"""A teacher that knows the true state of the table and speaks in chunks for two arms."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np

from roboact_ros.cells.description import ARMS
from roboact_ros.sim.pair_runner import PairRunner
from roboact_ros.sim.tasks.pair.situation import PairSituation
from roboact_ros.sim.tasks.pair.task import PairTask
from roboact_ros.sim.tasks.skills import REACHED
from roboact_ros.sim.tasks.task import Waypoint
from roboact_ros.sim.tasks.two_arms import PairEpisode
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray

AXES = tuple(f"{arm}/{axis}" for arm in ARMS for axis in CHUNK_AXES)
MOST_CHUNKS = 40
"""An episode that is not done after this many chunks has failed."""

PERIOD_NS = 100_000_000
_STEP = 0.015
"""How far a tool goes in one step [m]."""
_LOWER = 0.04
"""Depth under the height of travel that is not worth climbing [m]."""
_OVER, _ASIDE, _ASTRIDE = 0.06, 0.05, 0.02
"""A tool that is so far above a thing goes aside without climbing where it is no farther beside it than the second; a
lower one, whose open fingers stand on either side, no farther than the third. Who learns from it would otherwise
climb at every small error on the way down [m]."""


def next_steps(task: PairTask, start: PairSituation, now: PairSituation) -> FloatArray | None:
    """Return the (N, 14) steps to do next; None when the task is done or the teacher knows no way on."""
    if task.succeeded(start, now):
        return None
    waypoints = task.next_waypoints(start, now)
    if waypoints is None:
        return None
    ways = [_way(waypoint, now, arm) for arm, waypoint in enumerate(waypoints)]
    gripping = any(_changes(waypoint, now, arm) for arm, waypoint in enumerate(waypoints))
    if gripping:
        ways = [np.zeros(3)] * 2
    count = max(1, ceil(max(float(np.linalg.norm(way)) for way in ways) / _STEP))
    if not gripping and not np.any(ways):
        return None
    columns = [
        np.concatenate((way / count, np.zeros(3), [point.opening])) for way, point in zip(ways, waypoints, strict=True)
    ]
    return np.tile(np.concatenate(columns), (count, 1))


def _changes(waypoint: Waypoint, now: PairSituation, arm: int) -> bool:
    gripper = now.grippers[arm]
    if waypoint.opening > 0.5:
        return gripper.opening < 0.9
    return gripper.opening > 0.1 and not gripper.holding


def _way(waypoint: Waypoint, now: PairSituation, arm: int) -> FloatArray:
    """Return the displacement (3,) that brings a tool nearer to a waypoint: straight, or up, over and down."""
    way: FloatArray = waypoint.position - now.tools[arm]
    if not waypoint.straight and np.abs(way[:2]).max() > REACHED:
        height = float(now.tools[arm][2]) - now.table_z
        near = np.abs(way[:2]).max() < (_ASIDE if way[2] < -_OVER else _ASTRIDE)
        climb = waypoint.cruise - height if height < waypoint.cruise - _LOWER and not near else 0.0
        way = np.array([0.0, 0.0, climb]) if climb else np.array([way[0], way[1], 0.0])
    return way if np.abs(way).max() > REACHED / 4 else np.zeros(3)


@dataclass(frozen=True, slots=True)
class PairLesson:
    """What happened: chunks that were followed, whether the task was done, why it ended early, simulated time [s]."""

    chunks: int
    success: bool
    problem: str
    seconds: float


def teach_pair(episode: PairEpisode, runner: PairRunner) -> PairLesson:
    """Do ``episode`` on ``runner``, whose world is that of the episode."""
    start, problem, chunks = runner.situation, "", 0
    while chunks < MOST_CHUNKS and not problem:
        steps = next_steps(episode.task, start, runner.situation)
        if steps is None:
            break
        chunks += 1
        problem = runner.follow(ActionChunk(AXES, steps, PERIOD_NS, runner.now_ns))
    return PairLesson(chunks, episode.task.succeeded(start, runner.situation), problem, runner.time)
