"""The teacher does an episode for two arms while a film is taken, and may be led astray before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.sim.pair_teacher import AXES, MOST_CHUNKS, PERIOD_NS, next_steps
from roboact_ros.types import ActionChunk, FloatArray
from roboact_train.augment.carry_out import Failed
from roboact_train.data.lerobot_episode import LeRobotEpisode
from roboact_train.demonstrate.pair_film import PairFilm
from roboact_train.pair_table import PairTable

_ASIDE, _UP = 0.06, (0.01, 0.06)
"""How far tools stray, sideways and upwards [m]."""
_LATEST, _STEPS, _MISSES = 45, 5, 0.3
"""Before which step of the teacher a way astray begins, its steps, and in what part grippers close at its end."""


@dataclass(frozen=True, slots=True, eq=False)
class Stray:
    """A way astray: (N, 14) ``steps`` after so many of the teacher's."""

    after: int
    steps: FloatArray


def pair_perturbation(generator: np.random.Generator) -> Stray:
    """Return what leads both tools astray, upwards and aside, somewhere on the way to what they are to grasp.

    At times both grippers close in the air, as they do when a policy misses a thing: the way back begins with opening.
    """
    steps = np.zeros((_STEPS, len(AXES)))
    for arm in range(2):
        way = [*generator.uniform(-_ASIDE, _ASIDE, 2), generator.uniform(*_UP)]
        steps[:, 7 * arm : 7 * arm + 3] = np.array(way) / _STEPS
    steps[:, 6::7] = 0.5  # grippers stay as they are
    if generator.random() < _MISSES:
        steps[-1, 6::7] = 0.0
    return Stray(int(generator.integers(_LATEST)), steps)


def lead_astray(table: PairTable, stray: Stray) -> None:
    """Bring the arms of a new table to where a stray ends; what is held by then stays held, and nothing strays."""
    done = 0
    while not _holds(table) and (steps := _taught(table)) is not None:
        if done >= stray.after:
            table.follow(_chunk(table, stray.steps))
            return
        steps = steps[: stray.after - done]
        done += len(steps)
        table.follow(_chunk(table, steps))


def demonstrate_pair(table: PairTable) -> None:
    """Let the teacher do the episode of a table from where its arms are.

    Raises:
        Failed: The task was not done in the end.
    """
    chunks = 0
    while (steps := _taught(table)) is not None and chunks < MOST_CHUNKS:
        chunks += 1
        if problem := table.follow(_chunk(table, steps)):
            raise Failed(f"a chunk of the teacher was refused: {problem.partition(':')[0]}")
    if not table.success:
        raise Failed("not done in the end")


def film_of(table: PairTable, hertz: float, name: str, actions: bool, stray: Stray | None) -> LeRobotEpisode:
    """Return what the cameras and the arms show of one demonstration; a way astray before it is not shown.

    Raises:
        Failed: The task was not done in the end.
    """
    if stray is not None:
        lead_astray(table, stray)
    film = PairFilm(table, hertz)
    demonstrate_pair(table)
    return film.episode(name, actions)


def _taught(table: PairTable) -> FloatArray | None:
    return next_steps(table.episode.task, table.start, table.runner.situation)


def _holds(table: PairTable) -> bool:
    return any(gripper.holding for gripper in table.runner.situation.grippers)


def _chunk(table: PairTable, steps: FloatArray) -> ActionChunk:
    return ActionChunk(AXES, steps, PERIOD_NS, table.runner.now_ns)
