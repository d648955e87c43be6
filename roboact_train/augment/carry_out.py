"""Carries out an augmented trajectory on whatever can do motions."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from roboact_ros.errors import RoboactError
from roboact_ros.types import FloatArray
from roboact_train.data.trajectory import AugmentedStep, Part

TRIES = 3
"""Copies that are tried for each one that is wanted: a deviation may push away what was to be grasped."""

_STILL = 0.002
"""A refused deviation moved the tool by less than this [m]."""


class Failed(RoboactError):
    """An episode did not end with the task done; the message is a reason to count by."""


def carry_out(
    plan: Iterable[AugmentedStep], do: Callable[[AugmentedStep], str], position: Callable[[], FloatArray]
) -> None:
    """Do every step of ``plan``; a deviation that is refused is left out together with its recovery.

    Args:
        plan: The steps.
        do: Does one and returns why it was refused, empty when it was not.
        position: Returns where the tool is, (3,) [m].

    Raises:
        Failed: A step was refused that must not be left out, or a deviation was given up on the way.
    """
    astray = False
    for step in plan:
        if step.part is Part.RECOVERY and not astray:
            continue
        before = position()
        refused = do(step)
        if step.part is Part.DEVIATION:
            astray = not refused
            if refused and np.abs(position() - before).max() > _STILL:
                raise Failed("a deviation of an augmented copy was given up on the way")
        elif refused:
            raise Failed("a motion of an augmented copy was refused")
