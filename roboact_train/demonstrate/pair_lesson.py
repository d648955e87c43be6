"""The teacher does an episode for two arms while a film is taken, and may be led astray before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from roboact_ros.cells.arm_description import ARMS
from roboact_ros.sim.pair_teacher import AXES, MOST_CHUNKS, PERIOD_NS, next_steps
from roboact_ros.types import CHUNK_AXES, ActionChunk, FloatArray
from roboact_train.augment.carry_out import Failed
from roboact_train.data.lerobot_episode import LeRobotEpisode
from roboact_train.demonstrate.pair_film import PairFilm
from roboact_train.pair_table import PairTable

_ASIDE, _UP = 0.06, (0.01, 0.06)
"""How far tools stray on the way, sideways and upwards [m]."""
_BESIDE = 0.012
"""How far at most where a gripper is about to close [m]."""
_NEAR, _MISSES, _CLOSES = 0.5, 0.15, 0.6
"""In what part they stray there, and how often grippers close at the end of a way astray: on the way, and there."""
_LATEST, _STEPS = 100, 5
"""Before which step of the teacher a way astray begins, mostly early, and how many it has."""
_STAY = np.tile([*[0.0] * 6, 0.5], len(ARMS))
"""A step of arms and grippers that stay as they are."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A way astray.

    Attributes:
        after: After how many steps of the teacher it begins.
        near: It waits until a gripper is about to close.
        steps: (N, 14) of both arms.
    """

    after: int
    near: bool
    steps: FloatArray


def pair_perturbation(generator: np.random.Generator) -> Stray:
    """Return what leads both tools astray.

    On the way they are taken aside and up, and at times both grippers close in the air, as they do when a policy misses
    a thing: the way back begins with opening. Where a gripper is about to close it goes a little aside, and mostly
    closes there: on a thing that it does not hold in the middle, or beside it.
    """
    near = bool(generator.random() < _NEAR)
    low, high = ((-_BESIDE,) * 3, (_BESIDE,) * 3) if near else ((-_ASIDE, -_ASIDE, _UP[0]), (_ASIDE, _ASIDE, _UP[1]))
    steps = np.tile(_STAY, (_STEPS, 1)).reshape(_STEPS, len(ARMS), -1)
    steps[..., :3] = generator.uniform(low, high, (len(ARMS), 3)) / _STEPS
    if generator.random() < (_CLOSES if near else _MISSES):
        steps[-1, :, 6] = 0.0
    return Stray(int(_LATEST * generator.random() ** 2), near, steps.reshape(_STEPS, -1))


def lead_astray(table: PairTable, stray: Stray) -> None:
    """Bring the arms of a new table to where a stray ends; what holds a thing stays, and nothing strays if all do."""
    done = 0
    while (steps := _taught(table)) is not None:
        free = np.array([not gripper.holding for gripper in table.runner.situation.grippers])
        if not free.any():
            return
        if done >= stray.after and (not stray.near or (steps[0, 6::7] < 0.5)[free].any()):
            moved = np.where(np.repeat(free, len(CHUNK_AXES)), stray.steps, _STAY)
            table.follow(_chunk(table, moved))
            return
        steps = steps[: stray.after - done] if done < stray.after else steps
        done += len(steps)
        if table.follow(_chunk(table, steps)):
            return  # the demonstration itself will tell why


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


def _chunk(table: PairTable, steps: FloatArray) -> ActionChunk:
    return ActionChunk(AXES, steps, PERIOD_NS, table.runner.now_ns)
