"""Does a demonstration again in another way: stochastic trajectory augmentation, carried out on a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from roboact_ros.types import Motion
from roboact_train.augment.carry_out import Failed, carry_out
from roboact_train.data.samples import AUGMENTED, Sample
from roboact_train.data.trajectory import AugmentedStep, augmented
from roboact_train.table import Table


def replay(table: Table, motions: Sequence[Motion], generator: np.random.Generator, name: str) -> list[Sample]:
    """Carry out one augmented copy of a demonstration on a new table and return its samples, the last one ``done``.

    Args:
        table: The table on which the demonstration began, as new.
        motions: The demonstration.
        generator: Draws the copy.
        name: Name of the copy in the data.

    Raises:
        Failed: A motion was refused, or the task was not done in the end.
    """
    samples: list[Sample] = []

    def do(step: AugmentedStep) -> str:
        if not step.record:
            return table.do(step.motion).refused
        sample, outcome = table.taught(step.motion, AUGMENTED, name)
        samples.append(sample)
        return outcome.refused

    carry_out(augmented(motions, generator), do, lambda: table.situation.tool)
    if not table.success:
        raise Failed("an augmented copy did not do the task")
    return [*samples, table.done(AUGMENTED, name)]
