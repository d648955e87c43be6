"""The teacher does an episode, and what it does is recorded; what leads it astray on the way is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from roboact_ros.language.vocabulary import CLOSE, OPEN, primitive
from roboact_ros.sim.teacher import Teacher
from roboact_ros.types import Motion
from roboact_train.augment.carry_out import Failed
from roboact_train.data.samples import TELEOP, Sample
from roboact_train.data.trajectory import DEVIATIONS
from roboact_train.table import Table

STRAY_MOTIONS = (*DEVIATIONS, primitive(OPEN), primitive(CLOSE))
"""What perturbation draws from: 1, 5 or 10 cm along an axis, and the gripper; the teacher never turns the tool back."""

Stray = Callable[[], Motion | None]
"""Says what happens instead of the teacher's next motion; None: nothing."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One successful episode: its samples, the last one ``done``, and the motions of the teacher."""

    samples: list[Sample]
    motions: list[Motion]


def demonstrate(table: Table, name: str, stray: Stray | None = None) -> Demonstration:
    """Let the teacher do the episode of a new table.

    Args:
        table: The table.
        name: Name of the episode in the data.
        stray: Motions that lead the teacher astray; the teacher goes on from wherever they lead.

    Raises:
        Failed: The task was not done in the end.
    """
    teacher = Teacher(table.episode.task, table.start)
    samples: list[Sample] = []
    motions: list[Motion] = []
    while not table.over:
        astray = stray() if stray is not None else None
        if astray is not None:
            table.do(astray)
            continue
        motion = teacher.next_motion(table.situation)
        if motion is None:
            raise Failed("the teacher knows no way on")
        sample, outcome = table.taught(motion, TELEOP, name)
        if outcome.refused:
            raise Failed("a motion of the teacher was refused")
        samples.append(sample)
        motions.append(motion)
    if not table.success:
        raise Failed("not done after the allowed motions")
    return Demonstration([*samples, table.done(TELEOP, name)], motions)


def perturbation(probability: float, generator: np.random.Generator) -> Stray:
    """Return what leads astray with a probability before each motion."""

    def stray() -> Motion | None:
        if generator.random() >= probability:
            return None
        return STRAY_MOTIONS[int(generator.integers(len(STRAY_MOTIONS)))]

    return stray
