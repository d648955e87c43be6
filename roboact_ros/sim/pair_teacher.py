"""A teacher that knows the true state of the table and speaks in chunks for two arms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.cells.arm_description import ARMS
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
_FAST, _SLOW, _BRAKING = 0.015, 0.004, 0.3
"""A step is this part of what is left of the way, and no longer or shorter than these [m]."""
_STEEP, _BESIDE, _DEEP = 6.0, 0.012, 0.05
"""A tool stays in a funnel above its goal: as many metres higher as this times how far it is beside it, from the second
on [m], up to the height of travel; so deep under it, it rises without going aside [m]. Its height changes steadily with
the place of the goal, so that who learns from it and sees a thing a little beside where it is does nearly the same."""
_MOST_STEPS = 64


def next_steps(task: PairTask, start: PairSituation, now: PairSituation) -> FloatArray | None:
    """Return the (N, 14) steps to do next; None when the task is done or the teacher knows no way on."""
    if task.succeeded(start, now):
        return None
    waypoints = task.next_waypoints(start, now)
    if waypoints is None:
        return None
    if any(_changes(waypoint, now, arm) for arm, waypoint in enumerate(waypoints)):
        ways = [np.zeros((1, 3))] * 2
    else:
        ways = [_way(waypoint, now.tools[arm], now.table_z) for arm, waypoint in enumerate(waypoints)]
    count = max(len(way) for way in ways)
    if not count:
        return None
    columns = [
        np.hstack((np.pad(way, ((0, count - len(way)), (0, 3))), np.full((count, 1), point.opening)))
        for way, point in zip(ways, waypoints, strict=True)
    ]
    return np.hstack(columns)


def _changes(waypoint: Waypoint, now: PairSituation, arm: int) -> bool:
    gripper = now.grippers[arm]
    if waypoint.opening > 0.5:
        return gripper.opening < 0.9
    return gripper.opening > 0.1 and not gripper.holding


def _way(waypoint: Waypoint, tool: FloatArray, table_z: float) -> FloatArray:
    """Return the (N, 3) displacements that bring a tool to a waypoint, none if it is there."""
    at, steps = tool, list[FloatArray]()
    while np.abs(waypoint.position - at).max() > REACHED / 4 and len(steps) < _MOST_STEPS:
        steps.append(_step(waypoint, at, table_z))
        at = at + steps[-1]
    return np.array(steps).reshape(-1, 3)


def _step(waypoint: Waypoint, at: FloatArray, table_z: float) -> FloatArray:
    """Return the next displacement (3,): straight, or up and aside in the funnel above the waypoint."""
    way: FloatArray = waypoint.position - at
    far = float(np.linalg.norm(way))
    longest = min(max(_BRAKING * far, _SLOW), _FAST)
    if far <= longest:
        return way
    if waypoint.straight:
        return way * (longest / far)
    beside, highest = float(np.linalg.norm(way[:2])), table_z + waypoint.cruise - waypoint.position[2]
    under = way[2] + _funnel(beside, highest)
    aside = min(beside, longest * min(max(1.0 - under / _DEEP, 0.0), 1.0))
    step = np.array([*(way[:2] * (aside / max(beside, 1e-9))), way[2] + _funnel(beside - aside, highest)])
    return step * min(1.0, longest / float(np.linalg.norm(step)))


def _funnel(beside: float, highest: float) -> float:
    """Return how much higher than its goal a tool is that is so far beside it [m]."""
    return min(_STEEP * max(beside - _BESIDE, 0.0), max(highest, 0.0))


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
