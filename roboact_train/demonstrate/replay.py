"""Does a demonstration again in another way: stochastic trajectory augmentation, carried out on a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roboact_ros.types import Motion
from roboact_train.data.samples import AUGMENTED, Sample
from roboact_train.data.trajectory import Part, augmented
from roboact_train.demonstrate.lesson import Failed
from roboact_train.table import Table

_STILL = 0.002
"""A refused deviation moved the tool by less than this [m]."""


def replay(table: Table, motions: Sequence[Motion], generator: np.random.Generator, name: str) -> list[Sample]:
    """Carry out one augmented copy of a demonstration on a new table and return its samples, the last one ``done``.

    A deviation that the limits refuse is left out together with its recovery.

    Args:
        table: The table on which the demonstration began, as new.
        motions: The demonstration.
        generator: Draws the copy.
        name: Name of the copy in the data.

    Raises:
        Failed: A motion was refused, or the task was not done in the end.
    """
    samples: list[Sample] = []
    astray = False
    for step in augmented(motions, generator):
        if step.part is Part.DEVIATION:
            astray = _deviate(table, step.motion)
            continue
        if step.part is Part.RECOVERY and not astray:
            continue
        sample, outcome = table.taught(step.motion, AUGMENTED, name)
        if outcome.refused:
            raise Failed("a motion of an augmented copy was refused")
        samples.append(sample)
    if not table.success:
        raise Failed("an augmented copy did not do the task")
    return [*samples, table.done(AUGMENTED, name)]


def _deviate(table: Table, motion: Motion) -> bool:
    """Leave the path and return whether that was possible."""
    before = table.situation.tool
    if not table.do(motion).refused:
        return True
    if np.abs(table.situation.tool - before).max() > _STILL:
        raise Failed("a deviation of an augmented copy was given up on the way")
    return False
