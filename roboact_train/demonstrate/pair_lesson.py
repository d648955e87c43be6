"""The teacher does an episode for two arms while a film is taken, and may be led astray on the way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from roboact_ros.sim.pair_teacher import AXES, MOST_CHUNKS, PERIOD_NS, next_steps
from roboact_ros.types import ActionChunk, FloatArray
from roboact_train.augment.carry_out import Failed
from roboact_train.data.lerobot_episode import LeRobotEpisode
from roboact_train.demonstrate.pair_film import PairFilm
from roboact_train.pair_table import PairTable

Stray = Callable[[], FloatArray | None]
"""Returns (N, 14) steps that lead astray; None: go on."""

_ASIDE, _UP = 0.04, (0.02, 0.06)
"""How far tools stray, sideways and upwards [m]."""
_STEPS, _MISSES = 5, 0.3
"""Steps of a way astray, and in what part of them the grippers close at its end."""


def demonstrate_pair(table: PairTable, film: PairFilm, stray: Stray | None = None) -> None:
    """Let the teacher do the episode of a new table; what leads astray is not on the film.

    Raises:
        Failed: The task was not done in the end.
    """
    chunks = 0
    while True:
        situation = table.runner.situation
        held = any(gripper.holding for gripper in situation.grippers)
        astray = stray() if stray is not None and not held and not table.success else None
        if astray is not None:
            film.off()
            table.follow(_chunk(table, astray))
            film.on()
            situation = table.runner.situation
        steps = next_steps(table.episode.task, table.start, situation)
        if steps is None or chunks == MOST_CHUNKS:
            break
        chunks += 1
        if problem := table.follow(_chunk(table, steps)):
            raise Failed(f"a chunk of the teacher was refused: {problem.partition(':')[0]}")
    if not table.success:
        raise Failed("not done in the end")


def pair_perturbation(probability: float, generator: np.random.Generator) -> Stray:
    """Return what leads both tools astray, upwards and aside, with a probability before each chunk of the teacher.

    At times both grippers close in the air, as they do when a policy misses a thing: the way back begins with opening.
    """

    def stray() -> FloatArray | None:
        if generator.random() >= probability:
            return None
        steps = np.zeros((_STEPS, len(AXES)))
        for arm in range(2):
            way = [*generator.uniform(-_ASIDE, _ASIDE, 2), generator.uniform(*_UP)]
            steps[:, 7 * arm : 7 * arm + 3] = np.array(way) / _STEPS
        steps[:, 6::7] = 0.5  # grippers stay as they are
        if generator.random() < _MISSES:
            steps[-1, 6::7] = 0.0
        return steps

    return stray


def _chunk(table: PairTable, steps: FloatArray) -> ActionChunk:
    return ActionChunk(AXES, steps, PERIOD_NS, table.runner.now_ns)


def film_of(table: PairTable, hertz: float, name: str, actions: bool, stray: Stray | None) -> list[LeRobotEpisode]:
    """Return what the cameras and the arms show of one demonstration.

    Raises:
        Failed: The task was not done in the end.
    """
    film = PairFilm(table, hertz)
    demonstrate_pair(table, film, stray)
    return film.episodes(name, actions)
